"""What a coach says to 150 mistakes, on both engines; and that it leaves good lines alone."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from redislab.core.catalogue import Catalogue
from redislab.core.coach import Advice, Origins, coach
from redislab.core.coach.nearest import distance, nearest
from redislab.core.coach.tables import COMPLETIONS, FOREIGN, READERS, TYPES
from redislab.core.engine import Engine
from redislab.core.grammar import match
from redislab.core.line import Ask, read_line
from redislab.core.probe import Policy, Probe
from redislab.core.reply import OK, error
from redislab.core.server_states import REMEDIES
from redislab.core.session import Outcome, Session
from redislab.core.words import scan, split
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.servers import RedisServer

HERE = Path(__file__).parent
CATALOGUE = Catalogue.load()
SETUP = (
    *("SET name ada", "RPUSH tasks a b c", "HSET user name ada", "SADD s x"),
    *("RPUSH words b a", "ZADD z 1 a"),
)

Say = Callable[[str], Advice | None]


def mistakes() -> list[tuple[str, Advice]]:
    """A line, then indented `=` the text, `^` the caret and what was expected, `>` the suggestion."""
    found: list[tuple[str, list[str]]] = []
    for row in (HERE / "coach" / "mistakes.txt").read_text().splitlines():
        if row.startswith("  "):
            found[-1][1].append(row[2:])
        else:
            found.append((row, []))
    return [(line, _advice(rows)) for line, rows in found]


def _advice(rows: list[str]) -> Advice:
    marked = {row[0]: row[2:] for row in rows}
    caret, _, expected = marked.get("^", "").partition(" ")
    return Advice(marked["="], int(caret) if caret else None, expected, marked.get(">"))


class Table:
    """A session with a few keys; each line is advised on, and the keys are as before."""

    def __init__(self, engine: Engine) -> None:
        self._session = Session(engine, observer=Probe(engine, Policy(on_shared=True, budget_s=5.0)))

    def __call__(self, line: str) -> Advice | None:
        origins, session = Origins(), self._session
        for each in ("RESET", "FLUSHALL", *SETUP):
            origins.note(session.run(split(each.encode())))
        read = read_line(line.encode())
        outcome = session.run(read.args) if read.ask is Ask.COMMAND else None
        return coach(outcome, line.encode(), CATALOGUE, origins)


@pytest.fixture(params=["embedded", "server"])
def say(request: pytest.FixtureRequest) -> Say:
    if request.param == "embedded":
        return Table(EmbeddedEngine())
    server: RedisServer = request.getfixturevalue("redis_server")
    return Table(RealEngine(Target(port=server.port)))


def test_mistakes(say: Say) -> None:
    wrong = [f"{line}\n  {found}" for line, wanted in mistakes() if (found := say(line)) != wanted]
    assert not wrong, "\n".join(wrong)
    assert len(mistakes()) >= 150


def test_what_is_suggested_can_be_sent() -> None:
    for line, advice in mistakes():
        if advice.suggestion not in (None, "QUIT"):
            words = split(str(advice.suggestion).encode())
            assert match(CATALOGUE, words).complete, (line, advice.suggestion)


def test_a_caret_stands_in_the_line() -> None:
    for line, advice in mistakes():
        assert advice.caret is None or 0 <= advice.caret <= len(line.encode()) + 1
        assert not re.search(r"(just|simply|easy|easily)|!", advice.text)


def test_good_lines_are_left_alone() -> None:
    """Every line of the scenarios of `happened` is one that somebody means."""
    said = []
    for path in sorted((HERE / "happened").glob("*.txt")):
        for block in path.read_text().split("\n\n"):
            engine = EmbeddedEngine()
            session = Session(engine, observer=Probe(engine))
            for row in block.splitlines():
                if row.startswith("> "):
                    line = row[2:].encode()
                    advice = coach(session.run(split(line)), line, CATALOGUE)
                    said += [(row, advice)] if advice is not None else []
    assert not said


@pytest.mark.parametrize(
    "line",
    [
        *(
            "SET note 'buy milk; call bob'",
            "SET csv a,b,c",
            "SET c #fff",
            "SET url http://x//y",
            "LPUSH l a,b",
        ),
        *('SET text "it\'s"', "SET t it’s", "SADD tags #redis #db", "SET eq a=b", "ECHO ';;'", "SET k *"),
        *("HSET user:* a 1", "GET #1", "SET n -5", "KEYS *", "ECHO 'SET(a, 1)'", 'SET k "a;"'),
    ],
)
def test_odd_but_meant(line: str) -> None:
    session = Session(EmbeddedEngine())
    assert coach(session.run(split(line.encode())), line.encode(), CATALOGUE) is None


def test_errors_of_the_servers_state_are_not_for_the_coach() -> None:
    for code in REMEDIES:
        outcome = Outcome((b"GET", b"k"), error(f"{code} something".encode()), 0.0, 0, False)
        assert coach(outcome, b"GET k", CATALOGUE) is None


def test_a_wrong_type_without_a_probe() -> None:
    outcome = Outcome((b"GET", b"tasks"), error(b"WRONGTYPE Operation against a key"), 0.0, 0, False)
    advice = coach(outcome, b"GET tasks", CATALOGUE)
    assert advice == Advice("GET works on strings. TYPE says what the key holds.", 4, "", "TYPE tasks")


def test_a_repeat_count_shifts_the_caret() -> None:
    outcome = Outcome((b"LRANGE", b"l", b"a", b"1"), error(b"ERR value is not an integer"), 0.0, 0, False)
    advice = coach(outcome, b"3 LRANGE l a 1", CATALOGUE)
    assert advice is not None
    assert advice.caret == 11


@pytest.mark.parametrize(
    "line", ["ATUH hunter2", "AUTH a b c d", "CONFIG ST requirepass hunter2", "r.auth('hunter2')"]
)
def test_a_secret_is_never_suggested(line: str) -> None:
    words, fault = scan(line.encode())
    args = tuple(word.value for word in words)
    outcome = Outcome(args, error(b"ERR unknown command"), 0.0, 0, False) if fault is None else None
    advice = coach(outcome, line.encode(), CATALOGUE)
    assert advice is None or advice.suggestion is None


def test_no_line_makes_it_stumble() -> None:
    chance = random.Random(7)
    pieces = [
        "SET",
        "get",
        "a",
        "10s",
        "-1",
        "1.5",
        "EX",
        "#",
        ";",
        "=",
        "(",
        ")",
        ",",
        '"',
        "'",
        "“",
        "é",
        "*",
        "r.set(",
    ]
    pieces += [
        "HSET",
        "ZADD",
        "XADD",
        "XREAD",
        "SELECT",
        "CLIENT",
        "redis-cli",
        "-p",
        "$",
        ">",
        "//",
        "\\",
        "a,",
        "b;",
    ]
    replies = [error(b"ERR syntax error"), error(b"WRONGTYPE x"), error(b"ERR value is not an integer"), OK]
    for _ in range(5_000):
        line = chance.choice(["", " "]).join(chance.choices(pieces, k=chance.randint(1, 7))).encode()
        read = read_line(line)
        reply = chance.choice(replies)
        outcome = Outcome(tuple(read.args), reply, 0.0, 0, False) if read.ask is Ask.COMMAND else None
        advice = coach(outcome, line, CATALOGUE)
        assert advice is None or advice.caret is None or 0 <= advice.caret <= len(line) + 1


def test_distance_counts_exchanged_neighbours_once() -> None:
    assert [
        distance("GTE", "GET"),
        distance("LRAGNE", "LRANGE"),
        distance("", "ab"),
        distance("INC", "INCR"),
    ] == [1, 1, 2, 1]
    assert nearest("LRAGNE", CATALOGUE.names())[0] == "LRANGE"
    assert nearest("XYZZY", CATALOGUE.names()) == []
    assert nearest("", ["A"]) == []


def test_tables_name_commands() -> None:
    for line, _ in FOREIGN.values():
        assert not line or CATALOGUE.lookup(line.encode().split()) is not None, line
    assert all(CATALOGUE.get(name) for name in COMPLETIONS)
    assert all(CATALOGUE.lookup(line.encode().split()) for line in READERS.values())
    assert set(TYPES) <= set(CATALOGUE.groups())
    assert {kind for kind, _, _ in TYPES.values()} == set(READERS)


def test_origins_follow_the_keys() -> None:
    engine, origins = EmbeddedEngine(), Origins()
    session = Session(engine, observer=Probe(engine))
    for line in ("RPUSH k a", "RPUSH k b", "SET j 1"):
        origins.note(session.run(line.encode().split()))
    assert origins == {b"k": b"RPUSH k a", b"j": b"SET j 1"}
    for line in ("DEL j", "SET k v"):
        origins.note(session.run(line.encode().split()))
    assert origins == {b"k": b"SET k v"}


def unanswered(line: str, text: bytes) -> Outcome:
    return Outcome(tuple(split(line.encode())), error(text), 0.0, 0, False)


def test_the_version_that_lacks_a_command_is_named_where_it_is_known() -> None:
    line = "HEXPIRE user 60 FIELDS 1 name"
    advice = coach(
        unanswered(line, b"ERR unknown command 'HEXPIRE'"), line.encode(), CATALOGUE, server="Redis 7.0.15"
    )
    assert advice is not None
    assert advice.text == "HEXPIRE came with Redis 7.4; this server is Redis 7.0.15."


def test_a_newer_servers_command_is_not_said_to_be_missing_when_it_failed_otherwise() -> None:
    line = "HEXPIRE user soon FIELDS 1 name"
    advice = coach(unanswered(line, b"ERR value is not an integer or out of range"), line.encode(), CATALOGUE)
    assert advice is not None
    assert "a number of seconds" in advice.text
    foreign = "FT.SEARCH idx hello"
    assert coach(unanswered(foreign, b"ERR idx: no such index"), foreign.encode(), CATALOGUE) is None
