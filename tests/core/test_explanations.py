"""The texts: complete, about what there is, in sentences a learner can read, with examples that run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

from redislab.core import words
from redislab.core.catalogue import Argument, Catalogue, Command
from redislab.core.engine import Engine
from redislab.core.explanations import Example, Explanation, argument_paths, explanation
from redislab.core.session import Session
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.render.plain import Format, Layout, format_reply, is_verbatim
from tests.servers import RedisServer

FOLDER = Path(__file__).resolve().parents[2] / "redislab" / "data" / "explanations"
CATALOGUE = Catalogue.load()
BEYOND = CATALOGUE.beyond
GROUPS = sorted({*CATALOGUE.groups(), *BEYOND.groups()})
KEYS = ["does", "arguments", "mistake", "python", "cost", "examples"]
FOR_LEARNERS = ["mistake", "python", "cost", "examples"]
LIMITS = {"does": 110, "arguments": 110, "mistake": 260, "python": 260, "cost": 160}
AVOIDED = re.compile(r"\b(just|simply|simple|easy|easily|obviously|allows you)\b|(?<!#)!", re.IGNORECASE)
YOU = re.compile(r"\byour?\b", re.IGNORECASE)
SECOND_SENTENCE = re.compile(r"[.?] +[A-Z]")
TOO_NEAR = 0.85  # of difflib's ratio, to the server's own sentence


def raw(group: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{group}.json").read_bytes(), object_pairs_hook=_no_duplicates)  # type: ignore[no-any-return]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), f"twice: {[key for key, _ in pairs]}"
    return dict(pairs)


def explained(group: str, *catalogues: Catalogue) -> Iterator[tuple[Command, Explanation]]:
    """What the texts say of a group, in both catalogues unless one is named."""
    for catalogue in catalogues or (CATALOGUE, BEYOND):
        yield from _explained(catalogue, group)


def _explained(catalogue: Catalogue, group: str) -> Iterator[tuple[Command, Explanation]]:
    for name in catalogue.in_group(group):
        command = catalogue.get(name)
        told = explanation(command) if command else None
        if command and told:
            yield command, told


def sentences(told: Explanation) -> Iterator[tuple[str, str]]:
    """(where it stands, text) for all that a person reads, examples aside."""
    yield "does", told.does
    for path, text in told.arguments.items():
        yield f"arguments {path}", text
    for where in ("mistake", "python", "cost"):
        text = getattr(told, where)
        if text:
            yield where, text


def must_be_explained(argument: Argument) -> bool:
    """A group needs no sentence, unless a word of its own stands before it (SORT's LIMIT)."""
    return not argument.arguments or argument.token is not None


def test_a_file_for_each_group() -> None:
    assert {path.name for path in FOLDER.glob("*")} == {f"{group}.json" for group in GROUPS}
    for catalogue in (CATALOGUE, BEYOND):
        assert [name for name in catalogue.names() if explanation(catalogue.get(name)) is None] == []  # type: ignore[arg-type]


@pytest.mark.parametrize("group", GROUPS)
def test_every_command_is_there_in_order(group: str) -> None:
    assert list(raw(group)) == sorted([*CATALOGUE.in_group(group), *BEYOND.in_group(group)])


@pytest.mark.parametrize("group", GROUPS)
def test_every_argument_is_explained_and_no_other(group: str) -> None:
    faults = {}
    for command, told in explained(group):
        paths = dict(argument_paths(command.arguments))
        needed = {path for path, argument in paths.items() if must_be_explained(argument)}
        missing, unknown = needed - told.arguments.keys(), told.arguments.keys() - needed
        if missing or unknown:
            faults[command.name] = f"missing: {sorted(missing)}, unknown: {sorted(unknown)}"
    assert faults == {}


@pytest.mark.parametrize("group", GROUPS)
def test_all_or_nothing_for_learners(group: str) -> None:
    for name, texts in raw(group).items():
        assert [key for key in KEYS if key in texts] == list(texts), name
        assert {"does", "arguments"} <= texts.keys(), name
        present = [key for key in FOR_LEARNERS if key in texts]
        assert present in ([], FOR_LEARNERS), name
        assert len(texts.get("examples", ())) in (0, 2), name


def test_what_a_learner_meets_is_explained_in_full() -> None:
    full = [command.name for group in GROUPS for command, told in explained(group) if told.is_full]
    assert len(full) >= 120
    assert {"SET", "DEL", "EXPIRE", "HSET", "RPUSH", "SADD", "ZADD", "XADD", "XREADGROUP"} <= set(full)


@pytest.mark.parametrize("group", GROUPS)
def test_sentences_follow_the_rules(group: str) -> None:
    assert [fault for command, told in explained(group) for fault in faults(command.name, told)] == []


def faults(name: str, told: Explanation) -> Iterator[str]:
    if not re.match(r"[A-Z]\w*s\b", told.does):
        yield f"{name}: does not begin with a verb in the third person: {told.does}"
    for where, text in sentences(told):
        kind = where.partition(" ")[0]
        said = f"{name}, {where}: {text}"
        if len(text) > LIMITS[kind]:
            yield f"{len(text)} characters, not {LIMITS[kind]}: {said}"
        if not text.endswith(".") or text != text.strip() or not text[:1].isprintable():
            yield f"no full stop at the end: {said}"
        if kind in ("does", "arguments") and SECOND_SENTENCE.search(text):
            yield f"more than one sentence: {said}"
        if avoided := AVOIDED.search(text):
            yield f"{avoided[0]}: {said}"
        if kind != "mistake" and YOU.search(text):
            yield f"addresses the reader: {said}"


@pytest.mark.parametrize("group", GROUPS)
def test_no_sentence_is_the_servers(group: str, server: RedisServer) -> None:
    assert near_to(server, explained(group, CATALOGUE)) == []


def test_no_sentence_about_later_commands_is_the_servers(newer_server: RedisServer) -> None:
    later = [each for each in explained("hash", BEYOND) if each[0].module is None]
    assert near_to(newer_server, later) == []


def near_to(server: RedisServer, explained: Iterable[tuple[Command, Explanation]]) -> list[str]:
    summaries = server_summaries(server)
    near = []
    for command, told in explained:
        summary = summaries[command.name.replace(" ", "|").lower()]
        for where, text in sentences(told):
            ratio = SequenceMatcher(None, text.lower().rstrip("."), summary.lower()).ratio()
            if ratio > TOO_NEAR:
                near.append(f"{ratio:.2f} {command.name}, {where}: {text}")
    return near


def server_summaries(server: RedisServer) -> dict[str, str]:
    found: dict[str, str] = {}

    def collect(commands: dict[str, Any]) -> None:
        for name, facts in commands.items():
            found[name] = facts.get("summary", "")
            collect(facts.get("subcommands", {}))

    collect(json.loads(server.cli("--json", "COMMAND", "DOCS").stdout))
    return found


def examples(catalogue: Catalogue) -> Iterator[tuple[Command, Any]]:
    for group in catalogue.groups():
        for command, told in explained(group, catalogue):
            for number, example in enumerate(told.examples, 1):
                yield command, pytest.param(example, id=f"{command.name}-{number}".replace(" ", "-"))


EXAMPLES = [example for _, example in examples(CATALOGUE)]
LATER = [example for command, example in examples(BEYOND) if command.module is None]
OF_MODULES = [example for command, example in examples(BEYOND) if command.module]


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run_on_redis_server(example: Example, server: RedisServer) -> None:
    check(example, RealEngine(Target(socket_path=server.socket_path)))


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_run_without_a_server(example: Example) -> None:
    check(example, EmbeddedEngine())


@pytest.mark.parametrize("example", LATER)
def test_examples_of_later_commands_run_on_a_newer_server(
    example: Example, newer_server: RedisServer
) -> None:
    check(example, RealEngine(Target(socket_path=newer_server.socket_path)))


@pytest.mark.parametrize("example", OF_MODULES)
def test_examples_of_a_modules_commands_run_on_a_server_that_has_it(
    example: Example, newer_server: RedisServer
) -> None:
    if b"ReJSON" not in newer_server.cli("MODULE", "LIST").stdout:
        pytest.skip("the newer redis-server has not loaded RedisJSON")
    check(example, RealEngine(Target(socket_path=newer_server.socket_path)))


def check(example: Example, engine: Engine) -> None:
    """Run it on an empty database: what is printed is what is written, None is anything but an error."""
    session = Session(engine)
    try:
        printed = [(line, answer_of(session, line)) for line, _ in example]
    finally:
        session.close()
        engine.close()
    for place, (_, wanted) in enumerate(example):
        if wanted is None:
            assert not printed[place][1].startswith("(error)"), printed
            printed[place] = (printed[place][0], "")
    assert printed == [(line, wanted or "") for line, wanted in example]


def answer_of(session: Session, line: str) -> str:
    args = words.split(line.encode())
    reply = session.run(args).reply
    if reply is None:
        return ""
    text = format_reply(reply, Layout(Format.STANDARD), verbatim=is_verbatim(args))
    return text.decode().replace("\r\n", "\n").removesuffix("\n")  # INFO's lines, as a screen shows them


def test_an_example_shows_the_command_it_belongs_to() -> None:
    for group in GROUPS:
        for command, told in explained(group):
            for example in told.examples:
                lines = [words.split(line.encode()) for line, _ in example]
                shown = [CATALOGUE.knowing(each).lookup(each) for each in lines]
                assert command in shown, f"{command.name}: {example}"


def test_an_unknown_module_s_command_has_no_texts() -> None:
    known = CATALOGUE.get("GET")
    assert known is not None
    assert explanation(replace(known, name="FT.SEARCH", group="module")) is None
    assert explanation(replace(known, name="GETT")) is None


def test_siblings_of_one_name_are_numbered() -> None:
    sort = CATALOGUE.get("SORT")
    assert sort is not None
    assert [path for path, _ in argument_paths(sort.arguments)] == [
        "key",
        "pattern",
        "offset_count",
        "offset_count.offset",
        "offset_count.count",
        "pattern#2",
        "order",
        "order.asc",
        "order.desc",
        "sorting",
        "destination",
    ]
