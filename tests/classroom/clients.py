"""Clients that misbehave: raw sockets, which send what no library would."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from redislab.core.resp import encode

TIMEOUT_S = 60.0


def request(*words: bytes | str) -> bytes:
    return encode([word.encode() if isinstance(word, str) else word for word in words])


@contextmanager
def connected(port: int, *login: str) -> Iterator[socket.socket]:
    """A connection, logged in with user and password or password alone."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as sock:
        if login:
            sock.sendall(request("AUTH", *login))
            answer = sock.recv(1024)
            assert answer == b"+OK\r\n", answer
        yield sock


def is_closed_while(sock: socket.socket, requests: Iterator[bytes]) -> bool:
    """Send without reading; True when the server ends the connection, False when it took all of it."""
    try:
        for each in requests:
            sock.sendall(each)
        sock.shutdown(socket.SHUT_WR)
        return not _ends_well(sock)
    except (BrokenPipeError, ConnectionResetError):
        return True


def _ends_well(sock: socket.socket) -> bool:
    """Whether the answer to a last QUIT comes."""
    latest = b""
    while data := sock.recv(1 << 16):
        latest = (latest + data)[-64:]
    return latest.endswith(b"+OK\r\n")


def crowd(port: int, most: int, login: Sequence[str] = ()) -> tuple[list[socket.socket], str]:
    """Open connections until one is refused or there are `most`: those that are open, and the refusal."""
    crowded: list[socket.socket] = []
    for _ in range(most):
        sock = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        crowded.append(sock)
        answer = b""
        with suppress(ConnectionError):  # refused and closed before the question got there
            sock.sendall(request("AUTH", *login) if login else request("PING"))
            answer = sock.recv(1024)
        if not answer or answer.startswith(b"-ERR max number"):
            return crowded, answer.decode().strip()
    return crowded, ""


def until(condition: Callable[[], bool], most: int) -> bool:
    """Whether it became true within `most` tries."""
    return any(condition() for _ in range(most))
