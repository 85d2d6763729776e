"""A limit of memory: what the data takes, as far as that can be estimated, and which keys go at the limit.

Redis measures what its allocator gave out. Here each key is reckoned as Redis would need it, and a constant
stands for the server itself. While a limit is set, keys that change are reckoned anew with the next command.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from redislab.engines.embedded import notices
from redislab.engines.embedded.sizes import memory_bytes

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client
    from redislab.engines.embedded.database import LabDatabase
    from redislab.engines.embedded.lab import Lab
    from redislab.engines.embedded.table import Entry

SERVER_BYTES = 860_000  # what redis-server 7.0 uses with no key in it
SAMPLED = 1_000  # keys of a database that stand for all, and among which one is chosen to go
OOM = b"OOM command not allowed when used memory > 'maxmemory'."
_ENDS_OR_BEGINS = frozenset({"EXEC", "DISCARD", "MULTI", "WATCH", "QUIT", "RESET"})


class Memory:
    """Of one lab. All under its lock. `full`: the latest command found too much, and nothing could go."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.limit = 0  # bytes; 0: none
        self.is_new = False  # the limit has been set by the command that runs
        self.full = False
        self._sizes: dict[tuple[int, bytes], int] = {}
        self._total = 0
        self._stale: set[tuple[int, bytes]] = set()
        lab.settings.watch("maxmemory", self._set_limit)

    def _set_limit(self, value: bytes) -> None:
        self.limit = int(value)
        self.full = False
        self.changed_altogether()
        self.is_new = bool(self.limit)

    # -- what changes ---------------------------------------------------------------------------

    def changed(self, number: int, key: bytes) -> None:
        """This key may be another now."""
        if self.limit:
            self._stale.add((number, key))

    def changed_altogether(self) -> None:
        """Any key may be."""
        self._sizes, self._total, self._stale = {}, 0, set()
        if self.limit:
            self._stale = {(db.number, key) for db in self._lab.dbs.values() for key in db.stored_keys()}

    @property
    def used(self) -> int:
        """Bytes, about. Without a limit a sample of the keys stands for all."""
        if not self.limit:
            return SERVER_BYTES + sum(map(self._sampled, list(self._lab.dbs.values())))
        stale, self._stale = self._stale, set()
        for place in stale:
            size = self._size(*place)
            self._total += size - self._sizes.pop(place, 0)
            if size:
                self._sizes[place] = size
        return SERVER_BYTES + self._total

    # -- what goes ------------------------------------------------------------------------------

    def make_room(self) -> None:
        """Let keys go, as `maxmemory-policy` says, until what is left fits.

        Done before a command, and behind the one that sets the limit.
        """
        self.full = self.is_new = False
        if not self.limit:
            return
        while self.used > self.limit:
            chosen = self._chosen(self._lab.settings["maxmemory-policy"])
            if chosen is None:
                self.full = True
                return
            self._evict(*chosen)

    def refuses(self, client: Client, entry: Entry) -> bool:
        """Whether a command may not run now, or not be queued."""
        if not self.full:
            return False
        if client.queued is None:
            return "denyoom" in entry.flags
        if entry.name == "EXEC":
            return any("denyoom" in each.flags for each, _ in client.queued)
        return entry.name not in _ENDS_OR_BEGINS

    # -- inside ---------------------------------------------------------------------------------

    def _size(self, number: int, key: bytes) -> int:
        db = self._lab.dbs[number]
        stored = db.stored(key)
        if stored is None or stored.value is None:
            return 0
        return memory_bytes(db, self._lab.settings, key, stored)

    def _sampled(self, db: LabDatabase) -> int:
        keys = list(islice(db.each_stored(), SAMPLED))
        return sum(self._size(db.number, key) for key in keys) * db.size // len(keys) if keys else 0

    def _chosen(self, policy: str) -> tuple[LabDatabase, bytes] | None:
        """The key that goes next; None: none may. Redis chooses from a sample, too."""
        which, _, by = policy.partition("-")
        if policy == "noeviction":
            return None
        found = list(self._candidates(volatile=which == "volatile"))
        if not found:
            return None
        if by == "random":
            return random.choice(found)
        if by == "ttl":
            return min(found, key=lambda each: each[0].stored(each[1]).expireat)
        return min(found, key=lambda each: each[0].used_s.get(each[1], 0.0))  # LFU too: uses are not counted

    def _candidates(self, *, volatile: bool) -> Iterator[tuple[LabDatabase, bytes]]:
        for db in list(self._lab.dbs.values()):
            keys = db.soonest(SAMPLED) if volatile else list(islice(db.each_stored(), SAMPLED))
            yield from ((db, key) for key in keys)

    def _evict(self, db: LabDatabase, key: bytes) -> None:
        lab = self._lab
        with lab.effects.of_time():
            del db[key]
            db.notify_watch(key)
            lab.counts["evicted"] += 1
            if lab.settings["notify-keyspace-events"]:
                notices.publish(lab, "e", "evicted", key, db.number)
