"""Lines of a lesson for two clients: whoever listens is answered too, and what waits holds nobody up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redislab.app import catalogue
from redislab.core.engine import Engine
from redislab.core.words import split
from redislab.course.bench import Bench
from redislab.course.conditions import plain
from redislab.course.model import Typed
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.private import PrivateEngine

NOT_NOW = "(error) ERR Can't execute '%s'"


@pytest.fixture(params=["built-in", "redis-server"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "redis-server":
        request.getfixturevalue("redis_server_path")
    engine = PrivateEngine() if request.param == "redis-server" else EmbeddedEngine()
    yield engine
    engine.close()


def run(engine: Engine, *lines: str) -> list[str]:
    """What each line is answered, shortened; `nothing`: it waits. Then the journal's count of entries."""
    bench = Bench(engine, catalogue())
    bench.empty()
    found = []
    for line in lines:
        client = "B" if line.startswith("B: ") else "A"
        reply = bench.run(Typed(tuple(split(line.removeprefix("B: ").encode())), 0, client))
        found.append("nothing" if reply is None else plain(reply)[:31])
    bench.evidence()
    found.append(str(len(bench.journal.entries)))
    bench.close()
    return found


def test_who_listens_is_told_what_a_server_tells(engine: Engine) -> None:
    found = run(engine, "B: SUBSCRIBE a", "B: GET k", "B: PING", "B: FOO", "PUBLISH a x", "B: PING hello")
    refused = [found[1], *found[3:4]]
    assert refused == [NOT_NOW % "get", "(error) ERR unknown command 'FO"]
    assert (found[2], found[5]) == ("[pong, ]", "[pong, hello]")
    assert found[4] == "1"
    assert found[-1] == "6"


def test_with_resp3_who_listens_may_do_everything() -> None:
    lines = ["B: SUBSCRIBE a b", "PUBLISH a x", "B: SET k 1", "B: GET k", "B: UNSUBSCRIBE", "B: PING"]
    found = run(EmbeddedEngine(3), *lines)
    assert found[1:] == ["1", "OK", "1", "[unsubscribe, a, 1]", "PONG", "7"]


def test_subscriptions_that_end_give_the_client_back(engine: Engine) -> None:
    lines = ["B: SUBSCRIBE a b", "B: SUBSCRIBE c", "B: UNSUBSCRIBE b", "B: UNSUBSCRIBE", "B: SET k 1"]
    found = run(engine, *lines)
    assert found[2] == "[unsubscribe, b, 2]"
    assert found[-2:] == ["OK", "7"]  # two confirmations for the first line, two for the fourth


def test_patterns_and_channels_are_counted_apart(engine: Engine) -> None:
    found = run(
        engine, "B: SUBSCRIBE a", "B: PSUBSCRIBE x* y*", "B: UNSUBSCRIBE", "B: PUNSUBSCRIBE", "B: SET k 1"
    )
    assert found[-2:] == ["OK", "7"]


def test_a_refused_subscription_answers_once(engine: Engine) -> None:
    found = run(engine, "B: SUBSCRIBE a", "B: SUBSCRIBE", "B: UNSUBSCRIBE a", "B: SET k 1")
    assert found[1].startswith("(error) ERR wrong number")
    assert found[-2:] == ["OK", "4"]


def test_reset_and_quit_end_the_listening(engine: Engine) -> None:
    assert run(engine, "B: SUBSCRIBE a", "B: RESET", "B: SET k 1")[1:] == ["RESET", "OK", "3"]
    assert run(engine, "B: SUBSCRIBE a", "B: QUIT", "B: SET k 1")[1:] == ["OK", "OK", "3"]


def test_a_subscription_from_inside_a_transaction(engine: Engine) -> None:
    found = run(
        engine, "B: MULTI", "B: SUBSCRIBE a", "B: EXEC", "PUBLISH a 1", "B: UNSUBSCRIBE", "B: SET k 1"
    )
    assert found[3] == "1"
    assert found[-2] == "OK"


def test_a_client_that_sees_all_commands_is_answered_too(engine: Engine) -> None:
    found = run(engine, "B: MONITOR", "SET a 1", "B: PING", "B: PING x")
    assert found == ["OK", "OK", "PONG", "x", "4"]


def test_who_waits_is_answered_late(engine: Engine) -> None:
    found = run(engine, "B: BLPOP q 10", "B: BLPOP q 10", "RPUSH q x", "RPUSH q y")
    assert found[:2] == ["nothing", "nothing"]
    assert found[-1] == "4"
