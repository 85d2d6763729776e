"""What a notebook works with: its place, its two clients, what is known of where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from redislab.assist.knowledge import Knowledge
from redislab.core.coach import Origins
from redislab.core.engine import Engine
from redislab.core.probe import Probe
from redislab.core.reply import Reply
from redislab.core.session import Session
from redislab.notebook.captured import Capture
from redislab.shared import Shared

FIRST = "A"  # the client of lines that name none
AT_ONCE_S = 0.1  # an answer that comes within this time stands below its command

# Told of each command of a magic: client, words, reply (None: none came).
Tap: TypeAlias = Callable[[str, Sequence[bytes], "Reply | None"], None]


@dataclass
class Waiting:
    """A command without an answer, of a client that others may go on beside."""

    args: Sequence[bytes]
    typed: bytes
    capture: Capture


@dataclass
class Seat:
    """One client of the notebook."""

    name: str
    session: Session
    notices: list[str] = field(default_factory=list)
    waiting: Waiting | None = None

    def close(self) -> None:
        """Hang up; what it waited for is given up."""
        self.waiting = None
        self.session.close()

    def answer(self, timeout_s: float) -> Waiting | None:
        """What it waited for, if that has come. Raises what a link raises."""
        waiting = self.waiting
        if waiting is None:
            return None
        for arrival in self.session.link.arrivals(timeout_s):
            waiting.capture.add(arrival)
            if waiting.capture.replies:
                self.waiting = None
                return waiting
        return None


class Desk:
    """The seats at one place. `engine` is asked for anew before each cell: it may have changed."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.seats: dict[str, Seat] = {}
        self.origins = Origins()
        self.taps: list[Tap] = []
        self.explain = "brief"  # what is said of commands, where a cell does not ask otherwise
        self._engine: Engine | None = None
        self.knowledge = Knowledge(self._where, lambda: self.may_look)

    @property
    def engine(self) -> Engine:
        """Where the notebook is. Raises UsageError."""
        return self.shared.engine

    @property
    def may_look(self) -> bool:
        """Whether data may be looked at beside the typed commands: not on a server that others use."""
        return not self.engine.capabilities.shared

    def settle(self) -> None:
        """After a change of place the clients sit down there."""
        if self.engine is not self._engine:
            self.leave()
            self._engine = self.engine

    def leave(self) -> None:
        """Both clients hang up; their next commands connect anew."""
        for seat in self.seats.values():
            seat.close()
        self.seats.clear()
        self.origins.clear()

    def seat(self, name: str) -> Seat:
        """That client; it sits down when first named, in the database in which the first one is."""
        if name not in self.seats:
            first = self.seats.get(FIRST)
            db = self.shared.place.db if first is None else first.session.link.state.wanted_db
            notices: list[str] = []
            session = Session(self.engine, db=db, notice=notices.append)
            session.observer = Probe(self.engine)
            self.seats[name] = Seat(name, session, notices)
        return self.seats[name]

    @property
    def several(self) -> bool:
        return len(self.seats) > 1

    def tell(self, name: str, args: Sequence[bytes], reply: Reply | None) -> None:
        """Whoever follows what is done hears of a command."""
        for tap in list(self.taps):
            tap(name, args, reply)

    def messages(self, seat: Seat, timeout_s: float = 0) -> Iterator[Reply]:
        """What came for a client unasked. Raises what a link raises."""
        if seat.session.connected and seat.waiting is None:
            yield from seat.session.messages(timeout_s)

    def _where(self) -> tuple[Engine, int]:
        first = self.seats.get(FIRST)
        db = self.shared.place.db if first is None else first.session.link.state.wanted_db
        return self.engine, db
