"""Connections to the engine inside this process: order, waits, Ctrl-C, cancelling, ends."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from redislab.core.engine import Connection
from redislab.core.link import Link
from redislab.core.parts import Head, Nesting, Run
from redislab.core.reply import OK, Kind, Reply, bulk
from redislab.engines.embedded import EmbeddedEngine
from redislab.errors import Cancelled, ConnectionLost
from tests.engines.embedded.asking import ask, say, whole_replies

SOON_S = 0.3


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine()
    yield made
    made.close()


@pytest.fixture
def connection(engine: EmbeddedEngine) -> Connection:
    return engine.connect()


@pytest.fixture
def other(engine: EmbeddedEngine) -> Connection:
    return engine.connect()


# -- answers ------------------------------------------------------------------------------------


def test_status_and_bulk_strings_stay_apart(connection: Connection) -> None:
    assert ask(connection, b"SET", b"name", b"OK") == OK
    assert ask(connection, b"GET", b"name") == bulk(b"OK")


def test_a_batch_is_answered_in_order(connection: Connection) -> None:
    connection.send([[b"INCR", b"n"] for _ in range(10_000)])
    replies = whole_replies(connection)
    assert [next(replies).value for _ in range(10_000)] == list(range(1, 10_001))


def test_connections_share_the_data_and_engines_do_not(connection: Connection, other: Connection) -> None:
    ask(connection, b"SET", b"k", b"v")
    assert ask(other, b"GET", b"k") == bulk(b"v")
    assert ask(EmbeddedEngine().connect(), b"GET", b"k").is_nil


def test_many_elements_arrive_as_a_head_and_runs(connection: Connection) -> None:
    elements = [b"e%d" % number for number in range(100_000)]
    ask(connection, b"RPUSH", b"l", *elements)
    connection.send([[b"LRANGE", b"l", b"0", b"-1"]])
    parts = list(connection.replies(0))
    assert parts[0] == Head(Kind.ARRAY, 100_000)
    runs = [part.values for part in parts[1:] if isinstance(part, Run)]
    assert len(runs) == len(parts) - 1
    assert [value for run in runs for value in run] == elements
    assert max(map(len, runs)) < 10_000  # never the whole reply at once


def test_the_place_in_a_reply_is_kept_between_two_iterators(connection: Connection) -> None:
    connection.send([[b"RPUSH", b"l", *[b"x"] * 5], [b"LPOS", b"l", b"x", b"COUNT", b"0"], [b"PING"]])
    nesting = Nesting()
    parts = []
    for _ in range(1 + 6 + 1):
        parts.append(next(connection.replies(None)))  # a new iterator for each part
        nesting.add(parts[-1])
    assert parts[1] == Head(Kind.ARRAY, 5)
    assert parts[-1] == Reply(Kind.STATUS, b"PONG")
    assert nesting.depth == 0


def test_zero_gives_what_is_there(connection: Connection) -> None:
    assert list(connection.replies(0)) == []
    connection.send([[b"PING"]])
    assert list(connection.replies(0)) == [Reply(Kind.STATUS, b"PONG")]


# -- waits --------------------------------------------------------------------------------------

BLOCKING = [
    "BLPOP k 0",
    "BRPOP k 0",
    "BLMOVE k d LEFT LEFT 0",
    "BRPOPLPUSH k d 0",
    "BLMPOP 0 1 k LEFT",
    "BZPOPMIN k 0",
    "BZPOPMAX k 0",
    "BZMPOP 0 1 k MIN",
    "XREAD BLOCK 0 STREAMS k $",
    "WAIT 1 0",
    "DEBUG SLEEP 10",
]


@pytest.mark.parametrize("line", BLOCKING)
def test_cancel_ends_a_wait(connection: Connection, line: str) -> None:
    connection.send([line.encode().split()])
    timer = threading.Timer(0.05, connection.cancel)
    timer.start()
    started_s = time.monotonic()
    with pytest.raises(Cancelled):
        list(connection.replies(None))
    assert time.monotonic() - started_s < 0.05 + SOON_S
    timer.join()
    with pytest.raises(Cancelled):
        connection.send([[b"PING"]])


@pytest.mark.parametrize("line", BLOCKING)
def test_an_interrupt_passes_and_closes(connection: Connection, line: str) -> None:
    def interrupt(signal_number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        started_s = time.monotonic()
        connection.send([line.encode().split()])
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(KeyboardInterrupt):
            list(connection.replies(None))
        assert time.monotonic() - started_s < 0.05 + SOON_S
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(ConnectionLost, match="The connection is closed"):
        connection.send([[b"PING"]])


def test_a_wait_ends_in_time_and_loses_nothing(connection: Connection) -> None:
    started_s = time.monotonic()
    connection.send([[b"BLPOP", b"l", b"0.6"]])
    assert list(connection.replies(0.1)) == []
    assert 0.1 <= time.monotonic() - started_s < 0.6
    assert next(whole_replies(connection)).kind is Kind.NIL_ARRAY
    assert 0.6 <= time.monotonic() - started_s < 0.6 + SOON_S


def test_another_connection_wakes_a_wait(connection: Connection, other: Connection) -> None:
    connection.send([[b"BLPOP", b"l", b"0"], [b"SET", b"after", b"1"], [b"GET", b"after"]])
    assert list(connection.replies(0)) == []
    assert say(other, "GET after").is_nil  # what was sent behind it waits
    assert say(other, "RPUSH l a b").value == 2
    assert say(other, "LLEN l").value == 1  # taken before the next command runs
    assert say(other, "GET after") == bulk(b"1")
    replies = whole_replies(connection)
    assert [item.text for item in next(replies).items] == [b"l", b"a"]
    assert [next(replies), next(replies)] == [OK, bulk(b"1")]


def test_another_thread_wakes_a_wait_at_once(connection: Connection, other: Connection) -> None:
    connection.send([[b"BLPOP", b"l", b"5"]])
    sender = threading.Thread(target=lambda: say(other, "RPUSH l a"))
    started_s = time.monotonic()
    sender.start()
    assert [item.text for item in next(whole_replies(connection)).items] == [b"l", b"a"]
    assert time.monotonic() - started_s < SOON_S
    sender.join()


def test_the_longest_wait_is_served_first(engine: EmbeddedEngine, other: Connection) -> None:
    waiting = [engine.connect() for _ in range(3)]
    for each in waiting:
        each.send([[b"BLPOP", b"l", b"0"]])
    say(other, "RPUSH l 1 2 3")
    assert [next(whole_replies(each)).items[1].text for each in waiting] == [b"1", b"2", b"3"]


def test_a_wait_may_wake_a_wait(engine: EmbeddedEngine, other: Connection) -> None:
    first, second = engine.connect(), engine.connect()
    second.send([[b"BLPOP", b"b", b"0"]])
    first.send([[b"BLMOVE", b"a", b"b", b"LEFT", b"RIGHT", b"0"]])
    say(other, "RPUSH a x")
    assert next(whole_replies(first)) == bulk(b"x")
    assert next(whole_replies(second)).items[1] == bulk(b"x")
    assert say(other, "EXISTS a b").value == 0


def test_nobody_is_served_after_closing(connection: Connection, other: Connection) -> None:
    connection.send([[b"BLPOP", b"l", b"0"]])
    connection.close()
    say(other, "RPUSH l a")
    assert say(other, "LLEN l").value == 1


# -- ends ---------------------------------------------------------------------------------------


def test_cancel_may_come_before_the_wait_and_after_the_close(connection: Connection) -> None:
    connection.cancel()
    with pytest.raises(Cancelled):
        list(connection.replies(None))
    connection.close()
    connection.cancel()


def test_a_closed_connection_says_so(connection: Connection) -> None:
    connection.close()
    connection.close()
    uses: list[Callable[[], object]] = [
        lambda: connection.send([[b"PING"]]),
        lambda: list(connection.replies(0)),
    ]
    for use in uses:
        with pytest.raises(ConnectionLost, match="The connection is closed"):
            use()


def test_quit_is_answered_and_ends(connection: Connection) -> None:
    connection.send([[b"PING"], [b"QUIT"], [b"SET", b"k", b"v"]])
    replies = whole_replies(connection)
    assert [next(replies).text, next(replies).text] == [b"PONG", b"OK"]
    with pytest.raises(ConnectionLost, match="Server closed the connection"):
        next(replies)


def test_shutdown_ends_every_connection(connection: Connection, other: Connection) -> None:
    say(connection, "SET k v")
    connection.send([[b"SHUTDOWN"]])
    for each in (connection, other):
        with pytest.raises(ConnectionLost, match="Server closed the connection"):
            list(each.replies(None))


def test_a_link_goes_on_after_the_end() -> None:
    link = Link(EmbeddedEngine())
    with pytest.raises(ConnectionLost) as loss:
        list(link.request((b"SHUTDOWN", b"NOSAVE")))
    assert loss.value.unanswered == 1
    assert [arrival.part for arrival in link.request((b"PING",))] == [Reply(Kind.STATUS, b"PONG")]
    link.drop()


def test_closing_the_engine_ends_its_connections(engine: EmbeddedEngine) -> None:
    connection = engine.connect()
    engine.close()
    with pytest.raises(ConnectionLost):
        list(connection.replies(None))


# -- the engine ---------------------------------------------------------------------------------


def test_what_the_engine_says_of_itself() -> None:
    engine = EmbeddedEngine()
    assert engine.label == "redislab"
    assert engine.capabilities.version == (7, 0, 15)
    assert not engine.capabilities.shared
    assert isinstance(engine, EmbeddedEngine)


@pytest.mark.parametrize(("protocol", "labels"), [(None, []), (2, []), (3, ["HELLO 3"])])
def test_protocol_3_is_greeted(protocol: int | None, labels: list[str]) -> None:
    assert [greeting.label for greeting in EmbeddedEngine(protocol).greetings] == labels


def test_preload_is_waited_for() -> None:
    engine = EmbeddedEngine()
    engine.preload()
    engine.preload()
    assert ask(engine.connect(), b"PING").text == b"PONG"
    engine.preload()


# -- what wakes a wait --------------------------------------------------------------------------

WAKERS = [
    ("BRPOP l 0", "RPUSH l a", [b"l", b"a"]),
    ("BLMPOP 0 1 l LEFT COUNT 5", "RPUSH l a b", [b"l"]),
    ("BZPOPMIN z 0", "ZADD z 1 a", [b"z", b"a"]),
    ("BZPOPMAX z 0", "ZINCRBY z 1 a", [b"z", b"a"]),
    ("BZMPOP 0 1 z MIN", "ZADD z 1 a", [b"z"]),
    ("BLPOP l 0", "RENAME other l", [b"l", b"a"]),
    ("BLPOP l 0", "COPY other l", [b"l", b"a"]),
    ("BLPOP l 0", "SORT other ALPHA STORE l", [b"l", b"a"]),
]


@pytest.mark.parametrize(("line", "waker", "expected"), WAKERS)
def test_whatever_makes_the_key_wakes(
    connection: Connection, other: Connection, line: str, waker: str, expected: list[bytes]
) -> None:
    say(other, "RPUSH other a")
    connection.send([line.encode().split()])
    assert list(connection.replies(0)) == []
    say(other, waker)
    reply = next(whole_replies(connection, 1.0))
    assert [item.text for item in reply.items][: len(expected)] == expected


def test_a_pushed_key_that_a_transaction_takes_back_wakes_nobody(
    connection: Connection, other: Connection
) -> None:
    connection.send([[b"BLPOP", b"l", b"0"]])
    for line in ("MULTI", "RPUSH l a", "DEL l", "EXEC"):
        say(other, line)
    assert list(connection.replies(0)) == []


def test_a_key_of_another_type_wakes_nobody(connection: Connection, other: Connection) -> None:
    connection.send([[b"BLPOP", b"l", b"0"]])
    say(other, "SET l v")
    assert list(connection.replies(0)) == []
    say(other, "DEL l")
    say(other, "RPUSH l a")
    assert next(whole_replies(connection, 1.0)).items[1] == bulk(b"a")


def test_entries_wake_who_reads_a_stream(connection: Connection, other: Connection) -> None:
    connection.send([[b"XREAD", b"BLOCK", b"0", b"STREAMS", b"x", b"$"]])
    say(other, "XADD x 5-0 f v")
    stream = next(whole_replies(connection, 1.0)).items[0]
    assert stream.items[1].items[0].items[0] == bulk(b"5-0")


def test_a_group_hands_an_entry_to_one_reader(engine: EmbeddedEngine, other: Connection) -> None:
    say(other, "XGROUP CREATE x g $ MKSTREAM")
    readers = [engine.connect(), engine.connect()]
    for number, reader in enumerate(readers):
        words = f"XREADGROUP GROUP g c{number} BLOCK 0 STREAMS x >"
        reader.send([words.encode().split()])
    say(other, "XADD x 5-0 f v")
    assert len(list(whole_replies(readers[0], 0))) == 1
    assert list(readers[1].replies(0)) == []
    assert say(other, "XGROUP DESTROY x g").value == 1
    assert next(whole_replies(readers[1], 1.0)).code == "NOGROUP"


def test_what_stands_in_a_transaction_or_a_script_does_not_wait(connection: Connection) -> None:
    for line in ("MULTI", "BLPOP l 0", "XREAD BLOCK 0 STREAMS x $", "WAIT 1 0"):
        say(connection, line)
    assert [item.is_nil or item.value == 0 for item in say(connection, "EXEC").items] == [True] * 3
    for call in ("'BLPOP', 'l', '0'", "'XREAD', 'BLOCK', '0', 'STREAMS', 'x', '$'"):
        refused = ask(connection, b"EVAL", f"return redis.call({call})".encode(), b"0")
        assert b"not allowed" in refused.text


def test_a_lock_held_by_anothers_script_can_be_cancelled(
    connection: Connection, other: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redislab.engines.embedded import scripting

    monkeypatch.setattr(scripting, "LIMIT_S", 1.0)
    script = b"local n = 0 while true do n = n + 1 end"
    busy = threading.Thread(target=lambda: other.send([[b"EVAL", script, b"0"]]), daemon=True)
    busy.start()
    time.sleep(0.1)
    threading.Timer(0.1, connection.cancel).start()
    started_s = time.monotonic()
    with pytest.raises(Cancelled):
        connection.send([[b"PING"]])
    assert time.monotonic() - started_s < 0.1 + SOON_S + 0.3
    busy.join(10)


def test_a_sleeping_server_answers_nobody(connection: Connection, other: Connection) -> None:
    connection.send([[b"DEBUG", b"SLEEP", b"0.3"]])
    started_s = time.monotonic()
    other.send([[b"CLIENT", b"ID"], [b"PING"]])
    assert list(other.replies(0.1)) == []
    assert [next(whole_replies(other, 2.0)).kind for _ in range(2)] == [Kind.INTEGER, Kind.STATUS]
    assert 0.3 <= time.monotonic() - started_s < 0.3 + SOON_S
    assert next(whole_replies(connection, 2.0)) == OK


def test_a_sleep_ends_with_its_client(connection: Connection, other: Connection) -> None:
    connection.send([[b"DEBUG", b"SLEEP", b"60"]])
    other.send([[b"PING"]])
    connection.close()
    assert next(whole_replies(other, 2.0)).text == b"PONG"
    assert say(other, "PING").text == b"PONG"


def test_many_threads_count_right(engine: EmbeddedEngine) -> None:
    def work() -> None:
        mine = engine.connect()
        for _ in range(500):
            say(mine, "INCR n")
        mine.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert say(engine.connect(), "GET n") == bulk(b"4000")


# -- what stands aside --------------------------------------------------------------------------


def test_who_stands_aside_leaves_no_trace() -> None:
    engine = EmbeddedEngine()
    person = engine.connect()
    look = engine.aside().connect()
    monitor = engine.connect()
    ask(person, b"SET", b"name", b"ada")
    before = ask(person, b"INFO", b"stats").text
    ask(monitor, b"MONITOR")
    assert ask(look, b"GET", b"name").text == b"ada"
    assert ask(look, b"GET", b"nosuch").is_nil
    assert list(monitor.replies(0)) == []
    after = ask(person, b"INFO", b"stats").text
    for name in (b"total_connections_received", b"keyspace_hits", b"keyspace_misses"):
        assert stat(after, name) == stat(before, name)
    assert ask(person, b"CLIENT", b"LIST").text.count(b"id=") == 2
    other = engine.connect()
    assert ask(other, b"CLIENT", b"ID").number == 3
    assert ask(person, b"CLIENT", b"KILL", b"TYPE", b"normal", b"SKIPME", b"yes").number == 2


def test_who_stands_aside_is_not_held_up() -> None:
    engine = EmbeddedEngine()
    person, look = engine.connect(), engine.aside().connect()
    ask(person, b"CONFIG", b"SET", b"requirepass", b"secret")
    ask(person, b"CLIENT", b"PAUSE", b"100000")
    assert ask(look, b"TYPE", b"name").text == b"none"


def stat(info: bytes, name: bytes) -> int:
    return int(info.split(name + b":")[1].split()[0])
