"""One database of a lab: keys, when they expire, who watches them, what is known beside their values."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from fakeredis._core import CommandItem, Database

from redislab.engines.embedded import kept

if TYPE_CHECKING:
    from redislab.engines.embedded.lab import Lab


@dataclass(slots=True)
class Contents:
    """All that a database holds. Moved out, nothing changes it any more: no copy is needed."""

    items: dict[bytes, Any] = field(default_factory=dict)
    expiry_heap: list[tuple[float, bytes]] = field(default_factory=list)
    made_by: dict[bytes, tuple[Any, bytes]] = field(default_factory=dict)
    used_s: dict[bytes, float] = field(default_factory=dict)

    def drop_due(self, now_s: float) -> list[bytes]:
        """Forget the keys whose time has passed; which they were."""
        heap, late = self.expiry_heap, []
        while heap and heap[0][0] < now_s:
            _, key = heapq.heappop(heap)
            item = self.items.get(key)
            if item is not None and item.expireat is not None and item.expireat < now_s:
                del self.items[key]
                late.append(key)
        return late

    def add(self, other: Contents) -> None:
        """Hold these keys too."""
        self.items.update(other.items)
        self.made_by.update(other.made_by)
        self.used_s.update(other.used_s)
        self.expiry_heap += other.expiry_heap
        heapq.heapify(self.expiry_heap)


class LabDatabase(Database):
    """A database that tells its lab of changes instead of waking threads."""

    def __init__(self, lab: Lab, number: int) -> None:
        super().__init__(lab.lock)
        self._lab = lab
        self._effects = lab.effects
        self.number = number
        self.made_by: dict[bytes, tuple[Any, bytes]] = {}  # key → the value, how Redis would keep it
        self.used_s: dict[bytes, float] = {}

    # -- keys -----------------------------------------------------------------------------------

    def __getitem__(self, key: bytes) -> Any:
        item = self._dict[key]
        if item.expireat is not None and item.expireat < self.time:
            if self._lab.pause.is_on:  # its time is up, and it goes when the pause is over
                raise KeyError(key)
            if self._effects.active:
                self._effects.touch_whole(self, key)
            del self[key]
            self._lab.tracking.changed(key, self._lab.running)
            self._lab.expired(self, key)
            raise KeyError(key)
        if self._effects.capturing:
            self._effects.touch(self, key)
        if self._lab.notes_use:
            self.used_s[key] = self.time
        return item

    def __setitem__(self, key: bytes, item: Any) -> None:
        if self._effects.active:
            self._effects.touch(self, key)
        super().__setitem__(key, item)
        if self._lab.notes_use:
            self._used(key)
        self._lab.memory.changed(self.number, key)

    def __delitem__(self, key: bytes) -> None:
        if self._effects.active:
            self._effects.touch(self, key)
        super().__delitem__(key)
        self._lab.memory.changed(self.number, key)

    def stored(self, key: bytes) -> Any:
        """The item as it lies here, whether its time is up or not; None: there is none."""
        return self._dict.get(key)

    def mend(self) -> None:
        """After Ctrl-C in the middle of a command: no key is without a value, no value half changed."""
        for key, item in list(self._dict.items()):
            if item.value is None:  # about to be stored
                del self._dict[key]
            else:
                kept.mend(item.value)

    def is_outlived(self, key: bytes) -> bool:
        """Whether a key lies here and its time is up (DEBUG SET-ACTIVE-EXPIRE 0)."""
        item = self._dict.get(key)
        return item is not None and not _is_alive(item, self.time)

    def stored_keys(self) -> list[bytes]:
        return list(self._dict)

    def each_stored(self) -> Iterator[bytes]:
        """The keys that lie here, one by one; nothing may change meanwhile."""
        return iter(self._dict)

    def soonest(self, count: int) -> list[bytes]:
        """Keys that have a time to live, about the `count` that expire first."""
        due = islice(self._expiry_heap, count)
        return list({key: None for at_s, key in due if self._expires(key, at_s)})

    def _expires(self, key: bytes, at_s: float) -> bool:
        item = self._dict.get(key)
        return item is not None and item.expireat == at_s

    @property
    def size(self) -> int:
        """How many keys lie here, whether their time is up or not."""
        return len(self._dict)

    # -- changes --------------------------------------------------------------------------------

    def notify_watch(self, key: bytes) -> None:
        super().notify_watch(key)
        self._lab.memory.changed(self.number, key)
        self._lab.tracking.changed(key, self._lab.running)

    def wake_all(self) -> None:
        self._lab.touched = True

    def replaced(self, before: Contents) -> None:
        """It holds other keys than before (SWAPDB): who watches one that was or is here hears of it."""
        for key in list(self._watches):
            if _is_alive(before.items.get(key), self.time) or _is_alive(self._dict.get(key), self.time):
                self.notify_watch(key)
            elif self.is_outlived(key):
                for client in self._watches[key]:
                    client.watched_outlived.add((key, self))
        self.wake_all()

    def clear(self) -> None:
        # Upstream notifies once for each key that there is; only the watched ones have a listener.
        for key in list(self._watches):
            if key in self:
                self.notify_watch(key)
        if self._effects.active and self._dict:
            self._effects.emptied(self, self.contents)
        self.put_in(Contents())
        self.wake_all()

    @property
    def contents(self) -> Contents:
        """All that is held, itself and no copy."""
        return Contents(self._dict, self._expiry_heap, self.made_by, self.used_s)

    def put_in(self, contents: Contents) -> None:
        """Hold this and nothing else."""
        self._dict, self._expiry_heap = contents.items, contents.expiry_heap
        self.made_by, self.used_s = contents.made_by, contents.used_s
        self._lab.memory.changed_altogether()

    def refill(self, contents: Contents) -> None:
        """Give back what `clear` took out; keys that have come since stay."""
        if self._effects.active:
            self._effects.refilled(self)
        since = self.contents
        if since.items:
            contents.add(since)
        self.put_in(contents)
        for key in list(self._watches):
            if key in contents.items and key not in since.items:
                self.notify_watch(key)
        self.wake_all()

    def swap(self, other: Database) -> None:
        assert isinstance(other, LabDatabase)
        if self._effects.active and (self._dict or other._dict):
            self._effects.swapped(self, other)
        mine, theirs = self.contents, other.contents
        try:
            self.put_in(theirs)
            other.put_in(mine)
        except BaseException:  # Ctrl-C: for a moment both hold the same
            self.put_in(theirs)
            other.put_in(mine)
            raise

    # -- time -----------------------------------------------------------------------------------

    def is_due(self) -> bool:
        """Whether a key may have outlived its time."""
        heap = self._expiry_heap
        return bool(heap) and heap[0][0] < self._lab.clock.time()

    def next_due_s(self) -> float | None:
        """When a key may outlive its time, in seconds since 1970; None if none ever does."""
        heap = self._expiry_heap
        return heap[0][0] if heap else None

    def expire_due(self) -> None:
        """Delete what has outlived its time, and say so."""
        heap, now_s = self._expiry_heap, self.time
        while heap and heap[0][0] < now_s:
            _, key = heapq.heappop(heap)
            item = self._dict.get(key)
            if item is not None and self.expired(item):
                del self[key]
                self.notify_watch(key)
                self._lab.expired(self, key)

    def expiries(self) -> list[float]:
        """When keys expire, those that do, in seconds since 1970."""
        return [item.expireat for item in self._dict.values() if item.expireat is not None]

    def _used(self, key: bytes) -> None:
        """Remember that a key is in use, for OBJECT IDLETIME and for what goes first when memory is full."""
        if len(self.used_s) > 2 * len(self._dict) + 64:
            self.used_s = {kept: at for kept, at in self.used_s.items() if kept in self._dict}
        self.used_s[key] = self.time

    def idle_s(self, key: bytes) -> int:
        """Seconds since the key was last asked for or changed."""
        now_s = self._lab.clock.time()
        return max(0, int(now_s - self.used_s.get(key, now_s)))

    def put_back(self, key: bytes, value: Any, expireat: float | None, encoding: bytes | None) -> None:
        """The key holds again what was kept of it (`kept.keep`), to that moment; None: it is not there."""
        item = CommandItem(key, self, item=self.get(key))
        item.value = None if value is None else kept.revive(value)
        item.expireat = expireat
        item.writeback()
        if encoding is not None:
            self.made(key, item.value, encoding)
        else:
            self.made_anew(key)

    # -- how values were made ------------------------------------------------------------------

    def made(self, key: bytes, value: Any, encoding: bytes) -> None:
        """Remember that a value was made in a way that gives it this encoding, as long as it lives."""
        if self._effects.capturing:
            self._effects.touch(self, key)
        if len(self.made_by) > 2 * len(self._dict) + 64:
            alive = ((k, made) for k, made in self.made_by.items() if k in self._dict)
            self.made_by = {k: made for k, made in alive if self._dict[k].value is made[0]}
        self.made_by[key] = (value, encoding)

    def made_anew(self, key: bytes) -> None:
        """The key gets a value of its own; identity would not tell: strings of one byte are one object."""
        if self.made_by:
            if self._effects.capturing:
                self._effects.touch(self, key)
            self.made_by.pop(key, None)

    def forget_making(self) -> None:
        """As after a restart, when values alone have been kept."""
        self.made_by.clear()

    def made_alike(self, key: bytes, other: LabDatabase, target: bytes) -> None:
        """The value of `key` gets another key: what is known of how it was made goes along."""
        known = self.made_by.get(key)
        if known is not None:
            other.made(target, *known)

    def encoding(self, key: bytes, value: Any) -> bytes | None:
        """What its making says of how Redis keeps this value; None: nothing special."""
        known = self.made_by.get(key)
        return known[1] if known is not None and known[0] is value else None


def _is_alive(item: Any, now_s: float) -> bool:
    """Of a stored item, or None where there is no key."""
    return item is not None and (item.expireat is None or item.expireat >= now_s)
