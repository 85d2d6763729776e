"""The engine of a private server: a real Redis that nobody else uses, for as long as the engine lives."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from redislab.core.engine import Capabilities, Connection, Greeting
from redislab.engines.private.process import ServerProcess
from redislab.engines.real import RealEngine
from redislab.errors import Unreachable

LABEL = "redislab server"


class PrivateEngine:
    """Starts its server with the first connection, or with `preload`. Empty at first, and kept nowhere.

    A server that has ended (SHUTDOWN, a crash) is not started again: its data would be gone in silence.
    """

    def __init__(self, protocol: int | None = None) -> None:
        self._protocol = protocol
        self._process: ServerProcess | None = None
        self._real: RealEngine | None = None
        self._starting = threading.Lock()

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

    @property
    def started(self) -> RealEngine:
        """The server's own engine; starts the server. Raises Unreachable."""
        with self._starting:
            if self._real is None:
                self._process = ServerProcess.start()
                self._real = RealEngine(replace(self._process.target, protocol=self._protocol))
            return self._real
