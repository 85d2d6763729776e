"""Names that exist on the server: keys, fields, members, groups, parameters.

Asked beside the user's commands, on a connection of its own, from the thread that completes; a look ends
with its budget, however large the data.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from redislab.core.engine import Engine
from redislab.core.learn import names_of
from redislab.core.link import Link
from redislab.core.parts import Assembler
from redislab.core.reply import Reply
from redislab.errors import RedislabError

BUDGET_S = 0.04  # for one look
MOST_NAMES = 40
MOST_LEAVES = 100_000  # of one answer that is kept
SCAN_COUNT = 500  # keys a step: a fraction of a millisecond of the server's time
PAUSE_S = 0.001  # between two steps: the thread that draws what is typed goes first
STILL_S = 0.03  # no key has been pressed for so long before a look begins: it is not in the way of typing
_VERSION = re.compile(rb"^(redis|valkey)_version:([0-9.]{1,20})\r?$", re.MULTILINE)
_SPECIAL = re.compile(rb"[\\*?\[\]^-]")


class Finder:
    """Looks into one database of one engine. What fails or takes longer than `budget_s` finds nothing."""

    def __init__(self, engine: Engine, db: int, *, budget_s: float = BUDGET_S) -> None:
        self.db = db
        self._budget_s = budget_s
        self._link = Link(engine.aside(), db=db)
        self._lock = threading.Lock()
        self._deadline_s = 0.0
        self._latest = 0  # looks begun; an older one gives up, for another key has been pressed

    def keys(self, prefix: bytes, kind: str | None = None) -> list[tuple[bytes, str]]:
        """Keys that begin so, sorted, each with its type; of one type only, where `kind` names it."""
        of_kind = [b"TYPE", kind.encode()] if kind else []
        look = self._begin()
        with self._lock:
            found = self._scan(look, [b"SCAN"], prefix, of_kind)
            if kind:
                return [(name, kind) for name in found]
            types = self._ask([[b"TYPE", name] for name in found])
        return [
            (name, reply.text.decode("ascii", "replace")) for name, reply in zip(found, types, strict=False)
        ]

    def fields(self, key: bytes, prefix: bytes) -> list[bytes]:
        """Fields of a hash."""
        return self._inside(b"HSCAN", key, prefix, step=2)

    def members(self, key: bytes, prefix: bytes) -> list[bytes]:
        """Members of a set."""
        return self._inside(b"SSCAN", key, prefix, step=1)

    def scored(self, key: bytes, prefix: bytes) -> list[bytes]:
        """Members of a sorted set."""
        return self._inside(b"ZSCAN", key, prefix, step=2)

    def entries(self, key: bytes, prefix: bytes) -> list[bytes]:
        """IDs of the latest entries of a stream, newest first."""
        entries = self._one(b"XREVRANGE", key, b"+", b"-", b"COUNT", b"%d" % MOST_NAMES)
        return [entry.items[0].text for entry in entries if entry.items[0].text.startswith(prefix)]

    def groups(self, key: bytes, prefix: bytes) -> list[bytes]:
        """Consumer groups of a stream."""
        names = [group.items[1].text for group in self._one(b"XINFO", b"GROUPS", key) if len(group.items) > 1]
        return _starting(names, prefix)

    def parameters(self, prefix: bytes) -> list[bytes]:
        """Names that CONFIG knows."""
        return _starting([item.text for item in self._one(b"CONFIG", b"GET", b"*")[::2]], prefix)

    def categories(self, prefix: bytes) -> list[bytes]:
        """Categories of ACLs, without their @."""
        return _starting([item.text for item in self._one(b"ACL", b"CAT")], prefix)

    def command_names(self) -> tuple[str, ...] | None:
        """The names of all commands that the server has; None where it does not say in time."""
        for command in ((b"COMMAND", b"LIST"), (b"COMMAND",)):  # before 7.0 there is no list
            replies = self._look([command])
            if not replies:
                return None
            if not replies[0].is_error:
                return names_of(replies[0])
        return None

    def described(self, names: Sequence[bytes]) -> list[tuple[Reply, Reply]] | None:
        """What COMMAND INFO and COMMAND DOCS answer for each name; None where not all came in time."""
        asks = [(b"COMMAND", what, name) for name in names for what in (b"INFO", b"DOCS")]
        replies = self._look(asks)
        return list(zip(replies[::2], replies[1::2], strict=True)) if len(replies) == len(asks) else None

    def server(self) -> str:
        """What the server calls itself: `Redis 7.0.15`, `Valkey 9.0.1`; "" where it does not say in time."""
        replies = self._look([(b"INFO", b"server")])
        found = dict(_VERSION.findall(replies[0].text)) if replies else {}
        name = "valkey" if b"valkey" in found else "redis"
        version: bytes = found.get(name.encode(), b"")
        return f"{name.capitalize()} {version.decode('ascii')}" if version else ""

    def close(self) -> None:
        with self._lock:
            self._link.drop()

    # -- inside ---------------------------------------------------------------------------------

    def _inside(self, command: bytes, key: bytes, prefix: bytes, *, step: int) -> list[bytes]:
        look = self._begin()
        with self._lock:
            return self._scan(look, [command, key], prefix, [], step=step)

    def _begin(self) -> int:
        """The number of a new look, once typing has paused."""
        self._latest += 1
        look = self._latest
        time.sleep(STILL_S)
        return look

    def _scan(
        self, look: int, command: Sequence[bytes], prefix: bytes, more: Sequence[bytes], *, step: int = 1
    ) -> list[bytes]:
        """Steps of a SCAN until enough has been found, all has been seen, or the time is over."""
        self._deadline_s = time.monotonic() + self._budget_s
        found: set[bytes] = set()
        cursor = b"0"
        pattern = _SPECIAL.sub(rb"\\\g<0>", prefix) + b"*"
        while len(found) < MOST_NAMES and look == self._latest:
            args = [*command, cursor, b"MATCH", pattern, b"COUNT", b"%d" % SCAN_COUNT, *more]
            replies = self._ask([args])
            if not replies or len(replies[0].items) != 2:
                break
            cursor = replies[0].items[0].text
            found.update(item.text for item in replies[0].items[1].items[::step])
            if cursor == b"0":
                break
            time.sleep(PAUSE_S)
        return sorted(found)[:MOST_NAMES]

    def _one(self, *args: bytes) -> tuple[Reply, ...]:
        """The items of one command's answer."""
        look = self._begin()
        with self._lock:
            self._deadline_s = time.monotonic() + self._budget_s
            replies = self._ask([args]) if look == self._latest else []
        return replies[0].items if replies else ()

    def _look(self, commands: Sequence[Sequence[bytes]]) -> list[Reply]:
        """What is asked once and not at every key, so that it need not wait for a pause."""
        with self._lock:
            try:
                self._link.connect()  # happens once, and has the engine's own limit
            except RedislabError:
                return []
            self._deadline_s = time.monotonic() + self._budget_s
            return self._ask(commands)

    def _ask(self, commands: Sequence[Sequence[bytes]]) -> list[Reply]:
        """The answers that come in time; with fewer than there are commands the connection is given up."""
        if not commands:
            return []
        try:
            self._link.send(commands)
            replies = list(self._answers(len(commands)))
        except RedislabError:
            return []
        if len(replies) < len(commands):
            self._link.drop()
        return replies

    def _answers(self, count: int) -> Iterator[Reply]:
        assembler = Assembler(limit=MOST_LEAVES)
        while count and (left_s := self._deadline_s - time.monotonic()) > 0:
            for arrival in self._link.arrivals(left_s):
                reply = assembler.add(arrival.part) if arrival.args is not None else None
                if reply is not None:
                    yield reply
                    count -= 1
                if not count or time.monotonic() > self._deadline_s:
                    break


def _starting(names: Iterable[bytes], prefix: bytes) -> list[bytes]:
    wanted = prefix.lower()
    return sorted(name for name in names if name.lower().startswith(wanted))[:MOST_NAMES]
