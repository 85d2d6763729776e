"""`redislab.connect()`: redis-py's own clients on a Redis inside this process, and on a server."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis

import redislab
import redislab.shared
from redislab.core.engine import Timed
from redislab.errors import UsageError
from redislab.shared import Shared
from tests.servers import DroppingProxy, RedisServer, wait_until

connect: Any = redislab.connect  # what redis-py says of its types is for none of this


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Shared:
    """The embedded engine, empty."""
    made = Shared({})
    monkeypatch.setattr(redislab.shared, "SHARED", made)
    return made


@pytest.fixture(params=["embedded", "server"])
def anywhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Shared:
    environ = {}
    if request.param == "server":
        server: RedisServer = request.getfixturevalue("server")
        environ = {"REDISLAB_URL": f"redis://127.0.0.1:{server.port}"}
    made = Shared(environ)
    monkeypatch.setattr(redislab.shared, "SHARED", made)
    return made


@pytest.fixture
def r(anywhere: Shared) -> Iterator[Any]:
    with connect(decode_responses=True) as client:
        yield client


def test_a_plain_script_needs_nothing_else() -> None:
    program = (
        "import sys, redislab\n"
        "assert not {'redis', 'fakeredis', 'IPython'} & sys.modules.keys()\n"
        "r = redislab.connect(decode_responses=True)\n"
        "r.set('a', 1)\n"
        "print(redislab.connect().incr('a'), type(r).__name__, 'IPython' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, timeout=60, check=True
    )
    assert done.stdout.split() == [b"2", b"Redis", b"False"]


def test_clients_share_the_data(r: Any) -> None:
    r.set("name", "ada")
    with connect() as other:
        assert other.get("name") == b"ada"


def test_options_are_those_of_redis_py(anywhere: Shared) -> None:
    with connect(db=3, client_name="mine", decode_responses=True, protocol=3) as client:
        client.hset("h", mapping={"a": 1})
        assert client.client_getname() == "mine"
        assert client.hgetall("h") == {"a": "1"}
        assert client.client_info()["db"] == 3


def test_pipelines_and_transactions(r: Any) -> None:
    with r.pipeline(transaction=False) as pipe:
        assert pipe.set("a", 1).incr("a").get("a").execute() == [True, 2, "2"]
    with r.pipeline() as pipe:
        assert pipe.rpush("l", 1, 2).lrange("l", 0, -1).execute() == [2, ["1", "2"]]
        pipe.incr("a").lpush("a", 1)
        assert [type(each) for each in pipe.execute(raise_on_error=False)] == [int, redis.ResponseError]


def test_watch_sees_another_clients_change(r: Any) -> None:
    with r.pipeline() as pipe:
        pipe.watch("stock")
        with connect() as other:
            other.set("stock", 5)
        pipe.multi()
        pipe.set("stock", 4)
        with pytest.raises(redis.WatchError):
            pipe.execute()
    assert r.get("stock") == "5"


def test_a_wait_ends_when_another_thread_pushes(r: Any) -> None:
    def push() -> None:
        with connect() as other:
            wait_until(lambda: other.info("clients")["blocked_clients"] > 0, 60.0)
            other.rpush("queue", "job")

    thread = threading.Thread(target=push)
    thread.start()
    assert list(r.blpop(["queue"], timeout=60)) == ["queue", "job"]
    thread.join()


def test_a_wait_ends_in_time(r: Any) -> None:
    assert r.blpop(["queue"], timeout=0.05) is None
    assert r.ping()


def test_a_timeout_of_the_socket_is_redis_pys_own(anywhere: Shared) -> None:
    with connect(socket_timeout=0.05) as client:
        with pytest.raises(redis.TimeoutError):
            client.blpop(["queue"], timeout=0)
        assert client.ping()


def test_ctrl_c_ends_a_wait_and_the_client_goes_on(r: Any) -> None:
    def interrupt() -> None:
        with connect() as other:
            wait_until(lambda: other.info("clients")["blocked_clients"] > 0, 60.0)
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        r.blpop(["queue"], timeout=0)
    thread.join()
    r.rpush("queue", "kept")
    assert r.lrange("queue", 0, -1) == ["kept"]


def test_messages(r: Any) -> None:
    with r.pubsub() as listener:
        listener.subscribe("news")
        listener.psubscribe("n*")
        assert [listener.get_message(timeout=60)["type"] for _ in range(2)] == ["subscribe", "psubscribe"]
        assert r.publish("news", "hi") == 2
        assert [listener.get_message(timeout=60)["data"] for _ in range(2)] == ["hi", "hi"]
        assert listener.get_message(timeout=0.01) is None


def test_messages_in_a_thread(r: Any) -> None:
    heard: list[str] = []
    listener = r.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(news=lambda message: heard.append(message["data"]))
    thread = listener.run_in_thread(sleep_time=0.01)
    try:
        wait_until(lambda: r.publish("news", "hi") == 1, 60.0)
        wait_until(lambda: bool(heard), 60.0)
    finally:
        thread.stop()
        thread.join()
    assert heard[0] == "hi"


def test_monitor(r: Any) -> None:
    with r.monitor() as monitor:
        r.set("seen", 1)
        commands = (each["command"] for each in monitor.listen())
        assert next(each for each in commands if each.startswith("SET")) == "SET seen 1"


def test_locks_scripts_and_scans(r: Any) -> None:
    with r.lock("lock", timeout=60):
        assert not r.lock("lock").acquire(blocking=False)
    r.mset({f"key:{n}": n for n in range(500)})
    assert len(set(r.scan_iter("key:*", count=50))) == 500
    add = r.register_script("return redis.call('INCRBY', KEYS[1], ARGV[1])")
    assert add(keys=["n"], args=[5]) == 5


def test_errors_are_redis_pys_own(r: Any) -> None:
    r.set("text", "x")
    with pytest.raises(redis.ResponseError, match="wrong kind of value"):
        r.lpush("text", 1)
    with pytest.raises(redis.exceptions.NoScriptError):
        r.evalsha("0" * 40, 0)
    with pytest.raises(redis.ResponseError, match="unknown command"):
        r.execute_command("NOSUCH")


@pytest.mark.parametrize("protocol", [2, 3])
def test_values_of_any_bytes_and_size(anywhere: Shared, protocol: int) -> None:
    with connect(protocol=protocol) as client:
        every = bytes(range(256))
        client.set(every, every * 8_000)
        assert client.get(every) == every * 8_000
        client.rpush("many", *range(100_000))
        assert client.lrange("many", 0, -1) == [b"%d" % n for n in range(100_000)]


def test_a_client_that_is_killed_says_so_and_connects_anew(r: Any) -> None:
    r.set("a", 1)
    with connect(single_connection_client=True) as other:
        number = other.client_id()
        r.client_kill_filter(_id=number)
        with pytest.raises(redis.ConnectionError):
            other.incr("a")
        assert other.incr("a") == 2
        assert other.client_id() != number


def test_no_command_is_sent_twice(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def through(proxy: DroppingProxy) -> Any:
        url = f"redis://127.0.0.1:{proxy.port}"
        monkeypatch.setattr(redislab.shared, "SHARED", Shared({"REDISLAB_URL": url}))
        client = connect()
        client.ping()
        return client

    with DroppingProxy(server.port, drop_at=1_000) as proxy, through(proxy):
        greetings_and_ping = len(proxy.commands)
    with DroppingProxy(server.port, drop_at=greetings_and_ping + 1) as proxy:
        with through(proxy) as client, pytest.raises(redis.ConnectionError):
            client.incr("n")
    assert server.cli("GET", "n").stdout == b"1\n"


def test_both_worlds_at_once(anywhere: Shared) -> None:
    """Two clients of asyncio and one of the plain kind, on the same data."""

    async def work() -> None:
        with connect(decode_responses=True) as plain:
            waiting = connect(asyncio=True, decode_responses=True)
            pushing = connect(asyncio=True)
            async with waiting, pushing:
                waits = asyncio.create_task(waiting.blpop(["queue"], timeout=60))
                while not plain.info("clients")["blocked_clients"]:
                    await asyncio.sleep(0.01)
                await pushing.rpush("queue", "job")
                assert list(await waits) == ["queue", "job"]
                assert await waiting.blpop(["queue"], timeout=0.05) is None
                async with waiting.pipeline(transaction=True) as pipe:
                    assert await pipe.set("a", 1).incr("a").execute() == [True, 2]
                async with waiting.pubsub() as listener:
                    await listener.subscribe("news")
                    assert (await listener.get_message(timeout=60))["type"] == "subscribe"
                    plain.publish("news", "hi")
                    assert (await listener.get_message(timeout=60))["data"] == "hi"
                await asyncio.gather(*(pushing.incr("n") for _ in range(50)))
                assert plain.get("n") == "50"

    asyncio.run(work())


def test_an_answer_comes_from_another_thread_into_the_loop(here: Shared) -> None:
    async def work() -> Any:
        async with connect(asyncio=True, decode_responses=True) as waiting:
            waits = asyncio.create_task(waiting.blpop(["queue"], timeout=0))

            def push() -> None:
                with connect() as other:
                    wait_until(lambda: other.info("clients")["blocked_clients"] > 0, 60.0)
                    other.rpush("queue", "job")

            await asyncio.to_thread(push)
            return list(await asyncio.wait_for(waits, 60))

    assert asyncio.run(work()) == ["queue", "job"]


def test_a_client_of_asyncio_that_is_killed_says_so(anywhere: Shared) -> None:
    async def work() -> None:
        async with connect(asyncio=True, single_connection_client=True) as client:
            number = await client.client_id()
            with connect() as other:
                other.client_kill_filter(_id=number)
            with pytest.raises(redis.ConnectionError):
                await client.get("a")
            assert await client.client_id() != number

    asyncio.run(work())


def test_a_moved_clock_is_seen_by_clients(here: Shared) -> None:
    with connect() as client:
        client.set("a", 1, ex=60)
        engine = here.engine
        assert isinstance(engine, Timed)
        engine.advance(61)
        assert client.get("a") is None


@pytest.mark.parametrize("option", ["host", "port", "unix_socket_path", "connection_pool", "ssl"])
def test_where_it_goes_is_not_for_the_options_to_say(here: Shared, option: str) -> None:
    with pytest.raises(UsageError, match=f"leave {option} out"):
        connect(**{option: 1})


def test_a_wrong_url_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redislab.shared, "SHARED", Shared({"REDISLAB_URL": "nowhere"}))
    with pytest.raises(UsageError, match="Invalid URI scheme"):
        connect()


def test_clients_that_are_gone_leave_no_connection(here: Shared) -> None:
    with connect() as watching:
        for _ in range(5):
            with connect() as client:
                client.ping()
        gc.collect()
        assert len(watching.client_list()) == 1
