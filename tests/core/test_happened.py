"""What is said after each command: true on both engines, specific, and in agreement with the data."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from redislab.core.catalogue import Catalogue
from redislab.core.engine import Engine
from redislab.core.happened import happened, told_commands, why
from redislab.core.probe import KeyState, Policy, Probe
from redislab.core.reply import OK, Kind, Reply, bulk, error
from redislab.core.session import Outcome, Session
from redislab.core.words import split
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.servers import RedisServer

# One file a family. A blank line begins again with an empty engine.
#   > the command
#   = the sentence where a probe has seen the keys before and after
#   ~ the sentence without a probe, where it is another one
# `…` stands for anything. Both engines must give the same.
FOLDER = Path(__file__).parent / "happened"
FILES = sorted(FOLDER.glob("*.txt"))

Start = Callable[..., Session]


def scenarios(path: Path) -> Iterator[list[tuple[str, str, str]]]:
    """Of each scenario of a file: (command, sentence with a probe, sentence without)."""
    for block in path.read_text().split("\n\n"):
        steps: list[tuple[str, str, str]] = []
        for line in block.splitlines():
            mark, text = line[:2], line[2:]
            if mark == "> ":
                steps.append((text, "", ""))
            elif mark in ("= ", "~ "):
                command, seen, _ = steps[-1]
                steps[-1] = (command, text, text) if mark == "= " else (command, seen, text)
            else:
                raise ValueError(line)
        yield steps


def said(sentence: str, wanted: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, wanted.split("…"))), sentence) is not None


@pytest.fixture(params=["embedded", "server"])
def start(request: pytest.FixtureRequest) -> Start:
    """A session on an empty engine, with a probe or without."""

    def begin(probed: bool, protocol: int | None = None) -> Session:
        engine: Engine = EmbeddedEngine(protocol)
        if request.param == "server":
            server: RedisServer = request.getfixturevalue("redis_server")
            engine = RealEngine(Target(port=server.port, protocol=protocol))
            Session(engine).run([b"FLUSHALL"])
            Session(engine).run([b"SCRIPT", b"FLUSH"])
        return Session(
            engine, observer=Probe(engine, Policy(on_shared=True, budget_s=5.0)) if probed else None
        )

    return begin


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("probed", "protocol"), [(True, 2), (False, 2), (True, 3)], ids=["probed", "reply-alone", "RESP3"]
)
def test_scenarios(start: Start, path: Path, probed: bool, protocol: int) -> None:
    wrong: list[str] = []
    for steps in scenarios(path):
        session = start(probed, protocol)
        for command, seen, unseen in steps:
            outcome = session.run(split(command.encode()))
            sentence, wanted = happened(outcome), seen if probed else unseen
            if not said(sentence, wanted) or not wanted:
                wrong.append(f"{command}\n   says   {sentence}\n   wanted {wanted}")
            assert why(outcome).startswith(sentence)
            assert len(why(outcome)) > len(sentence) + 20
        session.close()
    assert not wrong, "\n".join(wrong)


def commands_in_scenarios() -> set[str]:
    catalogue = Catalogue.load()
    found = [
        catalogue.lookup(split(command.encode()))
        for path in FILES
        for steps in scenarios(path)
        for command, _, _ in steps
    ]
    return {command.name for command in found if command is not None}


# What a scenario cannot show on both engines; below, outcomes made by hand.
_NO_SCENARIO = {
    *(
        "AUTH",
        "RESET",
        "CLIENT ID",
        "SAVE",
        "BGSAVE",
        "RESTORE",
        "EVAL_RO",
        "EVALSHA_RO",
        "FCALL",
        "FCALL_RO",
    ),
    *("PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "SPUBLISH"),
    *("GEORADIUSBYMEMBER", "GEORADIUS_RO", "GEORADIUSBYMEMBER_RO"),
}


def test_every_command_that_is_told_has_a_scenario() -> None:
    assert told_commands() - commands_in_scenarios() == _NO_SCENARIO
    assert len(commands_in_scenarios()) >= 150


def test_names_are_commands() -> None:
    assert told_commands() <= set(Catalogue.load().names())


def test_every_data_command_is_told() -> None:
    """All of the groups that a learner works with, but for what servers and their tests use."""
    catalogue = Catalogue.load()
    groups = ("string", "list", "hash", "set", "sorted-set", "bitmap", "geo", "transactions")
    wanted = {name for group in groups for name in catalogue.in_group(group)}
    assert wanted - told_commands() == set()


def outcome(line: str, reply: Reply | None, **more: object) -> Outcome:
    return Outcome(tuple(split(line.encode())), reply, 0.0, 0, False, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "reply", "sentence"),
    [
        ("RESTORE k 0 x", OK, "`k` is back. It never expires."),
        ("RESTORE k 1500 x", OK, "`k` is back. It expires in 1.5 s."),
        ("RESTORE k 99999999999999 x ABSTTL", OK, "`k` is back. It expires."),
        ("AUTH ada pw", OK, "Logged in, for this connection."),
        ("RESET", Reply(Kind.STATUS, b"RESET"), "The connection is as new: database 0, no transaction, …"),
        ("CLIENT ID", Reply(Kind.INTEGER, 7), "This is connection number 7 since the server started."),
        ("SAVE", OK, "All data is on disk now; no client was served meanwhile."),
        ("BGSAVE", Reply(Kind.STATUS, b"Background saving started"), "The server saves its data to disk …"),
        ("PUBLISH news hi", Reply(Kind.INTEGER, 1), "1 subscription to `news` got the message."),
        ("PUBLISH news hi", Reply(Kind.INTEGER, 2), "2 subscriptions to `news` got the message."),
        ("PSUBSCRIBE n*", Reply(Kind.ARRAY, ()), "Listening to channels that match `n*`: …"),
        ("SCAN 0", Reply(Kind.ARRAY, (bulk(b"17"), Reply(Kind.ARRAY, ()))), "Not finished: ask again … 17 …"),
        (
            "SCAN 17",
            Reply(Kind.ARRAY, (bulk(b"0"), Reply(Kind.ARRAY, ()))),
            "Cursor 0: the scan is complete.",
        ),
        ("WAIT 1 10", Reply(Kind.INTEGER, 1), "1 replica has confirmed this client's writes."),
        ("HGETALL h", Reply(Kind.MAP, ((bulk(b"f"), bulk(b"v")),)), "1 field of `h`, …"),
        ("GET k", bulk(b"\x1b[31m"), "The string at `k`, 5 bytes."),
        ("DEL 'a\nb'", Reply(Kind.INTEGER, 1), "Deleted `a\\nb`."),
        ('DEL ""', Reply(Kind.INTEGER, 1), 'Deleted `""`.'),
        (f"DEL {'x' * 99}", Reply(Kind.INTEGER, 1), f"Deleted `{'x' * 40}…`."),
    ],
)
def test_outcomes_made_by_hand(line: str, reply: Reply, sentence: str) -> None:
    found = happened(outcome(line, reply))
    assert said(found, sentence), found


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert happened(outcome("GET k", error(b"WRONGTYPE x"))) == ""
    assert happened(outcome("GET k", None)) == ""
    assert happened(outcome("NOSUCH k", OK)) == ""
    assert happened(outcome("LATENCY DOCTOR", OK)) == ""
    assert why(outcome("GET k", error(b"ERR x"))) == ""
    entry = Reply(Kind.ARRAY, (bulk(b"1-1"), Reply(Kind.ARRAY, ())))
    assert happened(outcome("XRANGE x - +", Reply(Kind.ARRAY, (entry,)), omitted=3)) == ""


def test_a_reply_of_any_other_shape_is_no_exception() -> None:
    replies = [OK, bulk(b""), Reply(Kind.NIL, None), Reply(Kind.INTEGER, 3), Reply(Kind.ARRAY, ())]
    replies += [
        Reply(Kind.ARRAY, (bulk(b"a"), Reply(Kind.NIL, None))),
        Reply(Kind.MAP, ()),
        Reply(Kind.DOUBLE, b"1"),
    ]
    for name in sorted(told_commands()):
        for words in ("", " a", " a 0", " a 0 c", " 1 a b c d"):
            for reply in replies:
                assert "\n" not in happened(outcome(name + words, reply))


def test_sentences_for_learners() -> None:
    """One line, a full stop, and none of the words that belittle."""
    texts = [text for path in FILES for steps in scenarios(path) for step in steps for text in step[1:]]
    texts += [why(outcome(name, OK)) for name in told_commands()]
    for text in texts:
        assert not re.search(r"\b(just|simply|easy|easily|obviously)\b|!", text, re.IGNORECASE), text
        assert text.endswith((".", "?")), text


# -- claims against the state, on random commands ----------------------------------------------------------


_LINES = [
    "SET {k} {v}", "SET {k} {v} NX", "SET {k} {v} XX", "SET {k} {v} EX 100", "SET {k} {v} KEEPTTL",
    "GETSET {k} {v}", "GETDEL {k}", "GETEX {k} PERSIST", "SETNX {k} {v}", "APPEND {k} {v}", "INCR {k}",
    "DECRBY {k} 3", "MSET {k} {v} {j} {v}", "DEL {k} {j}", "UNLINK {k}", "EXISTS {k} {j}",
    "EXPIRE {k} 100", "EXPIRE {k} -1", "EXPIRE {k} 50 XX", "PERSIST {k}", "RENAME {k} {j}",
    "COPY {k} {j}", "LPUSH {k} {m} {n}", "RPUSH {k} {m}", "LPOP {k}", "RPOP {k} 2", "LREM {k} 0 {m}",
    "LTRIM {k} 0 1", "LTRIM {k} 5 9", "RPOPLPUSH {k} {j}", "HSET {k} {m} {v}",
    "HSET {k} {m} {v} {n} {v}", "HDEL {k} {m} {n}", "HINCRBY {k} {m} 2", "HSETNX {k} {m} {v}",
    "SADD {k} {m} {n}", "SREM {k} {m} {n}", "SPOP {k}", "SMOVE {k} {j} {m}", "ZADD {k} 1 {m}",
    "ZADD {k} 2 {m} 3 {n}", "ZADD {k} NX 5 {m}", "ZINCRBY {k} 2 {m}", "ZREM {k} {m} {n}", "ZPOPMIN {k}",
]  # fmt: skip


def _line(chance: random.Random) -> str:
    words = {"k": "abcd", "j": "abcd", "m": "xyz", "n": "xyz", "v": "579"}
    return chance.choice(_LINES).format(**{name: chance.choice(some) for name, some in words.items()})


def _still(state: KeyState) -> KeyState:
    """A time that runs, stopped; how it is kept in memory is no part of what commands promise."""
    return replace(state, encoding=None, ttl_ms=100_000 if state.expires else state.ttl_ms)


def _claims(run: Outcome, sentence: str) -> None:
    """Each claim that the sentence makes, against what is known of the keys."""
    assert run.observed is not None
    key = run.args[1]
    before, after = _still(run.observed.before[key]), _still(run.observed.after[key])
    claims: list[tuple[str, bool]] = [
        (
            r"^Created: |counting began at 0|a new (hash|set|list|sorted set)|is a new list",
            not before.exists or run.args[0][:1] == b"H",
        ),
        (r"^(Replaced|Updated)", before.exists and after.exists),
        (
            r"^(Not stored|Not set|Nothing (new|set|deleted|removed|moved|copied|to take|taken))",
            before == after,
        ),
        (r"is gone: it no longer expires|never expires now", before.expires and not after.expires),
        (r"time to live stays", before.expires and after.expires),
        (r"expires in", after.expires),
        (r"the key is gone|and deleted:|was deleted at once", before.exists and not after.exists),
        (r"^Updated, not created", _fields(before) >= _fields(after) and before.length == after.length),
    ]
    for pattern, holds in claims:
        assert holds or not re.search(pattern, sentence), f"{run.args}: {sentence}\n{before}\n{after}"
    # The other way round: what must not be kept quiet.
    if before.expires and after.exists and not after.expires and run.args[0] != b"RENAME":
        assert "expire" in sentence, f"{run.args}: {sentence}"
    _numbers(run, sentence, before, after)


def _fields(state: KeyState) -> set[bytes]:
    return {field for field, value in state.fields.items() if value is not None}


def _numbers(run: Outcome, sentence: str, before: KeyState, after: KeyState) -> None:
    """How many, and which end."""
    length = (after.length or 0) if after.exists else 0
    left = re.search(r"(\d+) (?:elements?|members?) left|has (\d+) elements? now", sentence)
    if left:
        assert length == int(left[1] or left[2]), f"{run.args}: {sentence}"
    pushed = re.search(r"Pushed `(.)` on the (left|right)", sentence)
    if pushed:
        assert after.ends is not None
        assert after.ends[0 if pushed[2] == "left" else 1] == pushed[1].encode(), sentence
    stands = re.search(r"`(.)` stands (first|last)", sentence)
    if stands:
        assert after.ends is not None
        assert after.ends[0 if stands[2] == "first" else 1] == stands[1].encode(), sentence
    went = re.search(r"went from (-?\d+) to (-?\d+)", sentence)
    if went and before.value is not None:
        assert (before.value, after.value) == (went[1].encode(), went[2].encode())
    added = re.match(r"(Added|Created|Removed) (`.`(?: and `.`)?)(?: to| in| from|;|\.)", sentence)
    if added and "score" not in sentence:
        change = added[2].count("`") // 2 * (-1 if added[1] == "Removed" else 1)
        assert length - (before.length or 0) == change, f"{run.args}: {sentence}"


@pytest.mark.parametrize("seed", range(8))
def test_claims_agree_with_the_state(start: Start, seed: int) -> None:
    chance, session = random.Random(seed), start(True)
    told = 0
    for number in range(400):
        run = session.run(split(_line(chance).encode()))
        if number % 40 == 39:
            session.run([b"DEL", chance.choice([b"a", b"b", b"c", b"d"])])
        assert run.reply is not None
        if run.reply.is_error:
            continue
        sentence = happened(run)
        assert sentence, run.args
        told += 1
        _claims(run, sentence)
    assert told > 100
