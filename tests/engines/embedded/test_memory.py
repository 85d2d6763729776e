"""A limit of memory: what does not depend on the exact size is as on redis-server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redislab.core.engine import Connection, Engine
from redislab.core.reply import Reply
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.engines.embedded.asking import ask, say, whole_replies
from tests.servers import RedisServer

COPIES, COPY_BYTES = 100, 10_000
PATIENCE_S = 10.0
OOM = "OOM command not allowed when used memory > 'maxmemory'."


@pytest.fixture(params=["built-in", "redis-server"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "built-in":
        yield EmbeddedEngine()
        return
    request.getfixturevalue("redis_server_path")
    with RedisServer() as server:
        yield RealEngine(Target(port=server.port))


def info(connection: Connection, section: str, name: str) -> int:
    rows = say(connection, f"INFO {section}").text.decode().splitlines()
    return int(next(row.partition(":")[2] for row in rows if row.startswith(f"{name}:")))


def fill(connection: Connection, policy: str = "noeviction", lifetime: str = "") -> None:
    """A megabyte of copies, and a limit that it is above by a tenth."""
    say(connection, f"CONFIG SET maxmemory-policy {policy}")
    for number in range(COPIES):
        say(connection, f"SET copy:{number} {'x' * COPY_BYTES} {lifetime}")
    used = info(connection, "memory", "used_memory")
    assert used > COPIES * COPY_BYTES
    say(connection, f"CONFIG SET maxmemory {used - COPIES * COPY_BYTES // 10}")


def answers(connection: Connection, lines: list[str]) -> list[str]:
    return [shown(say(connection, line)) for line in lines]


def shown(reply: Reply) -> str:
    if reply.is_nil:
        return "nil"
    return str([shown(item) for item in reply.items]) if reply.kind.is_aggregate else str(reply.value)[:70]


def test_what_may_grow_is_refused_and_the_rest_is_not(engine: Engine) -> None:
    connection = engine.connect()
    answers(connection, ["SET n 5", "RPUSH list a b", "HSET hash a 1", "SET order 1"])
    fill(connection)
    refused = [
        "SET a 1",
        "INCR n",
        "APPEND n 1",
        "RPUSH list c",
        "HSET hash b 2",
        "SETRANGE n 0 7",
        "PFADD p x",
    ]
    refused += [
        "SADD s a",
        "ZADD z 1 a",
        "XADD x * a 1",
        "GETSET n 6",
        "MSET a 1",
        "BITFIELD n SET u8 0 1",
        "COPY n m",
    ]
    for line in refused:
        assert say(connection, line).text.decode() == OOM, line
    assert answers(
        connection,
        ["GET n", "EXPIRE n 100", "LPOP list", "HDEL hash a", "RENAME order bought", "PERSIST n", "DBSIZE"],
    ) == ["b'5'", "1", "b'a'", "1", "b'OK'", "1", f"{COPIES + 3}"]
    assert say(connection, "DEL " + " ".join(f"copy:{number}" for number in range(50))).number == 50
    assert say(connection, "SET a 1").text == b"OK"


def test_a_transaction(engine: Engine) -> None:
    connection = engine.connect()
    fill(connection)
    lines = ["MULTI", "GET a", "EXEC", "MULTI", "SET a 1", "DISCARD", "PING"]
    found = answers(connection, lines)
    assert found[0] == found[3] == "b'OK'"
    assert found[1] == found[4] == f"b{OOM!r}"
    assert found[2].startswith("b'EXECABORT")
    assert found[5:] == ["b'OK'", "b'PONG'"]


def test_a_transaction_that_was_queued_before(engine: Engine) -> None:
    connection, other = engine.connect(), engine.connect()
    answers(connection, ["MULTI", "SET a 1"])
    fill(other)
    assert say(connection, "EXEC").text.startswith(b"EXECABORT")
    answers(other, ["CONFIG SET maxmemory 0", "MULTI", "GET a"])
    fill(connection)
    assert shown(say(other, "EXEC")) == "['nil']"


def test_a_script(engine: Engine) -> None:
    connection = engine.connect()
    fill(connection)
    write = ask(connection, b"EVAL", b"return redis.call('SET', 'a', '1')", b"0")
    assert write.text.startswith(b"OOM command not allowed when used memory > 'maxmemory'.")
    assert ask(connection, b"EVAL", b"return redis.call('GET', 'a')", b"0").is_nil
    begun = b"redis.call('DEL', 'copy:0') return redis.call('SET', 'a', '1')"
    assert ask(connection, b"EVAL", begun, b"0").text == b"OK"  # what has begun to write goes on


@pytest.mark.parametrize("policy", ["volatile-lru", "volatile-ttl", "volatile-random", "volatile-lfu"])
def test_keys_with_a_lifetime_go_and_the_others_stay(engine: Engine, policy: str) -> None:
    connection = engine.connect()
    answers(connection, [f"SET order:{number} {number}" for number in range(10)])
    fill(connection, policy, "EX 3600")
    assert say(connection, "SET order:10 10").text == b"OK"
    assert say(connection, "EXISTS " + " ".join(f"order:{number}" for number in range(11))).number == 11
    gone = info(connection, "stats", "evicted_keys")
    assert 5 <= gone <= 30
    assert say(connection, "DBSIZE").number == COPIES + 11 - gone


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-random", "allkeys-lfu"])
def test_any_key_goes(engine: Engine, policy: str) -> None:
    connection = engine.connect()
    fill(connection, policy)
    for number in range(20):
        assert say(connection, f"SET more:{number} {'x' * COPY_BYTES}").text == b"OK"
    say(connection, "PING")
    assert 25 <= info(connection, "stats", "evicted_keys") <= 50


def test_without_a_lifetime_there_is_nothing_to_evict(engine: Engine) -> None:
    connection = engine.connect()
    fill(connection, "volatile-lru")
    assert say(connection, "SET a 1").text.decode() == OOM
    assert info(connection, "stats", "evicted_keys") == 0


def test_who_listens_and_who_watches_hear_of_it(engine: Engine) -> None:
    connection, listener, watcher = engine.connect(), engine.connect(), engine.connect()
    say(connection, "CONFIG SET notify-keyspace-events Ee")
    say(listener, "SUBSCRIBE __keyevent@0__:evicted")
    answers(connection, ["CONFIG SET maxmemory-policy allkeys-random", f"SET big {'x' * 100 * COPY_BYTES}"])
    answers(watcher, ["WATCH big", "MULTI", "PING"])
    used = info(connection, "memory", "used_memory")
    say(connection, f"CONFIG SET maxmemory {used - COPY_BYTES}")
    assert say(watcher, "EXEC").is_nil
    message = next(whole_replies(listener, PATIENCE_S))
    assert [item.text for item in message.items] == [b"message", b"__keyevent@0__:evicted", b"big"]
    assert say(connection, "EXISTS big").number == 0


def test_the_key_that_was_idle_for_longest_goes_first() -> None:
    engine = EmbeddedEngine()
    connection = engine.connect()
    fill(connection, "noeviction", "EX 3600")
    engine.advance(60)
    answers(connection, [f"GET copy:{number}" for number in range(50)])
    answers(connection, ["CONFIG SET maxmemory-policy allkeys-lru", "SET a 1"])
    assert say(connection, "EXISTS " + " ".join(f"copy:{number}" for number in range(50))).number == 50
    assert say(connection, "EXISTS copy:50").number == 0


def test_changes_in_place_are_reckoned() -> None:
    """Of each type; of what the limit is measured by nothing is forgotten, and nothing counted twice."""
    engine = EmbeddedEngine()
    connection = engine.connect()
    say(connection, "CONFIG SET maxmemory 1gb")
    growing = [
        "APPEND s {x}",
        "RPUSH l {x}",
        "SADD e {n}{x}",
        "HSET h {n} {x}",
        "ZADD z {n} {n}{x}",
        "XADD t * f {x}",
    ]
    for line in growing:
        before = info(connection, "memory", "used_memory")
        for number in range(100):
            say(connection, line.format(n=number, x="x" * 1000))
        grown = info(connection, "memory", "used_memory") - before
        assert 100_000 <= grown <= 150_000, line
    used = info(connection, "memory", "used_memory")
    answers(connection, ["RENAME s s2", "COPY l l2", "DEL l", "SWAPDB 0 1", "SWAPDB 0 1"])
    assert abs(info(connection, "memory", "used_memory") - used) < 1_000
    say(connection, "FLUSHALL")
    empty = info(connection, "memory", "used_memory")
    assert empty == info(EmbeddedEngine().connect(), "memory", "used_memory")
