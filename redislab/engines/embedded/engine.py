"""The engine that needs no server. Cheap to import: fakeredis is loaded with the first connection."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from redislab.core.engine import Capabilities, Connection, Greeting

if TYPE_CHECKING:
    from redislab.engines.embedded.lab import Lab

VERSION = (7, 0, 15)  # the Redis whose answers are given; the catalogue of its first two numbers is used


class EmbeddedEngine:
    """One lab: the data that its connections share, for as long as the engine lives."""

    def __init__(self, protocol: int | None = None) -> None:
        self._protocol = protocol
        self._lab: Lab | None = None
        self._opening = threading.Lock()

    @property
    def label(self) -> str:
        return "redislab"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(clock=False, snapshot=False, shared=False, version=VERSION)

    @property
    def greetings(self) -> Sequence[Greeting]:
        return [Greeting("HELLO 3", (b"HELLO", b"3"))] if self._protocol == 3 else []

    def preload(self) -> None:
        """Load what the first connection needs; a `connect` in another thread waits for it."""
        self._opened()

    def connect(self) -> Connection:
        """A new connection. Raises nothing: there is no network to fail."""
        lab = self._opened()
        from redislab.engines.embedded.connection import EmbeddedConnection

        return EmbeddedConnection(lab)

    def redirected(self, host: str, port: int) -> None:
        """There is no cluster here to be redirected in."""
        return None

    @property
    def lab(self) -> Lab:
        """What the connections share; loads fakeredis if nothing has yet."""
        return self._opened()

    def close(self) -> None:
        """End every connection that is left."""
        if self._lab is not None:
            self._lab.close()

    def _opened(self) -> Lab:
        with self._opening:
            if self._lab is None:
                from redislab.engines.embedded import upstream

                upstream.load()
                from redislab.engines.embedded import commands
                from redislab.engines.embedded.lab import Lab

                self._lab = Lab(commands.table())
            return self._lab
