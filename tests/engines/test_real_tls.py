"""TLS against real servers: who is trusted, and what a person reads when nobody is."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from redislab.core.parts import Assembler
from redislab.core.reply import OK, Reply, bulk
from redislab.engines import transport
from redislab.engines.real import RealEngine
from redislab.engines.target import Target, Tls, parse_url
from redislab.errors import Cancelled, ConnectionLost, RedislabError, Unreachable, UsageError
from tests.servers import Certificates, NonsenseServer, RedisServer

pytestmark = pytest.mark.usefixtures("redis_server_path")


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.make(tmp_path_factory.mktemp("right"), "localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.make(tmp_path_factory.mktemp("other"), "*.example.org", "redis.example.org")


@pytest.fixture(scope="module")
def tls_server(redis_server_path: str, right: Certificates) -> Iterator[RedisServer]:
    with RedisServer(certificates=right) as server:
        yield server


@pytest.fixture(scope="module")
def misnamed_server(redis_server_path: str, other: Certificates) -> Iterator[RedisServer]:
    with RedisServer(certificates=other) as server:
        yield server


@pytest.fixture(scope="module")
def strict_server(redis_server_path: str, right: Certificates) -> Iterator[RedisServer]:
    """Wants a client certificate, which is Redis's default."""
    with RedisServer("--tls-auth-clients", "yes", certificates=right) as server:
        yield server


def ask(target: Target, *args: bytes) -> Reply:
    connection = RealEngine(target).connect()
    assembler = Assembler()
    try:
        connection.send([args])
        for part in connection.replies(5):
            reply = assembler.add(part)
            if reply is not None:
                return reply
    finally:
        connection.close()
    raise AssertionError("no reply in 5 s")


def failure(target: Target) -> RedislabError:
    with pytest.raises(RedislabError) as error:
        ask(target, b"PING")
    assert "\n" not in error.value.message
    return error.value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_trusted_server_by_its_name(tls_server: RedisServer, right: Certificates, host: str) -> None:
    target = parse_url(f"rediss://{host}:{tls_server.port}")
    assert ask(replace(target, tls=Tls(cacert=right.ca)), b"PING").text == b"PONG"


def test_large_values_go_there_and_back(tls_server: RedisServer, right: Certificates) -> None:
    target = Target(port=tls_server.port, tls=Tls(cacert=right.ca))
    value = b"x" * 20_000_000
    assert ask(target, b"SET", b"k", value) == OK
    assert ask(target, b"GET", b"k") == bulk(value)


def test_a_batch_larger_than_any_buffer(tls_server: RedisServer, right: Certificates) -> None:
    connection = RealEngine(Target(port=tls_server.port, tls=Tls(cacert=right.ca))).connect()
    connection.send([[b"ECHO", b"x" * 100_000]] * 300)
    assembler = Assembler()
    replies = filter(None, map(assembler.add, connection.replies(None)))
    assert sum(len(next(replies).text) for _ in range(300)) == 30_000_000
    assert list(connection.replies(0)) == []
    connection.close()


def test_cancel_ends_a_blocked_wait(tls_server: RedisServer, right: Certificates) -> None:
    connection = RealEngine(Target(port=tls_server.port, tls=Tls(cacert=right.ca))).connect()
    connection.send([[b"BLPOP", b"nothing", b"0"]])
    timer = threading.Timer(0.1, connection.cancel)
    timer.start()
    started_s = time.monotonic()
    with pytest.raises(Cancelled):
        list(connection.replies(None))
    assert time.monotonic() - started_s < 0.6
    timer.join()


def test_an_unknown_authority(tls_server: RedisServer) -> None:
    error = failure(Target(port=tls_server.port, tls=Tls()))
    assert isinstance(error, Unreachable)
    assert error.message.startswith("Could not negotiate a TLS connection: self")
    assert "--cacert" in error.remedy


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_certificate_for_another_name(misnamed_server: RedisServer, other: Certificates, host: str) -> None:
    error = failure(Target(host=host, port=misnamed_server.port, tls=Tls(cacert=other.ca)))
    assert error.message == (
        "Could not negotiate a TLS connection: "
        f"the certificate is for *.example.org, redis.example.org, not for {host}"
    )
    assert error.remedy.endswith("or expect it with --sni redis.example.org.")


