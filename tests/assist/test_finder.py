"""What completion finds on either engine, and that a look ends."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from redislab.assist.finder import BUDGET_S, MOST_NAMES, Finder
from redislab.core.engine import Engine
from redislab.core.session import Session
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.servers import NonsenseServer, RedisServer

Fill = Callable[..., Finder]


@pytest.fixture(params=["embedded", "server"])
def filled(request: pytest.FixtureRequest) -> Fill:
    """Run command lines on an empty engine; give a finder for it, with time enough on a busy machine."""

    def fill(*lines: str, budget_s: float = 10.0) -> Finder:
        engine: Engine = EmbeddedEngine()
        if request.param == "server":
            server: RedisServer = request.getfixturevalue("server")
            engine = RealEngine(Target(port=server.port))
        session = Session(engine)
        for line in lines:
            session.run(line.encode().split())
        return Finder(engine, db=0, budget_s=budget_s)

    return fill


def test_keys_by_prefix_with_their_types(filled: Fill) -> None:
    finder = filled("SET user:1 a", "HSET user:2 f v", "LPUSH other x", "SADD user:3 m")
    assert finder.keys(b"user:") == [(b"user:1", "string"), (b"user:2", "hash"), (b"user:3", "set")]
    assert finder.keys(b"user:", "hash") == [(b"user:2", "hash")]
    assert finder.keys(b"nobody") == []


def test_letters_of_patterns_stand_for_themselves(filled: Fill) -> None:
    finder = filled("SET a*b 1", "SET axb 2", "SET a[b 3", "SET a?b 4")
    assert [name for name, _ in finder.keys(b"a*")] == [b"a*b"]
    assert [name for name, _ in finder.keys(b"a[")] == [b"a[b"]


def test_inside_of_values(filled: Fill) -> None:
    finder = filled(
        "HSET h name a nick b age c", "SADD s red rose blue", "ZADD z 1 ada 2 alan 3 bob",
        "XADD x 1-1 f v", "XADD x 2-1 f v", "XGROUP CREATE x workers 0",
    )  # fmt: skip
    assert finder.fields(b"h", b"n") == [b"name", b"nick"]
    assert finder.members(b"s", b"r") == [b"red", b"rose"]
    assert finder.scored(b"z", b"a") == [b"ada", b"alan"]
    assert finder.entries(b"x", b"") == [b"2-1", b"1-1"]
    assert finder.groups(b"x", b"w") == [b"workers"]


def test_names_of_the_server_itself(filled: Fill) -> None:
    finder = filled()
    assert b"maxmemory" in finder.parameters(b"maxm")
    assert b"string" in finder.categories(b"str")


def test_a_key_of_another_type_has_nothing_inside(filled: Fill) -> None:
    finder = filled("SET a 1")
    assert finder.fields(b"a", b"") == []
    assert finder.entries(b"a", b"") == []
    assert finder.groups(b"a", b"") == []


def test_a_hundred_thousand_keys_take_no_longer_than_the_budget(filled: Fill) -> None:
    words = " ".join(f"key:{number} v" for number in range(100_000))
    finder = filled(f"MSET {words}", budget_s=BUDGET_S)
    looks = []
    for prefix in (b"key:", b"nobody") * 5:
        began_s = time.monotonic()
        looks.append((prefix, len(finder.keys(prefix))))
        assert time.monotonic() - began_s < 1  # the budget is less, and the machine does other things
    assert (b"key:", MOST_NAMES) in looks
    assert dict(looks)[b"nobody"] == 0


def test_a_server_that_fails_finds_nothing() -> None:
    with NonsenseServer(b"$5\r\nHTTP/") as server:
        assert Finder(RealEngine(Target(port=server.port)), db=0).keys(b"a") == []
    assert Finder(RealEngine(Target(port=server.port)), db=0).keys(b"a") == []
