"""What each arriving command changed: which keys, and how they were before.

A *unit* is all that one arriving command causes: the commands in its EXEC or its script, and those of
waiting clients that it wakes. What expires by time alone is a unit of its own. Whoever wants to know
(undo, a lab that is kept) observes; while nobody does, nothing is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from redislab.engines.embedded import kept, partial

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client
    from redislab.engines.embedded.database import Contents, LabDatabase


class Before(NamedTuple):
    """One key as it was.

    `value` as `kept.keep` gives it, None: there was no such key. Of a large value it may be a
    `partial.Part`; with the live value, as the unit left it, `partial.whole` makes it whole.
    `expireat` in seconds since 1970. `encoding`: what a string's making says of it, None: nothing special.
    """

    value: Any
    expireat: float | None = None
    encoding: bytes | None = None


MISSING = Before(None)
_NOTHING: tuple[str, list[bytes]] = ("", [])
_PARTS = (partial.Fields, partial.Ends)


@dataclass(slots=True)
class Keys:
    """Single keys that changed."""

    before: dict[tuple[int, bytes], Before]  # by database and key


@dataclass(slots=True)
class Emptied:
    """A database that lost all of its keys at once; `contents` is what it held."""

    db: int
    contents: Contents


@dataclass(slots=True)
class Refilled:
    """A database that got back what it had held."""

    db: int


@dataclass(slots=True)
class Swapped:
    """Two databases that changed places."""

    first: int
    second: int


@dataclass(slots=True)
class Turned:
    """The clock moved, ahead or (negative) back."""

    by_s: float


Step: TypeAlias = "Keys | Emptied | Refilled | Swapped | Turned"


@dataclass(slots=True)
class Unit:
    """What one arriving command caused, in order. `client` is None where time alone did it.

    `words` are those of the command; of several that were sent together the first one's.
    """

    client: Client | None
    words: list[bytes]
    commands: int
    steps: list[Step]

    @property
    def anew(self) -> set[int]:
        """Databases that changed as a whole: everything in them may be another now."""
        found: set[int] = set()
        for step in self.steps:
            if isinstance(step, Swapped):
                found |= {step.first, step.second}
            elif isinstance(step, Emptied | Refilled):
                found.add(step.db)
        return found

    @property
    def keys(self) -> dict[tuple[int, bytes], Before]:
        """Changed keys in the other databases, as they were before the unit."""
        anew = self.anew
        found: dict[tuple[int, bytes], Before] = {}
        for step in self.steps:
            if isinstance(step, Keys):
                for place, before in step.before.items():
                    if place[0] not in anew:
                        found.setdefault(place, before)
        return found


Observer: TypeAlias = Callable[[Unit], None]  # called under the lab's lock; raises nothing


class Effects:
    """Collects the changes of the unit under way. All under the lab's lock.

    `active`: somebody observes. `capturing`: a command runs that may change values in place, so that
    each value it touches is kept first. `speaker`: whose command arrived; it reads its answers when all
    that it has sent is done, the others at once, so that theirs are held until the unit is closed.
    `batch_of`: who has sent more, which belongs to the same unit. `lost` is called when Ctrl-C came between
    a change and those who observe.
    """

    def __init__(self, dbs: Mapping[int, LabDatabase], lost: Callable[[], None]) -> None:
        self.active = False
        self.capturing = False
        self.speaker: Client | None = None
        self.running: tuple[str, list[bytes]] = _NOTHING  # the command that may change values in place
        self.batch_of: Client | None = None
        self._dbs = dbs
        self._lost = lost
        self._told = True  # of all that was touched
        self._observers: list[Observer] = []
        self._client: Client | None = None
        self._words: list[bytes] = []
        self._commands = 0
        self._keys: dict[tuple[int, bytes], Before] = {}
        self._steps: list[Step] = []
        self._held: list[tuple[Client, Any]] = []

    def observe(self, observer: Observer) -> None:
        """Call `observer` with each unit that changed something, before its answers can be read."""
        self._observers.append(observer)
        self.active = True

    # -- a unit ---------------------------------------------------------------------------------

    def arrived(self, client: Client, words: list[bytes]) -> None:
        """A command of `client` has arrived; unless it goes on with a batch, a unit begins."""
        if self.active:
            self.speaker = client
            self.begin(client, words)

    def begin(self, client: Client, words: list[bytes]) -> None:
        """A command of `client` runs now."""
        if client is not self._client:
            self.close()
            self._client = client
        if not self._commands:
            self._words = words
        self._commands += 1

    def end(self) -> None:
        """The command that arrived has ended, with all that it caused."""
        if self.active and not (self.batch_of is not None and self.batch_of is self.speaker is self._client):
            self.close()
        self.speaker = None

    @contextmanager
    def of_time(self) -> Iterator[None]:
        """What happens inside is caused by time, and is a unit of its own."""
        self.close()
        try:
            yield
        finally:
            self.close()

    def close(self) -> None:
        """Give the unit to those who observe, then the other clients what they were to be told."""
        if self._keys or self._steps:
            unit = Unit(self._client, self._words, self._commands, self._finished())
            if unit.steps:
                for observer in self._observers:
                    observer(unit)
        elif not self._told:
            self._lost()
        self._told = True
        self._client, self._words, self._commands = None, [], 0
        if self._held:
            held, self._held = self._held, []
            for client, made in held:
                client.deliver(made)

    def hold(self, client: Client, made: tuple[Any, int]) -> None:
        """Something for a client that waits or listens: it gets it when the unit is closed."""
        self._held.append((client, made))

    def forget_held(self) -> None:
        """Tell nobody what is held."""
        self._held.clear()

    # -- changes --------------------------------------------------------------------------------

    def touch(self, db: LabDatabase, key: bytes) -> None:
        """The key may be changed now: keep how it is, if this unit has not done so."""
        self._told = False
        place = db.number, key
        before = self._keys.get(place)
        if before is None:
            self._keys[place] = self._now(db, key)
        elif type(before.value) in _PARTS:
            item = db.stored(key)
            value = None if item is None else item.value
            if key != self._changes or not partial.extend(before.value, value, *self.running):
                self._keys[place] = before._replace(value=partial.whole(before.value, value))

    def touch_whole(self, db: LabDatabase, key: bytes) -> None:
        """As `touch`, where the change is not that of the command that runs."""
        running, self.running = self.running, _NOTHING
        self.touch(db, key)
        self.running = running

    def emptied(self, db: LabDatabase, contents: Contents) -> None:
        self._step(Emptied(db.number, contents))

    def refilled(self, db: LabDatabase) -> None:
        self._step(Refilled(db.number))

    def turned(self, by_s: float) -> None:
        self._step(Turned(by_s))

    def swapped(self, first: LabDatabase, second: LabDatabase) -> None:
        self._step(Swapped(first.number, second.number))

    # -- inside ---------------------------------------------------------------------------------

    @property
    def _changes(self) -> bytes | None:
        """The key of the command that runs."""
        words = self.running[1]
        return words[1] if len(words) > 1 else None

    def _now(self, db: LabDatabase, key: bytes) -> Before:
        """The key as it is, or what the command that runs may change of it."""
        item = db.stored(key)
        if item is None:
            return MISSING
        part = partial.begin(item.value, *self.running) if key == self._changes else None
        value = kept.keep(item.value) if part is None else part
        return Before(value, item.expireat, db.encoding(key, item.value))

    def _step(self, step: Step) -> None:
        self._told = False
        self._part()
        self._steps.append(step)

    def _part(self) -> None:
        """Close the single keys so far: what follows changes databases as a whole."""
        changed = {
            place: before for place, before in self._keys.items() if not self._is_unchanged(place, before)
        }
        if changed:
            self._steps.append(Keys(changed))
        self._keys = {}

    def _finished(self) -> list[Step]:
        self._part()
        steps, self._steps = self._steps, []
        return steps

    def _is_unchanged(self, place: tuple[int, bytes], before: Before) -> bool:
        number, key = place
        db = self._dbs[number]
        item = db.stored(key)
        if item is None or before.value is None:
            return item is None and before.value is None
        same = partial.is_same if type(before.value) in _PARTS else kept.is_same
        if item.expireat != before.expireat or not same(before.value, item.value):
            return False
        # Of other values it is found out late that they are large, by whoever asks: that is no change.
        return type(item.value) is not bytes or db.encoding(key, item.value) == before.encoding
