"""What the tests of `serve` share: a lab that is served, and raw sockets to it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from redislab.engines.embedded import EmbeddedEngine
from redislab.serve import Handle, start

PATIENCE_S = 10.0


class Served:
    """A lab at a free port. `reports` holds what went wrong inside; nothing should."""

    def __init__(self) -> None:
        self.engine = EmbeddedEngine()
        self.reports: list[str] = []
        self.handle: Handle = start(self.engine.lab, port=0, report=self.reports.append)

    @property
    def port(self) -> int:
        return self.handle.address.port

    def dial(self) -> socket.socket:
        return dial(self.port)


@contextmanager
def served() -> Iterator[Served]:
    """Fails at its end where anything was reported."""
    here = Served()
    try:
        yield here
    finally:
        here.handle.close()
        here.engine.close()
    assert not here.reports, here.reports


def dial(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            break
        data += piece
    return data


def read_to_end(connection: socket.socket) -> bytes:
    """All that comes until the other side hangs up."""
    pieces = []
    try:
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


def asked(connection: socket.socket, data: bytes, answer: bytes) -> None:
    """Send, and hold the answer to the byte."""
    connection.sendall(data)
    assert read_exactly(connection, len(answer)) == answer
