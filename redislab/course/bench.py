"""Two clients and a checker on one engine: where a lesson's commands run, for its proof and for a student.

The checker's questions go over a connection of its own, which leaves no trace where the engine allows it:
inside the student's MULTI a question would be queued, and MONITOR would show it.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from redislab.core.catalogue import Catalogue
from redislab.core.engine import Engine, Mortal, Timed
from redislab.core.link import Link
from redislab.core.parts import Assembler
from redislab.core.reply import Kind, Reply
from redislab.core.state import CONFIRMED_BY_PUSH, SUBSCRIBING
from redislab.course.evidence import Evidence, Journal
from redislab.course.model import Drill, Lesson, Step, Typed, Wait, way_to
from redislab.course.reach import has_failures, is_told
from redislab.errors import ConnectionLost, RedislabError

_MESSAGES = frozenset({b"message", b"pmessage", b"smessage"})
_MONITORED = re.compile(rb"\d+\.\d+ \[\d+ ")

ANSWER_S = 5.0  # no command of a lesson takes longer
BLOCKED_S = 0.05  # a command that may wait is asked for its answer so long, then left waiting
AFTER_MS = 1  # at exactly its deadline a key still lives
COPY_BYTES = 10_240  # of each of the copies that fill the memory
COPY_LIVES_S = b"3600"
NOTICED_S = 1.0  # by then a server knows that a connection has ended
POLL_S = 0.002  # nothing tells when it does


class Unanswered(RedislabError):
    """A command of a lesson that nothing answers, or that ends the connection."""


class Seats(Protocol):
    """Where the two clients sit: in a shell, the person's own connections."""

    def fresh(self, client: str) -> Link:
        """A new connection for that client; the one that it had is closed."""

    def leave(self) -> None:
        """Close both."""


class OwnSeats:
    """Links of the bench's own, for a proof."""

    def __init__(self, engine: Engine, db: int) -> None:
        self._engine, self._db = engine, db
        self._links: dict[str, Link] = {}

    def fresh(self, client: str) -> Link:
        link = self._links[client] = Link(self._engine, db=self._db)
        return link

    def leave(self) -> None:
        for link in self._links.values():
            link.drop()
        self._links.clear()


# What a client received: the command that it answers, None for a message.
Answer: TypeAlias = "tuple[Sequence[bytes] | None, Reply]"


