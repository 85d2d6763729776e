"""A person's session: one command in, one `Outcome` out. No globals, no printing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redislab.core.engine import Engine
from redislab.core.link import Arrival, Link
from redislab.core.parts import Assembler
from redislab.core.reply import Kind, Reply
from redislab.core.state import CONFIRMED_BY_PUSH
from redislab.errors import RedislabError

if TYPE_CHECKING:
    from redislab.core.probe import Look, Observed, Probe

OUTCOME_LEAVES = 10_000  # an Outcome keeps so much of a reply; the screen has seen all that it wanted

Sink = Callable[[Arrival], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one command did; the one object that explanations, pictures and checks read.

    `reply` is None when none came (CLIENT REPLY OFF, a listening connection). `omitted` leaves of a
    large reply are not in it. `db` and `in_multi` are as they were when the command was sent.
    `transaction` holds, for EXEC, the commands that were queued, in the order of the reply's items.
    `observed` is what a probe saw of the command's keys before and after; None where none looked.
    """

    args: tuple[bytes, ...]
    reply: Reply | None
    elapsed_s: float
    db: int
    in_multi: bool
    omitted: int = 0
    transaction: tuple[tuple[bytes, ...], ...] = ()
    observed: Observed | None = None

    @property
    def failed_items(self) -> list[tuple[int, tuple[bytes, ...], Reply]]:
        """For EXEC: (place from 1, command, error) of each command that failed."""
        if self.reply is None or not self.transaction:
            return []
        pairs = zip(self.transaction, self.reply.items, strict=False)
        return [(place, args, item) for place, (args, item) in enumerate(pairs, 1) if item.is_error]


class Session:
    """Runs commands over a `Link` and knows what the prompt must say.

    An `observer` looks at the keys of each command before and after it, where it may.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        db: int = 0,
        notice: Callable[[str], None] | None = None,
        observer: Probe | None = None,
    ) -> None:
        self._notice = notice
        self.observer = observer
        self.link = Link(engine, db=db, notice=notice)
        self._messages = Assembler()

    @property
    def connected(self) -> bool:
        return self.link.connected

    @property
    def listening(self) -> bool:
        return self.link.state.listening

    @property
    def prompt(self) -> str:
        """redis-cli's prompt without the final `> `: label, database, (TX) or (subscribed mode)."""
        state = self.link.state
        if self.link.lost_transaction is not None:
            return f"{self.link.engine.label}(TX lost)"
        if not self.link.reachable:
            return "not connected"
        number = state.db if self.link.connected else state.wanted_db
        db = f"[{number}]" if number else ""
        mode = "(subscribed mode)" if state.subscribed else "(TX)" if state.in_multi else ""
        return f"{self.link.engine.label}{db}{mode}"

    def connect(self) -> None:
        """Connect now rather than with the first command. Raises Unreachable."""
        self.link.connect()

    def switch(self, engine: Engine, *, db: int) -> None:
        """Go on with another engine (CONNECT); the old connection is closed."""
        self.close()
        self.link = Link(engine, db=db, notice=self._notice)
        if self.observer is not None:
            self.observer.follow(engine)

    def close(self) -> None:
        self._drop()
        if self.observer is not None:
            self.observer.close()

    def run(self, args: Sequence[bytes], sink: Sink | None = None) -> Outcome:
        """Send one command and wait for all of its reply; `sink` sees each part as it arrives.

        Raises Unreachable, ConnectionLost, ProtocolError, Cancelled and TransactionLost. On
        KeyboardInterrupt the connection is closed, so that a late reply cannot be taken for the next.
        """
        before = self._look_before(args)
        state = self.link.state
        db, in_multi, queued = state.db, state.in_multi, tuple(map(tuple, state.queued))
        assembler = Assembler(limit=OUTCOME_LEAVES)
        reply: Reply | None = None
        omitted = 0
        started_s = time.monotonic()
        try:
            for arrival in self.link.request(args):
                if sink is not None:
                    sink(arrival)
                whole = assembler.add(arrival.part) if arrival.args is not None else None
                if whole is not None:
                    reply, omitted = whole, assembler.omitted
                    if args[0].lower() in CONFIRMED_BY_PUSH:
                        self._take_confirmation(whole)
        except BaseException:  # Ctrl-C above all: what still arrives must not answer the next command
            self._drop()
            raise
        elapsed_s = time.monotonic() - started_s
        is_exec = in_multi and args[0].lower() == b"exec"
        if is_exec and reply is not None and reply.items:
            self._database_after(queued, reply)
        return Outcome(
            args=tuple(args),
            reply=reply,
            elapsed_s=elapsed_s,
            db=db,
            in_multi=in_multi,
            omitted=omitted,
            transaction=queued if is_exec else (),
            observed=None if before is None else self._look_after(args, before),
        )

    def messages(self, timeout_s: float | None) -> Iterator[Reply]:
        """What arrives unasked: pub/sub messages, MONITOR lines, pushes. Ends when nothing comes in time."""
        try:
            for arrival in self.link.arrivals(timeout_s):
                message = self._messages.add(arrival.part)
                if message is not None:
                    self._take_note(message)
                    yield message
        except RedislabError:
            self._messages = Assembler()
            raise
        except KeyboardInterrupt:  # the connection may have been left in the middle of a message
            self.close()
            raise

    def _drop(self) -> None:
        """Close the connection; half a message of it must not swallow what comes over the next one."""
        self.link.drop()
        self._messages = Assembler()

    def _look_before(self, args: Sequence[bytes]) -> Look | None:
        """What a probe sees of the keys; connects first, so that it asks where the command will run."""
        if self.observer is None or not self.observer.enabled:
            return None
        self.link.connect()
        return self._look(args)

    def _look_after(self, args: Sequence[bytes], before: Look) -> Observed | None:
        from redislab.core.probe import Observed  # a session without a probe needs none of it

        after = self._look(args)
        return after if after is None else Observed(before.states, after.states, before.size, after.size)

    def _look(self, args: Sequence[bytes]) -> Look | None:
        """None inside MULTI, while listening, and where replies are switched off: nobody reads there."""
        state = self.link.state
        if self.observer is None or state.in_multi or state.listening or state.muted:
            return None
        return self.observer.look(args, state.db)

    def _database_after(self, queued: Sequence[Sequence[bytes]], reply: Reply) -> None:
        """A SELECT that was queued has happened only if its own item says so."""
        selects = [
            (args, item)
            for args, item in zip(queued, reply.items, strict=False)
            if len(args) == 2 and args[0].lower() == b"select"
        ]
        if selects:
            self.link.state.selected([args[1] for args, item in selects if not item.is_error])

    def _take_note(self, message: Reply) -> None:
        """What came while listening may change what this client listens to."""
        state = self.link.state
        if state.unpaired and message.kind is Kind.STATUS and message.text == b"RESET":
            state.wanted_db = 0
            state.begin()
        elif state.unpaired and message.is_error:  # the one answer to a refused SUBSCRIBE
            state.confirmations = 0
        elif message.kind is Kind.PUSH or (message.kind is Kind.ARRAY and state.unpaired):
            self._take_confirmation(message)

    def _take_confirmation(self, message: Reply) -> None:
        """Confirmations carry how many channels this client listens to."""
        if len(message.items) == 3:
            what, _, count = message.items
            if what.text in CONFIRMED_BY_PUSH and count.kind is Kind.INTEGER:
                self.link.state.confirmed(what.text, count.number)
