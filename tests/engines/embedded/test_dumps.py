"""DUMP and RESTORE: redis-server's values are read here, ours there, and nothing else does harm."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redislab.core.engine import Connection
from redislab.core.reply import Reply
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.engines.embedded.asking import ask, say
from tests.engines.embedded.twins import in_any_order
from tests.servers import RedisServer

BYTES = st.one_of(
    st.binary(max_size=20),
    st.integers(-(1 << 63), (1 << 63) - 1).map(lambda n: b"%d" % n),
    st.integers(-200, 20_000).map(lambda n: b"%d" % n),
    st.builds(lambda piece, times: piece * times, st.binary(min_size=1, max_size=9), st.integers(1, 100)),
)
SCORES = st.floats(allow_nan=False).map(
    lambda score: b"%.17g" % (score + 0.0)
)  # -0 is kept in large ones only
LOOKS = {
    b"string": "GET k",
    b"list": "LRANGE k 0 -1",
    b"set": "SMEMBERS k",
    b"hash": "HGETALL k",
    b"zset": "ZRANGE k 0 -1 WITHSCORES",
    b"stream": "XINFO STREAM k FULL COUNT 0",
}
EXAMPLES = 1_000 if os.environ.get("REDISLAB_LONG") else 150
BAD = b"ERR Bad data format"
WRONG = b"ERR DUMP payload version or checksum are wrong"


Words = st.SearchStrategy[list[bytes]]


def many(values: st.SearchStrategy[bytes]) -> Words:
    return st.one_of(st.lists(values, min_size=1, max_size=8), st.lists(values, min_size=130, max_size=132))


def pairs(
    first: st.SearchStrategy[bytes], second: st.SearchStrategy[bytes]
) -> st.SearchStrategy[list[bytes]]:
    listed = st.lists(st.tuples(first, second), min_size=1, max_size=40)
    return listed.map(lambda found: [side for pair in found for side in pair])


@st.composite
def streams(draw: st.DrawFn) -> list[list[bytes]]:
    """Commands that make a stream: entries with the same and other fields, deletions, groups, claims."""
    lines = []
    for number in range(draw(st.integers(1, 12))):
        entry = b"%d-%d" % (1000 + number * draw(st.integers(1, 1)), draw(st.integers(0, 300)))
        lines.append([b"XADD", b"k", entry, *draw(pairs(st.sampled_from([b"a", b"b"]), BYTES))])
    for _ in range(draw(st.integers(0, 3))):
        lines.append([b"XDEL", b"k", b"%d-%d" % (draw(st.integers(1000, 1012)), draw(st.integers(0, 3)))])
    for name in draw(st.lists(st.sampled_from([b"g", b"h"]), unique=True)):
        lines.append([b"XGROUP", b"CREATE", b"k", name, draw(st.sampled_from([b"0", b"$", b"1003-0"]))])
        for consumer in draw(st.lists(st.sampled_from([b"ann", b"bob"]), max_size=3)):
            count = b"%d" % draw(st.integers(1, 3))
            read = [b"XREADGROUP", b"GROUP", name, consumer, b"COUNT", count, b"STREAMS", b"k", b">"]
            lines.append(read)
    return lines


def one(name: bytes) -> Callable[[list[bytes]], list[list[bytes]]]:
    return lambda values: [[name, b"k", *values]]


VALUES: st.SearchStrategy[list[list[bytes]]] = st.one_of(
    BYTES.map(lambda value: [[b"SET", b"k", value]]),
    many(BYTES).map(one(b"RPUSH")),
    many(BYTES).map(one(b"SADD")),
    pairs(BYTES, BYTES).map(one(b"HSET")),
    pairs(SCORES, BYTES).map(one(b"ZADD")),
    streams(),
)


class Pair:
    """redis-server, and the built-in engine."""

    def __init__(self, server: RedisServer) -> None:
        self.engine = EmbeddedEngine()
        self.real = RealEngine(Target(socket_path=server.socket_path)).connect()
        self.ours = self.engine.connect()


@pytest.fixture(scope="module")
def both(redis_server_path: str) -> Iterator[Pair]:
    with RedisServer("--list-max-listpack-size", "20") as server:
        pair = Pair(server)
        yield pair
        pair.engine.close()


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = EmbeddedEngine()
    yield engine.connect()
    engine.close()


def look(connection: Connection) -> Reply:
    kind = say(connection, "TYPE k").text
    found = say(connection, LOOKS[kind])
    return found if kind == b"stream" else in_any_order(found)


def moved(source: Connection, target: Connection, lines: list[list[bytes]]) -> None:
    """Make a value at one place and restore it at the other: it must look the same there."""
    say(source, "FLUSHALL")
    for line in lines:
        ask(source, *line)
    payload = say(source, "DUMP k").text
    assert ask(target, b"RESTORE", b"k", b"0", payload, b"REPLACE").text == b"OK"
    made, restored = look(source), look(target)
    if lines[0][0] == b"XADD":  # how the radix tree is built is another on each side
        assert without_tree(restored) == without_tree(made)
    else:
        assert restored == made


def without_tree(reply: Reply) -> list[Reply]:
    rows = [each for each in reply.items]
    names = [each.value for each in rows]
    left_out = {place + step for place, name in enumerate(names) for step in (0, 1) if name in TREE}
    return [row for place, row in enumerate(rows) if place not in left_out]


TREE = (b"radix-tree-keys", b"radix-tree-nodes")


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=VALUES)
def test_what_redis_server_writes_is_read(both: Pair, lines: list[list[bytes]]) -> None:
    moved(both.real, both.ours, lines)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=VALUES)
def test_what_is_written_redis_server_reads(both: Pair, lines: list[list[bytes]]) -> None:
    moved(both.ours, both.real, lines)


LINES = [
    [b"SET", b"k", b"abc" * 40],
    [b"RPUSH", b"k", b"a", b"1", b"x" * 70],
    [b"SADD", b"k", b"1", b"200", b"70000"],
    [b"HSET", b"k", b"f", b"v", b"1", b"-5000"],
    [b"ZADD", b"k", b"1.5", b"a", b"-inf", b"b"],
    [b"XADD", b"k", b"1-1", b"f", b"v"],
]


def test_damaged_bodies_are_refused_or_read_and_never_raise(both: Pair) -> None:
    """With a checksum that fits, so that the damage is met where the value is read."""
    from redislab.engines.embedded import rdb

    chosen = random.Random(7)
    for line in LINES:
        for source in (both.real, both.ours):
            say(source, "FLUSHALL")
            ask(source, *line)
            body = say(source, "DUMP k").text[:-10]
            for _ in range(150):
                damaged = bytearray(body)
                for _ in range(chosen.randint(1, 3)):
                    damaged[chosen.randrange(len(damaged))] = chosen.randrange(256)
                cut = bytes(damaged[: chosen.randint(0, len(damaged))] if chosen.random() < 0.3 else damaged)
                reply = ask(both.ours, b"RESTORE", b"k", b"0", rdb.sealed(cut), b"REPLACE")
                assert reply.text in (b"OK", BAD), (cut, reply)
                assert not say(both.ours, "TYPE k").is_error


@settings(max_examples=2 * EXAMPLES, deadline=None)
@given(body=st.binary(max_size=200))
def test_any_bytes_are_answered(both: Pair, body: bytes) -> None:
    from redislab.engines.embedded import rdb

    assert ask(both.ours, b"RESTORE", b"n", b"0", body, b"REPLACE").text == WRONG
    reply = ask(both.ours, b"RESTORE", b"n", b"0", rdb.sealed(body), b"REPLACE")
    assert reply.text in (b"OK", BAD)


def test_every_flipped_bit_is_noticed(connection: Connection) -> None:
    ask(connection, *LINES[3])
    payload = say(connection, "DUMP k").text
    for place in range(len(payload) * 8):
        damaged = bytearray(payload)
        damaged[place // 8] ^= 1 << place % 8
        assert ask(connection, b"RESTORE", b"n", b"0", bytes(damaged)).text == WRONG
    for length in range(len(payload)):
        assert ask(connection, b"RESTORE", b"n", b"0", payload[:length]).text == WRONG


def test_a_pickle_is_no_value(connection: Connection) -> None:
    import hashlib
    import pickle

    harm = pickle.dumps({"value": b"x"})
    for payload in (harm, hashlib.sha1(harm).digest() + harm, harm + hashlib.sha1(harm).digest()):
        assert ask(connection, b"RESTORE", b"k", b"0", payload).text == WRONG


@pytest.mark.parametrize(
    "line",
    [
        *("RESTORE k 0 {} FOO", "RESTORE k -1 {}", "RESTORE k x {}", "RESTORE k 0 {} IDLETIME -1"),
        *("RESTORE k 0 {} FREQ 256", "RESTORE k 0 {} IDLETIME 1 FREQ 1", "RESTORE k 0 {}", "RESTORE k 0 {}"),
        *("RESTORE k 0 {} REPLACE", "RESTORE k 100000 {} REPLACE", "RESTORE k 1 {} REPLACE ABSTTL"),
        *("RESTORE k 4000000000000 {} ABSTTL REPLACE", "RESTORE k 0 {} IDLETIME", "RESTORE k 0 nonsense"),
        *("RESTORE k 0 nonsense REPLACE", "RESTORE k 0 {} REPLACE IDLETIME 1000"),
    ],
)
def test_options_are_read_as_redis_server_reads_them(both: Pair, line: str) -> None:
    answers = []
    for connection in (both.real, both.ours):
        say(connection, "DEL k n")
        say(connection, "RPUSH n a b")
        payload = say(connection, "DUMP n").text
        words = [payload if word == "{}" else word.encode() for word in line.split()]
        first, second = ask(connection, *words), ask(connection, *words)
        ttl = say(connection, "TTL k").number
        answers.append((first, second, say(connection, "LRANGE k 0 -1"), ttl > 0, ttl == -2))
    assert answers[0] == answers[1]


def test_functions_move_both_ways(both: Pair) -> None:
    code = b"#!lua name=lib\nredis.register_function('f', function() return 7 end)"
    for source, target in ((both.real, both.ours), (both.ours, both.real)):
        for each in (source, target):
            say(each, "FUNCTION FLUSH")
        ask(source, b"FUNCTION", b"LOAD", code)
        payload = say(source, "FUNCTION DUMP").text
        assert ask(target, b"FUNCTION", b"RESTORE", payload).text == b"OK"
        assert say(target, "FCALL f 0").value == 7
        again = ask(target, b"FUNCTION", b"RESTORE", payload)
        assert again.text == b"ERR Library lib already exists"
        assert ask(target, b"FUNCTION", b"RESTORE", payload, b"REPLACE").text == b"OK"
        assert ask(target, b"FUNCTION", b"RESTORE", payload, b"FLUSH").text == b"OK"
        assert ask(target, b"FUNCTION", b"RESTORE", b"x").text == WRONG
        assert ask(target, b"FUNCTION", b"RESTORE", payload, b"FOO").text.startswith(
            b"ERR Wrong restore policy"
        )


def test_keys_are_not_sent_to_other_servers(connection: Connection) -> None:
    say(connection, "SET k v")
    assert b"redislab's built-in engine" in say(connection, "MIGRATE 127.0.0.1 1 k 0 100").text
    assert say(connection, "EXISTS k").value == 1
