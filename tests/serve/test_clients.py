"""The programs that people point at a Redis: redis-cli, redis-py, redis-benchmark."""

from __future__ import annotations

import asyncio
import subprocess
import threading

import pytest
import redis
import redis.asyncio

from tests.serve.serving import PATIENCE_S, Served, asked
from tests.servers import wait_until


@pytest.fixture
def client(lab: Served) -> redis.Redis:
    return redis.Redis(port=lab.port, socket_timeout=PATIENCE_S, decode_responses=True)


def cli(lab: Served, *args: str, stdin: str = "") -> str:
    done = subprocess.run(
        ["redis-cli", "-p", str(lab.port), *args], input=stdin, capture_output=True, text=True, timeout=30
    )
    return done.stdout


def test_redis_cli(lab: Served, redis_cli: str) -> None:
    assert cli(lab, "SET", "name", "ada") == "OK\n"
    assert cli(lab, "--no-raw", "GET", "name") == '"ada"\n'
    assert cli(lab, "-3", "--no-raw", "HSET", "h", "a", "1") == "(integer) 1\n"
    assert cli(lab, "-3", "--no-raw", "HGETALL", "h") == '1# "a" => "1"\n'
    assert cli(lab, stdin="MULTI\nINCR n\nEXEC\n") == "OK\nQUEUED\n1\n"


def test_redis_cli_loads_a_file_with_pipe(lab: Served, redis_cli: str) -> None:
    said = cli(lab, "--pipe", stdin="".join(f"SET key:{n} {n}\r\n" for n in range(2_000)))
    assert said.endswith("errors: 0, replies: 2000\n")
    assert cli(lab, "DBSIZE") == "2000\n"


