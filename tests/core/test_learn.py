"""What is learned from a server about its own commands, and what is not."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest

from redislab.core.catalogue import Catalogue, Command
from redislab.core.engine import Engine
from redislab.core.grammar import match
from redislab.core.hint import hint
from redislab.core.keys import key_positions
from redislab.core.learn import learned, names_of
from redislab.core.reply import NIL, Kind, Reply, bulk, error
from redislab.core.session import Session
from redislab.core.syntax import syntax_text
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.servers import RedisServer

CATALOGUE = Catalogue.load()
NOTHING = Catalogue({"redis_version": "none", "commands": {}})  # so that all is new to it


# --- Against servers --------------------------------------------------------------------------------------


def ask(engine: Engine, name: str) -> tuple[Reply, Reply]:
    session = Session(engine)
    try:
        found = [session.run([b"COMMAND", what, name.encode()]).reply for what in (b"INFO", b"DOCS")]
    finally:
        session.close()
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


def facts_of(command: Command) -> dict[str, Any]:
    """What both the data and a server's answer say."""
    return {
        "arity": command.arity,
        "flags": command.flags,
        "categories": command.categories,
        "keys": command.key_specs,
        "syntax": syntax_text(command),
        "since": command.since,
    }


@pytest.mark.parametrize("protocol", [2, 3])
def test_what_is_learned_of_redis_7_is_what_the_catalogue_has(server: RedisServer, protocol: int) -> None:
    engine = RealEngine(Target(port=server.port, protocol=protocol))
    for name in (name for name in CATALOGUE.names() if " " not in name):
        found = learned(NOTHING, name.lower().encode(), *ask(engine, name.lower()))
        new = NOTHING.completed(found)
        ours = CATALOGUE.get(name)
        assert ours is not None
        assert set(found) == {name, *ours.subcommands}
        for each in found:
            theirs, known = new.get(each), CATALOGUE.get(each)
            assert theirs is not None
            assert known is not None
            assert facts_of(theirs) == facts_of(known)


def test_a_later_command_keeps_our_texts(newer_server: RedisServer) -> None:
    engine = RealEngine(Target(port=newer_server.port))
    found = learned(CATALOGUE, b"hexpire", *ask(engine, "hexpire"))
    command, ours = CATALOGUE.completed(found).get("HEXPIRE"), CATALOGUE.beyond.get("HEXPIRE")
    assert command is not None
    assert ours is not None
    assert command.group == "hash"
    assert facts_of(command) == facts_of(ours)


# --- Answers made by hand ---------------------------------------------------------------------------------


def array(*items: Reply) -> Reply:
    return Reply(Kind.ARRAY, items)


def number(value: int) -> Reply:
    return Reply(Kind.INTEGER, value)


def pairs(**fields: Reply) -> Reply:
    return array(*(each for name, value in fields.items() for each in (bulk(name.encode()), value)))


def info(name: bytes = b"ft.x", *more: Reply) -> Reply:
    return array(array(bulk(name), number(-2), array(), number(1), number(1), number(1), array(), *more))


def docs(*arguments: Reply, **fields: Reply) -> Reply:
    return array(bulk(b"ft.x"), pairs(summary=bulk(b"Finds."), arguments=array(*arguments), **fields))


def argument(name: bytes = b"query", kind: bytes = b"string", **fields: Reply) -> Reply:
    return pairs(name=bulk(name), type=bulk(kind), **fields)


def status(*words: bytes) -> Reply:
    return array(*(Reply(Kind.STATUS, word) for word in words))


def command_of(found: dict[str, Any]) -> Command:
    command = CATALOGUE.completed(found).get("FT.X")
    assert command is not None
    return command


def test_a_module_s_command_with_its_words() -> None:
    given = docs(argument(), argument(b"n", b"integer", token=bulk(b"LIMIT"), flags=status(b"optional")))
    found = command_of(learned(CATALOGUE, b"FT.X", info(), given))
    assert (syntax_text(found), found.summary, found.group) == ("query [LIMIT n]", "Finds.", "module")
    assert key_positions(found, [b"ft.x", b"k"]) == [1]


def test_a_server_without_docs_still_names_its_command() -> None:
    found = command_of(learned(CATALOGUE, b"ft.x", info(), error(b"ERR unknown subcommand 'DOCS'")))
    assert (found.arity, found.arguments, found.summary) == (-2, (), "")


@pytest.mark.parametrize(
    "answer",
    [
        error(b"ERR no"),
        NIL,
        array(),
        array(NIL),
        array(array()),
        array(array(bulk(b"ft.x"))),
        info(b"get"),
        info(b"ft.y"),
        array(array(bulk(b"ft.x"), bulk(b"-2"), array(), number(1), number(1), number(1), array())),
        array(array(bulk(b"ft.x"), number(10**15), array(), number(1), number(1), number(1), array())),
        info(b"ft.x", array(), array(bulk(b"no spec")), array()),
        info(b"ft.x", array(), array(pairs(flags=array())), array()),
        info(b"ft.x", array(), array(), array(info(b"ft.x|a\x1b[2J"))),
        info(b"ft.x", array(), array(), array(info(b"other|a"))),
        number(1),
    ],
    ids=range(15),
)
def test_an_answer_that_no_redis_gives_teaches_nothing(answer: Reply) -> None:
    assert learned(CATALOGUE, b"ft.x", answer, docs(argument())) == {}


