"""Streams read the lab's clock, not the machine's, and tell those who asked what happens to groups."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redislab.core.engine import Connection
from redislab.core.reply import Reply
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.embedded.clock import Clock
from tests.engines.embedded.asking import ask, say, whole_replies

NOW_S = 2_000_000_000.0


class FixedClock(Clock):
    now_s = NOW_S

    def time(self) -> float:
        return self.now_s

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine()
    yield engine
    engine.close()


def test_ids_idle_times_and_claims_follow_the_labs_clock(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    clock = FixedClock()
    engine._opened().clock = clock
    assert say(connection, "XADD s * a 1").text == b"2000000000000-0"
    say(connection, "XGROUP CREATE s g 0")
    say(connection, "XREADGROUP GROUP g ann STREAMS s >")
    clock.now_s += 60
    assert say(connection, "XADD s * a 2").text == b"2000000060000-0"
    (row,) = say(connection, "XPENDING s g - + 10").items
    assert row.items[2].value == 60_000
    assert say(connection, "XCLAIM s g bob 60001 2000000000000-0").items == ()
    assert len(say(connection, "XCLAIM s g bob 60000 2000000000000-0").items) == 1
    consumers = say(connection, "XINFO CONSUMERS s g").items
    assert [each.items[5].value for each in consumers] == [60_000, 0]


def test_what_happens_to_groups_is_published(engine: EmbeddedEngine) -> None:
    listener, connection = engine.connect(), engine.connect()
    say(connection, "CONFIG SET notify-keyspace-events Kt")
    ask(listener, b"SUBSCRIBE", b"__keyspace@0__:s")
    for line in (
        *("XADD s 1-1 a 1", "XGROUP CREATE s g 0", "XGROUP CREATECONSUMER s g ann"),
        *("XREADGROUP GROUP g bob STREAMS s >", "XGROUP DELCONSUMER s g ann", "XGROUP DELCONSUMER s g ann"),
        "XGROUP DESTROY s g",
    ):
        say(connection, line)
    told = [reply.items[2].text.decode() for reply in messages(listener)]
    assert told == [
        *("xadd", "xgroup-create", "xgroup-createconsumer", "xgroup-createconsumer"),
        *("xgroup-delconsumer", "xgroup-destroy"),
    ]


def messages(connection: Connection) -> list[Reply]:
    return list(whole_replies(connection, 0))
