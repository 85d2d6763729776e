"""Lines of a cell → exchanges, one after the other. Displays nothing."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from redislab.assist.remarks import Remarks, remark_on_refusal, remarks_on
from redislab.core.help import help_view
from redislab.core.line import Ask, Line, commands_of, read_line, split_prefix
from redislab.core.reply import Reply
from redislab.core.session import Session
from redislab.core.view import Note, NoteKind, View, line
from redislab.errors import CommandFailed, ConnectionLost, RedislabError, TransactionLost, UsageError
from redislab.notebook.captured import Capture, Captured, captured
from redislab.notebook.desk import AT_ONCE_S, FIRST, Desk, Seat, Waiting
from redislab.notebook.given import EXPLAIN
from redislab.notebook.shown import Exchange, Item, shown_line

PREVIEW_VALUES = 200  # of one reply that are shown
CONFIRMATION_S = 2.0  # a subscribed connection answers within this time
MOST_MESSAGES = 500  # shown after one command


@dataclass(frozen=True)
class Wishes:
    """What a cell asks for. `limit`: values of one reply that are shown, 0 for all."""

    strict: bool = False
    explain: str = "brief"
    limit: int = PREVIEW_VALUES


class Run:
    """One cell. `value` is the last reply as Python values; `left` are commands that did not run."""

    def __init__(self, desk: Desk, cell: str, wishes: Wishes) -> None:
        self._desk = desk
        self._wishes = wishes
        self._commands = commands_of(cell.encode("utf-8", "surrogateescape"), comments=True)
        self._two = any(split_prefix(each)[0] not in ("", FIRST) for each in self._commands)
        self.total = len(self._commands)
        self.done = 0
        self.value: object = None
        self.has_value = False
        self.asked_for: Exception | None = None  # by a `raise` line
        self._at: Seat | None = None  # whose connection is in use

    def items(self) -> Iterator[Item]:
        """Run the lines; each item when it is there.

        Raises what a `raise` line asks for, CommandFailed in a strict cell, UsageError for a line that no
        notebook can run, and RedislabErrors where a connection fails.
        """
        self._desk.settle()
        try:
            for typed in self._commands:
                refusal = raised_by(typed)
                if refusal is not None:
                    self.asked_for = refusal
                    raise refusal
                yield from self._line(typed)
                self.done += 1
        except KeyboardInterrupt:  # what still arrives must not answer the next command
            if self._at is not None:
                self._at.close()
            raise

    @property
    def stopped(self) -> str:
        """What Ctrl-C has ended."""
        at = self._commands[self.done] if self.done < self.total else b""
        return f"Stopped at {shown_line(at)}{self.left}." if at else "Stopped."

    @property
    def left(self) -> str:
        """How many commands behind the current one did not run, as the end of a sentence."""
        count = self.total - self.done - 1
        if count < 1:
            return ""
        return f"; {count:,} command{'s' * (count > 1)} below it did not run"

    def arrived(self, patience_s: float = 0) -> Iterator[Item]:
        """What the latest command brought to those who wait and listen; for who waits, within that time."""
        for seat in list(self._desk.seats.values()):
            self._at = seat
            try:
                if seat.waiting is not None:
                    answered = seat.answer(patience_s)
                    if answered is not None:
                        yield self._answered(seat, answered)
                elif seat.session.listening:
                    yield from self._messages(seat)
            except ConnectionLost as error:
                seat.close()
                yield _note(NoteKind.WARNING, f"{seat.name} no longer waits or listens: {error.message}.")

    # -- inside ---------------------------------------------------------------------------------

    def _line(self, typed: bytes) -> Iterator[Item]:
        name, rest = split_prefix(typed)
        asked = read_line(rest)
        if asked.ask is Ask.COMMAND or asked.ask is Ask.QUIT:
            seat = self._desk.seat(name or FIRST)
            for _ in range(asked.repeat):
                yield from self._command(seat, asked.args, typed, rest)
            if asked.ask is Ask.QUIT:
                seat.close()  # the server hangs up; the next line connects anew
        elif asked.ask is Ask.REFUSED:
            remarks = remark_on_refusal(rest, self._desk.knowledge, self._wishes.explain)
            yield Exchange(rest, refused=asked.message, remarks=remarks)
            if self._wishes.strict:
                raise CommandFailed(f"{shown_line(typed)}: {asked.message}")
        elif asked.ask is Ask.HELP:
            self._desk.knowledge.learn(asked.args)
            yield help_view(self._desk.knowledge.catalogue, asked.args)
        elif asked.ask is not Ask.NOTHING:
            raise UsageError(_not_here(asked))

    def _command(self, seat: Seat, args: Sequence[bytes], typed: bytes, rest: bytes) -> Iterator[Item]:
        desk, link = self._desk, seat.session.link
        self._at = seat
        if seat.waiting is not None:
            raise UsageError(
                f"{seat.name} still waits for its answer, so it sends nothing; %redis_connect begins anew"
            )
        if link.lost_transaction is not None and [arg.lower() for arg in args] == [b"discard"]:
            link.acknowledge()
            yield _note(NoteKind.INFO, "The transaction is forgotten. Commands are sent again.")
            return
        desk.knowledge.learn(args)
        try:
            yield from self._messages(seat)
        except ConnectionLost:  # while nobody used it: the command connects anew
            if link.lost_transaction is not None:
                raise link.lost_transaction from None
        if (self._two or desk.several) and self._may_wait(seat, args):
            yield from self._run_beside(seat, args, typed, rest)
        else:
            yield from self._run(seat, args, typed, rest)
        yield from self.arrived()

    def _run(self, seat: Seat, args: Sequence[bytes], typed: bytes, rest: bytes) -> Iterator[Item]:
        desk, session = self._desk, seat.session
        capture = Capture(args, self._wishes.limit)
        was_unpaired = session.link.state.unpaired
        self._look_where_allowed(session)
        try:
            outcome = session.run(args, capture.add)
        except ConnectionLost as error:
            if args[0].lower() == b"shutdown":
                yield _note(NoteKind.INFO, "The server has shut down.")
                return
            raise _lost(error, link_lost=session.link.lost_transaction) from None
        remarks = remarks_on(outcome, rest, desk.knowledge, desk.origins, self._wishes.explain)
        yield from self._notices(seat)
        desk.tell(seat.name, args, outcome.reply)
        yield self._exchange(args, typed, capture.replies, remarks)
        if was_unpaired:
            yield from self._messages(seat, CONFIRMATION_S)
        yield from (self._message(seat, push) for push in capture.pushes)
        failed = [item for _, _, item in outcome.failed_items]
        if outcome.reply is not None and outcome.reply.is_error:
            failed = [outcome.reply]
        if failed and self._wishes.strict:
            text = failed[0].text.decode("utf-8", "replace")
            raise CommandFailed(f"{shown_line(typed)}: {text}")

    def _look_where_allowed(self, session: Session) -> None:
        """The probe sees keys before and after a command, where data may be looked at."""
        observer, looks = session.observer, self._desk.may_look and self._wishes.explain != "off"
        if observer is not None:
            observer.catalogue = self._desk.knowledge.catalogue
            if observer.enabled != looks:
                observer.enabled = looks

    def _run_beside(self, seat: Seat, args: Sequence[bytes], typed: bytes, rest: bytes) -> Iterator[Item]:
        """A command that may wait lets the other client go on meanwhile."""
        seat.session.link.send([args])
        seat.waiting = Waiting(args, typed, Capture(args, self._wishes.limit))
        answered = seat.answer(AT_ONCE_S)
        if answered is None:
            yield Exchange(typed, heading=f"{seat.name} waits: {shown_line(rest)}")
        else:
            yield self._answered(seat, answered, at_once=True)

    def _answered(self, seat: Seat, waiting: Waiting, *, at_once: bool = False) -> Item:
        reply = waiting.capture.replies[-1].preview
        self._desk.tell(seat.name, waiting.args, reply)
        asked = shown_line(split_prefix(waiting.typed)[1])
        heading = "" if at_once else f"{seat.name}: the answer to {asked}"
        return self._exchange(waiting.args, waiting.typed, waiting.capture.replies, Remarks(), heading)

    def _exchange(
        self,
        args: Sequence[bytes],
        typed: bytes,
        replies: Sequence[Captured],
        remarks: Remarks,
        heading: str = "",
    ) -> Exchange:
        if replies:
            self.value, self.has_value = replies[-1].value, True
        return Exchange(typed, replies, remarks, heading, pairs=pairs_of(args))

    def _messages(self, seat: Seat, patience_s: float = 0) -> Iterator[Item]:
        """What came for a client unasked; with patience, until a confirmation has come."""
        state = seat.session.link.state
        for _ in range(MOST_MESSAGES):
            message = next(self._desk.messages(seat, patience_s), None)
            if message is None:
                return
            yield self._message(seat, message)
            if patience_s and not state.confirmations:
                patience_s = 0

    def _message(self, seat: Seat, message: Reply) -> Exchange:
        whole = captured(message, limit=self._wishes.limit)
        self.value, self.has_value = whole.value, True
        return Exchange(b"", [whole], heading=f"{seat.name} received")

    def _notices(self, seat: Seat) -> Iterator[Item]:
        told, seat.notices[:] = list(seat.notices), []
        for text in told:
            yield _note(NoteKind.INFO, text)

    def _may_wait(self, seat: Seat, args: Sequence[bytes]) -> bool:
        command = self._desk.knowledge.catalogue.lookup(args)
        state = seat.session.link.state
        return command is not None and "blocking" in command.flags and not (state.in_multi or state.listening)


def wishes_of(given: Mapping[str, str], explain: str) -> Wishes:
    """What a magic's options ask for; `explain` where they say nothing of that. Raises UsageError."""
    explain = given.get("--explain", explain)
    if explain not in EXPLAIN:
        raise UsageError(f"--explain takes off, brief or full, not {explain!r}.")
    limit = given.get("--limit", str(PREVIEW_VALUES))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 12):
        raise UsageError(f"--limit takes a number of values, not {limit!r}; 0 shows all.")
    return Wishes("--strict" in given, explain, int(limit))


