"""The lab's clock: moved ahead, everything that knows the time agrees, and what becomes due happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from redislab.core.engine import Connection
from redislab.core.reply import bulk
from redislab.engines.embedded import EmbeddedEngine
from tests.engines.embedded.asking import ask, say, whole_replies

DAY_S = 86_400
SLACK_S = 5  # a busy machine between two commands


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine()
    yield made
    made.close()


@pytest.fixture
def connection(engine: EmbeddedEngine) -> Connection:
    return engine.connect()


def ahead(number: int) -> bool:
    """Whether these seconds since 1970 are two days from now."""
    return abs(number - (time.time() + 2 * DAY_S)) <= SLACK_S  # a busy machine asks late


def test_keys_expire_in_a_jump_and_it_is_told(engine: EmbeddedEngine, connection: Connection) -> None:
    listener = engine.connect()
    say(connection, "CONFIG SET notify-keyspace-events Ex")
    say(listener, "SUBSCRIBE __keyevent@0__:expired")
    for line in ("SET a 1 EX 60", "SET b 2 EX 61", "SET c 3 EX 90000", "SET d 4"):
        say(connection, line)
    assert engine.advance(DAY_S) == 2
    told = [message.items[2].text for message in whole_replies(listener, 0)]
    assert told == [b"a", b"b"]
    assert DAY_S < 90_000 - SLACK_S
    assert 3_600 - SLACK_S <= say(connection, "TTL c").number <= 3_600
    assert sorted(item.text for item in say(connection, "KEYS *").items) == [b"c", b"d"]


def test_everything_agrees_on_the_time(engine: EmbeddedEngine, connection: Connection) -> None:
    say(connection, "SET k v")
    engine.advance(2 * DAY_S)
    assert ahead(int(say(connection, "TIME").items[0].text))
    entry = say(connection, "XADD s * f v").text
    assert ahead(int(entry.split(b"-")[0]) // 1000)
    assert 2 * DAY_S <= say(connection, "OBJECT IDLETIME k").number <= 2 * DAY_S + SLACK_S
    say(connection, "SET e v EX 100")
    assert ahead(say(connection, "EXPIRETIME e").number - 100)
    assert ahead(int(ask(connection, b"EVAL", b"return redis.call('TIME')[1]", b"0").text))
    say(connection, "XGROUP CREATE s g 0")
    say(connection, "XREADGROUP GROUP g c STREAMS s >")
    idle_ms = say(connection, "XPENDING s g - + 10").items[0].items[2].number
    assert idle_ms <= SLACK_S * 1000
    engine.advance(60)
    idle_ms = say(connection, "XPENDING s g - + 10").items[0].items[2].number
    assert 60_000 <= idle_ms <= (60 + SLACK_S) * 1000
    say(connection, "CONFIG SET slowlog-log-slower-than 0")
    engine.advance(-60)
    say(connection, "GET e")
    assert ahead(say(connection, "SLOWLOG GET 1").items[0].items[1].number)


def test_how_long_clients_are_there_and_idle(engine: EmbeddedEngine, connection: Connection) -> None:
    idler = engine.connect()
    say(idler, "CLIENT SETNAME idler")
    engine.advance(500)
    listed = say(connection, "CLIENT LIST").text.decode()
    [line] = [each for each in listed.splitlines() if "name=idler" in each]
    fields = dict(word.split("=", 1) for word in line.split())
    assert 500 <= int(fields["idle"]) <= int(fields["age"]) <= 500 + SLACK_S


def test_uptime_goes_on(engine: EmbeddedEngine, connection: Connection) -> None:
    engine.advance(1_000)
    info = say(connection, "INFO server").text.decode()
    [uptime] = [line.partition(":")[2] for line in info.splitlines() if line.startswith("uptime_in_seconds")]
    assert 1_000 <= int(uptime) <= 1_000 + SLACK_S


def test_who_waits_is_answered_when_the_time_is_up(engine: EmbeddedEngine, connection: Connection) -> None:
    waiter = engine.connect()
    waiter.send([[b"BLPOP", b"l", b"3600"]])
    engine.advance(3_599)
    assert list(whole_replies(waiter, 0)) == []
    engine.advance(2)
    [reply] = whole_replies(waiter, 0)
    assert reply.is_nil


def test_a_thread_that_sleeps_is_woken(engine: EmbeddedEngine) -> None:
    waiter = engine.connect()
    waiter.send([[b"BLPOP", b"l", b"3600"]])
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(next(whole_replies(waiter, 30)).is_nil))
    thread.start()
    engine.advance(3_601)
    thread.join(10)
    assert seen == [True]


def test_a_pause_ends(engine: EmbeddedEngine, connection: Connection) -> None:
    say(connection, "CLIENT PAUSE 100000")
    connection.send([[b"PING"]])
    engine.advance(101)
    [reply] = whole_replies(connection, 0)
    assert reply.text == b"PONG"


def test_back_to_real_time_keys_keep_their_moment(engine: EmbeddedEngine, connection: Connection) -> None:
    engine.advance(DAY_S)
    say(connection, "SET k v EX 10")
    say(connection, "SET forever v")
    assert engine.clock_real() == 1
    assert engine.clock_ahead_s == 0
    assert DAY_S <= say(connection, "TTL k").number <= DAY_S + 10
    assert abs(int(say(connection, "TIME").items[0].text) - time.time()) <= SLACK_S


def test_back_to_real_time_a_wait_keeps_what_it_has_left(
    engine: EmbeddedEngine, connection: Connection
) -> None:
    engine.advance(DAY_S)
    connection.send([[b"BLPOP", b"l", b"100"]])
    engine.clock_real()
    engine.advance(101)
    [reply] = whole_replies(connection, 0)
    assert reply.is_nil


def test_ids_of_a_stream_never_go_back(engine: EmbeddedEngine, connection: Connection) -> None:
    engine.advance(DAY_S)
    first = say(connection, "XADD s * f v").text
    engine.clock_real()
    second = say(connection, "XADD s * f v").text
    assert second.split(b"-") == [first.split(b"-")[0], b"1"]


def test_each_lab_has_a_clock_of_its_own(engine: EmbeddedEngine, connection: Connection) -> None:
    other_engine = EmbeddedEngine()
    other = other_engine.connect()
    engine.advance(2 * DAY_S)
    assert ahead(int(say(connection, "XADD s * f v").text.split(b"-")[0]) // 1000)
    assert not ahead(int(say(other, "XADD s * f v").text.split(b"-")[0]) // 1000)
    assert ahead(int(say(connection, "XADD t * f v").text.split(b"-")[0]) // 1000)
    other_engine.close()


def test_the_label_says_how_far(engine: EmbeddedEngine) -> None:
    assert engine.label == "redislab"
    engine.advance(90.5)
    assert engine.label == "redislab(+1m30s)"
    for _ in range(10):
        engine.advance(0.1)
    engine.clock_real()
    assert engine.label == "redislab"


def test_python_s_own_time_is_untouched(engine: EmbeddedEngine, connection: Connection) -> None:
    before = time.time, time.monotonic
    engine.advance(DAY_S)
    say(connection, "SET k v PX 100")
    assert (time.time, time.monotonic) == before
    assert say(connection, "GET k") == bulk(b"v")