@pytest.mark.parametrize("name", ["redis.example.org", "any.example.org"])
def test_sni_names_the_host_to_expect(misnamed_server: RedisServer, other: Certificates, name: str) -> None:
    tls = Tls(cacert=other.ca, sni=name)
    assert ask(Target(port=misnamed_server.port, tls=tls), b"PING").text == b"PONG"


def test_a_wrong_sni_is_refused_too(tls_server: RedisServer, right: Certificates) -> None:
    error = failure(Target(port=tls_server.port, tls=Tls(cacert=right.ca, sni="evil.example.org")))
    assert "not for evil.example.org" in error.message


def test_insecure_checks_neither_authority_nor_name(misnamed_server: RedisServer) -> None:
    assert ask(Target(port=misnamed_server.port, tls=Tls(insecure=True)), b"PING").text == b"PONG"


def test_a_client_certificate(strict_server: RedisServer, right: Certificates) -> None:
    tls = Tls(cacert=right.ca, cert=right.client_cert, key=right.client_key)
    assert ask(Target(port=strict_server.port, tls=tls), b"PING").text == b"PONG"


def test_a_client_certificate_that_is_missing(strict_server: RedisServer, right: Certificates) -> None:
    error = failure(Target(port=strict_server.port, tls=Tls(cacert=right.ca)))
    assert isinstance(error, ConnectionLost)
    assert error.message == "The TLS connection broke: the server wants a client certificate"
    assert "--cert" in error.remedy


def test_a_client_certificate_of_another_authority(
    strict_server: RedisServer, right: Certificates, other: Certificates
) -> None:
    tls = Tls(cacert=right.ca, cert=other.client_cert, key=other.client_key)
    error = failure(Target(port=strict_server.port, tls=tls))
    assert "the server does not trust our certificate" in error.message


def test_tls_to_a_port_that_says_nothing(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONNECT_TIMEOUT_S", 0.2)
    error = failure(Target(port=server.port, tls=Tls()))
    assert error.message.startswith("Could not negotiate a TLS connection: ")
    assert "redis:// instead of rediss://" in error.remedy


@pytest.mark.parametrize("answer", [b"-ERR unknown command\r\n", b""])
def test_tls_to_a_port_that_answers_otherwise(answer: bytes) -> None:
    with NonsenseServer(answer, stay=False) as nonsense:
        error = failure(Target(port=nonsense.port, tls=Tls()))
    assert isinstance(error, Unreachable)
    assert "redis:// instead of rediss://" in error.remedy


def test_plain_words_to_a_tls_port(tls_server: RedisServer) -> None:
    error = failure(Target(port=tls_server.port))
    assert "--tls" in error.remedy


@pytest.mark.parametrize(
    ("tls", "complaint"),
    [
        (
            Tls(cacert="/nowhere/ca.crt"),
            "--cacert: '/nowhere/ca.crt' is of no use: No such file or directory.",
        ),
        (Tls(cacert=__file__), "is of no use: no certificate or crl found."),
        (Tls(cacertdir="/nowhere"), "--cacertdir: '/nowhere' is of no use: No such file or directory."),
        (Tls(cert=__file__), "is of no use: no certificate with its key in it."),
        (Tls(key=__file__), "--key needs --cert"),
        (Tls(ciphers="nonsense"), "--tls-ciphers: 'nonsense' is of no use: no cipher can be selected."),
        (Tls(ciphersuites="nonsense"), "--tls-ciphersuites"),
    ],
)
def test_options_of_no_use_are_named(tls: Tls, complaint: str) -> None:
    with pytest.raises(UsageError) as error:
        RealEngine(Target(port=1, tls=tls)).connect()
    assert complaint in error.value.message


def test_a_key_of_another_certificate(right: Certificates, other: Certificates) -> None:
    with pytest.raises(UsageError, match="key values mismatch"):
        RealEngine(Target(tls=Tls(cert=right.client_cert, key=other.client_key))).connect()


def test_a_folder_of_authorities(tls_server: RedisServer, right: Certificates, tmp_path: Path) -> None:
    with pytest.raises(Unreachable):  # a folder, but the authority is not in it
        RealEngine(Target(port=tls_server.port, tls=Tls(cacertdir=str(tmp_path)))).connect()


def test_a_unix_socket_is_not_encrypted(server: RedisServer) -> None:
    with pytest.raises(UsageError, match="unix socket"):
        RealEngine(Target(socket_path=server.socket_path, tls=Tls())).connect()
