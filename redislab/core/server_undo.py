"""Undo on a server: the keys of each write as DUMP gives them, before it and after it.

Everything is asked on a connection of its own. A change is taken back only if its keys still are as it
left them, under WATCH: what another client has written since is never overwritten. What another client
writes in the very moment between the look and the command is taken for a part of the command.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from redislab.core import touched
from redislab.core.aside import Aside
from redislab.core.catalogue import Catalogue
from redislab.core.engine import Engine
from redislab.core.reply import Reply
from redislab.core.touched import AllKeys, Args, Obstacle, Place
from redislab.core.undo import Restored
from redislab.errors import CannotUndo, RedislabError

MOST_KEYS = 1_000  # of one change
MOST_BYTES = 16 << 20  # of one change, and of all that are kept; the latest is always kept
MOST_CHANGES = 1_000
WAITED_S = 0.5  # a command that took so long may have waited for what others did
DEADLINE_SLACK_MS = 50  # where a server tells only how long is left


@dataclass(frozen=True, slots=True)
class Version:
    """A key at one moment: what DUMP gave, None: no such key; when it expires, 0: never."""

    payload: bytes | None
    deadline_ms: int = 0


Versions = dict[Place, Version]


@dataclass(frozen=True, slots=True)
class Before:
    """What was kept before a command; `obstacle` says why it was not."""

    label: str
    versions: Versions
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One command's keys before it and after it; with an `obstacle` it cannot be taken back.

    `after` follows what the server says: DUMP gives the members of a restored set in another order.
    """

    label: str
    before: Versions
    after: Versions
    obstacle: str = ""

    @property
    def size_bytes(self) -> int:
        found = (*self.before.values(), *self.after.values())
        return sum(len(each.payload or b"") for each in found)


