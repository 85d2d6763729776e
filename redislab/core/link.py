"""One client's link to an engine: connects when needed, pairs replies with commands, never sends twice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from redislab.core.engine import Connection, Engine
from redislab.core.parts import Assembler, Nesting, Part, Run
from redislab.core.reply import Kind, Reply
from redislab.core.state import CONFIRMED_BY_PUSH, ClientState
from redislab.errors import ConnectionLost, ProtocolError, RedislabError, TransactionLost, Unreachable

Args = Sequence[bytes]


class Arrival(NamedTuple):
    """A part, and where it belongs."""

    part: Part
    args: Args | None  # the command it answers; None for a push that nobody asked for
    complete: bool  # it completes a top-level reply


class _Pending:
    """A command that was sent, and how many top-level replies it still waits for."""

    __slots__ = ("args", "replies")

    def __init__(self, args: Args, replies: int = 1) -> None:
        self.args = args
        self.replies = replies


class Link:
    """Owns at most one connection. All that a lost connection means is decided here.

    A command is sent once. When the connection breaks, what was sent and not answered is reported
    (`ConnectionLost.unanswered`) and forgotten; the next command connects again and, where the user
    had chosen a database, selects it again. A connection lost inside MULTI blocks everything until
    `acknowledge()`.

    `notice` receives one line for each thing a person should know (a failed greeting, a redirection).
    """

    def __init__(self, engine: Engine, *, db: int = 0, notice: Callable[[str], None] | None = None) -> None:
        self.engine = engine
        self.state = ClientState(wanted_db=db)
        self.lost_transaction: TransactionLost | None = None
        self._notice = notice or (lambda line: None)
        self._connection: Connection | None = None
        self._pending: deque[_Pending] = deque()
        self._nesting = Nesting()
        self._top = Kind.NIL  # of the reply that is arriving
        self._in_push = False
        self._was_connected = False
        self.reachable = True  # as far as is known: false once a connection failed or broke

    @property
    def connected(self) -> bool:
        return self._connection is not None

    @property
    def unanswered(self) -> int:
        """Commands sent whose reply has not arrived in full."""
        return len(self._pending)

    @property
    def oldest(self) -> Args:
        """The command whose answer comes next; () where none was sent."""
        return self._pending[0].args if self._pending else ()

    def connect(self) -> None:
        """Connect if there is no connection: greetings, then the wanted database.

        Raises Unreachable; TransactionLost while one is unacknowledged.
        """
        if self.lost_transaction is not None:
            raise self.lost_transaction
        if self._connection is not None:
            return
        self.reachable = False
        self._connection = self.engine.connect()
        self.state.begin()
        try:
            for greeting in self.engine.greetings:
                self._greet(greeting.label, greeting.args)
            self._select()
        except ConnectionLost as loss:
            raise Unreachable(loss.message, remedy=loss.remedy) from loss
        self.reachable = self._was_connected = True

    def send(self, batch: Sequence[Args]) -> None:
        """Send commands; connects first if need be. Raises Unreachable or ConnectionLost."""
        self.connect()
        connection = self._connection
        assert connection is not None
        for args in batch:
            replies = self.state.replies_to(args)
            if replies:
                self._pending.append(_Pending(args, replies))
        try:
            connection.send(batch)
        except RedislabError as error:
            self._broken(error)
            raise

    def arrivals(self, timeout_s: float | None = None) -> Iterator[Arrival]:
        """What the server says, each part with the command it answers; ends when nothing comes in time.

        Raises ConnectionLost, ProtocolError or Cancelled; the connection is gone then.
        """
        connection = self._connection
        if connection is None:
            return
        try:
            for part in connection.replies(timeout_s):
                yield self._place(part)
        except RedislabError as error:
            self._broken(error)
            raise

    def request(self, args: Args) -> Iterator[Arrival]:
        """Send one command and give what arrives until its reply is complete, pushes included.

        With an engine that follows redirections, MOVED and ASK are followed (outside MULTI): the
        node that answered so has not run the command.
        """
        self.send([args])
        while self.unanswered:
            for arrival in self.arrivals():
                target = self._redirection(arrival)
                if target is not None:
                    self._follow(target, args)
                    break
                yield arrival
                if arrival.complete and not self.unanswered:
                    self._select_after_login(args)
                    return

    def drop(self) -> None:
        """Close the connection, whatever it was doing; the next command opens another."""
        if self.state.in_multi or self.state.watching or self._is_pending(b"multi"):
            self.lost_transaction = self._transaction_lost()
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._pending.clear()
        self._nesting = Nesting()
        self.state.begin()

    def acknowledge(self) -> None:
        """The user knows that the transaction is lost; commands are sent again."""
        self.lost_transaction = None

    def cancel(self) -> None:
        """End a wait from another thread or a signal handler."""
        if self._connection is not None:
            self._connection.cancel()

    # -- inside ---------------------------------------------------------------------------------

    def _place(self, part: Part) -> Arrival:
        """Pair a part with the oldest command that waits for one."""
        if not self._nesting.depth and not isinstance(part, Run):
            self._top = part.kind
            self._in_push = self._is_push(part.kind)
            if not self._in_push and not self._pending:
                raise ProtocolError("Protocol error, a reply to a command that was not sent")
        complete = self._nesting.add(part)
        if self._in_push:
            return Arrival(part, None, complete)
        waiting = self._pending[0]
        if complete:
            waiting.replies -= 1
            if not waiting.replies or self._top is Kind.ERROR:
                self._pending.popleft()
                self.state.observe(waiting.args, self._top)
        return Arrival(part, waiting.args, complete)

    def _is_push(self, kind: Kind) -> bool:
        if kind is Kind.PUSH:
            return not (self._pending and self._pending[0].args[0].lower() in CONFIRMED_BY_PUSH)
        return not self._pending and self.state.unpaired

    def _greet(self, label: str, args: Args) -> Reply:
        reply = self._ask(args)
        if reply.is_error:
            self._notice(f"{label} failed: {reply.text.decode('utf-8', 'surrogateescape')}")
        return reply

    def _select(self) -> None:
        """Go to the wanted database. Not being let in yet is no failure: no command runs there anyway."""
        wanted = self.state.wanted_db
        if wanted == self.state.db:
            return
        reply = self._greet(f"SELECT {wanted}", (b"SELECT", b"%d" % wanted))
        if not reply.is_error:
            if self._was_connected:
                self._notice(f"Connected again; database {wanted} is selected again.")
        elif reply.code != "NOAUTH":
            self.drop()
            self.state.wanted_db = wanted
            raise Unreachable(
                f"Database {wanted} cannot be selected, so nothing was sent.",
                remedy="SELECT another, or choose it with -n; most servers have 16, 0 to 15.",
            )

    def _select_after_login(self, args: Args) -> None:
        """A database could not be selected before AUTH let us in."""
        if args[0].lower() in (b"auth", b"hello") and self.state.db != self.state.wanted_db:
            self._select()

    def _ask(self, args: Args) -> Reply:
        """One command of our own, answered before anything of the user's is sent."""
        assembler = Assembler()
        self._pending.append(_Pending(args))
        assert self._connection is not None
        self._connection.send([args])
        for arrival in self.arrivals():
            reply = assembler.add(arrival.part)
            if reply is not None and arrival.args is args:
                return reply
        raise ConnectionLost("Server closed the connection")

    def _broken(self, error: RedislabError) -> None:
        """Forget the connection; a ConnectionLost is told how many commands have no reply."""
        if isinstance(error, ConnectionLost):
            error.unanswered = self.unanswered
        self.reachable = False
        self.drop()

    def _transaction_lost(self) -> TransactionLost:
        remedy = "Type DISCARD to say that you know; then start again with MULTI."
        if self._is_pending(b"exec"):
            return TransactionLost(
                "The connection broke after EXEC was sent: all of the transaction ran, or nothing.",
                remedy=f"Look at the data to find out which. {remedy}",
            )
        if not self.state.in_multi and not self._is_pending(b"multi"):
            return TransactionLost(
                "The connection broke after WATCH: the keys are no longer watched.",
                remedy="Type DISCARD to say that you know; then start again with WATCH.",
            )
        queued = len(self.state.queued)
        what = f"{queued} queued command{'s' * (queued != 1)}" if self.state.in_multi else "what was queued"
        return TransactionLost(f"The connection broke inside MULTI: {what} did not run.", remedy=remedy)

    def _is_pending(self, name: bytes) -> bool:
        """Whether such a command was sent and has no answer yet."""
        return any(waiting.args[0].lower() == name for waiting in self._pending)

    def _redirection(self, arrival: Arrival) -> tuple[Engine, bool] | None:
        part = arrival.part
        if not (arrival.complete and type(part) is Reply and part.is_error and not self.state.in_multi):
            return None
        words = part.text.split()
        if len(words) != 3 or words[0] not in (b"MOVED", b"ASK"):
            return None
        host, _, port = words[2].decode("utf-8", "surrogateescape").rpartition(":")
        engine = self.engine.redirected(host, int(port)) if port.isascii() and port.isdigit() else None
        if engine is None:
            return None
        slot = words[1].decode("ascii", "replace")
        self._notice(f"-> Redirected to slot [{slot}] located at {engine.label}")
        return engine, words[0] == b"ASK"

    def _follow(self, target: tuple[Engine, bool], args: Args) -> None:
        self.engine, asking = target
        self.drop()
        self.connect()
        if asking:
            self._greet("ASKING", (b"ASKING",))
        self.send([args])
