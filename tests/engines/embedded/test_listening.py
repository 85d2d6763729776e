"""Pub/sub and MONITOR between connections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import pytest

from redislab.core.engine import Connection
from redislab.core.reply import Kind, Reply, bulk
from redislab.core.session import Session
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


def arrived(connection: Connection) -> list[Reply]:
    return list(whole_replies(connection, 0))


def texts(reply: Reply) -> list[bytes]:
    return [item.text for item in reply.items]


def test_messages_reach_channels_and_patterns(engine: EmbeddedEngine) -> None:
    listener, speaker = engine.connect(), engine.connect()
    listener.send([[b"SUBSCRIBE", b"news", b"news"], [b"PSUBSCRIBE", b"n*"]])
    assert len(arrived(listener)) == 3
    assert say(speaker, "PUBLISH news hello").value == 2
    first, second = arrived(listener)
    assert texts(first) == [b"message", b"news", b"hello"]
    assert texts(second) == [b"pmessage", b"n*", b"news", b"hello"]
    assert first.kind is Kind.ARRAY


def test_messages_are_pushes_to_resp3(engine: EmbeddedEngine) -> None:
    listener = engine.connect()
    say(listener, "HELLO 3")
    assert say(listener, "SUBSCRIBE news").kind is Kind.PUSH
    assert say(engine.connect(), "PUBLISH news hello").value == 1
    assert say(listener, "SET k v").kind is Kind.PUSH  # the message came first
    assert say(listener, "GET k").kind is Kind.STATUS


def test_one_hears_what_one_says_first(engine: EmbeddedEngine) -> None:
    both = engine.connect()
    say(both, "HELLO 3")
    say(both, "SUBSCRIBE a")
    both.send([[b"PUBLISH", b"a", b"x"]])
    assert [reply.kind for reply in arrived(both)] == [Kind.PUSH, Kind.INTEGER]


def test_unsubscribing_from_nothing_is_answered(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    for name in ("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"):
        reply = say(connection, name)
        assert reply.items[0].text == name.lower().encode()
        assert reply.items[1].is_nil
        assert reply.items[2].value == 0


def test_who_has_left_is_not_counted(engine: EmbeddedEngine) -> None:
    listener, speaker = engine.connect(), engine.connect()
    say(listener, "SUBSCRIBE a")
    say(listener, "PSUBSCRIBE *")
    listener.close()
    assert say(speaker, "PUBLISH a x").value == 0
    assert say(speaker, "PUBSUB CHANNELS") == Reply(Kind.ARRAY, ())
    assert say(speaker, "PUBSUB NUMPAT").value == 0


def test_a_session_listens(engine: EmbeddedEngine) -> None:
    session = Session(engine)
    session.run([b"SUBSCRIBE", b"a"])
    assert session.prompt == "redislab(subscribed mode)"
    say(engine.connect(), "PUBLISH a x")
    assert [texts(message) for message in session.messages(0.1)] == [[b"message", b"a", b"x"]]
    session.close()


def test_a_killed_client_is_told_by_the_end(engine: EmbeddedEngine) -> None:
    from redislab.errors import ConnectionLost

    victim, killer = engine.connect(), engine.connect()
    number = say(victim, "CLIENT ID").number
    victim.send([[b"BLPOP", b"l", b"0"]])
    assert say(killer, f"CLIENT KILL ID {number}").value == 1
    with pytest.raises(ConnectionLost, match="Server closed the connection"):
        list(victim.replies(None))
    assert say(killer, f"CLIENT LIST ID {number}").text == b""


def test_a_client_that_kills_itself_is_answered(engine: EmbeddedEngine) -> None:
    from redislab.errors import ConnectionLost

    connection = engine.connect()
    number = say(connection, "CLIENT ID").number
    assert say(connection, f"CLIENT KILL ID {number} SKIPME no").value == 1
    with pytest.raises(ConnectionLost):
        say(connection, "PING")


def test_a_client_that_kills_itself_behind_a_wait_is_answered(engine: EmbeddedEngine) -> None:
    from redislab.errors import ConnectionLost

    waiting, other = engine.connect(), engine.connect()
    number = say(waiting, "CLIENT ID").number
    kill = f"CLIENT KILL ID {number} SKIPME no".encode().split()
    waiting.send([[b"BLPOP", b"list", b"0"], [b"PING"], kill, [b"PING"]])
    say(other, "RPUSH list a")
    replies = whole_replies(waiting)
    assert [next(replies).kind for _ in range(3)] == [Kind.ARRAY, Kind.STATUS, Kind.INTEGER]
    with pytest.raises(ConnectionLost):
        next(replies)


def test_unblocking(engine: EmbeddedEngine) -> None:
    waiting, other = engine.connect(), engine.connect()
    number = say(waiting, "CLIENT ID").number
    waiting.send([[b"BLPOP", b"l", b"0"], [b"BLPOP", b"l", b"0"]])
    assert say(other, f"CLIENT UNBLOCK {number}").value == 1
    assert next(whole_replies(waiting)).kind is Kind.NIL_ARRAY
    assert say(other, f"CLIENT UNBLOCK {number} ERROR").value == 1
    assert next(whole_replies(waiting)).text == b"UNBLOCKED client unblocked via CLIENT UNBLOCK"


def test_a_pause_holds_writes_back(engine: EmbeddedEngine) -> None:
    writer, other = engine.connect(), engine.connect()
    say(other, "CLIENT PAUSE 10000 WRITE")
    writer.send([[b"SET", b"k", b"v"], [b"GET", b"k"]])
    assert arrived(writer) == []
    assert say(other, "GET k").is_nil
    say(other, "CLIENT UNPAUSE")
    assert say(other, "GET k") == bulk(b"v")
    assert [reply.text for reply in arrived(writer)] == [b"OK", b"v"]


LINES = [
    [b"SET", b"k", b'a "b"\n\xff'],
    [b"GET", b"nope", b"too", b"many"],
    [b"NOSUCH"],
    [b"MULTI"],
    [b"INCR", b"n"],
    [b"EXEC"],
    [b"EVAL", b"return redis.call('GET', 'k')", b"0"],
    [b"CONFIG", b"GET", b"save"],
    [b"SELECT", b"3"],
    [b"LPUSH", b"l", b"x"],
    [b"AUTH", b"x"],
    [b"HELLO", b"2"],
]


def monitored(watcher: Connection, worker: Connection) -> list[bytes]:
    say(watcher, "MONITOR")
    for line in LINES:
        ask(worker, *line)
    ask(worker, b"ECHO", b"the end")
    lines = []
    for reply in whole_replies(watcher, 2.0):
        assert reply.kind is Kind.STATUS
        assert re.match(rb"\d+\.\d{6} \[\d+ (lua|[a-z]+:[^\]]+|[\d.]+:\d+)\] ", reply.text)
        shown = re.sub(rb"^\S+ \[(\d+) (lua)?[^\]]*\]", rb"[\1 \2]", reply.text)
        lines.append(shown)
        if shown.endswith(b'"the end"'):
            break
    return lines


def test_a_monitor_sees_what_redis_server_shows(engine: EmbeddedEngine, server: RedisServer) -> None:
    from redislab.engines.real import RealEngine
    from redislab.engines.target import Target

    real = RealEngine(Target(socket_path=server.socket_path))
    assert monitored(engine.connect(), engine.connect()) == monitored(real.connect(), real.connect())


def test_a_monitor_that_left_is_fed_no_more(engine: EmbeddedEngine) -> None:
    watcher = engine.connect()
    say(watcher, "MONITOR")
    watcher.close()
    assert say(engine.connect(), "PING").text == b"PONG"


def test_keys_that_are_new_and_keys_that_are_missed_are_told_where_that_is_asked_for(
    engine: EmbeddedEngine, server: RedisServer
) -> None:
    lines = ["SET a 1", "SET a 2", "LPUSH l x", "LPUSH l y", "GET no", "DEL l", "RENAME a b", "HGET no f"]

    def told(listener: Connection, speaker: Connection) -> list[bytes]:
        say(speaker, "CONFIG SET notify-keyspace-events Enm")
        listener.send([[b"PSUBSCRIBE", b"__key*"]])
        for line in lines:
            say(speaker, line)
        say(speaker, "PUBLISH __key-end end")
        events = []
        for reply in whole_replies(listener, 5):
            events.append(b" ".join(texts(reply)[2:]))
            if events[-1].endswith(b"end"):
                break
        say(speaker, "CONFIG SET notify-keyspace-events ''")
        return events

    real = RealEngine(Target(socket_path=server.socket_path))
    assert told(engine.connect(), engine.connect()) == told(real.connect(), real.connect())


def test_who_watches_all_commands_touches_no_key(engine: EmbeddedEngine, server: RedisServer) -> None:
    """As on a server, which takes such a client for a replica."""
    refused = ["GET a", "SET a 1", "PUBLISH c m", "EVAL x 0", "EVAL_RO x 0", "PFCOUNT p", "SCAN 0", "KEYS *"]
    for place in (engine, RealEngine(Target(port=server.port))):
        watcher = place.connect()
        assert say(watcher, "MONITOR").text == b"OK"
        for line in refused:
            assert say(watcher, line).text == b"ERR Replica can't interact with the keyspace", line
        watcher.send([[b"PING"], [b"TIME"], [b"DBSIZE"], [b"RESET"]])
        arriving = (reply for reply in whole_replies(watcher, 10.0) if b"[0 " not in reply.text)
        answers = list(islice(arriving, 4))
        assert answers[0].text == b"PONG"
        assert [reply.is_error for reply in answers] == [False, False, True, False]
        assert say(watcher, "GET a").is_nil  # it watches no longer
        watcher.close()
