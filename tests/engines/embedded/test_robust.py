"""No input makes the engine hang, raise or answer in Python's words."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redislab.core.catalogue import Catalogue
from redislab.core.engine import Connection
from redislab.core.parts import Assembler
from redislab.core.reply import Reply
from redislab.engines.embedded import EmbeddedEngine
from tests.engines.embedded.asking import ask, say

QUIET = frozenset(  # they end the connection, make it wait or answer in a way of their own
    {
        *("CLIENT REPLY", "SHUTDOWN", "QUIT", "MONITOR", "CLIENT KILL", "CLIENT PAUSE", "DEBUG", "WAIT"),
        *("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"),
    }
)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = EmbeddedEngine()
    yield engine.connect()
    engine.close()


@pytest.mark.parametrize("name", ["HRANDFIELD", "SRANDMEMBER", "ZRANDMEMBER"])
@pytest.mark.parametrize("count", [b"-9223372036854770000", b"-2000000"])
def test_a_huge_negative_count_is_refused(connection: Connection, name: str, count: bytes) -> None:
    say(connection, {"H": "HSET k f v", "S": "SADD k m", "Z": "ZADD k 1 m"}[name[0]])
    started_s = time.monotonic()
    reply = ask(connection, name.encode(), b"k", count)
    assert reply.is_error
    assert b"at most 1000000" in reply.text
    assert time.monotonic() - started_s < 1


@pytest.mark.parametrize("pattern", [b"a*" * 2_000 + b"b", b"*" * 10_000 + b"[b]", b"?*" * 2_000 + b"b"])
def test_patterns_of_many_stars_are_answered(connection: Connection, pattern: bytes) -> None:
    ask(connection, b"SET", b"a" * 5_000, b"v")
    ask(connection, b"SUBSCRIBE", b"a" * 5_000)
    ask(connection, b"UNSUBSCRIBE")
    started_s = time.monotonic()
    for line in ([b"KEYS", pattern], [b"SCAN", b"0", b"MATCH", pattern]):
        assert not ask(connection, *line).is_error
    ask(connection, b"PSUBSCRIBE", pattern)
    assert time.monotonic() - started_s < 5


def test_large_values_are_refused_before_they_are_made(connection: Connection) -> None:
    assert say(connection, "SETRANGE k 536870912 x").is_error
    assert say(connection, "SETBIT k 4294967296 1").is_error


# What upstream's own machinery cannot be trusted with, above all: SORT, BITFIELD, XADD.
WORDS = [
    *(
        "a",
        "b",
        "k",
        "list",
        "hash",
        "set",
        "zset",
        "stream",
        "0",
        "1",
        "-1",
        "2",
        "5",
        "x",
        "",
        "*",
        "-",
        "+",
    ),
    *("(1", "[a", "inf", "nan", "1.5", "9223372036854775807", "-9223372036854775808", "99999999999999999999"),
    *("COUNT", "MATCH", "LIMIT", "BY", "GET", "STORE", "NX", "XX", "EX", "PX", "WITHSCORES", "STREAMS", "$"),
    *(
        ">",
        "GROUP",
        "MAXLEN",
        "~",
        "u8",
        "i64",
        "OVERFLOW",
        "INCRBY",
        "#1",
        "BYSCORE",
        "REV",
        "LEFT",
        "RIGHT",
    ),
    *("\xff", "a\r\nb", "0-0", "1-1", "1-*", "=", "MINID", "NOMKSTREAM", "ENTRIESREAD", "MKSTREAM", "BLOCK"),
]


def prepare(connection: Connection) -> None:
    for line in (
        *(
            "FLUSHALL",
            "SET k v",
            "SET n 1",
            "RPUSH list a b",
            "HSET hash a 1",
            "SADD set a 1",
            "ZADD zset 1 a",
        ),
        *("XADD stream 1-1 a b", "XGROUP CREATE stream g 0"),
    ):
        say(connection, line)


def send_random(connection: Connection, names: list[str], seed: int, lines: int) -> None:
    chosen = random.Random(seed)
    for number in range(lines):
        if number % 200 == 0:
            prepare(connection)
        words = chosen.choice(names).encode().split(b" ")
        words += [chosen.choice(WORDS).encode("latin-1") for _ in range(chosen.randrange(7))]
        connection.send([words])
        replies = drain(connection)
        for reply in replies:
            assert b"failed here" not in reply.text, (words, reply.text)
            assert b"Traceback" not in reply.text
            assert b"\n" not in reply.text or not reply.is_error


def drain(connection: Connection) -> list[Reply]:
    assembler = Assembler()
    found = (assembler.add(part) for part in connection.replies(0))
    return [reply for reply in found if reply is not None]


@pytest.mark.parametrize("seed", range(4))
def test_random_commands_are_answered(seed: int) -> None:
    names = [name for name in Catalogue.load().names() if name not in QUIET]
    blocking = {name for name in names if "blocking" in Catalogue.load().get(name).flags}  # type: ignore[union-attr]
    engine = EmbeddedEngine()
    plain = [
        name for name in names if name not in blocking | {"WAIT", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"}
    ]
    send_random(engine.connect(), plain, seed, 10_000)
    engine.close()


def is_answered(words: list[bytes]) -> bool:
    """By one reply, and the connection goes on: of all names this is rarely in doubt."""
    return words[0].upper().decode("latin-1") not in QUIET


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.binary(max_size=12), min_size=1, max_size=5).filter(is_answered), max_size=5))
def test_bytes_of_any_kind_are_answered(batch: list[list[bytes]]) -> None:
    engine = EmbeddedEngine()
    connection = engine.connect()
    connection.send(batch)
    assert len(drain(connection)) == len(batch)
    engine.close()
