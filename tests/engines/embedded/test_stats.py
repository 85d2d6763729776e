"""What INFO counts of commands and errors: the counts of redis-server for the same lines."""

from __future__ import annotations

import re

from redislab.core.engine import Connection
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.engines.embedded.asking import ask, say
from tests.servers import RedisServer

LINES = (
    *("CONFIG RESETSTAT", "SET k v", "GET k", "GET", "GET k k", "LPUSH k 1", "INCR k", "nope", "CLIENT FOO"),
    *("CLIENT ID", "OBJECT ENCODING k", "MULTI", "GET", "EXEC", "MULTI", "LPUSH k 1", "SET k 2", "EXEC"),
    *("EVALSHA abc 0", "AUTH x", "XGROUP CREATE nope g 0"),
)
TIMES = re.compile(r"(usec|usec_per_call)=[0-9.]+")


def counted(connection: Connection) -> dict[str, list[str]]:
    for line in LINES:
        say(connection, line)
    ask(connection, b"EVAL", b"return redis.pcall('GET')", b"0")
    sections = {}
    for name in ("commandstats", "errorstats"):
        rows = say(connection, f"INFO {name}").text.decode().splitlines()[1:]
        sections[name] = sorted(TIMES.sub(r"\1", row) for row in rows if "cmdstat_info" not in row)
    total = re.search(rb"total_error_replies:(\d+)", say(connection, "INFO stats").text)
    assert total is not None
    return {**sections, "total": [total[1].decode()]}


def test_commands_and_errors_are_counted_as_redis_server_counts_them(redis_server_path: str) -> None:
    engine = EmbeddedEngine()
    with RedisServer() as server:
        real = counted(RealEngine(Target(socket_path=server.socket_path)).connect())
        assert counted(engine.connect()) == real
    engine.close()


def test_latencies_are_those_of_the_commands_that_ran() -> None:
    engine = EmbeddedEngine()
    connection = engine.connect()
    for _ in range(3):
        say(connection, "SET k v")
    (name, about) = say(connection, "LATENCY HISTOGRAM set nope").items
    assert name.text == b"set"
    assert [each.value for each in about.items[:2]] == [b"calls", 3]
    assert about.items[3].items[-1].value == 3  # the last bucket counts all before it
    assert b"latency_percentiles_usec_set:p50=" in say(connection, "INFO latencystats").text
    engine.close()