def pairs_of(args: Sequence[bytes]) -> tuple[str, str] | None:
    """What neighbouring values of a command's reply are, where they are pairs; None for all others."""
    words = [arg.upper() for arg in args]
    if words[0] == b"HGETALL" or b"WITHVALUES" in words[3:]:
        return "field", "value"
    if words[:2] == [b"CONFIG", b"GET"]:
        return "parameter", "value"
    return ("member", "score") if b"WITHSCORES" in words[2:] else None


def raised_by(typed: bytes) -> Exception | None:
    """The exception that a line of Python asks for, as graders write it: `raise NotImplementedError()`."""
    if not typed.lstrip().startswith(b"raise "):
        return None
    try:
        (statement,) = ast.parse(typed.strip()).body
        if not isinstance(statement, ast.Raise) or statement.exc is None or statement.cause is not None:
            return None
        call = statement.exc if isinstance(statement.exc, ast.Call) else None
        name = call.func if call is not None else statement.exc
        words = [ast.literal_eval(each) for each in call.args] if call is not None else []
    except (SyntaxError, ValueError):
        return None
    kind = getattr(builtins, name.id, None) if isinstance(name, ast.Name) else None
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        return None
    return kind(*words)


def _lost(error: ConnectionLost, *, link_lost: TransactionLost | None) -> RedislabError:
    if link_lost is not None:
        return link_lost
    if not error.unanswered:
        return error
    return ConnectionLost(
        f"{error.message}. The command was sent and has no answer: whether it ran is not known.",
        unanswered=error.unanswered,
        remedy=error.remedy,
    )


def _not_here(asked: Line) -> str:
    if asked.ask is Ask.CONNECT:
        host, port = (arg.decode("utf-8", "replace") for arg in asked.args)
        return f"CONNECT is a word of the shell; here it is %redis_connect -h {host} -p {port}"
    name = asked.args[0].decode("utf-8", "replace")
    if asked.ask is Ask.CLEAR:
        return "CLEAR empties a terminal; a notebook's menus clear its outputs"
    known = {":explain": "%redis_explain", ":clock": "%redis_clock", ":undo": "%redis_undo"}
    other = known.get(name.lower(), "")
    return f"{name} belongs to the shell" + (f"; here it is {other}" if other else ", not to a notebook")


def _note(kind: NoteKind, text: str) -> View:
    return Note(kind, line(text))
