"""Lines made at random from commands, keys of every type and numbers: answered as redis-server answers them.

Most are errors, and which error comes first is what is compared. The seeds are fixed; what depends on
time, chance or the order of a hash table is left out.
"""

from __future__ import annotations

import random

import pytest

from redislab.core.catalogue import Catalogue, Command
from redislab.core.engine import Connection
from redislab.core.reply import Reply
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.engines.embedded.asking import ask, say
from tests.engines.embedded.test_differential import in_any_order
from tests.engines.embedded.test_robust import QUIET, WORDS, prepare
from tests.servers import RedisServer

LINES = 4_000
GROUPS = frozenset(
    {
        *("string", "list", "set", "hash", "sorted-set", "stream", "generic", "bitmap", "geo"),
        *("hyperloglog", "pubsub"),
    }
)
LEFT_OUT = frozenset(
    {
        *(
            "RANDOMKEY",
            "SRANDMEMBER",
            "HRANDFIELD",
            "ZRANDMEMBER",
            "SPOP",
            "OBJECT IDLETIME",
            "OBJECT REFCOUNT",
        ),
        *("SCAN", "SSCAN", "HSCAN", "ZSCAN", "DUMP", "RESTORE", "MIGRATE", "PFDEBUG", "PFSELFTEST"),
        *("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT", "PSETEX", "SETEX", "GETEX", "MOVE", "SUBSTR"),
        *("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"),
    }
)
UNORDERED = frozenset(
    {
        *("KEYS", "SUNION", "SINTER", "SDIFF", "SMEMBERS", "HGETALL", "HKEYS", "HVALS", "SORT", "SORT_RO"),
    }
)
KEYS = ("k", "n", "list", "hash", "set", "zset", "stream", "a", "b")
USUAL = (*KEYS, "1", "2", "0", "-1")
OTHER = tuple(word for word in WORDS if word not in ("EX", "PX", "*"))


def commands() -> list[Command]:
    catalogue = Catalogue.load()
    found = (catalogue.get(name) for name in catalogue.names() if name not in QUIET | LEFT_OUT)
    return [
        each
        for each in found
        if each is not None
        and each.group in GROUPS
        and "blocking" not in each.flags
        and not each.name.endswith("HELP")
    ]


def made_line(chosen: random.Random, command: Command) -> list[bytes]:
    words = command.name.split(" ")
    if chosen.random() < 0.85:
        words.append(chosen.choice(KEYS))
    missing = max(0, abs(command.arity) - len(words))
    more = chosen.randrange(4) if command.arity < 0 else int(chosen.random() < 0.05)
    words += [chosen.choice(OTHER if chosen.random() < 0.6 else USUAL) for _ in range(missing + more)]
    return [word.encode("latin-1") for word in words]


def answer(connection: Connection, command: Command, words: list[bytes]) -> Reply:
    reply = ask(connection, *words, timeout_s=5.0)
    return in_any_order(reply) if command.name in UNORDERED else reply


@pytest.mark.parametrize(("seed", "protocol"), [(1, 2), (2, 3), (3, 2), (4, 3)])
def test_random_lines_are_answered_alike(seed: int, protocol: int, redis_server_path: str) -> None:
    chosen, names = random.Random(seed), commands()
    with RedisServer() as server:
        real = RealEngine(Target(socket_path=server.socket_path)).connect()
        ours = EmbeddedEngine().connect()
        for connection in (real, ours):
            say(connection, f"HELLO {protocol}")
        for number in range(LINES):
            if number % 50 == 0:
                prepare(real)
                prepare(ours)
            command = chosen.choice(names)
            words = made_line(chosen, command)
            expected, found = answer(real, command, words), answer(ours, command, words)
            assert found == expected, words
        real.close()
        ours.close()
