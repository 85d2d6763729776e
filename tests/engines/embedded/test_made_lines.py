"""Thousands of commands on the same data, valid and spoilt: the replies and the data of redis-server.

`REDISLAB_LONG=1` runs 100,000 of them.
"""

from __future__ import annotations

import os
import random

import pytest

from redislab.core.engine import Connection
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.engines.embedded.asking import ask, say
from tests.engines.embedded.made_lines import EVERY_KEY, LineMaker, data_commands
from tests.engines.embedded.twins import alike, run, state
from tests.servers import RedisServer

LINES = 25_000 if os.environ.get("REDISLAB_LONG") else 1_500
FRESH_EVERY, LOOK_EVERY = 300, 20  # lines
LEAST_VALID = 0.6  # share of lines that are no errors: otherwise nothing is learnt about values


def both(connections: tuple[Connection, Connection], line: str) -> None:
    for connection in connections:
        say(connection, line)


@pytest.mark.parametrize(("seed", "protocol"), [(1, 2), (2, 3), (3, 2), (4, 3)])
def test_data_commands_do_and_answer_what_redis_server_does(
    seed: int, protocol: int, redis_server_path: str
) -> None:
    maker = LineMaker(random.Random(seed), data_commands())
    engine = EmbeddedEngine()
    differ: list[str] = []
    valid = 0
    with RedisServer() as server:
        real = RealEngine(Target(socket_path=server.socket_path)).connect()
        ours = engine.connect()
        both((real, ours), f"HELLO {protocol}")
        for number in range(LINES):
            if number % FRESH_EVERY == 0:
                both((real, ours), "FLUSHALL")
            command, words = maker.line()
            theirs, mine = run(real, command, words), run(ours, command, words)
            valid += not theirs.is_error
            if not alike(command, words, theirs, mine):
                differ.append(f"{words}\nredis-server: {theirs}\nours: {mine}")
            if command.name == "SPOP":  # two servers pop different members
                for connection in (real, ours):
                    ask(connection, b"DEL", *words[1:2], b"none")
            if number % LOOK_EVERY == 0:
                assert state(ours, EVERY_KEY) == state(real, EVERY_KEY), words
        real.close()
        engine.close()
    assert not differ, f"{len(differ)} of {LINES}:\n" + "\n".join(differ[:20])
    assert valid > LEAST_VALID * LINES
