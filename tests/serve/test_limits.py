"""Clients that read slowly, say too much or never end: the others are served on."""

from __future__ import annotations

import resource
import socket
import sys
import threading
import time

import pytest
import redis

from redislab.core.resp import encode
from redislab.serve import limits
from tests.serve.serving import PATIENCE_S, Served, asked, read_to_end
from tests.servers import wait_until

MEGABYTE = 1 << 20


@pytest.fixture
def client(lab: Served) -> redis.Redis:
    return redis.Redis(port=lab.port, socket_timeout=PATIENCE_S)


def send_without_end(connection: socket.socket, data: bytes) -> None:
    """200 MB at most."""
    for _ in range(200 * MEGABYTE // len(data)):
        connection.sendall(data)


def unread(lab: Served, name: str) -> int:
    """Bytes that a client with this name has not read yet, as its transport holds them."""
    front = lab.engine.lab.fronts[0]
    for session, client in list(front._sessions.items()):  # type: ignore[attr-defined]
        if client.name == name.encode() and session._transport is not None:
            size: int = session._transport.get_write_buffer_size()
            return size
    return -1


def test_a_client_that_pipelines_and_does_not_read_is_paused_and_goes_on_when_it_reads(
    lab: Served, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UNREAD_BYTES", 4 * MEGABYTE)
    client.set("big", b"x" * MEGABYTE)
    wanted = 40
    with lab.dial() as slow:
        asked(slow, b"CLIENT SETNAME slow\r\n", b"+OK\r\n")
        slow.sendall(b"GET big\r\n" * wanted + b"QUIT\r\n")
        wait_until(lambda: unread(lab, "slow") > 2 * MEGABYTE)
        assert client.ping()
        assert unread(lab, "slow") < 8 * MEGABYTE
        assert len(read_to_end(slow)) == wanted * (MEGABYTE + 12) + 5


def test_a_subscriber_that_does_not_read_is_dropped(lab: Served, client: redis.Redis) -> None:
    client.config_set("client-output-buffer-limit", "pubsub 2mb 0 0")
    with lab.dial() as deaf:
        asked(deaf, b"SUBSCRIBE news\r\n", b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        told = 0
        while client.publish("news", b"x" * 100_000):
            told += 1
            assert told < 1_000
        assert told >= 10
    assert client.pubsub_channels() == []


def test_a_soft_limit_is_kept_after_its_seconds(lab: Served, client: redis.Redis) -> None:
    client.config_set("client-output-buffer-limit", "pubsub 0 100kb 1")
    with lab.dial() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asked(deaf, b"SUBSCRIBE news\r\n", b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        client.publish("news", b"x" * 8 * MEGABYTE)
        assert client.pubsub_channels() == [b"news"]
        wait_until(lambda: client.pubsub_channels() == [])


def test_sixty_four_clients_that_send_a_byte_at_a_time_hold_nobody_up(
    lab: Served, client: redis.Redis
) -> None:
    slow = [lab.dial() for _ in range(64)]
    command = encode([b"INCR", b"n"])
    for place in range(len(command)):
        for each in slow:
            each.sendall(command[place : place + 1])
        assert client.ping()
    assert sorted(int(each.recv(20)[1:-2]) for each in slow) == list(range(1, 65))
    for each in slow:
        each.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell how much memory was used")
def test_a_bulk_string_without_end_is_ended(lab: Served, client: redis.Redis) -> None:
    client.config_set("client-query-buffer-limit", 4 * MEGABYTE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with lab.dial() as endless:
        endless.sendall(b"*2\r\n$3\r\nGET\r\n$500000000\r\n")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send_without_end(endless, b"x" * MEGABYTE)
    assert client.ping()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def test_a_command_of_too_many_words_is_ended(lab: Served, client: redis.Redis) -> None:
    client.config_set("client-query-buffer-limit", MEGABYTE)
    with lab.dial() as endless:
        endless.sendall(b"*2000000000\r\n")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send_without_end(endless, b"$1\r\na\r\n" * 10_000)
    assert client.ping()


def test_values_as_large_as_allowed_arrive(lab: Served, client: redis.Redis) -> None:
    value = bytes(range(256)) * (64 * 4 * 1024)  # 64 MB
    client.set("large", value)
    assert client.get("large") == value
    client.config_set("proto-max-bulk-len", 2 * MEGABYTE)
    with lab.dial() as other:
        asked(other, b"*2\r\n$3\r\nGET\r\n$2097153\r\n", b"-ERR Protocol error: invalid bulk length\r\n")
        assert other.recv(1) == b""


def test_connections_that_break_leave_nothing_behind(lab: Served, client: redis.Redis) -> None:
    for _ in range(50):
        with lab.dial() as gone:
            gone.sendall(b"SUBSCRIBE a\r\nPSUBSCRIBE *\r\n")
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closes by a reset
        with lab.dial() as gone:
            gone.sendall(b"BLPOP nothing 0\r\n")
    wait_until(lambda: len(client.client_list()) == 1)
    assert client.pubsub_channels() == []
    assert client.info("clients")["blocked_clients"] == 0


def test_a_client_that_waits_is_forgotten_when_its_input_ends(lab: Served, client: redis.Redis) -> None:
    with lab.dial() as waiting:
        waiting.sendall(b"BLPOP queue 0\r\n")
        wait_until(lambda: client.info("clients")["blocked_clients"] == 1)
        waiting.shutdown(socket.SHUT_WR)
        assert waiting.recv(1) == b""
    client.rpush("queue", "kept")
    assert client.lrange("queue", 0, -1) == [b"kept"]


def test_nothing_is_done_while_nothing_is_to_do(lab: Served, client: redis.Redis) -> None:
    """CPU time of the whole process, this test's own waiting included, with clients of every kind there."""
    with lab.dial() as listener, lab.dial() as waiting:
        asked(listener, b"SUBSCRIBE a\r\n", b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n")
        waiting.sendall(b"BLPOP nothing 3600\r\n")
        client.set("far", "away", ex=3600)
        began_s, used_s = time.monotonic(), time.process_time()
        threading.Event().wait(1.0)
        assert (time.process_time() - used_s) / (time.monotonic() - began_s) < 0.01