class Client:
    """One of the two, or the checker, over a link."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._assembler = Assembler()
        self._owed: deque[_Owed] = deque()  # commands that have no answer yet
        self._listens_to: defaultdict[bytes, set[bytes]] = defaultdict(set)  # by `_family`

    def run(self, args: Sequence[bytes], *, may_wait: bool) -> list[Answer]:
        """All that arrived for this client: the answer last, unless the command waits for something.

        While it listens the server answers all but a few commands with an error. Raises Unanswered.
        """
        arrived = self.arrived()
        listens = self._link.state.unpaired
        self._link.send([args])
        self._owed.append(_Owed(args, self._confirmations(args) if listens else 1, by_link=not listens))
        until_s = time.monotonic() + (BLOCKED_S if may_wait else ANSWER_S)
        try:
            while self._owed and time.monotonic() < until_s:
                arrived += self._take(max(0.0, until_s - time.monotonic()))
        except ConnectionLost:
            if args[0].upper() != b"QUIT":
                raise
        if args[0].upper() == b"QUIT":
            self.close()  # the server hangs up, and the next line connects anew
        elif self._owed and not may_wait:
            raise Unanswered(f"{args[0].decode('utf-8', 'replace')} is not answered")
        return arrived

    def arrived(self) -> list[Answer]:
        """What has come since: answers to what had to wait, messages."""
        return self._take(BLOCKED_S if self._owed else 0)

    @property
    def waits(self) -> bool:
        """Whether a command has no answer yet."""
        return bool(self._owed)

    def close(self) -> None:
        self._link.drop()
        self._assembler = Assembler()
        self._owed.clear()
        self._listens_to.clear()

    def _take(self, timeout_s: float) -> list[Answer]:
        found: list[Answer] = []
        for arrival in self._link.arrivals(timeout_s):
            reply = self._assembler.add(arrival.part)
            if reply is None:
                continue
            found.append((self._answered(arrival.args, reply), reply))
            if not self._owed:
                break
        return found

    def _answered(self, args: Sequence[bytes] | None, reply: Reply) -> Sequence[bytes] | None:
        """The command that a reply belongs to; None: it is a message."""
        self._note_channels(reply)
        if not self._owed or _is_message(reply):
            return args
        owed = self._owed[0]
        if args is None and owed.by_link:
            return None
        owed.answers -= 1
        if owed.answers <= 0 or reply.is_error:
            self._owed.popleft()
            if not owed.by_link:
                self._link.state.observe(owed.args, reply.kind)
        return owed.args

    def _confirmations(self, args: Sequence[bytes]) -> int:
        """How many answers a command gets that is said while listening."""
        name = args[0].lower()
        if name not in CONFIRMED_BY_PUSH:
            return 1
        return max(1, len(args) - 1 or len(self._listens_to[_family(name)]))

    def _note_channels(self, reply: Reply) -> None:
        """Confirmations say what is listened to; those in the answer of EXEC do so as well."""
        if not _is_confirmation(reply):
            for item in reply.items if reply.kind is Kind.ARRAY else ():
                self._note_channels(item)
            return
        what, channel, count = reply.items
        channels = self._listens_to[_family(what.text)]
        (channels.add if what.text in SUBSCRIBING else channels.discard)(channel.text)
        self._link.state.confirmed(what.text, count.number)


@dataclass
class _Owed:
    """A command that is to be answered so often. `by_link`: the link says which answers are its own."""

    args: Sequence[bytes]
    answers: int
    by_link: bool


def _family(name: bytes) -> bytes:
    """Of SUBSCRIBE and UNSUBSCRIBE b"", of PSUBSCRIBE b"p", of SSUBSCRIBE b"s"."""
    return name.partition(b"subscribe")[0].removesuffix(b"un")


def _is_confirmation(reply: Reply) -> bool:
    items = reply.items if reply.kind in (Kind.ARRAY, Kind.PUSH) else ()
    return len(items) == 3 and items[0].text in CONFIRMED_BY_PUSH and items[2].kind is Kind.INTEGER


def _is_message(reply: Reply) -> bool:
    """What comes unasked: of a channel, of MONITOR, of RESP3's pushes those that confirm nothing."""
    if reply.kind is Kind.STATUS:
        return bool(_MONITORED.match(reply.text))
    if reply.kind is Kind.PUSH:
        return not _is_confirmation(reply)
    return reply.kind is Kind.ARRAY and bool(reply.items) and reply.items[0].text in _MESSAGES


