"""The seam between redislab and a place where data lives.

An `Engine` makes `Connection`s; a connection carries commands and replies and knows nothing of
databases, transactions or people (that is `link` and `session`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from redislab.core.parts import Part

if TYPE_CHECKING:
    from redislab.core.undo import Restored


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, for those who must ask before they act.

    `clock`: it is a `Timed`. `snapshot`: it is an `Undoable`.
    `version` is the Redis version whose answers it gives, e.g. `(7, 0, 15)`; None until a server
    has been asked. `shared`: others may work on the same data, so nothing is done unasked.
    """

    clock: bool = False
    snapshot: bool = False
    shared: bool = True
    version: tuple[int, ...] | None = None
    modules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Greeting:
    """A command that opens every connection (AUTH, HELLO). `label` names it without its secrets."""

    label: str
    args: tuple[bytes, ...]


class Connection(Protocol):
    """One client of an engine. Used from one thread, except `cancel`."""

    def send(self, batch: Sequence[Sequence[bytes]]) -> None:
        """Send commands, in order, without waiting for replies.

        Raises ConnectionLost when the transport is broken; then some of the batch may have run.
        """

    def replies(self, timeout_s: float | None) -> Iterator[Part]:
        """The parts that arrive, pushes too, in order; ends when nothing came for `timeout_s`.

        `None` waits for ever, 0 gives what is there. The iterator may be dropped at any part and a
        new one asked for: the place is kept. Raises ConnectionLost, ProtocolError or Cancelled
        (after which the connection is closed), and never because of an error reply.
        """

    def cancel(self) -> None:
        """End a wait in `replies` from another thread or a signal handler; closes the connection."""

    def close(self) -> None:
        """End the connection. May be called twice; never raises."""


class Engine(Protocol):
    """A place where data lives."""

    @property
    def label(self) -> str:
        """What stands in the prompt: `127.0.0.1:6379`, `redis /path/to.sock`, `redislab`."""

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def greetings(self) -> Sequence[Greeting]:
        """Sent on every new connection, before anything else, each reply read."""

    def preload(self) -> None:
        """Load what the first connection will need; for another thread, while a person reads."""

    def connect(self) -> Connection:
        """A new connection. Raises Unreachable with a remedy."""

    def aside(self) -> Engine:
        """The same place for looks beside a person's commands, which leave no trace where that can be."""

    def redirected(self, host: str, port: int) -> Engine | None:
        """The same target's node at that address, where redirections are to be followed (`-c`)."""

    def close(self) -> None:
        """Let go of what the engine itself holds."""


@runtime_checkable
class Timed(Protocol):
    """An engine whose clock can be moved ahead. Keys keep their moment of expiry whatever it does."""

    @property
    def clock_ahead_s(self) -> float:
        """How far its time is ahead of the real one; 0 where nobody moved it."""

    def clock_time(self) -> float:
        """Its time, in seconds since 1970."""

    def advance(self, by_s: float) -> int:
        """Let time pass: what becomes due happens now. How many keys expired."""

    def clock_real(self) -> int:
        """Show the real time again. For how many keys that means more time to live."""


@runtime_checkable
class Undoable(Protocol):
    """An engine that can take back what the commands of its own connections changed."""

    def remember(self) -> None:
        """From now on keep how things were before each command."""

    def undo(self, count: int) -> list[Restored]:
        """Take back the latest changes, the latest first; fewer where there are no more.

        Raises CannotUndo when nothing could be undone.
        """

    def redo(self, count: int) -> list[Restored]:
        """Do again what was undone. Raises CannotUndo when nothing could be."""


@runtime_checkable
class Mortal(Protocol):
    """An engine that is one person's alone, so that a lesson may let it die and begin anew."""

    @property
    def only_pretends(self) -> bool:
        """Whether no process dies: what a server would have kept is left, and the rest forgotten."""

    def kill(self) -> None:
        """End the server as kill -9 does, and start it again on its files, with the settings it had.

        Every connection ends, also those aside. Raises Unreachable when it does not come back.
        """

    def renew(self) -> None:
        """No files and no settings but those of the start; connections may end. Data is for FLUSHALL."""
