"""Files that a lab pretends to have, so that a lesson can show what a server loses when it is killed.

SAVE and BGSAVE set a copy of all data aside; with `appendonly yes` every change counts as written, which is
true of a process that is killed whatever `appendfsync` says: the system has its last words already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redislab.engines.embedded import kept
from redislab.engines.embedded.effects import Before

if TYPE_CHECKING:
    from redislab.engines.embedded.lab import Lab

KILLED = "The server was killed"


class Rehearsal:
    """Of one lab, from `renew` to `renew`. All under its lock. `saved_s`: when the last snapshot was made."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.saved_s = lab.clock.time()
        self._snapshot: dict[tuple[int, bytes], Before] = {}

    @property
    def appends(self) -> bool:
        """Whether each change is written down."""
        return self._lab.settings["appendonly"] == "yes"

    def save(self) -> None:
        """A snapshot of all data."""
        self._snapshot = {
            (db.number, key): Before(kept.keep(item.value), item.expireat, db.encoding(key, item.value))
            for db in self._lab.dbs.values()
            for key in db.stored_keys()
            if (item := db.stored(key)) is not None
        }
        self.saved_s = self._lab.clock.time()
        self._lab.counts["changes"] = 0

    def kill(self) -> None:
        """What is in no file is gone, and so is everybody's connection."""
        lab = self._lab
        lab.begin_time()
        with lab.effects.of_time():
            if not self.appends:
                self._load()
        lab.crash(KILLED)
        lab.start_anew()

    def _load(self) -> None:
        for db in list(self._lab.dbs.values()):
            db.clear()
        for (number, key), before in self._snapshot.items():
            db = self._lab.dbs[number]
            db.time = self._lab.clock.time()
            if before.expireat is None or before.expireat >= db.time:
                db.put_back(key, before.value, before.expireat, before.encoding)
