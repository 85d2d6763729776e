"""What the clients of one engine share: databases, who waits for what, who listens, what was counted.

Everything is done under `lock`, in whichever thread brings a command. Nothing runs in between: a
client that waits is served by the command that wakes it, or by `tick` when its time is up.
"""

from __future__ import annotations

import secrets
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Protocol, TypeAlias

from fakeredis import FakeServer

from redislab.core.escape import repr_bytes
from redislab.core.reply import Kind, Reply
from redislab.engines.embedded import glob, notices
from redislab.engines.embedded.clock import THEIR_TIME, Clock
from redislab.engines.embedded.database import LabDatabase
from redislab.engines.embedded.effects import Effects
from redislab.engines.embedded.engine import VERSION
from redislab.engines.embedded.functions import Functions
from redislab.engines.embedded.memory import Memory
from redislab.engines.embedded.pause import Pause
from redislab.engines.embedded.results import push
from redislab.engines.embedded.scans import Scans
from redislab.engines.embedded.scripting import Scripts
from redislab.engines.embedded.settings import Settings
from redislab.engines.embedded.slow import SlowCommands, without_secrets
from redislab.engines.embedded.stats import Stats
from redislab.engines.embedded.tracking import Tracking
from redislab.engines.embedded.users import Users

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client
    from redislab.engines.embedded.keeping.keeper import Keeper
    from redislab.engines.embedded.rehearsal import Rehearsal
    from redislab.engines.embedded.table import Entry, Table

DATABASES = 16
TICK_PATIENCE_S = 0.05

Listeners: TypeAlias = "dict[bytes, dict[Client, None]]"  # by channel, in the order they came


