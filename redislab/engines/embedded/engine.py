"""The engine that needs no server. Cheap to import: fakeredis is loaded with the first connection."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from redislab.core.engine import Capabilities, Connection, Engine, Greeting
from redislab.core.spans import span_text
from redislab.errors import CannotUndo

if TYPE_CHECKING:
    from redislab.core.undo import Restored
    from redislab.engines.embedded.journal import Journal
    from redislab.engines.embedded.lab import Lab

VERSION = (7, 0, 15)  # the Redis whose answers are given; the catalogue of its first two numbers is used


class EmbeddedEngine:
    """One lab: the data that its connections share, for as long as the engine lives."""

    def __init__(self, protocol: int | None = None) -> None:
        self._protocol = protocol
        self._lab: Lab | None = None
        self._opening = threading.Lock()
        self._remembers = False
        self._journal: Journal | None = None

    @property
    def label(self) -> str:
        ahead_s = self.clock_ahead_s
        return f"redislab(+{span_text(ahead_s)})" if ahead_s else "redislab"

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(clock=True, snapshot=True, shared=False, version=VERSION)

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

        connection = EmbeddedConnection(lab)
        if self._journal is not None:
            self._journal.mine.add(connection.client)
        return connection

    def aside(self) -> Engine:
        """For looks that leave no trace: not in CLIENT LIST, MONITOR, INFO or a key's idle time."""
        return _Aside(self)

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

    # -- time -----------------------------------------------------------------------------------

    @property
    def clock_ahead_s(self) -> float:
        return 0.0 if self._lab is None else self._lab.clock.ahead_s

    def clock_time(self) -> float:
        return self._opened().clock.time()

    def advance(self, by_s: float) -> int:
        return self._opened().move_clock(by_s)

    def clock_real(self) -> int:
        lab = self._opened()
        if lab.clock.ahead_s:
            lab.move_clock(-lab.clock.ahead_s)
        return sum(len(db.expiries()) for db in list(lab.dbs.values()))

    # -- undo -----------------------------------------------------------------------------------

    def remember(self) -> None:
        """For connections made after this; costs nothing before the first of them."""
        self._remembers = True

    def undo(self, count: int) -> list[Restored]:
        return self._kept().undo(count)

    def redo(self, count: int) -> list[Restored]:
        return self._kept().redo(count)

    # -- inside ---------------------------------------------------------------------------------

    def _kept(self) -> Journal:
        self._opened()
        if self._journal is None:
            raise CannotUndo("There is nothing to undo")
        return self._journal

    def _opened(self) -> Lab:
        with self._opening:
            if self._lab is None:
                from redislab.engines.embedded import upstream

                upstream.load()
                from redislab.engines.embedded import commands
                from redislab.engines.embedded.lab import Lab

                self._lab = Lab(commands.table())
            if self._remembers and self._journal is None:
                from redislab.engines.embedded.journal import Journal

                self._journal = Journal(self._lab)
            return self._lab


class _Aside(EmbeddedEngine):
    """The same lab, for connections that a person does not see."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        super().__init__()
        self._engine = engine

    def connect(self) -> Connection:
        from redislab.engines.embedded.connection import EmbeddedConnection

        return EmbeddedConnection(self._engine.lab, aside=True)
