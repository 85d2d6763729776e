"""Keys that expire, and what is said about keys that change: held against redis-server."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from redislab.core.engine import Connection
from redislab.core.reply import Kind, bulk
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.engines.embedded.asking import ask, say, whole_replies
from tests.servers import RedisServer


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine()
    yield made
    made.close()


@pytest.mark.parametrize(
    "line", ["SET k v PX 1500", "PSETEX k 1500 v", "SET k v EX 10 XX", "GETEX k PX 1500"]
)
def test_parts_of_seconds_are_kept(engine: EmbeddedEngine, line: str) -> None:
    connection = engine.connect()
    say(connection, "SET k v")
    say(connection, line)
    left_ms = say(connection, "PTTL k").number
    assert left_ms > 1_300
    assert left_ms % 1_000 or left_ms == 10_000


def test_a_key_is_gone_in_time(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    say(connection, "SET k v PX 30")
    assert say(connection, "GET k") == bulk(b"v")
    time.sleep(0.05)
    assert say(connection, "GET k").is_nil
    assert say(connection, "DBSIZE").value == 0


def test_an_expiry_is_told_while_nobody_does_anything(engine: EmbeddedEngine) -> None:
    listener, other = engine.connect(), engine.connect()
    say(other, "CONFIG SET notify-keyspace-events Ex")
    say(listener, "SUBSCRIBE __keyevent@0__:expired")
    say(other, "SET k v PX 30")
    message = next(whole_replies(listener, 2.0))
    assert [item.text for item in message.items] == [b"message", b"__keyevent@0__:expired", b"k"]


def test_an_expiry_ends_a_transaction_that_watched_it(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    say(connection, "SET k v PX 30")
    say(connection, "WATCH k")
    time.sleep(0.05)
    say(connection, "MULTI")
    say(connection, "PING")
    assert say(connection, "EXEC").kind is Kind.NIL_ARRAY


CHANGES = [
    *(
        "SET k v",
        "SET k v EX 100",
        "SETEX k 100 v",
        "APPEND k x",
        "INCR n",
        "DECRBY n 5",
        "INCRBYFLOAT f 1.5",
    ),
    *(
        "GETSET k w",
        "GETDEL k",
        "MSET a 1 b 2",
        "SETRANGE a 1 x",
        "SETBIT bits 1 1",
        "EXPIRE a 100",
        "PERSIST a",
    ),
    *(
        "GETEX a EX 50",
        "GETEX a PERSIST",
        "EXPIRE a -1",
        "DEL b",
        "DEL b",
        "RENAME n m",
        "COPY m c",
        "MOVE c 1",
    ),
    *("RPUSH l 1 2 3", "LPUSHX l 0", "LPOP l", "RPOP l", "LSET l 0 x", "LREM l 1 x", "LINSERT l BEFORE 2 y"),
    *(
        "RPUSH l2 a",
        "RPOPLPUSH l l2",
        "LMOVE l l2 LEFT RIGHT",
        "RPUSH l 5 6",
        "LMPOP 1 l RIGHT",
        "LTRIM l 1 0",
        "LPOP l2",
        "LPOP l2",
        "HSET h a 1",
        "HINCRBY h a 1",
    ),
    *("HDEL h a", "SADD s 1 2", "SMOVE s s2 1", "SREM s 2", "SINTERSTORE d s2 s2", "SPOP d", "ZADD z 1 a"),
    *(
        "ZINCRBY z 1 a",
        "ZADD z 1 b",
        "ZMPOP 1 z MAX",
        "ZADD z 3 b",
        "ZREM z a",
        "ZADD z 1 a 2 b",
        "ZRANGESTORE z2 z 0 -1",
    ),
    *(
        "ZREMRANGEBYRANK z2 0 -1",
        "ZUNIONSTORE z3 1 z",
        "GEOADD g 1 1 x",
        "XADD x 1-1 a b",
        "XTRIM x MAXLEN 0",
    ),
    *("PFADD p a", "BITOP NOT not k", "SORT s2 STORE sorted", "SETNX k 1", "SETNX k 1", "SET k 2 XX GET"),
]


def told(worker: Connection, listener: Connection) -> dict[str, list[tuple[bytes, bytes]]]:
    say(worker, "CONFIG SET notify-keyspace-events KEA")
    ask(listener, b"PSUBSCRIBE", b"__key*__:*")
    heard: dict[str, list[tuple[bytes, bytes]]] = {}
    for number, line in enumerate(CHANGES):
        say(worker, line)
        say(worker, f"PUBLISH __key__:mark {number}")
        heard[f"{number} {line}"] = found = []
        for message in whole_replies(listener, 2.0):
            _, _, channel, text = message.items
            if channel.text == b"__key__:mark":
                break
            found.append((channel.text, text.text))
    return heard


def test_changes_are_told_as_redis_server_tells_them(engine: EmbeddedEngine, redis_server_path: str) -> None:
    with RedisServer() as server:
        real = RealEngine(Target(socket_path=server.socket_path))
        expected = told(real.connect(), real.connect())
    ours = told(engine.connect(), engine.connect())
    different = [
        f"{line}\n  redis-server: {expected[line]}\n  ours: {ours[line]}"
        for line in expected
        if expected[line] != ours[line]
    ]
    assert not different, "\n".join(different)


def test_slow_commands_are_logged(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    say(connection, "CONFIG SET slowlog-log-slower-than 0")
    say(connection, "SET k v")
    number, when, spent_us, words, address, name = say(connection, "SLOWLOG GET 1").items[0].items
    assert [word.text for word in words.items] == [b"SET", b"k", b"v"]
    assert number.number >= 0
    assert abs(when.number - time.time()) < 5
    assert 0 <= spent_us.number < 1_000_000
    assert address.text.startswith(b"lab:")
    assert name.text == b""


def test_idle_keys_are_known(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    say(connection, "SET k v")
    assert say(connection, "OBJECT IDLETIME k").value == 0
    time.sleep(1.05)
    assert say(connection, "OBJECT IDLETIME k").value == 1
    say(connection, "GET k")
    assert say(connection, "OBJECT IDLETIME k").value == 0


def test_info_counts(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    for line in ("SET k v EX 100", "GET k", "GET nope"):
        say(connection, line)
    info = say(connection, "INFO").text
    assert b"redis_version:7.0.15\r\n" in info
    assert b"keyspace_hits:1\r\n" in info
    assert b"keyspace_misses:1\r\n" in info
    assert b"db0:keys=1,expires=1,avg_ttl=" in info
    assert say(connection, "INFO keyspace").text.startswith(b"# Keyspace\r\n")
    assert b"cmdstat_get:calls=2," in say(connection, "INFO commandstats").text


def test_a_scan_finds_all_that_stayed(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    for number in range(1_000):
        say(connection, f"SET k{number} v")
    found: list[bytes] = []
    cursor = b"0"
    while True:
        after, batch = ask(connection, b"SCAN", cursor, b"COUNT", b"100").items
        found += [item.text for item in batch.items]
        say(connection, f"DEL k{len(found)}")
        cursor = after.text
        if cursor == b"0":
            break
    assert len(set(found)) == len(found)
    assert len(found) >= 990


def test_a_cursor_of_nobody_is_no_error(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    say(connection, "SET k v")
    assert not say(connection, "SCAN 12345678901234").is_error
