"""Two clients in one shell: A, with which it began, and B. Either may wait while the other goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from redislab.core.engine import Engine
from redislab.core.parts import Assembler
from redislab.core.reply import Reply
from redislab.core.session import Session
from redislab.errors import RedislabError, UsageError
from redislab.repl.desk import Desk

NAMES = ("A", "B")
AT_ONCE_S = 0.1  # an answer that comes within this time is shown at once; later ones when they come
SET_OFF_S = 0.05  # what one client's command sets off in the other has come within this time
MESSAGES_AT_ONCE = 500


@dataclass
class _Waiting:
    """A command that has no answer yet."""

    args: Sequence[bytes]
    assembler: Assembler = field(default_factory=Assembler)


class Clients:
    """Both sessions of a desk; `desk.session` is the one that is typed into."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._sessions: dict[str, Session] = {"A": desk.session}
        self._waiting: dict[str, _Waiting] = {}

    @property
    def several(self) -> bool:
        return len(self._sessions) > 1

    def goto(self, name: str) -> None:
        """Type into that client from now on; it is opened if it is not there. Raises UsageError."""
        if name not in NAMES:
            raise UsageError("there are two clients: :client A and :client B")
        self._desk.session = self.session(name)
        self._desk.client = name

    def session(self, name: str) -> Session:
        """Of A or B. B is opened where A is, and in the same database."""
        if name not in self._sessions:
            link = self._sessions["A"].link
            notice = self._desk.screen.info
            self._sessions[name] = Session(link.engine, db=link.state.wanted_db, notice=notice)
        return self._sessions[name]

    def fresh(self, name: str, engine: Engine, db: int) -> Session:
        """That client with a new connection, there."""
        session = self.session(name)
        session.switch(engine, db=db)
        return session

    def leave(self, engine: Engine, db: int) -> None:
        """Back to A alone, with a new connection there for its next command."""
        self.goto("A")
        other = self._sessions.pop("B", None)
        if other is not None:
            other.close()
        self._waiting.clear()
        self.fresh("A", engine, db)

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()

    # -- what waits -----------------------------------------------------------------------------

    def waits(self, name: str) -> bool:
        """Whether a command of that client has no answer yet."""
        return name in self._waiting

    def send(self, args: Sequence[bytes]) -> Reply | None:
        """Send a command that may wait, as the client that is typed into; None: it waits.

        Raises what a link raises.
        """
        name, link = self._desk.client, self._desk.session.link
        link.send([args])
        self._waiting[name] = _Waiting(args)
        until_s = time.monotonic() + AT_ONCE_S
        while (left_s := until_s - time.monotonic()) > 0:
            if (reply := self._answer(name, left_s)) is not None:
                return reply
        return None

    def give_up(self, name: str) -> None:
        """No longer wait: a new connection, for the answer may still come over the old one."""
        if self._waiting.pop(name, None) is not None:
            self.session(name).close()
            self.session(name).link.acknowledge()

    def adopt(self) -> None:
        """Commands that a lesson has sent, and that wait, are waited for from now on."""
        for name, session in self._sessions.items():
            if session.link.unanswered and name not in self._waiting and not session.listening:
                self._waiting[name] = _Waiting(session.link.oldest)

    @property
    def listening(self) -> bool:
        """Whether something may come unasked, while the prompt stands."""
        return bool(self._waiting) or any(session.listening for session in self._sessions.values())

    def catch_up(self) -> None:
        """Show what a command has set off in the other client, before anything is said of the command."""
        self.adopt()
        for show in self.arrived(SET_OFF_S):
            show()

    def arrived(self, timeout_s: float = 0) -> list[Callable[[], None]]:
        """What has come since: for each piece, what shows it. A client that waits is given that time."""
        found: list[Callable[[], None]] = []
        for name, session in list(self._sessions.items()):
            try:
                if name in self._waiting:
                    args = self._waiting[name].args
                    reply = self._answer(name, timeout_s)
                    if reply is not None:
                        found.append(lambda name=name, args=args, reply=reply: self._woken(name, args, reply))  # type: ignore[misc]
                elif session.listening:
                    for message in islice(session.messages(timeout_s), MESSAGES_AT_ONCE):
                        found.append(lambda name=name, message=message: self._message(name, message))  # type: ignore[misc]
            except RedislabError:
                if session is self._desk.session:
                    raise
                self._waiting.pop(name, None)
                session.close()
        return found

    def _answer(self, name: str, timeout_s: float) -> Reply | None:
        waiting = self._waiting[name]
        for arrival in self.session(name).link.arrivals(timeout_s):
            if arrival.args is None:
                continue
            reply = waiting.assembler.add(arrival.part)
            if reply is not None:
                del self._waiting[name]
                return reply
        return None

    def _woken(self, name: str, args: Sequence[bytes], reply: Reply) -> None:
        from redislab.core.words import quote

        shown = quote(args).decode("utf-8", "surrogateescape")
        self._desk.screen.told(f"{name}: the answer to {shown}")
        self._desk.screen.message(reply)
        if self._desk.lesson is not None:
            self._desk.lesson.note(args, reply, name)
            self._desk.lesson.look()

    def _message(self, name: str, message: Reply) -> None:
        if self.several:
            self._desk.screen.told(f"{name}:")
        self._desk.screen.message(message)