class ServerUndo:
    """An `Undoable` for one server. `before` and `after` go around each command of the person."""

    def __init__(self, engine: Engine, catalogue: Catalogue) -> None:
        self.engine = engine
        self._catalogue = catalogue
        self._aside = Aside(engine, b"redislab-undo")
        self._done: list[Change] = []
        self._undone: list[Change] = []

    def close(self) -> None:
        """Close the connection; what is kept stays."""
        self._aside.close()

    def remember(self) -> None:
        """It does from its first moment on."""

    def obstacle(self, args: Args, db: int, queued: Sequence[Args] = ()) -> str:
        """Why what this command changes could not be taken back; "" if it could, or changes nothing."""
        try:
            self._places(args, db, queued)
        except Obstacle as obstacle:
            return obstacle.reason
        except RedislabError as error:
            return error.message
        return ""

    def before(self, args: Args, db: int, queued: Sequence[Args] = ()) -> Before | None:
        """Keep the keys of a command; None if it changes none. `queued`: what EXEC will run."""
        label = args[0].decode("ascii", "replace").upper()
        try:
            places = self._places(args, db, queued)
            return Before(label, self._versions(places)) if places else None
        except Obstacle as obstacle:
            return Before(label, {}, obstacle.reason)
        except RedislabError as error:
            return Before(label, {}, error.message)

    def lost(self, before: Before) -> None:
        """A command was sent, and nobody knows whether it ran."""
        self._add(Change(before.label, {}, {}, "its answer never came"))

    def after(self, before: Before, reply: Reply | None, elapsed_s: float) -> None:
        """Note what a command has changed. `reply` None: there was none."""
        if before.obstacle:
            if reply is None or not reply.is_error:
                self._add(Change(before.label, {}, {}, before.obstacle))
            return
        try:
            now = self._versions(list(before.versions))
        except RedislabError as error:
            self._add(Change(before.label, {}, {}, error.message))
            return
        changed = {place for place, version in now.items() if version != before.versions[place]}
        if changed and elapsed_s >= WAITED_S:
            self._add(Change(before.label, {}, {}, "it took long, and others may have written meanwhile"))
        elif changed:
            self._add(Change(before.label, _only(before.versions, changed), _only(now, changed)))

    def undo(self, count: int) -> list[Restored]:
        return self._replay(self._done, self._undone, count, redone=False)

    def redo(self, count: int) -> list[Restored]:
        return self._replay(self._undone, self._done, count, redone=True)

    # -- what is kept ---------------------------------------------------------------------------

    def _add(self, change: Change) -> None:
        self._undone.clear()
        self._done.append(change)
        while len(self._done) > 1 and (
            len(self._done) > MOST_CHANGES or sum(each.size_bytes for each in self._done) > MOST_BYTES
        ):
            del self._done[0]

    def _places(self, args: Args, db: int, queued: Sequence[Args]) -> list[Place]:
        """The keys that a command may change. Raises Obstacle, and what a lost connection raises."""
        lines = queued if queued and args[0].upper() == b"EXEC" else [args]
        found: dict[Place, None] = {}
        for line in lines:
            touching = touched.keys(self._catalogue, line, db)
            if isinstance(touching, AllKeys):
                found.update(dict.fromkeys(self._all_keys(touching.db)))
            else:
                found.update(dict.fromkeys(touching))
            if len(line) == 2 and line[0].upper() == b"SELECT" and line[1].isdigit():
                db = int(line[1])
        if len(found) > MOST_KEYS:
            raise Obstacle(f"these are {len(found):,} keys, and {MOST_KEYS:,} are kept")
        self._check_sizes(found)
        return list(found)

    def _all_keys(self, db: int | None) -> list[Place]:
        """Every key of a database, or (None) of the server."""
        [info] = self._aside.ask([(b"INFO", b"keyspace")])
        sizes = touched.keyspace(info.text)
        total = sum(size for number, size in sizes.items() if db in (None, number))
        if total > MOST_KEYS:
            raise Obstacle(f"these are {total:,} keys, and {MOST_KEYS:,} are kept")
        found: list[Place] = []
        for number in sizes if db is None else [db]:
            cursor = b"0"
            while len(found) <= MOST_KEYS:
                _, step = self._aside.ask([_select(number), (b"SCAN", cursor, b"COUNT", b"1000")])
                cursor, keys = step.items[0].text, step.items[1].items
                found += [(number, key.text) for key in keys]
                if cursor == b"0":
                    break
        return sorted(found)

    def _check_sizes(self, places: Iterable[Place]) -> None:
        """Before anything is dumped: that might take the server long."""
        asks = [(b"MEMORY", b"USAGE", key, b"SAMPLES", b"5") for _, key in places]
        answers = self._on_each(places, asks)
        total = sum(answer.number for answer in answers if not answer.is_error and not answer.is_nil)
        if total > MOST_BYTES:
            raise Obstacle(f"these are {total / (1 << 20):,.0f} MiB, and {MOST_BYTES >> 20} MiB are kept")

    def _versions(self, places: Sequence[Place]) -> dict[Place, Version]:
        """How the keys are now. Raises Obstacle where the server will not say."""
        dumps = self._on_each(places, [(b"DUMP", key) for _, key in places])
        deadlines = self._deadlines(places)
        found = {}
        for place, dump, deadline_ms in zip(places, dumps, deadlines, strict=True):
            if dump.is_error:
                raise Obstacle(f"the server says: {dump.text.decode('utf-8', 'replace')}")
            is_gone = dump.is_nil or deadline_ms is None  # it may expire between the two questions
            found[place] = Version(None) if is_gone else Version(dump.text, deadline_ms or 0)
        return found

    def _deadlines(self, places: Sequence[Place]) -> list[int | None]:
        """When each key expires, in milliseconds since 1970; 0 for never, None: there is no such key."""
        answers = self._on_each(places, [(b"PEXPIRETIME", key) for _, key in places])
        if any(answer.is_error for answer in answers):  # a server before 7.0
            now_ms = self._now_ms()
            left = self._on_each(places, [(b"PTTL", key) for _, key in places])
            return [now_ms + each.number if each.number >= 0 else _none_or_never(each) for each in left]
        return [answer.number if answer.number >= 0 else _none_or_never(answer) for answer in answers]

    def _now_ms(self) -> int:
        [now] = self._aside.ask([(b"TIME",)])
        seconds, microseconds = (int(item.text) for item in now.items)
        return seconds * 1000 + microseconds // 1000

    def _on_each(self, places: Iterable[Place], asks: Sequence[Args]) -> list[Reply]:
        """The answers to one command for each place, asked in its database."""
        batch: list[Args] = []
        wanted: list[int] = []
        for db, group in groupby(zip(places, asks, strict=True), key=lambda each: each[0][0]):
            batch.append(_select(db))
            for _, ask in group:
                wanted.append(len(batch))
                batch.append(ask)
        answers = self._aside.ask(batch)
        return [answers[at] for at in wanted]

    # -- replaying ------------------------------------------------------------------------------

    def _replay(
        self, source: list[Change], target: list[Change], count: int, *, redone: bool
    ) -> list[Restored]:
        restored: list[Restored] = []
        while source and len(restored) < count:
            change = source[-1]
            done = Restored(change.label, redone)
            try:
                now = self._take_back(change, done)
            except (CannotUndo, Obstacle, RedislabError) as problem:
                self._aside.close()  # and with it whatever is watched
                if restored:
                    break
                raise _refusal(problem) from None
            restored.append(done)
            source.pop()
            target.append(Change(change.label, change.after, now))
            _rename(source, now)
        if not restored:
            raise CannotUndo(f"There is nothing to {'do again' if redone else 'undo'}")
        return restored

    def _take_back(self, change: Change, restored: Restored) -> Versions:
        """Give the keys the versions from before, if they still have those from after.

        How they are then, as the server gives it.
        """
        if change.obstacle:
            raise CannotUndo(
                f"{change.label} cannot be undone: {change.obstacle}",
                remedy="What came before it cannot be undone either, for it may build on that.",
            )
        places = sorted(change.after, key=itemgetter(0))
        self._on_each(places, [(b"WATCH", key) for _, key in places])
        found = self._versions(places)
        now_ms = self._now_ms()  # asked last: what is not found has expired by then
        for place in places:
            if not _is_same(change.after[place], found[place], now_ms):
                raise _changed(place[1], change.label)
        wanted = {
            place: _wanted(change.before[place], found[place], now_ms, place, restored) for place in places
        }
        return self._write(change, wanted)

    def _write(self, change: Change, wanted: Versions) -> Versions:
        """Write these versions where nobody has touched the watched keys; what DUMP gives for them then."""
        batch: list[Args] = [(b"MULTI",)]
        for db, group in groupby(wanted.items(), key=lambda each: each[0][0]):
            batch.append(_select(db))
            for (_, key), version in group:
                batch += [_restore(key, version), (b"DUMP", key)]
        outcome = self._aside.ask([*batch, (b"EXEC",)])[-1]
        if outcome.is_nil:
            raise _changed(next(iter(wanted))[1], change.label)
        for answer in (outcome, *outcome.items):
            if answer.is_error:
                raise CannotUndo(f"The server says: {answer.text.decode('utf-8', 'replace')}")
        dumps = (item for item, line in zip(outcome.items, batch[1:], strict=True) if line[0] == b"DUMP")
        return {
            place: Version(None) if dump.is_nil else Version(dump.text, wanted[place].deadline_ms)
            for place, dump in zip(wanted, dumps, strict=True)
        }


