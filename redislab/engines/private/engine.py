"""The engine of a private server: a real Redis that nobody else uses, for as long as the engine lives."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from redislab.core.engine import Capabilities, Connection, Greeting
from redislab.core.link import Link
from redislab.core.parts import Assembler
from redislab.core.reply import Reply
from redislab.engines.private.process import ServerProcess
from redislab.engines.real import RealEngine
from redislab.errors import Unreachable

LABEL = "redislab server"
PATIENCE_S = 10.0
POLL_S = 0.005  # the server tells nobody when its append-only file is there
_REWRITING = re.compile(rb"aof_rewrite_(in_progress|scheduled):1")


class PrivateEngine:
    """Starts its server with the first connection, or with `preload`. Empty at first, and kept nowhere.

    A server that has ended (SHUTDOWN, a crash) is not started again: its data would be gone in silence.
    It is by `kill`, which somebody asked for.
    """

    def __init__(self, protocol: int | None = None) -> None:
        self._protocol = protocol
        self._process: ServerProcess | None = None
        self._real: RealEngine | None = None
        self._starting = threading.RLock()
        self._settings: dict[bytes, bytes] | None = None  # as they were when the server was new

    @property
    def label(self) -> str:
        return LABEL

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(shared=False)

    @property
    def greetings(self) -> Sequence[Greeting]:
        """HELLO where RESP3 is wanted; AUTH where the server listens at a port."""
        return self.started.greetings

    def preload(self) -> None:
        """Import redis-py. The server starts with the connection, which comes first in any case."""
        import redislab.engines.transport  # noqa: F401 - for its effect

    def connect(self) -> Connection:
        """A new connection. Raises Unreachable where there is no server program, or where it has ended."""
        real = self.started
        process = self._process
        if process is not None and not process.running:
            raise Unreachable(
                "The private server has ended, and its data with it.",
                remedy="Leave and start again; :connect URL goes on elsewhere.",
            )
        return real.connect()

    def aside(self) -> PrivateEngine:
        """A server sees every client; here nobody else looks."""
        return self

    def redirected(self, host: str, port: int) -> None:
        """A server alone redirects nowhere."""
        return None

    def close(self) -> None:
        """End the server."""
        with self._starting:
            if self._process is not None:
                self._process.stop()

    # -- dying ----------------------------------------------------------------------------------

    @property
    def only_pretends(self) -> bool:
        return False

    def kill(self) -> None:
        """Settings are written into the configuration first; an append-only file is begun before the end."""
        self._ask(b"CONFIG", b"REWRITE")
        self._until(lambda: not _REWRITING.search(self._ask(b"INFO", b"persistence").text))
        if self._process is not None:
            self._process.restart()
        self._until(lambda: self._ask(b"PING").code != "LOADING")

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not condition() and time.monotonic() < deadline_s:
            time.sleep(POLL_S)

    def renew(self) -> None:
        """A new server where this one has written files, or was given settings."""
        with self._starting:
            if self._process is None:
                return
            if self._process.running and not self._process.has_written:
                if self._settings is None:
                    self._settings = self._settings_now()
                if self._settings_now() == self._settings:
                    return
            self._process.stop()
            self._process = self._real = None
            self._settings = self._settings_now()

    def _settings_now(self) -> dict[bytes, bytes]:
        items = [item.text for item in self._ask(b"CONFIG", b"GET", b"*").items]
        return dict(zip(items[::2], items[1::2], strict=True))

    def _ask(self, *args: bytes) -> Reply:
        link, assembler = Link(self.started), Assembler()
        try:
            for arrival in link.request(args):
                reply = assembler.add(arrival.part)
                if reply is not None:
                    return reply
        finally:
            link.drop()
        raise Unreachable("The private server does not answer")

    # -- the server itself ------------------------------------------------------------------------

    @property
    def started(self) -> RealEngine:
        """The server's own engine; starts the server. Raises Unreachable."""
        with self._starting:
            if self._real is None:
                self._process = ServerProcess.start()
                self._real = RealEngine(replace(self._process.target, protocol=self._protocol))
            return self._real
