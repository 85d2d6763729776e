"""Keys that expire, and what is said about keys that change: held against redis-server."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from redislab.core.engine import Connection, Engine
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


def logged(engine: Engine) -> list[tuple[bytes, ...]]:
    """What SLOWLOG keeps of commands with passwords, and of one that waited."""
    worker, waiter = engine.connect(), engine.connect()
    say(worker, "CONFIG SET slowlog-log-slower-than 0")
    say(worker, "SLOWLOG RESET")
    for line in (
        *("ACL SETUSER ada on >hunter2 +get", "CONFIG SET masterauth hunter2 maxmemory 0", "AUTH hunter2"),
        *("HELLO 2 AUTH default hunter2", "CONFIG SET requirepass hunter2 slowlog-log-slower-than 0"),
    ):
        say(worker, line)
    ask(worker, b"CONFIG", b"SET", b"requirepass", b"")
    number = say(waiter, "CLIENT ID").number
    waiter.send([[b"BLPOP", b"queue", b"0"]])
    while b"cmd=blpop" not in say(worker, f"CLIENT LIST ID {number}").text:
        pass
    say(worker, "RPUSH queue job")
    assert [item.text for item in next(whole_replies(waiter)).items] == [b"queue", b"job"]
    rows = say(worker, "SLOWLOG GET 100").items
    words = [tuple(word.text for word in row.items[3].items) for row in reversed(rows)]
    return [row for row in words if row[:2] != (b"CLIENT", b"LIST")]


def test_what_is_logged_of_slow_commands_is_what_redis_server_logs(
    engine: EmbeddedEngine, redis_server_path: str
) -> None:
    with RedisServer() as server:
        real = logged(RealEngine(Target(port=server.port)))
    ours = logged(engine)
    assert ours == real
    assert b"hunter2" not in b" ".join(word for row in ours for word in row)


@pytest.mark.parametrize(
    ("line", "is_use"),
    [
        *[(line, True) for line in ("GET s", "MGET s", "GETBIT s 0", "STRLEN s", "DUMP s", "TOUCH s")],
        *[(line, True) for line in ("LLEN l", "SORT l", "HGET h f", "COPY s other", "LCS s s")],
        *[(line, True) for line in ("BITOP NOT other s", "ZUNION 1 z", "XLEN x", "INCR s", "LPUSH l 1")],
        *[(line, False) for line in ("TTL s", "PTTL s", "EXPIRETIME s", "TYPE s", "EXISTS s", "KEYS *")],
        *[(line, False) for line in ("OBJECT ENCODING s", "MEMORY USAGE s", "SCAN 0 TYPE string", "WATCH s")],
    ],
)  # fmt: skip
def test_a_command_that_uses_a_key_ends_its_idleness(line: str, is_use: bool, engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    for each in ("SET s 123456", "RPUSH l 3 1", "HSET h f v", "ZADD z 1 a", "XADD x 1-1 f v"):
        say(connection, each)
    engine.advance(100)
    say(connection, line)
    key = next(word for word in line.split() if word in "slhzx") if is_use else "s"
    assert (say(connection, f"OBJECT IDLETIME {key}").number < 50) is is_use


def test_idle_keys_are_known(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    say(connection, "SET k v")
    assert say(connection, "OBJECT IDLETIME k").value == 0
    engine.advance(1.05)
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