@pytest.mark.parametrize(
    "bad",
    [
        argument(b"\x1b[31mred"),
        argument(b"\xe2\x80\xaeabc"),
        argument(b"x" * 65),
        argument(b"n", b"pure-token"),
        argument(b"n", b"block"),
        argument(b"n", b"oneof", arguments=array()),
        argument(b"n", b"string", arguments=array(argument())),
        argument(token=bulk(b"A B")),
        argument(token=bulk(b"A\n")),
        argument(token=number(1)),
        array(bulk(b"name")),
        bulk(b"query"),
        array(*[argument() for _ in range(3)]),
    ],
    ids=range(13),
)
def test_a_syntax_that_no_redis_has_teaches_nothing(bad: Reply) -> None:
    assert learned(CATALOGUE, b"ft.x", info(), docs(bad)) == {}


def test_what_is_too_deep_or_too_much_teaches_nothing() -> None:
    deep = argument()
    for _ in range(20):
        deep = argument(b"b", b"block", arguments=array(deep))
    assert learned(CATALOGUE, b"ft.x", info(), docs(deep)) == {}
    assert learned(CATALOGUE, b"ft.x", info(), docs(*[argument()] * 400)) == {}
    many = array(*[info(b"ft.x|%d" % each).items[0] for each in range(300)])
    assert learned(CATALOGUE, b"ft.x", info(b"ft.x", array(), array(), many), docs()) == {}


MANY = status(b"multiple")
MAYBE = array(argument(flags=status(b"optional")))


@pytest.mark.parametrize(
    "arguments",
    [
        [argument(flags=status(b"optional"))] * 5,  # which of them is a word?
        [argument(token=bulk(b"A"), flags=status(b"optional"))] * 20,
        [argument(b"numkeys"), argument(b"key", b"key", flags=status(b"multiple"))],  # a count in letters
        [argument(b"numkeys", b"integer"), argument(b"b", b"block", flags=MANY, arguments=MAYBE)],
    ],
    ids=["unnamed", "one token", "count in letters", "counted nothing"],
)  # fmt: skip
def test_a_syntax_with_too_many_readings_is_left_out(arguments: list[Reply]) -> None:
    found = command_of(learned(CATALOGUE, b"ft.x", info(), docs(*arguments)))
    assert found.arguments == ()


def test_a_long_summary_is_cut_and_odd_facts_are_left_out() -> None:
    given = array(
        bulk(b"ft.x"), pairs(summary=bulk(b"x" * 9999), since=bulk(b"soon"), complexity=bulk(b"\x07"))
    )
    found = command_of(learned(CATALOGUE, b"ft.x", info(), given))
    assert (len(found.summary), found.since, found.complexity) == (300, "", "")


def test_names_that_a_server_lists() -> None:
    listed = array(
        bulk(b"ft.search"), bulk(b"client|list"), bulk(b"a b"), bulk(b"\x1b"), bulk(b""), number(3)
    )
    assert names_of(listed) == ("FT.SEARCH",)
    assert names_of(array(array(bulk(b"get"), number(2)))) == ("GET",)  # COMMAND, before 7.0
    assert names_of(error(b"ERR")) == ()


# --- Whatever the syntax ----------------------------------------------------------------------------------

WORDS = [*b"a b 1 2 3 x streams limit -1".split(), b""]
MOST_S = 1.0  # for one line, on a slow machine


def made_up(chance: random.Random, depth: int = 0) -> Reply:
    kinds = [b"key", b"string", b"integer", b"pure-token", b"double"]
    kind = chance.choice(kinds if depth > 3 else [*kinds, b"oneof", b"block"])
    fields = {}
    if kind == b"pure-token" or chance.random() < 0.3:
        fields["token"] = bulk(chance.choice([b"A", b"B", b"STREAMS", b"", b"LIMIT"]))
    flags = [flag for flag in (b"optional", b"multiple", b"multiple_token") if chance.random() < 0.3]
    fields["flags"] = status(*flags)
    if kind in (b"oneof", b"block"):
        inner = [made_up(chance, depth + 1) for _ in range(chance.randrange(1, 5))]
        fields["arguments"] = array(*inner)
    return argument(chance.choice([b"a", b"numkeys", b"numfields", b"key", b"field"]), kind, **fields)


def test_lines_of_any_syntax_are_read_in_time_and_without_an_exception() -> None:
    chance = random.Random("syntaxes of strangers")
    read = 0
    for _ in range(1500):
        given = docs(*(made_up(chance) for _ in range(chance.choice([2, 4, 30]))))
        catalogue = CATALOGUE.completed(learned(CATALOGUE, b"ft.x", info(), given))
        command = catalogue.get("FT.X")
        if command is None or not command.arguments:
            continue
        read += 1
        words = [b"ft.x", *chance.choices(WORDS, k=chance.randrange(40))]
        began_s = time.monotonic()
        match(catalogue, words)
        hint(catalogue, b" ".join(word or b'""' for word in words) + b" ")
        key_positions(command, words)
        assert time.monotonic() - began_s < MOST_S, syntax_text(command)
    assert read > 150