class Bench:
    """A place to run a lesson's lines, with a journal of what ran since `begin`."""

    def __init__(self, engine: Engine, catalogue: Catalogue, db: int = 0, seats: Seats | None = None) -> None:
        self.engine = engine
        self.catalogue = catalogue
        self.db = db
        self._seats = seats or OwnSeats(engine, db)
        self._clients: dict[str, Client] = {}
        self._checker = Client(Link(engine.aside(), db=db))
        self.journal = Journal(catalogue)
        self._fails = False  # so that no file and no setting of an earlier failure is left

    def begin(self) -> None:
        """A step begins: nothing has been typed in it; what still comes belongs to the one before."""
        self.evidence()
        self.journal = Journal(self.catalogue)

    def run(self, typed: Typed) -> Reply | None:
        """Run one line; its answer, or None where it waits for something. Raises RedislabError."""
        command = self.catalogue.lookup(typed.args)
        client = self._clients.get(typed.client)
        if client is None:
            client = self._clients[typed.client] = Client(self._seats.fresh(typed.client))
        may_wait = command is not None and "blocking" in command.flags
        reply = self._note(typed.client, client.run(typed.args, may_wait=may_wait))
        if typed.joined and reply is not None:
            self.journal.trips -= 1
        return None if may_wait and client.waits else reply

    def ask(self, args: Sequence[bytes]) -> Reply:
        """A question of the checker. Raises RedislabError."""
        return self._checker.run(args, may_wait=False)[-1][1]

    def evidence(self) -> Evidence:
        for name, client in self._clients.items():
            self._note(name, client.arrived())
        return Evidence(self.ask, self.journal)

    def wait(self, seconds: float) -> None:
        """Let time pass: on the clock where it can be moved, else by moving the deadlines of all keys."""
        if isinstance(self.engine, Timed) and self.engine.capabilities.clock:
            self.engine.advance(seconds + AFTER_MS / 1000)
            return
        by_ms = round(seconds * 1000) + AFTER_MS
        for key in self._keys():
            left_ms = self.ask((b"PTTL", key)).number
            if left_ms >= 0:
                self.ask((b"PEXPIRE", key, b"%d" % (left_ms - by_ms)))

    def bring(self, each: Typed | Wait | Drill) -> None:
        """Whatever belongs to the way to a step. Raises RedislabError."""
        if isinstance(each, Wait):
            self.wait(each.seconds)
        elif isinstance(each, Drill):
            self.strike(each)
        else:
            self.run(each)

    def way(self, lesson: Lesson, step: Step) -> Iterator[tuple[Step, Typed | Wait | Drill]]:
        """`way_to`, without what is not for this engine."""
        return way_to(lesson, step, lambda each: is_told(lesson, each, self.engine))

    def strike(self, drill: Drill) -> None:
        """Let something fail. Raises RedislabError."""
        if drill.kind == "drop":
            self._drop(drill.client)
        elif drill.kind == "memory":
            self._fill(drill.size)
        elif isinstance(self.engine, Mortal):
            self.engine.kill()
            self._clients.clear()
            self._seats.leave()
            self._checker.close()

    def empty(self, lesson: Lesson | None = None) -> None:
        """Forget the clients and all data; of an engine that others share, this database's alone."""
        self._fails = self._fails or (lesson is not None and has_failures(lesson))
        if self._fails and isinstance(self.engine, Mortal):
            self.engine.renew()
            self._checker.close()
        self._clients.clear()
        self._seats.leave()
        self.ask((b"FLUSHDB",) if self.engine.capabilities.shared else (b"FLUSHALL",))
        self.begin()

    def lead_to(self, lesson: Lesson, step: Step) -> None:
        """Empty all, then bring about the state in which a step begins. Raises RedislabError."""
        self.empty(lesson)
        if isinstance(self.engine, Timed) and self.engine.capabilities.clock:
            self.engine.clock_real()
        for _, each in self.way(lesson, step):
            self.bring(each)
        self.evidence()
        self._clients.clear()  # whoever sits there reads what comes from now on
        self.begin()

    @property
    def size(self) -> int:
        """Keys in the database. Raises RedislabError."""
        return self.ask((b"DBSIZE",)).number

    def close(self) -> None:
        self._seats.leave()
        self._checker.close()

    def _drop(self, name: str) -> None:
        """The connection of a client breaks; when this returns, the server knows it."""
        client = self._clients.pop(name, None)
        if client is None:
            return
        before = self._connected()
        client.close()
        until_s = time.monotonic() + NOTICED_S
        while self._connected() >= before and time.monotonic() < until_s:
            time.sleep(POLL_S)
        self._seats.fresh(name)

    def _connected(self) -> int:
        found = re.search(rb"connected_clients:(\d+)", self.ask((b"INFO", b"clients")).text)
        return int(found[1]) if found else 0

    def _fill(self, size: int) -> None:
        """Copies with a lifetime, copy:1 and so on; then a limit which they are above by a quarter."""
        self.ask((b"CONFIG", b"SET", b"maxmemory", b"0"))
        for number in range(1, size // COPY_BYTES + 1):
            self.ask((b"SET", b"copy:%d" % number, b"x" * COPY_BYTES, b"EX", COPY_LIVES_S))
        found = re.search(rb"used_memory:(\d+)", self.ask((b"INFO", b"memory")).text)
        if found is not None:
            self.ask((b"CONFIG", b"SET", b"maxmemory", b"%d" % (int(found[1]) - size // 4)))

    def _note(self, name: str, answers: Sequence[Answer]) -> Reply | None:
        """Answers go into the journal, also those that came late; the latest."""
        for args, reply in answers:
            if args is not None:
                self.journal.note(args, reply, client=name)
        return answers[-1][1] if answers else None

    def _keys(self) -> Iterator[bytes]:
        cursor = b"0"
        while True:
            reply = self.ask((b"SCAN", cursor, b"COUNT", b"1000"))
            cursor = reply.items[0].text
            yield from [item.text for item in reply.items[1].items]
            if cursor == b"0":
                return
