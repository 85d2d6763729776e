"""Connections to real servers, and to proxies that break them."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

import pytest

from redislab.core.engine import Connection
from redislab.core.link import Link
from redislab.core.parts import Assembler, Head, Nesting, Run
from redislab.core.reply import OK, Kind, Reply, bulk
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.errors import Cancelled, ConnectionLost, ProtocolError
from tests.servers import DroppingProxy, NonsenseServer, RedisCluster, RedisServer
from tests.wire import WireServer

SOON_S = 0.5


def ask(connection: Connection, *args: bytes) -> Reply:
    connection.send([args])
    return next(whole_replies(connection))


def whole_replies(connection: Connection, timeout_s: float | None = None) -> Iterator[Reply]:
    assembler = Assembler()
    for part in connection.replies(timeout_s):
        reply = assembler.add(part)
        if reply is not None:
            yield reply


@pytest.fixture(params=["tcp", "unix"])
def connection(request: pytest.FixtureRequest, server: RedisServer) -> Iterator[Connection]:
    where = Target(port=server.port) if request.param == "tcp" else Target(socket_path=server.socket_path)
    opened = RealEngine(where).connect()
    yield opened
    opened.close()


# -- what goes over the wire --------------------------------------------------------------------


def test_status_and_bulk_strings_stay_apart(connection: Connection) -> None:
    assert ask(connection, b"SET", b"name", b"OK") == OK
    assert ask(connection, b"GET", b"name") == bulk(b"OK")


def test_a_batch_is_answered_in_order(connection: Connection) -> None:
    connection.send([[b"INCR", b"n"] for _ in range(10_000)])
    replies = whole_replies(connection)
    assert [next(replies).value for _ in range(10_000)] == list(range(1, 10_001))


def test_the_server_sees_what_was_sent_and_nothing_else() -> None:
    with WireServer() as wire:
        connection = RealEngine(Target(port=wire.port, protocol=3, db=5, password="pw")).connect()
        ask(connection, b"PING")
        connection.close()
    assert wire.received == [[b"PING"]]


def test_greetings_go_ahead_in_redis_clis_order() -> None:
    with WireServer() as wire:
        link = Link(RealEngine(Target(port=wire.port, username="ada", password="é\udcff", protocol=3)))
        list(link.request((b"PING",)))
        link.drop()
    assert wire.received == [[b"AUTH", b"ada", b"\xc3\xa9\xff"], [b"HELLO", b"3"], [b"PING"]]


def test_a_password_without_a_user_is_for_the_default_user(redis_server_path: str) -> None:
    with RedisServer("--requirepass", "pw") as server:
        link = Link(RealEngine(Target(port=server.port, password="pw")))
        arrivals = list(link.request((b"ACL", b"WHOAMI")))
        link.drop()
    assert arrivals[-1].part == bulk(b"default")


def test_a_user_logs_in(redis_server_path: str) -> None:
    with RedisServer("--user", "ada", "on", ">pw", "~*", "+@all") as server:
        link = Link(RealEngine(Target(port=server.port, username="ada", password="pw", protocol=3)))
        arrivals = list(link.request((b"ACL", b"WHOAMI")))
        link.drop()
    assert arrivals[-1].part == bulk(b"ada")


@pytest.mark.parametrize("protocol", [None, 2])
def test_nothing_is_said_where_nothing_is_needed(protocol: int | None) -> None:
    assert list(RealEngine(Target(protocol=protocol, username="ada")).greetings) == []


def test_a_greeting_is_named_without_its_secret() -> None:
    greetings = RealEngine(Target(password="secret", protocol=3)).greetings
    assert [greeting.label for greeting in greetings] == ["AUTH", "HELLO 3"]


def test_a_large_value_goes_there_and_back(connection: Connection) -> None:
    value = bytes(range(256)) * 40_000
    assert ask(connection, b"SET", b"k", value) == OK
    assert ask(connection, b"GET", b"k") == bulk(value)


def test_a_million_elements_arrive_as_runs(connection: Connection) -> None:
    elements = [b"e%d" % number for number in range(1_000_000)]
    connection.send([[b"RPUSH", b"l", *elements], [b"LRANGE", b"l", b"0", b"-1"]])
    parts = connection.replies(None)
    assert next(parts) == Reply(Kind.INTEGER, 1_000_000)
    assert next(parts) == Head(Kind.ARRAY, 1_000_000)
    arrived: list[bytes] = []
    biggest = 0
    while len(arrived) < 1_000_000:
        part = next(parts)
        values = part.values if isinstance(part, Run) else [part.text]  # type: ignore[union-attr]
        biggest = max(biggest, sum(map(len, values)))
        arrived += values
    assert arrived == elements
    assert biggest < 1 << 18  # never the whole reply at once


def test_the_place_in_a_reply_is_kept_between_two_iterators(connection: Connection) -> None:
    connection.send([[b"LPOS", b"l", b"x", b"COUNT", b"0"], [b"RPUSH", b"l", *[b"x"] * 5]])
    connection.send([[b"LPOS", b"l", b"x", b"COUNT", b"0"], [b"PING"]])
    nesting = Nesting()
    parts = []
    for _ in range(4 + 5):
        parts.append(next(connection.replies(None)))  # a new iterator for each part
        nesting.add(parts[-1])
    assert parts[2] == Head(Kind.ARRAY, 5)
    assert parts[-1] == Reply(Kind.STATUS, b"PONG")
    assert nesting.depth == 0


# -- waiting ------------------------------------------------------------------------------------


def test_zero_gives_what_is_there(connection: Connection) -> None:
    assert list(connection.replies(0)) == []
    assert ask(connection, b"PING").text == b"PONG"
    assert list(connection.replies(0)) == []


def test_a_wait_ends_in_time_and_loses_nothing(connection: Connection) -> None:
    connection.send([[b"BLPOP", b"l", b"0.3"]])
    started_s = time.monotonic()
    assert list(connection.replies(0.1)) == []
    assert 0.1 <= time.monotonic() - started_s < 0.3
    assert next(whole_replies(connection)).kind is Kind.NIL_ARRAY


def test_cancel_ends_a_blocked_wait(connection: Connection) -> None:
    connection.send([[b"BLPOP", b"l", b"0"]])
    timer = threading.Timer(0.1, connection.cancel)
    timer.start()
    started_s = time.monotonic()
    with pytest.raises(Cancelled):
        list(connection.replies(None))
    assert time.monotonic() - started_s < 0.1 + SOON_S
    timer.join()
    with pytest.raises(Cancelled):
        connection.send([[b"PING"]])


def test_cancel_may_come_before_the_wait_and_after_the_close(connection: Connection) -> None:
    connection.cancel()
    with pytest.raises(Cancelled):
        list(connection.replies(None))
    connection.close()
    connection.cancel()


def test_an_interrupt_passes_and_closes(connection: Connection) -> None:
    def interrupt(signal_number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        connection.send([[b"BLPOP", b"l", b"0"]])
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            list(connection.replies(None))
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(ConnectionLost, match="The connection is closed"):
        connection.send([[b"PING"]])


def test_a_closed_connection_says_so(connection: Connection) -> None:
    connection.close()
    connection.close()
    for use in (lambda: connection.send([[b"PING"]]), lambda: list(connection.replies(0))):
        with pytest.raises(ConnectionLost, match="The connection is closed"):
            use()


# -- connections that break ---------------------------------------------------------------------


@pytest.mark.parametrize("let_through", [0, 2])
def test_a_command_whose_reply_was_lost_runs_once(server: RedisServer, let_through: int) -> None:
    with DroppingProxy(server.port, let_through=let_through) as proxy:
        link = Link(RealEngine(Target(port=proxy.port)))
        with pytest.raises(ConnectionLost, match="Server closed the connection") as loss:
            list(link.request((b"INCR", b"n")))
        assert loss.value.unanswered == 1
        answer = list(link.request((b"GET", b"n")))[-1].part
        link.drop()
    assert answer == bulk(b"1")
    assert proxy.commands == [[b"INCR", b"n"], [b"GET", b"n"]]


def test_replies_that_came_before_the_loss_are_told_first(server: RedisServer) -> None:
    connection = RealEngine(Target(port=server.port)).connect()
    connection.send([[b"PING"], [b"QUIT"], *[[b"SET", b"k", b"x" * 1000]] * 10_000])
    replies = whole_replies(connection)
    assert [next(replies).text, next(replies).text] == [b"PONG", b"OK"]
    with pytest.raises(ConnectionLost):
        next(replies)


def test_a_server_that_is_full_is_heard(redis_server_path: str) -> None:
    with RedisServer("--maxclients", "1") as server:
        engine = RealEngine(Target(port=server.port))
        first, second = engine.connect(), engine.connect()
        assert ask(first, b"PING").text == b"PONG"
        assert ask(second, b"PING").text == b"ERR max number of clients reached"
        with pytest.raises(ConnectionLost):
            ask(second, b"PING")
        first.close()


def test_a_loss_noticed_while_sending_is_told_by_the_next_send(redis_server_path: str) -> None:
    with RedisServer() as server:
        connection = RealEngine(Target(port=server.port)).connect()
        ask(connection, b"PING")
        server.kill()
    with pytest.raises(ConnectionLost):
        send_for_ever(connection)


def send_for_ever(connection: Connection) -> None:
    while True:  # the first goes into the kernel's buffer, and is answered by a reset
        connection.send([[b"PING"]])


def test_a_server_that_answers_before_it_reads_on_is_no_deadlock() -> None:
    answer = b"$100000\r\n" + b"x" * 100_000 + b"\r\n"
    with WireServer(lambda command: answer) as wire:
        connection = RealEngine(Target(port=wire.port)).connect()
        connection.send([[b"SET", b"k", b"v" * 100_000]] * 300)  # 30 MB each way: no buffer holds it
        replies = whole_replies(connection)
        assert sum(len(next(replies).text) for _ in range(300)) == 30_000_000
        connection.close()


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n", 'got "H" as reply type byte'),
        (b":12x\r\n", "Bad integer"),
        (b"$3\r\nabcd\r\n", "longer than it says"),
        (b"*1\r\n" * 1001, "nested deeper than 1000"),
    ],
)
def test_bytes_that_are_no_reply_end_the_connection(answer: bytes, complaint: str) -> None:
    with NonsenseServer(answer) as nonsense:
        connection = RealEngine(Target(port=nonsense.port)).connect()
        with pytest.raises(ProtocolError, match=complaint) as error:
            ask(connection, b"PING")
        assert error.value.remedy
        with pytest.raises(ConnectionLost):
            connection.send([[b"PING"]])


def test_a_reply_that_nobody_asked_for_is_delivered_for_the_link_to_judge() -> None:
    with NonsenseServer(b"+OK\r\n", greet=True) as nonsense:
        connection = RealEngine(Target(port=nonsense.port)).connect()
        assert next(connection.replies(None)) == OK
        connection.close()


# -- the engine ---------------------------------------------------------------------------------


def test_a_redirection_keeps_all_but_the_place() -> None:
    target = Target(socket_path="/x", username="ada", password="pw", protocol=3, cluster=True)
    node = RealEngine(target).redirected("example.org", 7000)
    assert node is not None
    assert node.label == "example.org:7000"
    assert list(node.greetings) == list(RealEngine(target).greetings)


def test_a_node_without_a_host_is_where_the_asked_one_is() -> None:
    node = RealEngine(Target(host="::1", cluster=True)).redirected("", 7000)
    assert node is not None
    assert node.label == "[::1]:7000"


def test_redirections_are_not_followed_unasked() -> None:
    assert RealEngine(Target()).redirected("example.org", 7000) is None


@pytest.mark.parametrize(
    ("host", "port"), [("\x1b]0;evil\x07", 1), ("‮moc", 1), ("a" * 256, 1), ("h", 0), ("h", 65536)]
)
def test_an_address_that_cannot_be_one_is_not_followed(host: str, port: int) -> None:
    assert RealEngine(Target(cluster=True)).redirected(host, port) is None


def test_a_cluster_is_followed_from_node_to_node(redis_server_path: str, redis_cli: str) -> None:
    with RedisCluster() as cluster:
        link = Link(RealEngine(Target(port=cluster.nodes[0].port, cluster=True)))
        labels = set()
        for key in (b"a", b"b", b"c", b"d"):
            assert list(link.request((b"SET", key, key)))[-1].part == OK
            labels.add(link.engine.label)
        link.drop()
    assert labels == {f"127.0.0.1:{node.port}" for node in cluster.nodes}
