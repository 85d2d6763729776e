"""A client's way to the data: keys that are read, opened to be changed, watched.

fakeredis's socket is the base class because its commands are its methods; of what it does around
them (parsing, dispatch, waiting, shaping replies) nothing is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import redis
from fakeredis._commands import Signature
from fakeredis._core import CommandItem
from fakeredis._socket import FakeSocket

from redislab.engines.embedded import notices, sizes
from redislab.engines.embedded.lab import Lab
from redislab.engines.embedded.results import Fail
from redislab.engines.embedded.table import Entry

WRONG_TYPE = b"WRONGTYPE Operation against a key holding the wrong kind of value"

SHRINKING = frozenset(  # commands that may make a value smaller that was large
    {
        *("HDEL", "HSET", "HMSET", "SREM", "SPOP", "SMOVE", "ZREM", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE"),
        *("ZREMRANGEBYLEX", "ZPOPMIN", "ZPOPMAX", "ZMPOP", "BZPOPMIN", "BZPOPMAX", "BZMPOP"),
    }
)

T = TypeVar("T")


class Access(FakeSocket):
    """What a command has open is stored when the command has ended. `aside`: see `Client`."""

    def __init__(self, lab: Lab, *, aside: bool) -> None:
        super().__init__(lab, 0, client_class=redis.Connection)
        lab.sockets.remove(self)  # fakeredis's own list of clients; ours is `lab.members`
        self.lab = lab
        self.aside = aside
        self._opened: list[CommandItem] = []
        self._running: tuple[Entry, list[bytes]] | None = None
        self.watched_outlived: set[tuple[bytes, Any]] = set()  # their time was up already: no change to come

    @property
    def db(self) -> Any:
        return self._db

    @property
    def db_number(self) -> int:
        return self._db_num

    def select(self, number: int) -> None:
        self._db, self._db_num = self.lab.dbs[number], number
        self._db.time = self.lab.clock.time()

    def open(self, key: bytes, kind: type | None = None, *, create: bool = False) -> CommandItem:
        """The key, to be read or changed; changes are stored when the command has ended.

        Raises Fail when it holds another type. `create`: a missing one begins empty.
        """
        stored = self._db.get(key)
        if kind is not None and stored is not None and type(stored.value) is not kind:
            raise Fail(WRONG_TYPE)
        if stored is not None and self._running is not None and self._running[0].name in SHRINKING:
            self.is_compact(key, stored.value)
        fresh = kind() if create and stored is None and kind is not None else None
        item = CommandItem(key, self._db, item=stored, default=fresh)
        self._opened.append(item)
        return item

    def is_compact(self, key: bytes, value: Any) -> bool:
        """Whether Redis keeps this hash, set or sorted set in one piece of memory."""
        return sizes.is_compact(self.db, self.lab.settings, key, value)

    def opened(self, key: bytes) -> list[CommandItem]:
        """What this command has open of the key."""
        return [item for item in self._opened if item.key == key and item.db is self._db]

    def leave(self, item: CommandItem) -> None:
        """Nothing of it has changed after all: it is not stored, and nobody is told."""
        self._opened.remove(item)

    def open_in(self, number: int, key: bytes) -> CommandItem:
        """The key in another database, to be changed."""
        db = self.lab.dbs[number]
        db.time = self._db.time
        item = CommandItem(key, db, item=db.get(key))
        self._opened.append(item)
        return item

    @property
    def now_ms(self) -> int:
        """The time of this command, in milliseconds since 1970."""
        return int(self._db.time * 1000)

    def value(self, key: bytes, kind: type[T]) -> T | None:
        """The value, to be read only; None if there is no such key. Raises Fail for another type."""
        stored = self._db.get(key)
        if stored is None:
            self._count("misses")
            if "m" in self.lab.settings["notify-keyspace-events"]:
                notices.publish(self.lab, "m", "keymiss", key, self.db_number)
            return None
        if type(stored.value) is not kind:
            raise Fail(WRONG_TYPE)
        self._count("hits")
        return stored.value

    def _count(self, what: str) -> None:
        if not self.aside:
            self.lab.counts[what] += 1

    @property
    def watched_changed(self) -> bool:
        return self._watch_notified

    @property
    def watched_expired(self) -> bool:
        """Whether a watched key has outlived its time since."""
        watched: set[tuple[bytes, Any]] = self._watches - self.watched_outlived
        return any(db.is_outlived(key) for key, db in watched)

    def watch_keys(self, keys: list[bytes]) -> None:
        for key in keys:
            if (key, self._db) not in self._watches:
                self._watches.add((key, self._db))
                self._db.add_watch(key, self)
                if self.db.is_outlived(key):
                    self.watched_outlived.add((key, self._db))

    def _clear_watches(self) -> None:
        super()._clear_watches()
        self.watched_outlived.clear()

    def forget_watches(self) -> None:
        self._clear_watches()

    def theirs(self, signature: Signature, func: Callable[..., Any], args: list[bytes]) -> Any:
        """Run one of fakeredis's commands. `args` come without the command's name."""
        applied = signature.apply(args, self._db, self.version)
        if len(applied) == 1:
            return applied[0]
        values, items = applied
        self._opened += items
        return func(self, *values)