def _rename(changes: Sequence[Change], now: Versions) -> None:
    """The latest change of each key has left it so: these are the versions that it goes by now."""
    for place, version in now.items():
        latest = next((change for change in reversed(changes) if place in change.after), None)
        if latest is not None:
            latest.after[place] = version


def _refusal(problem: Exception) -> CannotUndo:
    if isinstance(problem, CannotUndo):
        return problem
    return CannotUndo(f"Nothing was undone: {problem}")


def _changed(key: bytes, label: str) -> CannotUndo:
    from redislab.core.happened.told import name

    return CannotUndo(
        f"Another client has changed {name(key)} since {label}",
        remedy="Nothing is undone, for that change would be lost. Change the keys back by commands.",
    )


def _none_or_never(answer: Reply) -> int | None:
    return None if answer.number == -2 else 0


def _select(db: int) -> tuple[bytes, ...]:
    return b"SELECT", b"%d" % db


def _only(versions: Versions, places: set[Place]) -> Versions:
    return {place: version for place, version in versions.items() if place in places}


def _is_same(left: Version, found: Version, now_ms: int) -> bool:
    """Whether a key still is as it was left; that it has expired since is nobody's change."""
    if found.payload is None and left.payload is not None:
        return 0 < left.deadline_ms <= now_ms
    return found.payload == left.payload and abs(found.deadline_ms - left.deadline_ms) <= DEADLINE_SLACK_MS


def _restore(key: bytes, version: Version) -> tuple[bytes, ...]:
    if version.payload is None:
        return b"DEL", key
    return b"RESTORE", key, b"%d" % version.deadline_ms, version.payload, b"REPLACE", b"ABSTTL"


def _wanted(before: Version, found: Version, now_ms: int, place: Place, restored: Restored) -> Version:
    """The version that a key gets; notes what that means for it."""
    key = place[1]
    if before.payload is not None and 0 < before.deadline_ms <= now_ms:
        restored.late.add(key)
        return Version(None)
    if before.payload is not None:
        (restored.back if found.payload is None else restored.former).add(key)
    elif found.payload is not None:
        restored.gone.add(key)
    return before
