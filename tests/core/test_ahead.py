"""What is said before a command runs: the state of its keys, and what its cost comes to on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from redislab.app import catalogue
from redislab.core import costs
from redislab.core.ahead import Ahead, ahead
from redislab.core.catalogue import Command
from redislab.core.engine import Connection, Engine
from redislab.core.keys import key_positions
from redislab.core.parts import Assembler
from redislab.core.probe import Policy, Probe
from redislab.core.reply import Reply
from redislab.core.words import quote, split
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.core.lines import words_for
from tests.servers import RedisServer

DATA = """\
HSET user:1 name ada born 1815
HSET user:2 name bob
RPUSH queue a b c d e
SADD some 1 2 3
SADD others 2 3 4 5
ZADD board 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h
SET name ada
SET long 0123456789
SET session x EX 600
XADD events 1-0 k v
GEOADD places 13.4 52.5 berlin"""

KEYS = [b"user:1", b"queue", b"some", b"board", b"name", b"session", b"events", b"places", b"nosuch"]
LINES_A_COMMAND = 12

COSTS = {
    "HGETALL user:1": "2 fields of user:1",
    "HKEYS user:2": "1 field of user:2",
    "SMEMBERS some": "3 members of some",
    "LREM queue 0 a": "5 elements of queue",
    "LRANGE queue 0 -1": "5 of 5 elements of queue",
    "LRANGE queue -2 -1": "2 of 5 elements of queue",
    "LRANGE queue 3 100": "2 of 5 elements of queue",
    "LRANGE queue 9 12": "0 of 5 elements of queue",
    "LRANGE queue a b": "",
    "GETRANGE long 2 4": "3 of 10 bytes of long",
    "SUNION some others": "7 members in all 2 together",
    "SDIFFSTORE new some others": "7 members in all 2 together",
    "SINTER some others": "the smallest has 3, times 2 keys",
    "ZADD board 1 z": "8 members of board, so about 3 steps",
    "ZRANK board a": "8 members of board, so about 3 steps",
    "DEL user:1 name queue nosuch": "8 to free, elements and strings together",
    "MGET name long nosuch": "3 keys",
    "KEYS *": "11 keys in the database",
    "FLUSHDB": "11 keys in the database",
    "LCS name long": "3 × 10 steps",
    "HGETALL nosuch": "0 items of nosuch",
    "GET name": "",
    "PING": "",
}


@pytest.fixture(params=["embedded", "server"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    engine: Engine = EmbeddedEngine()
    if request.param == "server":
        server: RedisServer = request.getfixturevalue("server")
        engine = RealEngine(Target(port=server.port))
    connection = engine.connect()
    for line in DATA.splitlines():
        assert not run(connection, line)
    yield engine
    connection.close()
    engine.close()


def run(connection: Connection, line: str) -> bool:
    """Whether the answer is an error."""
    return answer(connection, split(line.encode())).is_error


def answer(connection: Connection, args: list[bytes]) -> Reply:
    assembler = Assembler()
    connection.send([args])
    for part in connection.replies(5):
        reply = assembler.add(part)
        if reply is not None:
            return reply
    raise AssertionError(f"no answer to {args}")


def seen(engine: Engine, line: str) -> Ahead:
    args = split(line.encode())
    probe = Probe(engine, Policy(on_shared=True, budget_s=5), catalogue())
    look = probe.look(args, 0)
    probe.close()
    return ahead(catalogue().lookup(args), args, look)


def test_the_cost_is_told_with_the_number_that_is_there(engine: Engine) -> None:
    told = {line: seen(engine, line).cost for line in COSTS}
    assert told == {line: f"Here: {cost}." if cost else "" for line, cost in COSTS.items()}


QUEUE = "queue is a list of 5 elements."
SESSION = "session is a string of 1 byte, and disappears in 600 s."


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("GET nosuch", ["nosuch does not exist."]),
        ("GET name", ["name is a string of 3 bytes."]),
        ("GET queue", [f"{QUEUE} GET works on a string: it would fail (WRONGTYPE)."]),
        ("ZCARD queue", [f"{QUEUE} ZCARD works on a sorted set: it would fail (WRONGTYPE)."]),
        ("SET queue x", [f"{QUEUE} SET replaces it."]),
        ("SET session x", [f"{SESSION} SET replaces it and its time to live."]),
        ("SET session x KEEPTTL", [f"{SESSION} SET replaces it."]),
        ("SETNX queue x", [QUEUE]),
        ("COPY name queue", ["name is a string of 3 bytes.", QUEUE]),
        ("COPY name queue REPLACE", ["name is a string of 3 bytes.", f"{QUEUE} COPY replaces it."]),
        ("RENAME name queue", ["name is a string of 3 bytes.", f"{QUEUE} RENAME replaces it."]),
        ("ZUNION 2 board some", ["board is a sorted set of 8 members.", "some is a set of 3 members."]),
        ("SINTERSTORE queue some others", [
            f"{QUEUE} SINTERSTORE replaces it.",
            "some is a set of 3 members.",
            "others is a set of 4 members.",
        ]),
    ],
)  # fmt: skip
def test_each_key_is_described_as_it_is(engine: Engine, line: str, sentences: list[str]) -> None:
    assert list(seen(engine, line).sentences)[: len(sentences)] == sentences


def test_every_row_names_a_command() -> None:
    assert [name for name in costs._COUNTS if catalogue().get(name) is None] == []


def test_what_is_said_to_fail_fails_and_what_is_said_to_be_replaced_is(server: RedisServer) -> None:
    """Lines made from the syntax, on keys of every type: what the server does is compared with the claim."""
    chance = Random(5)
    engine = RealEngine(Target(port=server.port))
    connection = engine.connect()
    probe = Probe(engine, Policy(on_shared=True, budget_s=5), catalogue())
    lies, claims = [], Counter[str]()
    for command in data_commands():
        for _ in range(LINES_A_COMMAND):
            args = [*command.name.encode().split(), *map(str.encode, words_for(chance, command.arguments))]
            for place in key_positions(command, args):
                args[place] = chance.choice(KEYS)
            for line in ("FLUSHALL", *DATA.splitlines()):
                run(connection, line)
            told = " ".join(ahead(command, args, probe.look(args, 0)).sentences)
            code = answer(connection, args).code
            for claim, contradicted in (
                ("it would fail (WRONGTYPE)", not code),
                ("replaces it", code == "WRONGTYPE" and "it would fail" not in told),
            ):
                claims[claim] += claim in told
                if claim in told and contradicted:
                    lies.append((quote(args), told))
    probe.close()
    connection.close()
    assert lies == []
    assert all(claims[claim] > 50 for claim in claims)


def data_commands() -> Iterator[Command]:
    """Those that work on keys and answer at once."""
    for name in catalogue().names():
        command = catalogue().get(name)
        assert command is not None
        if command.key_specs and "blocking" not in command.flags and not command.is_container:
            if command.group != "pubsub" and name not in ("MIGRATE", "RESTORE-ASKING", "PFDEBUG"):
                yield command
