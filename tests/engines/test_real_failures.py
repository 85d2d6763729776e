"""Every exception of redis-py, the system and TLS ends in our tree; the private names that we touch."""

from __future__ import annotations

import inspect
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import redis
import redis.connection
import redis.exceptions

from redislab.engines import failures, transport
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.errors import ConnectionLost, Unreachable
from tests.servers import NonsenseServer, RedisServer, free_port

# Raised by redis-py's cluster client, pools and policies, none of which is used here.
OF_OTHER_PARTS = {
    "ChildDeadlockedError",
    "CrossSlotTransactionError",
    "IncorrectPolicyType",
    "InvalidPipelineStack",
    "RedisClusterException",
    "SlotNotCoveredError",
}


def library_errors() -> Iterator[Exception]:
    for name, kind in vars(redis.exceptions).items():
        if inspect.isclass(kind) and issubclass(kind, Exception) and name not in OF_OTHER_PARTS:
            yield kind("1 127.0.0.1:1")  # AskError and MovedError read their text


def system_errors() -> Iterator[OSError]:
    yield from (OSError(), OSError("AF_UNIX path too long"), OSError(113, "No route to host"))
    kinds = [OSError, socket.gaierror, socket.herror]
    kinds += [kind for kind in vars(ssl).values() if inspect.isclass(kind) and issubclass(kind, OSError)]
    kinds += [kind for kind in OSError.__subclasses__() if kind.__module__ == "builtins"]
    kinds += [kind for kind in ConnectionError.__subclasses__() if kind.__module__ == "builtins"]
    for kind in dict.fromkeys(kinds):
        yield kind(1, "what happened")


def named(error: Exception) -> str:
    return type(error).__name__


def failing_connect(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def connect(self: object) -> None:
        raise error

    monkeypatch.setattr(redis.connection.AbstractConnection, "connect", connect)


@pytest.mark.parametrize("error", [*library_errors(), *system_errors()], ids=named)
def test_every_error_while_connecting_is_ours(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    failing_connect(monkeypatch, error)
    with pytest.raises(Unreachable) as unreachable:
        RealEngine(Target()).connect()
    assert unreachable.value.message.startswith("Could not connect to Redis at 127.0.0.1:6379: ")
    assert not unreachable.value.message.endswith(": ")
    assert unreachable.value.remedy


@pytest.mark.parametrize(
    "error", [ValueError("embedded null byte"), OverflowError("port"), UnicodeError("idna")]
)
def test_values_that_no_system_call_takes_are_ours(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    failing_connect(monkeypatch, error)
    with pytest.raises(Unreachable):
        RealEngine(Target()).connect()


@pytest.mark.parametrize("error", [*system_errors()], ids=named)
def test_every_error_on_a_connection_is_ours(error: OSError) -> None:
    loss = failures.lost(error)
    assert isinstance(loss, ConnectionLost)
    assert loss.message
    assert loss.remedy


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Target(port=1), "Could not connect to Redis at 127.0.0.1:1: Connection refused"),
        (
            Target(host="nohost.invalid"),
            "Could not connect to Redis at nohost.invalid:6379: Name or service not known",
        ),
        (Target(host="a..b"), "Could not connect to Redis at a..b:6379: Name or service not known"),
        (
            Target(socket_path="/nowhere/redis.sock"),
            "Could not connect to Redis at /nowhere/redis.sock: No such file or directory",
        ),
        (Target(socket_path="/tmp/" + "x" * 200), "AF_UNIX path too long"),
    ],
    ids=["refused", "no such host", "no host name", "no such file", "path too long"],
)
def test_what_a_person_reads(target: Target, message: str) -> None:
    with pytest.raises(Unreachable) as error:
        RealEngine(target).connect()
    assert message in error.value.message
    assert error.value.remedy


def test_redis_cli_says_the_same(redis_cli: str) -> None:
    port = free_port()
    with pytest.raises(Unreachable) as ours:
        RealEngine(Target(port=port)).connect()
    theirs = subprocess.run([redis_cli, "-p", str(port), "PING"], capture_output=True, check=False)
    assert theirs.stderr.decode() == ours.value.message + "\n"


def test_a_host_that_keeps_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_connect(monkeypatch, redis.exceptions.TimeoutError("Timeout connecting to server"))
    with pytest.raises(Unreachable, match="Connection timed out"):
        RealEngine(Target(host="example.org")).connect()


def test_a_reset_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = RealEngine(Target(port=listener.getsockname()[1])).connect()
        client, _ = listener.accept()
        client.sendall(b"+OK\r\n")
        assert next(connection.replies(5))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()  # with this option: a reset, nothing polite
        with pytest.raises(ConnectionLost, match="Connection reset by peer"):
            list(connection.replies(5))


def test_a_server_that_closes_at_once_may_want_tls() -> None:
    with NonsenseServer(b"", greet=True, stay=False) as closing:
        connection = RealEngine(Target(port=closing.port)).connect()
        with pytest.raises(ConnectionLost, match="Server closed the connection") as loss:
            list(connection.replies(5))
    assert "--tls" in loss.value.remedy


# -- redis-py: what we rely on, beside its documented names -------------------------------------


@pytest.fixture
def opened(server: RedisServer) -> Iterator[Any]:
    connection: Any = redis.connection.Connection(  # type: ignore[no-untyped-call]
        host="127.0.0.1", port=server.port, redis_connect_func=lambda connection: None
    )
    yield connection
    connection.disconnect()


def test_contract_sock_is_the_connected_socket(opened: Any, server: RedisServer) -> None:
    before = opened._sock
    opened.connect()
    assert before is None
    assert opened._sock.getpeername() == ("127.0.0.1", server.port)


def test_contract_disconnect_closes_whatever_sock_is(opened: Any) -> None:
    opened.connect()
    sock = opened._sock
    opened.disconnect()
    opened.disconnect()
    assert sock.fileno() == -1


def test_contract_the_systems_error_is_the_context_of_redis_pys() -> None:
    connection: Any = redis.connection.Connection(host="127.0.0.1", port=1)  # type: ignore[no-untyped-call]
    with pytest.raises(redis.exceptions.ConnectionError) as error:
        connection.connect()
    assert isinstance(error.value.__context__, ConnectionRefusedError)


def test_keepalive_is_that_of_redis_cli(server: RedisServer) -> None:
    connection = RealEngine(Target(port=server.port)).connect()
    assert isinstance(connection, transport.SocketConnection)
    sock = connection._socket
    assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15
    connection.close()
