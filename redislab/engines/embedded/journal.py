"""Undo: what one person's commands changed, the latest last, and how things were before.

Other clients' changes are not undone, and never lost by an undo: where one of them has changed the
same keys since, it is refused. What expired by itself stands in nobody's way.

Keys come back with the moment of expiry that they had; one whose moment has passed stays away. The
clock is turned back with the command that turned it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, MutableSequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from redislab.core.spans import span_text
from redislab.core.undo import NAMED, Restored
from redislab.engines.embedded import kept, partial
from redislab.engines.embedded.database import Contents
from redislab.engines.embedded.effects import Before, Emptied, Keys, Refilled, Step, Swapped, Turned, Unit
from redislab.engines.embedded.results import Fail
from redislab.errors import CannotUndo

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client
    from redislab.engines.embedded.lab import Lab

MOST_BYTES = 64 << 20  # of values kept, estimated; the latest change is kept whatever its size
MOST_UNITS = 1_000
MOST_PLACES = 10_000  # changed by others, as single keys; beyond it their databases count as changed
ENTRY_BYTES = 200  # of one key that is kept, beside its value
SAMPLED = 64


@dataclass(slots=True)
class Touched:
    """What other clients have changed."""

    places: set[tuple[int, bytes]] = field(default_factory=set)
    dbs: set[int] = field(default_factory=set)

    def add(self, places: Iterable[tuple[int, bytes]], dbs: Iterable[int]) -> None:
        self.dbs.update(dbs)
        self.places.update(places)
        if len(self.places) > MOST_PLACES:
            self.dbs.update(number for number, _ in self.places)
            self.places.clear()

    def key_of(self, steps: Iterable[Step]) -> bytes | None:
        """A key that these steps would change too, b"" for a whole database; None if there is none."""
        for step in steps:
            if isinstance(step, Keys):
                for number, key in step.before:
                    if number in self.dbs or (number, key) in self.places:
                        return key
            elif isinstance(step, Emptied):
                there = (k for number, k in self.places if number == step.db and k in step.contents.items)
                if step.db in self.dbs or (found := next(there, None)) is not None:
                    return b"" if step.db in self.dbs else found
            elif not isinstance(step, Turned):
                whole = {step.db} if isinstance(step, Refilled) else {step.first, step.second}
                if whole & self.dbs or any(number in whole for number, _ in self.places):
                    return b""
        return None


@dataclass(slots=True)
class Entry:
    """One unit that can be taken back, and what others have changed since."""

    label: str
    steps: list[Step]
    size_bytes: int
    others: Touched = field(default_factory=Touched)


class Journal:
    """Observes a lab. `mine` are the clients whose changes can be taken back."""

    def __init__(self, lab: Lab) -> None:
        self.mine: WeakSet[Client] = WeakSet()
        self._lab = lab
        self._done: deque[Entry] = deque()
        self._undone: list[Entry] = []
        self._size_bytes = 0
        self._inverse: list[Step] | None = None  # collects what a replay changes
        lab.effects.observe(self._note)

    def undo(self, count: int) -> list[Restored]:
        """Take back up to `count` units, the latest first. Raises CannotUndo."""
        return self._replay(self._done, self._undone, count, redone=False)

    def redo(self, count: int) -> list[Restored]:
        """Do again what was taken back. Raises CannotUndo."""
        return self._replay(self._undone, self._done, count, redone=True)

    # -- observing ------------------------------------------------------------------------------

    def _note(self, unit: Unit) -> None:
        if self._inverse is not None and unit.client is None:
            self._inverse += unit.steps
        elif unit.client in self.mine or any(isinstance(step, Turned) for step in unit.steps):
            self._undone.clear()
            self._add(Entry(_label(unit), unit.steps, _size_bytes(unit.steps)))
        elif unit.client is not None:
            for entry in (*islice(reversed(self._done), 1), *self._undone[-1:]):
                entry.others.add(unit.keys, unit.anew)

    def _add(self, entry: Entry) -> None:
        self._done.append(entry)
        self._size_bytes += entry.size_bytes
        while len(self._done) > 1 and (self._size_bytes > MOST_BYTES or len(self._done) > MOST_UNITS):
            self._size_bytes -= self._done.popleft().size_bytes

    # -- replaying ------------------------------------------------------------------------------

    def _replay(
        self, source: MutableSequence[Entry], target: MutableSequence[Entry], count: int, *, redone: bool
    ) -> list[Restored]:
        restored: list[Restored] = []
        with self._lab.at_work():
            self._check_kept()
            while source and len(restored) < count:
                problem = _problem(source[-1])
                if problem is not None:
                    if restored:
                        break
                    raise problem
                entry = source.pop()
                if source:
                    source[-1].others.add(entry.others.places, entry.others.dbs)
                counter = Entry(entry.label, [], 0, entry.others)
                target.append(counter)
                with self._collected() as inverse:
                    restored.append(self._put_back(entry, redone))
                counter.steps, counter.size_bytes = inverse, _size_bytes(inverse)
                self._size_bytes += counter.size_bytes if redone else -entry.size_bytes
        if not restored:
            raise CannotUndo(f"There is nothing to {'do again' if redone else 'undo'}")
        return restored

    def _check_kept(self) -> None:
        """Where a lab can no longer be written, it is changed no more, by undo neither. Raises CannotUndo."""
        if self._lab.keeper is not None:
            try:
                self._lab.keeper.try_again()
            except Fail as fail:
                raise CannotUndo(fail.text.decode("utf-8", "replace")) from None

    @contextmanager
    def _collected(self) -> Iterator[list[Step]]:
        """What happens inside is one unit, which takes back what is put back here. The lock is held."""
        effects = self._lab.effects
        effects.close()
        self._inverse = inverse = list[Step]()
        effects.capturing = True
        self._lab.begin_time()
        try:
            yield inverse
        finally:
            effects.capturing = False
            self._lab.settle()
            effects.close()
            self._inverse = None

    def _put_back(self, entry: Entry, redone: bool) -> Restored:
        restored = Restored(entry.label, redone)
        for step in entry.steps:
            if isinstance(step, Turned):  # first, so that keys come back to the time that they left
                self._lab.turn_clock(-step.by_s)
                restored.clock_s = -step.by_s
        for step in reversed(entry.steps):
            if isinstance(step, Keys):
                for (number, key), before in step.before.items():
                    self._put_back_key(number, key, before, restored)
            elif isinstance(step, Emptied):
                self._put_back_contents(step, restored)
                self._lab.tracking.emptied(None)
            elif isinstance(step, Refilled):
                db = self._lab.dbs[step.db]
                for key in db.stored_keys():
                    restored.gone.add(key)
                db.clear()
                self._lab.tracking.emptied(None)
            elif isinstance(step, Swapped):
                restored.swapped = step.first, step.second
                self._lab.swap(step.first, step.second)
        return restored

    def _put_back_key(self, number: int, key: bytes, before: Before, restored: Restored) -> None:
        db = self._lab.dbs[number]
        is_there = db.stored(key) is not None
        if before.value is not None and before.expireat is not None and before.expireat < db.time:
            restored.late.add(key)
            before = Before(None)
        elif is_there or before.value is not None:
            group = restored.gone if before.value is None else restored.former if is_there else restored.back
            group.add(key)
        if not is_there and before.value is None:
            return
        stored = db.get(key)
        value = before.value
        if isinstance(value, partial.Fields | partial.Ends):
            value = partial.whole(value, None if stored is None else stored.value)
        db.put_back(key, value, before.expireat, before.encoding)

    def _put_back_contents(self, step: Emptied, restored: Restored) -> None:
        db = self._lab.dbs[step.db]
        contents = step.contents
        late = contents.drop_due(db.time)
        for key in late:
            restored.late.add(key)
        for key in islice(contents.items, NAMED):
            restored.back.add(key)
        restored.back.count += max(0, len(contents.items) - NAMED)
        db.refill(contents)


def _problem(entry: Entry) -> CannotUndo | None:
    """Why this entry must stay as it is."""
    key = entry.others.key_of(entry.steps)
    if key is None:
        return None
    from redislab.core.happened.told import name

    what = name(key) if key else "the same database"
    return CannotUndo(
        f"Another client has changed {what} since {entry.label}",
        remedy="Nothing is undone, for that change would be lost. Change the keys back by commands.",
    )


def _label(unit: Unit) -> str:
    for step in unit.steps:
        if isinstance(step, Turned):
            return f":clock +{span_text(step.by_s)}" if step.by_s > 0 else ":clock real"
    if unit.commands > 1:
        return f"{unit.commands} commands"
    return unit.words[0].decode("ascii", "replace").upper()


def _size_bytes(steps: Iterable[Step]) -> int:
    """About how much memory these steps hold."""
    total = 0
    for step in steps:
        if isinstance(step, Keys):
            total += sum(
                ENTRY_BYTES + len(key) + _value_bytes(before.value)
                for (_, key), before in step.before.items()
            )
        elif isinstance(step, Emptied):
            total += _contents_bytes(step.contents)
    return total


def _value_bytes(value: Any) -> int:
    part = isinstance(value, partial.Fields | partial.Ends)
    return partial.size_bytes(value) if part else kept.size_bytes(value)


def _contents_bytes(contents: Contents) -> int:
    sample = [
        ENTRY_BYTES + len(key) + kept.size_bytes(item.value)
        for key, item in islice(contents.items.items(), SAMPLED)
    ]
    return len(contents.items) * sum(sample) // len(sample) if sample else 0