def test_redis_benchmark(lab: Served, redis_cli: str) -> None:
    done = subprocess.run(
        ["redis-benchmark", "-p", str(lab.port), "-q", "-n", "500", "-c", "20", "-P", "4"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("requests per second") >= 15
    assert "ERR" not in done.stdout + done.stderr


@pytest.mark.parametrize("protocol", [2, 3])
def test_redis_py(lab: Served, protocol: int) -> None:
    with redis.Redis(port=lab.port, protocol=protocol, decode_responses=True) as client:
        client.zadd("board", {"ada": 2.5, "bob": 1})
        assert [tuple(row) for row in client.zrange("board", 0, -1, withscores=True)] == [
            ("bob", 1.0),
            ("ada", 2.5),
        ]
        with client.pipeline() as pipe:
            for number in range(1_000):
                pipe.set(f"k{number}", number)
            assert pipe.execute() == [True] * 1_000
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            client.lpush("board", "x")
        assert client.client_info()["resp"] == str(protocol)


def test_redis_py_asyncio(lab: Served) -> None:
    async def talk() -> list[object]:
        async with redis.asyncio.Redis(port=lab.port, decode_responses=True) as client:
            await asyncio.gather(*(client.incr("n") for _ in range(100)))
            waiting = asyncio.ensure_future(client.blpop(["queue"], timeout=PATIENCE_S))
            await client.rpush("queue", "job")
            return [await client.get("n"), await waiting]

    assert asyncio.run(talk()) in (["100", ["queue", "job"]], ["100", ("queue", "job")])


def test_a_transaction_that_was_watched_fails_when_another_client_writes(
    lab: Served, client: redis.Redis
) -> None:
    client.set("n", 1)
    with client.pipeline() as pipe:
        pipe.watch("n")  # type: ignore[no-untyped-call]
        client.set("n", 2)
        pipe.multi()
        pipe.incr("n")
        with pytest.raises(redis.WatchError):
            pipe.execute()
    assert client.get("n") == "2"


def test_messages_reach_subscribers_in_resp2_and_resp3(lab: Served, client: redis.Redis) -> None:
    with lab.dial() as old, lab.dial() as new:
        asked(old, b"SUBSCRIBE news\r\n", b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        new.sendall(b"HELLO 3\r\n")
        while not new.recv(1 << 16).endswith(b"modules\r\n*0\r\n"):
            pass
        asked(new, b"SUBSCRIBE news\r\n", b">3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        assert client.publish("news", "hi") == 2
        body = b"3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
        asked(old, b"", b"*" + body)
        asked(new, b"", b">" + body)


def test_a_blocked_client_is_served_and_goes_on_with_what_stood_behind(
    lab: Served, client: redis.Redis
) -> None:
    with lab.dial() as waiting:
        waiting.sendall(b"BLPOP queue 0\r\nPING\r\nGARBAGE\r\n")
        while int(client.info("clients")["blocked_clients"]) == 0:
            pass
        client.rpush("queue", "job")
        asked(waiting, b"", b"*2\r\n$5\r\nqueue\r\n$3\r\njob\r\n+PONG\r\n-ERR unknown command 'GARBAGE'")


def test_a_wait_ends_in_time_while_nothing_else_happens(lab: Served) -> None:
    with lab.dial() as waiting:
        asked(waiting, b"BLPOP nothing 0.05\r\n", b"*-1\r\n")


def test_keys_expire_and_say_so_while_nothing_else_happens(lab: Served, client: redis.Redis) -> None:
    client.config_set("notify-keyspace-events", "Ex")
    with lab.dial() as listener:
        asked(
            listener,
            b"SUBSCRIBE __keyevent@0__:expired\r\n",
            b"*3\r\n$9\r\nsubscribe\r\n$22\r\n__keyevent@0__:expired\r\n:1\r\n",
        )
        client.set("gone", "soon", px=30)
        asked(listener, b"", b"*3\r\n$7\r\nmessage\r\n$22\r\n__keyevent@0__:expired\r\n$4\r\ngone\r\n")


def test_who_tracks_a_key_that_is_left_lying_hears_that_it_has_expired(
    lab: Served, client: redis.Redis
) -> None:
    client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")  # type: ignore[no-untyped-call]
    with lab.dial() as tracking:
        tracking.sendall(b"HELLO 3\r\n")
        while not tracking.recv(1 << 16).endswith(b"modules\r\n*0\r\n"):
            pass
        asked(tracking, b"CLIENT TRACKING ON\r\nSET k v PX 20\r\nGET k\r\n", b"+OK\r\n+OK\r\n$1\r\nv\r\n")
        wait_until(lambda: lab.engine.lab.dbs[0].is_due())
        asked(tracking, b"GET k\r\n", b"_\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n")


def test_a_password_is_asked_for(lab: Served, client: redis.Redis) -> None:
    client.config_set("requirepass", "pw")
    with lab.dial() as stranger:
        asked(stranger, b"PING\r\n", b"-NOAUTH Authentication required.\r\n")
        asked(stranger, b"AUTH no\r\n", b"-WRONGPASS invalid username-password pair or user is disabled.\r\n")
        asked(stranger, b"AUTH default pw\r\n", b"+OK\r\n")
        asked(stranger, b"PING\r\n", b"+PONG\r\n")
    with redis.Redis(port=lab.port, password="pw") as known:
        assert known.ping()


def test_client_list_shows_where_clients_come_from(lab: Served, client: redis.Redis) -> None:
    [row] = client.client_list()
    assert row["laddr"] == f"127.0.0.1:{lab.port}"
    assert row["addr"].startswith("127.0.0.1:")
    assert row["flags"] == "N"


def test_a_killed_client_is_hung_up_on(lab: Served, client: redis.Redis) -> None:
    with lab.dial() as victim:
        victim.sendall(b"CLIENT ID\r\n")
        number = int(victim.recv(100)[1:-2])
        assert client.client_kill_filter(_id=str(number)) == 1
        assert victim.recv(100) == b""


def test_quit_answers_and_hangs_up(lab: Served) -> None:
    with lab.dial() as leaving:
        leaving.sendall(b"PING\r\nQUIT\r\nPING\r\n")
        pieces = b""
        while piece := leaving.recv(100):
            pieces += piece
        assert pieces == b"+PONG\r\n+OK\r\n"


def test_shutdown_ends_it(lab: Served) -> None:
    with lab.dial() as one, lab.dial() as other:
        asked(other, b"PING\r\n", b"+PONG\r\n")
        one.sendall(b"SHUTDOWN NOSAVE\r\n")
        assert (one.recv(100), other.recv(100)) == (b"", b"")
    assert lab.handle.wait(PATIENCE_S)


def test_more_clients_than_allowed_are_told(lab: Served, client: redis.Redis) -> None:
    client.config_set("maxclients", 1)
    with lab.dial() as refused:
        assert refused.recv(100) == b"-ERR max number of clients reached\r\n"
        assert refused.recv(100) == b""
    assert client.info("stats")["rejected_connections"] == 1


def test_two_hundred_clients_at_once(lab: Served) -> None:
    answers: list[bytes] = []

    def talk() -> None:
        with lab.dial() as one:
            one.sendall(b"INCR n\r\n")
            answers.append(one.recv(100))

    threads = [threading.Thread(target=talk) for _ in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted(b":%d\r\n" % n for n in range(1, 201))


def test_clients_that_are_idle_too_long_are_dropped_where_that_is_asked_for(
    lab: Served, client: redis.Redis
) -> None:
    with lab.dial() as idle, lab.dial() as listener:
        asked(listener, b"SUBSCRIBE c\r\n", b"*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
        client.config_set("timeout", 1)
        assert idle.recv(10) == b""
        client.config_set("timeout", 0)
        assert client.publish("c", "still here") == 1