class Databases(dict[int, LabDatabase]):
    """By number; made when first asked for."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._lab = lab

    def __missing__(self, number: int) -> LabDatabase:
        self[number] = db = LabDatabase(self._lab, number)
        return db


class Front(Protocol):
    """What brings clients from outside to a lab (`redislab.serve`). Called in any thread, the lock held."""

    def settled(self) -> None:
        """A command and what followed from it are done: deadlines may have changed."""

    def shut_down(self) -> None:
        """SHUTDOWN: no further client is wanted."""


class Lab(FakeServer):
    """A server without a network. `table` says which commands it has."""

    def __init__(self, table: Table) -> None:
        super().__init__(version=VERSION, server_type="redis")
        self.table = table
        self.clock = Clock()
        self.dbs: Databases = Databases(self)  # type: ignore[assignment]
        self.effects = Effects(self.dbs, self.interrupted)
        self.keeper: Keeper | None = None  # while the data is kept in a file
        self.rehearsal: Rehearsal | None = None  # while a lesson may kill what it takes for a server
        self.settings = Settings()
        self.memory = Memory(self)
        self.tracking = Tracking(self.settings)
        self.users = Users(table.catalogue)
        self.settings.watch("requirepass", self.users.set_default_password)
        self.channels: Listeners = {}
        self.patterns: Listeners = {}
        self.shards: Listeners = {}
        self.scans = Scans()
        self.slow = SlowCommands(self.clock, self.settings)
        self.stats = Stats()
        self.fronts: list[Front] = []
        self.members: dict[int, Client] = {}  # by id, in the order they came
        self._ids, self._aside_ids = count(1), count(1)
        self.parked: dict[Client, None] = {}  # those that wait, longest first
        self.monitors: dict[Client, None] = {}
        self.expires_actively = True  # keys go when their time is up, not when they are asked for
        self.touched = False  # a key changed since the parked were last looked at
        self.scripts = Scripts()
        self.functions = Functions(self.scripts)
        self.pause = Pause(self)
        # Where one thread serves all clients: called while a busy script runs, to hear the others. It
        # hands their commands to `Client.take_while_busy`, under the lock that the script holds already.
        self.while_script_runs: Callable[[], None] | None = None
        self.running: Client | None = None  # whose command runs now
        self.notes_use = False  # of keys, while a command runs that counts as their use
        self._leaving: deque[Client] = deque()
        self.started_s = self.clock.time()
        self.run_id = secrets.token_hex(20)
        self.counts: dict[str, int] = defaultdict(int)

    # -- clients --------------------------------------------------------------------------------

    def get_next_client_id(self) -> int:
        """Upstream takes the lock for it, which a script may hold for long."""
        return 0  # the clients of a lab have their own, by `next_id`

    def join(self, client: Client) -> None:
        self.members[client.id] = client  # without the lock: a script may hold it for long
        if not client.aside:
            self.counts["connections"] += 1

    def next_id(self, *, aside: bool) -> int:
        """A client's id. Those that stand aside use up none: theirs are negative."""
        return -next(self._aside_ids) if aside else next(self._ids)

    @property
    def visible(self) -> dict[int, Client]:
        """Those that a person may see, by id."""
        members = list(self.members.items())  # another thread may join one meanwhile
        return {number: client for number, client in members if not client.aside}

    def leave(self, client: Client) -> None:
        """Forget a client; at once if nothing runs, else as soon as what runs has ended. Never waits."""
        client.ended = True
        self._leaving.append(client)
        if self.lock.acquire(blocking=False):
            try:
                self._reap()
            finally:
                self.lock.release()

    def _reap(self) -> None:
        while self._leaving:
            client = self._leaving.popleft()
            self.members.pop(client.id, None)
            client.let_go()

    def change_run_id(self) -> None:
        self.run_id = secrets.token_hex(20)

    @property
    def saved_s(self) -> float:
        """When all data was last in a file, as SAVE means it; a lab without files: when it began."""
        if self.rehearsal is not None:
            return self.rehearsal.saved_s
        return self.started_s if self.keeper is None else self.keeper.saved_s

    @property
    def asks_password(self) -> bool:
        """Whether who comes in must log in before anything else."""
        return not (self.users.default.nopass and self.users.default.on)

    def end(self) -> None:
        """SHUTDOWN: every connection ends; data that is kept nowhere is gone. The lock is held."""
        for client in list(self.members.values()):
            client.hang_up()
        self._reap()
        if self.keeper is None:
            self.dbs.clear()
        for front in list(self.fronts):
            front.shut_down()

    def libraries_changed(self) -> None:
        """FUNCTION LOAD and its kin, when they are done: a kept lab keeps them too. The lock is held."""
        if self.keeper is not None:
            self.keeper.write_libraries()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Hold the lock for what may change data."""
        with self.lock:
            try:
                yield
            except Exception:
                raise
            except BaseException:
                self.interrupted()
                raise

    def interrupted(self) -> None:
        """Ctrl-C in the middle of a change: observers may not have heard of all of it. The lock is held."""
        for db in self.dbs.values():
            db.mend()
        if self.keeper is not None:
            self.keeper.fall_behind()

    def crash(self, why: str) -> None:
        """Every connection ends, with what it has not read yet. The lock is held."""
        self.effects.forget_held()
        for client in list(self.members.values()):
            client.output.clear()
            client.ended_because = why
            client.hang_up()

    def start_anew(self) -> None:
        """What a server that starts has forgotten beside its data. The lock is held."""
        self.change_run_id()
        self.started_s = self.clock.time()
        self.stats.clear()
        self.counts.clear()
        self.slow.rows.clear()
        self.scripts.sources.clear()

    def close(self) -> None:
        """End every connection."""
        for client in list(self.members.values()):
            client.hang_up()
            self.leave(client)

    def feed_monitors(
        self, client: Client, entry: Entry, args: list[bytes], *, by_script: bool = False
    ) -> None:
        """Tell those that said MONITOR of a command, in redis-server's words."""
        if "admin" in entry.flags:
            return
        if "skip_monitor" in entry.flags and not (entry.runs_script or entry.name == "EXEC"):
            return
        now_s = self.clock.time()
        origin = b"lua" if by_script else client.address
        words = b" ".join(repr_bytes(word) for word in without_secrets(args))
        line = b"%d.%06d [%d %b] %b" % (now_s, now_s % 1 * 1e6, client.db_number, origin, words)
        for monitor in list(self.monitors):
            monitor.put(Reply(Kind.STATUS, line))

    def publish(self, channel: bytes, message: bytes) -> int:
        """Give a message to all who listen. How many they are."""
        listeners = list(self.channels.get(channel, ()))
        for client in listeners:
            client.put(push(b"message", channel, message))
        told = len(listeners)
        for pattern, others in list(self.patterns.items()):
            if glob.matcher(pattern)(channel):
                for client in list(others):
                    client.put(push(b"pmessage", pattern, channel, message))
                told += len(others)
        return told

    def expired(self, db: LabDatabase, key: bytes) -> None:
        """A key's time has come."""
        self.counts["expired"] += 1
        self.touched = True
        if self.settings["notify-keyspace-events"]:
            notices.publish(self, "x", "expired", key, db.number)

    def note_run(
        self, client: Client, entry: Entry, args: list[bytes], spent_s: float, failure: bytes | None
    ) -> None:
        """For INFO's statistics and SLOWLOG. `failure`: the text of the error that it answered."""
        self.stats.of(entry.full_name).ran(int(spent_s * 1e9), failed=failure is not None)
        if failure is not None:
            self.stats.failed(failure)
        if "skip_slowlog" not in entry.flags:
            self.slow.note(client, args, spent_s)

    def swap(self, first: int, second: int) -> None:
        """Two databases change places. The lock is held."""
        one, other = self.dbs[first], self.dbs[second]
        before, others_before = one.contents, other.contents
        one.swap(other)
        one.replaced(before)
        other.replaced(others_before)

    # -- time and waiting -----------------------------------------------------------------------

    def begin(self) -> None:
        """Before a command: what has become due happens first. The lock is held."""
        if self._leaving:
            self._reap()
        self.begin_time()
        for db in self.dbs.values():
            if self._expires and db.is_due():
                with self.effects.of_time():
                    db.expire_due()
        if self.parked:
            self._serve_due()

    @property
    def _expires(self) -> bool:
        """Whether keys go when their time is up, and not when they are asked for or a pause ends."""
        return self.expires_actively and not self.pause.is_on

    def begin_time(self) -> None:
        """From here on it is now, for all that runs until the next command. The lock is held."""
        THEIR_TIME.use(self.clock)
        now_s = self.clock.time()
        for db in self.dbs.values():
            db.time = now_s

    def settle(self) -> None:
        """After a command: serve those that wait for what it changed. The lock is held."""
        while self.touched and self.parked:
            self.touched = False
            for client in list(self.parked):
                client.retry()
        self.touched = False
        if self.tracking.clients:
            self.tracking.deliver(None)
        for front in self.fronts:
            front.settled()

    def tick(self) -> None:
        """Let waits end whose time is up."""
        expires = self._expires and any(db.is_due() for db in list(self.dbs.values()))
        due = self.parked or self._leaving or expires
        if due and self.lock.acquire(timeout=TICK_PATIENCE_S):  # a script may hold it for long
            try:
                self.begin()
                self.settle()
                self.effects.end()
            except BaseException:
                self.interrupted()
                self.effects.end()
                raise
            finally:
                self.lock.release()

    def move_clock(self, by_s: float) -> int:
        """Move the clock, and do what has become due. How many keys expired.

        Keys keep their moment of expiry. Back in time, what waits keeps the time that it has left.
        """
        with self.at_work():
            self.effects.close()
            expired = self.counts["expired"]
            try:
                self.turn_clock(by_s)
                self.settle()
            finally:
                self.effects.end()
            return self.counts["expired"] - expired

    def turn_clock(self, by_s: float) -> None:
        """As `move_clock`, as a part of something larger. The lock is held."""
        self.effects.turned(by_s)
        self.clock.advance(by_s)
        if by_s < 0:
            self._waits_end_sooner(-by_s)
        self.begin_time()
        for db in self.dbs.values():
            db.expire_due()
        self._serve_due()
        self.touched = True  # a pause may be over

    def _waits_end_sooner(self, by_s: float) -> None:
        self.pause.until_s -= by_s
        for client in self.parked:
            if client.wait is not None and client.wait.deadline_s is not None:
                client.wait.deadline_s -= by_s

    def next_deadline_in_s(self) -> float:
        """How long nothing can become due by time alone."""
        return min((left for left in self._left_s()), default=3600.0)

    def _left_s(self) -> Iterator[float]:
        now_s = self.clock.monotonic()
        for client in list(self.parked):
            wait = client.wait
            if wait is not None and wait.deadline_s is not None:
                yield max(0.0, wait.deadline_s - now_s)
        if self.pause.is_on:
            yield self.pause.until_s - now_s
            return
        for db in list(self.dbs.values()) if self.expires_actively else ():
            due_s = db.next_due_s()
            if due_s is not None:
                yield max(0.0, due_s - self.clock.time())

    def _serve_due(self) -> None:
        now_s = self.clock.monotonic()
        for client in list(self.parked):
            wait = client.wait
            if wait is not None and wait.deadline_s is not None and wait.deadline_s <= now_s:
                client.wake(wait.empty())
