"""What redis-py's clients send and are answered is told as it passed, in both protocols."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis

from redislab.app import Place, open_engine
from redislab.core.reply import Kind, Reply
from redislab.course.conditions import plain
from redislab.engines.clients import client
from redislab.engines.tap import MOST_LEAVES, Tap, as_resp2
from redislab.engines.target import Target
from tests.servers import RedisServer, wait_until


class Told:
    """Makes clients, and keeps what is told of them."""

    def __init__(self, place: Place) -> None:
        self.engine = open_engine(place)
        self.tap = Tap()
        self.heard: list[tuple[str, str, str]] = []
        self.trips = 0
        self.made: list[redis.Redis] = []

    def client(self, **options: Any) -> redis.Redis:
        made: redis.Redis = client(self.engine, 0, options, asyncio=False)
        self.tap.join(made)
        self.made.append(made)
        return made

    def follow(self) -> None:
        self.tap.follow(self._note)

    def take(self) -> list[tuple[str, str, str]]:
        """(client, command, answer) of each since the last time."""
        heard, self.heard = self.heard, []
        return heard

    def _note(self, name: str, args: Sequence[bytes], reply: Reply, trips: int) -> None:
        self.heard.append((name, b" ".join(args).decode(), plain(reply)))
        self.trips += trips

    def close(self) -> None:
        for each in self.made:
            each.close()
        self.engine.close()


@pytest.fixture(params=["embedded", "server"])
def told(request: pytest.FixtureRequest) -> Iterator[Told]:
    place = Place()
    if request.param == "server":
        server: RedisServer = request.getfixturevalue("server")
        place = Place(target=Target(port=server.port))
    made = Told(place)
    yield made
    made.close()


@pytest.mark.parametrize("protocol", [2, 3])
def test_commands_and_their_answers(told: Told, protocol: int) -> None:
    told.follow()
    r = told.client(decode_responses=True, protocol=protocol)
    assert r.set("name", "ada")
    assert r.get("name") == "ada"
    assert r.get("nothing") is None
    r.zadd("z", {"ada": 3, "bob": 1.5})
    assert r.zrange("z", 0, -1, withscores=True) in (
        [("bob", 1.5), ("ada", 3.0)],
        [["bob", 1.5], ["ada", 3.0]],
    )
    r.hset("h", mapping={"a": 1, "b": 2})
    assert r.hgetall("h") == {"a": "1", "b": "2"}
    assert told.take() == [
        ("", "SET name ada", "OK"),
        ("", "GET name", "ada"),
        ("", "GET nothing", "nil"),
        ("", "ZADD z 3 ada 1.5 bob", "2"),
        ("", "ZRANGE z 0 -1 WITHSCORES", "[bob, 1.5, ada, 3]"),
        ("", "HSET h a 1 b 2", "2"),
        ("", "HGETALL h", "[a, 1, b, 2]"),
    ]
    assert told.trips == 7


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_stream_reads_the_same_in_both_protocols(told: Told, protocol: int) -> None:
    told.follow()
    r = told.client(protocol=protocol)
    r.xadd("s", {"a": 1}, id="1-0")
    r.xread({"s": 0})
    assert told.take()[-1] == ("", "XREAD STREAMS s 0", "[[s, [[1-0, [a, 1]]]]]")


def test_errors_keep_their_code(told: Told) -> None:
    told.follow()
    r = told.client()
    r.set("name", "ada")
    with pytest.raises(redis.ResponseError):
        r.incr("name")
    with pytest.raises(redis.ResponseError):
        r.lpush("name", "x")
    answers = [answer for _, _, answer in told.take()]
    assert answers[1].startswith("(error) ERR value is not an integer")
    assert answers[2].startswith("(error) WRONGTYPE ")


def test_a_pipeline_is_one_journey_and_each_of_its_commands_is_told(told: Told) -> None:
    told.follow()
    q = told.client().pipeline()
    for number in range(300):  # more than redis-py puts into one write
        q.set(f"key:{number}", "x" * 100)
    q.execute()
    heard = told.take()
    assert [heard[0][1], heard[1][2], heard[-1][1]] == ["MULTI", "QUEUED", "EXEC"]
    assert len(heard) == 302
    assert told.trips == 1


def test_names_of_clients_and_nothing_of_what_redis_py_says_of_itself(told: Told) -> None:
    told.follow()
    b = told.client(client_name="B")
    b.ping()
    assert told.take() == [("B", "PING", "PONG")]


def test_a_waiting_client_is_told_when_it_is_answered_and_can_be_hung_up_on(told: Told) -> None:
    told.follow()
    r, b = told.client(), told.client(client_name="B")
    failed: list[BaseException] = []

    def waits() -> None:
        try:
            b.blpop(["jobs"], timeout=0)
            b.blpop(["jobs"], timeout=0)
        except redis.ConnectionError as error:
            failed.append(error)

    thread = threading.Thread(target=waits)
    thread.start()
    wait_until(lambda: r.info("clients")["blocked_clients"] == 1, 30)
    told.take()
    r.rpush("jobs", "one")
    wait_until(lambda: ("B", "BLPOP jobs 0", "[jobs, one]") in told.heard, 30)
    wait_until(lambda: r.info("clients")["blocked_clients"] == 1, 30)
    told.tap.hang_up()
    thread.join(30)
    assert not thread.is_alive()
    assert failed
    assert r.ping()


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_listener_tells_its_subscription_and_no_messages(told: Told, protocol: int) -> None:
    told.follow()
    r = told.client(protocol=protocol)
    p = r.pubsub()  # type: ignore[no-untyped-call]
    p.subscribe("news", "weather")
    assert [p.get_message(timeout=30) for _ in range(2)]
    r.publish("news", "hello")
    message = p.get_message(timeout=30)
    assert message is not None
    assert message["data"] == b"hello"
    assert [line for _, line, _ in told.take()] == ["SUBSCRIBE news weather"] * 2 + ["PUBLISH news hello"]
    told.tap.hang_up()
    wait_until(lambda: r.pubsub_numsub("news") == [(b"news", 0)], 30)
    p.close()


def test_nothing_is_read_before_somebody_follows_and_then_the_same_client_is_told(told: Told) -> None:
    r = told.client()
    r.set("a", 1)
    assert told.take() == []
    told.follow()
    r.get("a")
    assert told.take() == [("", "GET a", "1")]


def test_a_reply_in_pieces_is_one(told: Told) -> None:
    told.follow()
    r = told.client()
    r.set("long", "x" * 1_000_000)
    r.get("long")
    (_, _, answer) = told.take()[-1]
    assert len(answer) == 1_000_000


def test_of_a_huge_reply_the_beginning_is_told(told: Told) -> None:
    replies: list[Reply] = []
    told.tap.follow(lambda name, args, reply, trips: replies.append(reply))
    r = told.client()
    r.rpush("l", *range(2 * MOST_LEAVES))
    assert len(r.lrange("l", 0, -1)) == 2 * MOST_LEAVES
    assert 0 < len(replies[-1].items) <= MOST_LEAVES
    assert r.ping()
    assert replies[-1].text == b"PONG"


def test_redis_py_still_opens_its_sockets_by_connect() -> None:
    """`_connect` is private: what comes out of it is the socket that a connection uses from then on."""
    for kind in (redis.Connection, redis.SSLConnection, redis.UnixDomainSocketConnection):
        assert callable(kind._connect)
        assert kind.connect.__qualname__.startswith("AbstractConnection")


def test_an_aggregate_of_pairs_that_has_no_scores_stays_as_it_is() -> None:
    pair = Reply(Kind.ARRAY, (Reply(Kind.BULK, b"a"), Reply(Kind.BULK, b"b")))
    assert as_resp2([b"GEOPOS", b"k", b"a"], Reply(Kind.ARRAY, (pair,))) == Reply(Kind.ARRAY, (pair,))
