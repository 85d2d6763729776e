"""The engine that needs no server. Cheap to import: fakeredis is loaded with the first connection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, BinaryIO

from redislab.core.engine import Capabilities, Engine, Greeting
from redislab.core.spans import span_text
from redislab.errors import CannotUndo

if TYPE_CHECKING:
    from redislab.core.undo import Restored
    from redislab.engines.embedded.connection import EmbeddedConnection
    from redislab.engines.embedded.journal import Journal
    from redislab.engines.embedded.keeping.claim import Claim
    from redislab.engines.embedded.lab import Lab

VERSION = (7, 0, 15)  # the Redis whose answers are given; the catalogue of its first two numbers is used


class EmbeddedEngine:
    """One lab: the data that its connections share, for as long as the engine lives.

    With a `claim` the data is loaded from a file when it is first wanted, and kept there; `close` lets go
    of it. `notice` gets a line for each thing that a person should know, when the next connection is made.
    """

    def __init__(
        self,
        protocol: int | None = None,
        claim: Claim | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> None:
        self._protocol = protocol
        self.claim = claim
        self._notice = notice
        self._lab: Lab | None = None
        self._opening = threading.Lock()
        self._remembers = False
        self._journal: Journal | None = None

    @property
    def label(self) -> str:
        ahead_s = self.clock_ahead_s
        if ahead_s >= 60:  # a person who moved it that far reads no fractions
            ahead_s = float(int(ahead_s))
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

    def tell(self) -> None:
        """Give what a person should know, each once."""
        if self.claim is not None and self._notice is not None:
            told, self.claim.notices[:] = list(self.claim.notices), []
            for notice in told:
                self._notice(notice)

    def connect(self) -> EmbeddedConnection:
        """A new connection. There is no network to fail."""
        return self.connect_with(lambda: None)

    def connect_with(self, rung: Callable[[], None]) -> EmbeddedConnection:
        """The same; `rung` is called, in any thread, whenever something came for it."""
        lab = self.lab
        self.tell()
        from redislab.engines.embedded.connection import EmbeddedConnection

        connection = EmbeddedConnection(lab, rung=rung)
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
        """What the connections share; made, and its data loaded, if nothing has yet asked for it."""
        return self._opened()

    @property
    def keys(self) -> int:
        """How many there are, in all databases."""
        lab = self.lab
        with lab.lock:
            return sum(len(db.stored_keys()) for db in lab.dbs.values())

    def export(self, file: BinaryIO, *, resp: bool = False) -> int:
        """Write commands that make the same data: lines, or Redis's protocol. How many; raises OSError."""
        from redislab.engines.embedded.keeping import export

        lab = self.lab
        with lab.lock:
            commands = list(export.commands(lab))
        file.writelines((export.protocol if resp else export.lines)(commands))
        return len(commands)

    def close(self) -> None:
        """End every connection that is left, and let go of what is kept."""
        with self._opening:
            if self._lab is not None:
                self._lab.close()
                if self._lab.keeper is not None:
                    self._lab.keeper.close()
            if self.claim is not None:
                self.claim.release()

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

    # -- dying, for lessons ------------------------------------------------------------------------

    @property
    def only_pretends(self) -> bool:
        return True

    def kill(self) -> None:
        lab = self._opened()
        if lab.rehearsal is None:
            self.renew()
        with lab.at_work():
            assert lab.rehearsal is not None
            lab.rehearsal.kill()

    def renew(self) -> None:
        from redislab.engines.embedded.rehearsal import Rehearsal

        lab = self._opened()
        with lab.at_work():
            lab.settings.renew()
            lab.rehearsal = Rehearsal(lab)

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

                lab = Lab(commands.table())
                if self.claim is not None:
                    from redislab.engines.embedded.keeping.keeper import Keeper

                    Keeper(lab, self.claim)
                self._lab = lab
            if self._remembers and self._journal is None:
                from redislab.engines.embedded.journal import Journal

                self._journal = Journal(self._lab)
            return self._lab


class _Aside(EmbeddedEngine):
    """The same lab, for connections that a person does not see."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        super().__init__()
        self._engine = engine

    def connect_with(self, rung: Callable[[], None]) -> EmbeddedConnection:
        from redislab.engines.embedded.connection import EmbeddedConnection

        return EmbeddedConnection(self._engine.lab, aside=True, rung=rung)
