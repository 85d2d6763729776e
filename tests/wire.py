"""A server of our own for one test: answers commands as told, and remembers every one it received."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import TracebackType

from redislab.core.requests import RequestReader
from redislab.errors import ProtocolError

Answer = Callable[[list[bytes]], bytes | None]  # None closes the connection


def always_ok(command: list[bytes]) -> bytes:
    return b"+OK\r\n"


_FOR_HELP = ([b"COMMAND"], [b"COMMAND", b"DOCS"])  # redis-cli's questions when it starts


class WireServer:
    """Listens on a free loopback port until the `with` block ends."""

    def __init__(self, answer: Answer = always_ok) -> None:
        self.received: list[list[bytes]] = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._clients: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> WireServer:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in [self._listener, *self._clients]:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            each.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._clients.append(client)
            self._start(lambda client=client: self._serve(client))  # type: ignore[misc]

    def _serve(self, client: socket.socket) -> None:
        reader = RequestReader()
        try:
            while data := client.recv(1 << 16):
                reader.feed(data)
                for command in reader.commands():
                    if command in _FOR_HELP:
                        client.sendall(b"-ERR not here\r\n")
                        continue
                    self.received.append(command)
                    answer = self._answer(command)
                    if answer is None:
                        client.shutdown(socket.SHUT_RDWR)
                        return
                    client.sendall(answer)
        except (OSError, ProtocolError):
            return
