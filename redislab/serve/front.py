"""What the sessions of one `serve` share. In the loop's thread, but for `note`, `settled`, `shut_down`."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import threading
from collections import deque
from collections.abc import Callable

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.lab import Lab
from redislab.serve.session import Session
from redislab.serve.turns import Turns

SWEEP_S = 1.0  # how often limits are looked at that only time can pass, while there are any
LATE_S = 0.001  # a timer a little late finds what is due; a little early it would have to come again

FULL = b"ERR max number of clients reached"
NO_PASSWORD = (
    b"DENIED this redislab takes clients from other machines only while it has a password; "
    b"set one with CONFIG SET requirepass from this machine"
)


class ServeFront:
    """Knows who is there, who has something to say, and when the next wait is over. No polling."""

    def __init__(self, lab: Lab, loop: asyncio.AbstractEventLoop) -> None:
        self.lab = lab
        self.ended = asyncio.Event()  # SHUTDOWN, or `end`
        self.turns = Turns(lab, loop)
        self._loop = loop
        self._thread = threading.get_ident()
        self._sessions: dict[Session, Client] = {}
        self._noted: deque[Session] = deque()
        self._flush_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._sweep: asyncio.TimerHandle | None = None

    @property
    def clients(self) -> int:
        return len(self._sessions)

    def now_s(self) -> float:
        return self._loop.time()

    def soon(self, work: Callable[[], None]) -> None:
        self._loop.call_soon(work)

    def later(self, after_s: float, work: Callable[[], None]) -> None:
        self._loop.call_later(after_s, work)

    # -- who is there ---------------------------------------------------------------------------

    def refusal(self, transport: asyncio.BaseTransport, path: str) -> bytes:
        """Why this client may not come in; empty if it may."""
        if self.clients >= self.lab.settings.number("maxclients"):
            self.lab.counts["rejected"] += 1
            return FULL
        peer = transport.get_extra_info("peername")
        if not path and not self.lab.asks_password and not (peer and is_loopback(peer[0])):
            self.lab.counts["rejected"] += 1
            return NO_PASSWORD
        return b""

    def joined(self, session: Session, client: Client) -> None:
        self._sessions[session] = client
        self.lab.join(client)

    def left(self, session: Session) -> None:
        self._sessions.pop(session, None)

    async def close(self, patience_s: float) -> None:
        """End all sessions; those that do not read what they were told are cut off."""
        self.turns.close()
        for session in list(self._sessions):
            session.close()
        until_s = self.now_s() + patience_s
        while self._sessions and self.now_s() < until_s:
            await asyncio.sleep(0.01)
        for session in list(self._sessions):
            session.drop()
        for timer in (self._timer, self._sweep):
            if timer is not None:
                timer.cancel()
        await asyncio.sleep(0)  # connections that were cut off are told so

    # -- who has something to say ---------------------------------------------------------------

    def note(self, session: Session) -> None:
        """Something came out for this session. Called in any thread."""
        if session.noted:
            return
        session.noted = True
        self._noted.append(session)
        if not self._flush_due:
            self._flush_due = True
            self._call(self._flush_noted)

    def _flush_noted(self) -> None:
        self._flush_due = False
        while self._noted:
            session = self._noted.popleft()
            session.noted = False
            session.flush()

    def _call(self, work: Callable[[], None]) -> None:
        """In the loop's thread, from any."""
        if threading.get_ident() == self._thread:
            self._loop.call_soon(work)
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(work)

    # -- what the lab says (`lab.Front`) --------------------------------------------------------

    def settled(self) -> None:
        """A command is done, in any thread; of ours `schedule` is told when a batch of them is."""
        if threading.get_ident() == self._thread:
            return
        timer = self._timer
        due_s = self._loop.time() + self.lab.next_deadline_in_s()
        if timer is None or due_s + LATE_S < timer.when() or self._wants_sweeps():
            self._call(self.schedule)

    def shut_down(self) -> None:
        self._call(self.ended.set)

    # -- time -----------------------------------------------------------------------------------

    def schedule(self) -> None:
        """Be there when the next wait is over or the next key expires."""
        due_s = self._loop.time() + self.lab.next_deadline_in_s() + LATE_S
        if self._timer is None or due_s < self._timer.when():
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(due_s, self._be_due)
        if self._wants_sweeps():
            self.sweep_soon()

    def _be_due(self) -> None:
        self._timer = None
        self.lab.tick()
        self.schedule()

    def _wants_sweeps(self) -> bool:
        return self._sweep is None and self.lab.settings.number("timeout") > 0

    def sweep_soon(self) -> None:
        if self._sweep is None:
            self._sweep = self._loop.call_later(SWEEP_S, self._sweep_all)

    def _sweep_all(self) -> None:
        self._sweep = None
        idle_limit_s = self.lab.settings.number("timeout")
        for session in list(self._sessions):
            session.sweep(idle_limit_s)
        if idle_limit_s or any(session.needs_sweeps for session in self._sessions):
            self.sweep_soon()


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        address = ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return host == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
