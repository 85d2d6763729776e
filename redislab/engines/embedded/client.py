"""What a server knows of one client, and how one command runs."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any

from fakeredis._helpers import NoResponse, SimpleError

from redislab.core.reply import Kind, Reply
from redislab.engines.embedded import notices, results
from redislab.engines.embedded.access import Access
from redislab.engines.embedded.acl import User
from redislab.engines.embedded.lab import Lab
from redislab.engines.embedded.memory import OOM
from redislab.engines.embedded.results import NIL_ARRAY, QUEUED, Fail
from redislab.engines.embedded.table import Entry
from redislab.engines.embedded.tracking import Mode
from redislab.engines.embedded.translate import plain, their_error
from redislab.engines.embedded.waits import RUN, Parked, Wait

ALLOWED_WHILE_SUBSCRIBED = frozenset(
    {
        *{"PING", "SUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "SUNSUBSCRIBE"},
        *{"PSUBSCRIBE", "PUNSUBSCRIBE", "QUIT", "RESET"},
    }
)
WHILE_BUSY = frozenset(  # what another client may do while a script runs too long
    {"SCRIPT KILL", "FUNCTION KILL", "FUNCTION STATS", "AUTH", "HELLO", "MULTI", "DISCARD", "QUIT"}
)
NEVER_QUEUED = frozenset({"EXEC", "DISCARD", "MULTI", "WATCH", "QUIT", "RESET"})

NOTHING = NoResponse()  # a command that answers by other means, or not at all


class Client(Access):
    """One connection as the lab sees it. `ring` is called whenever something was put into `output`.

    One that stands `aside` belongs to redislab and not to the person: it is listed, counted, shown to
    monitors and held up nowhere, and what it looks at is not in use.
    """

    def __init__(
        self,
        lab: Lab,
        ring: Callable[[], None],
        address: bytes = b"",
        local_address: bytes = b"lab:0",
        *,
        aside: bool = False,
    ) -> None:
        super().__init__(lab, aside=aside)
        self.output: deque[tuple[Any, int]] = deque()  # (result, protocol), to be turned into parts
        self.id: int = lab.next_id(aside=aside)
        self.address = address or b"lab:%d" % self.id  # in the shape of host and port, wherever it comes from
        self.local_address = local_address  # the one that it has called
        self.name = b""
        self.account: User = lab.users.default
        self.authenticated = aside or not lab.asks_password
        self.resp = 2
        self.since_s: float = lab.clock.time()
        self.active_s = self.since_s
        self.no_evict = False
        self.last_command = ""
        self._ends_after_reply = False
        self.ended_because = ""
        self.ended = False  # the server has hung up: nothing more comes after `output`
        self.wait: Wait | None = None
        self.backlog: deque[list[bytes]] = deque()
        self.queued: list[tuple[Entry, list[bytes]]] | None = None  # since MULTI
        self.abort_exec = False  # a command could not be queued
        self.in_exec = False
        self.in_script = False
        self.channels: dict[bytes, None] = {}
        self.patterns: dict[bytes, None] = {}
        self.shards: dict[bytes, None] = {}
        self.tracking: Mode | None = None
        self.muted = self.skip_next = self.skipping = False  # CLIENT REPLY
        self._waiting: tuple[Entry, list[bytes]] | None = None  # the command that `wait` belongs to
        self._waits_since_s = 0.0
        self._ring = ring

    # -- what commands use ----------------------------------------------------------------------

    @property
    def in_transaction(self) -> bool:
        return self.in_exec or self.queued is not None

    @property
    def may_wait(self) -> bool:
        return not (self.in_exec or self.in_script)

    @property
    def subscriptions(self) -> int:
        return len(self.channels) + len(self.patterns)

    @property
    def _resp_version(self) -> int:
        return self._script_resp if self._script_resp is not None else self.resp

    def park(
        self,
        attempt: Callable[[], Any],
        timeout_s: float,
        empty: Callable[[], Any] = lambda: NIL_ARRAY,
        at_once: Callable[[], Any] | None = None,
    ) -> Any:
        """Try now, else wait (0: for ever) until the answer is `empty`.

        In a transaction or a script nothing waits: there it is `at_once`, where that is another.
        """
        result = attempt()
        if result is not None:
            return result
        if not self.may_wait:
            return (at_once or empty)()
        deadline_s = self.lab.clock.monotonic() + timeout_s if timeout_s else None
        raise Parked(Wait(attempt, deadline_s, empty))

    @property
    def user(self) -> bytes:
        return self.account.name

    def authenticate(self, user: bytes, password: bytes, command: bytes) -> None:
        """Log in, by AUTH or HELLO. Raises Fail."""
        self.account = self.lab.users.login(self, user, password, command)
        self.authenticated = True

    # -- running --------------------------------------------------------------------------------

    def take(self, args: list[bytes]) -> None:
        """A command has arrived. The lock is held."""
        if self.ended:
            return
        if self.wait is not None or self.backlog:
            self.backlog.append(args)
            return
        lab = self.lab
        try:
            lab.begin()
            if lab.memory.limit and not self.aside:
                lab.memory.make_room()
            lab.effects.arrived(self, args)
            self._run(args)
            if lab.memory.is_new:
                lab.memory.make_room()
            lab.settle()
        except BaseException:  # Ctrl-C: values are made whole before anybody is told of them
            lab.interrupted()
            raise
        finally:
            lab.effects.end()

    def _run(self, args: list[bytes]) -> None:
        """Execute a command and what is due behind its answer. It may be another command that wakes us."""
        lab = self.lab
        outer, lab.running = lab.running, self
        try:
            self._execute(args)
        finally:
            lab.running = outer
            self._forget_caching()
            lab.tracking.deliver(self)
        if self._ends_after_reply:
            self.hang_up()

    def _forget_caching(self) -> None:
        """CLIENT CACHING is about the next command, or the whole of the next transaction."""
        mode = self.tracking
        if mode is not None and self.queued is None and self.last_command != "client|caching":
            mode.caching = False

    def take_while_busy(self, args: list[bytes]) -> bool:
        """A command has arrived while another client's script runs too long: whether it could be answered.

        BUSY, for all but the few commands that end the script or concern this client alone. Needs no
        lock; the rest must be given to `take` when the script has ended.
        """
        running = self.lab.scripts.running
        if running is None or running.client is self or self.wait is not None or self.backlog:
            return False
        running.attended = True
        entry = self._admitted(args, running.busy_text)
        if entry is None:
            return True
        if entry.name == "SHUTDOWN":
            running.stopped = True
        if entry.name not in WHILE_BUSY:
            return False
        self._answer(self._guarded(lambda: entry.handler(self, args)))
        return True

    def retry(self) -> None:
        """A key has changed: perhaps the one that this client waits for."""
        if self.wait is None:
            return
        self._running = self._waiting
        outer, self.lab.running = self.lab.running, self
        effects = self.lab.effects
        effects.capturing = effects.active
        self.lab.notes_use = not self.aside
        try:
            result = self._guarded(self.wait.attempt)
        except Parked as parked:  # it has more to wait for
            self.wait = parked.wait
            return
        finally:
            self._running, self.lab.running = None, outer
            effects.capturing = self.lab.notes_use = False
        if result is not None:
            self.wake(result, served=True)

    def wake(self, result: Any, *, served: bool = False) -> None:
        """End the wait with this result, and go on with what was sent behind it.

        `served`: with what it waited for; then it counts as a command that ran, as long as it waited.
        """
        self.wait = None
        self.lab.parked.pop(self, None)
        if type(result) is Fail:
            result = results.error(result.text)
        failure = result.text if type(result) is Reply and result.is_error else None
        if self._waiting is not None and not self.aside:
            if served:
                self.lab.note_run(self, *self._waiting, perf_counter() - self._waits_since_s, failure)
            elif failure is not None:
                self.lab.stats.of(self._waiting[0].full_name).failed += 1
                self.lab.stats.failed(failure)
        self._waiting = None
        if result is not RUN:
            self._answer(result)
            self.lab.tracking.deliver(self)
        while self.backlog and self.wait is None and not self.ended:
            args = self.backlog.popleft()
            self.lab.effects.begin(self, args)
            self._run(args)

    def call(self, entry: Entry, args: list[bytes]) -> Any:
        """Run a command and store what it changed. Gives its result or its error as a Reply."""
        lab = self.lab
        self._count("commands")
        opened, self._opened = self._opened, []
        outer, self._running = self._running, (entry, args)
        effects = lab.effects
        capturing, effects.capturing = effects.capturing, effects.active and entry.writes
        running, effects.running = effects.running, (entry.name, args)
        noting, lab.notes_use = lab.notes_use, entry.notes_use and not self.aside
        began_s = perf_counter()
        failure: bytes | None = None
        parks = False
        try:
            result = self._guarded(lambda: entry.handler(self, args))
            if type(result) is Reply and result.kind is Kind.ERROR:
                failure = result.text
            if self.tracking is not None and "readonly" in entry.flags and not entry.runs_script:
                # One command of a script that reads: all keys that the script was given count as read.
                lab.tracking.remember(self, *(outer if self.in_script and outer else (entry, args)))
            return result
        except Parked:
            parks = True  # it has run when it is woken
            raise
        finally:
            self._opened, self._running = opened, outer
            effects.capturing, effects.running, lab.notes_use = capturing, running, noting
            if not (self.aside or parks):
                lab.note_run(self, entry, args, perf_counter() - began_s, failure)

    def call_in_script(self, entry: Entry, args: list[bytes], resp: int) -> Any:
        """Run one command of a script, which reads replies in its own protocol."""
        before, self._script_resp = self._script_resp, resp
        resp_before, self.resp = self.resp, resp
        try:
            return plain(self.call_shown(entry, args, by_script=True))
        finally:
            self._script_resp, self.resp = before, resp_before

    def call_shown(self, entry: Entry, args: list[bytes], *, by_script: bool = False) -> Any:
        """Run a command and tell the monitors: of a script before its commands, of others after they ran."""
        lab = self.lab
        if self.aside or not lab.monitors:
            return self.call(entry, args)
        if entry.runs_script:
            lab.feed_monitors(self, entry, args)
            return self.call(entry, args)
        try:
            return self.call(entry, args)
        finally:
            lab.feed_monitors(self, entry, args, by_script=by_script)

    def _execute(self, args: list[bytes]) -> None:
        if not args or self.ended:  # the latter: what became due before it could not be kept
            return
        entry = self._admitted(args)
        if entry is None:
            return
        self.last_command = entry.full_name
        self.active_s = self._db.time
        pause = self.lab.pause
        if pause.is_on and not self.aside and pause.holds_back(self, entry, args):
            self._postpone(args)
            return
        if self.queued is not None and entry.name not in NEVER_QUEUED:
            self.queued.append((entry, args))
            self._answer(QUEUED)
            return
        try:
            result = self.call_shown(entry, args)
        except Parked as parked:
            self.wait = parked.wait
            self._waiting, self._waits_since_s = (entry, args), perf_counter()
            self.lab.parked[self] = None
            return
        self._answer(result)

    def _admitted(self, args: list[bytes], busy: bytes | None = None) -> Entry | None:
        """The command's entry; None if it is refused, which has been answered. `busy`: the text of that."""
        entry: Entry | None = None
        try:
            entry = self.lab.table.look_up(args)
            self.lab.table.check_arity(entry, args)
            self._check(entry, args)
            if busy is not None and "allow_busy" not in entry.flags:
                raise Fail(busy)
        except Fail as fail:
            if self.queued is not None:
                self.abort_exec = True
            text = fail.text
            if not self.aside:
                self._note_rejection(entry, text)
            if (entry is not None and entry.name == "EXEC") or args[0].upper() == b"EXEC":
                text = b"EXECABORT Transaction discarded because of: " + text.removeprefix(b"ERR ")
                self.forget_transaction()
            self._answer(results.error(text))
            return None
        return entry

    def _note_rejection(self, entry: Entry | None, text: bytes) -> None:
        if entry is not None:
            self.lab.stats.of(entry.full_name).rejected += 1
        self.lab.stats.failed(text)

    def _postpone(self, args: list[bytes]) -> None:
        """CLIENT PAUSE holds this command back: it runs when the pause is over."""

        def attempt() -> Any:
            return None if self.lab.pause.is_on else RUN

        self.backlog.appendleft(args)
        self.wait = Wait(attempt, self.lab.pause.until_s, lambda: RUN)
        self.lab.parked[self] = None

    def _check(self, entry: Entry, args: list[bytes]) -> None:
        """What a server checks before it queues or runs a command. Raises Fail."""
        if self.queued is not None and "no_multi" in entry.flags:
            raise Fail(b"ERR Command not allowed inside a transaction")
        if not self.authenticated and "no_auth" not in entry.flags:
            raise Fail(b"NOAUTH Authentication required.")
        if not (self.account.root.is_unlimited or self.aside):
            self.lab.users.check(self, entry, args)
        if self.lab.memory.refuses(self, entry) and not self.aside:
            raise Fail(OOM)
        keeper = self.lab.keeper
        if keeper is not None and keeper.problem is not None and entry.may_write:
            keeper.try_again()
        if self.resp == 2 and (self.channels or self.patterns or self.shards):
            if entry.name not in ALLOWED_WHILE_SUBSCRIBED:
                raise Fail(
                    f"ERR Can't execute '{entry.full_name}': only (P|S)SUBSCRIBE / "
                    "(P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
                )
        if self in self.lab.monitors and (
            entry.may_write or entry.is_told_to_replicas or "readonly" in entry.flags
        ):
            raise Fail(
                b"ERR Replica can't interact with the keyspace"
            )  # one that watches counts as a replica

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """Whatever goes wrong in a command is an error reply; only waiting and Ctrl-C pass."""
        try:
            result = work()
        except Fail as fail:
            result = results.error(fail.text)
        except SimpleError as fail:
            result = their_error(fail)
        except Parked:
            raise
        except Exception as bug:  # fakeredis's or ours: the session goes on
            result = results.error(
                b"ERR redislab's built-in engine failed here (%b); the data may have been changed in part"
                % type(bug).__name__.encode()
            )
        finally:
            opened, self._opened = self._opened, []
        running = self._running if opened and self.lab.settings["notify-keyspace-events"] else None
        changed = notices.changed(opened) if running is not None else []
        made = notices.made(changed)
        for item in opened:
            self.lab.counts["changes"] += item.is_modified
            with contextlib.suppress(SimpleError):
                item.writeback()
        if running is not None:
            notices.tell(self.lab, *running, changed, made)
        return result

    def _answer(self, result: Any) -> None:
        silent = self.muted or self.skipping
        self.skipping, self.skip_next = self.skip_next, False
        if not silent and type(result) is not NoResponse:
            self.put(result)

    def put(self, result: Any) -> None:
        """Give something to the client: the answer to a command, or a message."""
        converted = plain(result)
        single = results.leaf(converted, self.resp)
        lab, made = self.lab, (converted if single is None else single, self.resp)
        if lab.effects.active and lab.effects.speaker is not self and not lab.scripts.is_busy:
            lab.effects.hold(self, made)
        else:
            self.deliver(made)

    def deliver(self, made: tuple[Any, int]) -> None:
        """Something can be read now: a result, and the protocol it is to be read in."""
        if not self.ended_because:  # else what it would be told is not so
            self.output.append(made)
            self._ring()

    def confirm(self, result: Any) -> None:
        """What tells of a subscription: it comes whatever CLIENT REPLY says."""
        self.put(result)

    # -- ending ---------------------------------------------------------------------------------

    def forget_transaction(self) -> None:
        self.queued = None
        self.abort_exec = False
        self._clear_watches()

    def hang_up_after_reply(self) -> None:
        """CLIENT KILL: at once, or after its answer where a client kills itself."""
        if self.lab.running is self:
            self._ends_after_reply = True
        else:
            self.hang_up()

    def hang_up(self) -> None:
        """The server ends the connection; what is in `output` can still be read."""
        self.ended = True
        self.lab.leave(self)
        self._ring()

    def let_go(self) -> None:
        """Take the client out of everything that the lab holds. The lock is held."""
        self.lab.parked.pop(self, None)
        self.lab.monitors.pop(self, None)
        self.lab.pause.end_sleep_of(self)
        self.wait = None
        self.backlog.clear()
        self.forget_transaction()
        self.forget_subscriptions()
        self.lab.tracking.end(self)

    def reset_state(self) -> None:
        """RESET: as if the client had connected anew."""
        self.forget_transaction()
        self.forget_subscriptions()
        self.lab.monitors.pop(self, None)
        self.lab.tracking.end(self)
        self.muted = self.skip_next = self.skipping = self.no_evict = False
        self.name, self.resp, self.account = b"", 2, self.lab.users.default
        self.authenticated = not self.lab.asks_password
        self.select(0)

    def forget_subscriptions(self) -> None:
        lab = self.lab
        for mine, everybody in (
            (self.channels, lab.channels),
            (self.patterns, lab.patterns),
            (self.shards, lab.shards),
        ):
            for channel in mine:
                listeners = everybody.get(channel, {})
                listeners.pop(self, None)
                if not listeners:
                    everybody.pop(channel, None)
            mine.clear()
