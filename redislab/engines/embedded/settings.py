"""CONFIG's settings: kept, checked and shown as Redis 7.0 does; a few of them change what the engine does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from redislab.engines.embedded import glob
from redislab.engines.embedded.numbers import as_integer
from redislab.engines.embedded.results import Fail
from redislab.engines.embedded.settings_table import TABLE

_LIMITS = {"max": (1 << 63) - 1, "int": (1 << 31) - 1, "min": -(1 << 31)}
_MEMORY = re.compile(r"(-?\d+)(b|k|kb|m|mb|g|gb)?", re.IGNORECASE).fullmatch
_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 10**6, "mb": 1 << 20, "g": 10**9, "gb": 1 << 30}
_EVENT_CLASSES = b"g$lshzxetdnm"  # in the order in which they are shown; `A` stands for all but `n` and `m`
_ALL_EVENTS = frozenset(b"g$lshzxetd")

# What this engine does not have: only the value that says so can be set.
_ABSENT = {
    "maxmemory-clients": ("0", "no limit for what waits to be read"),
    "appendonly": ("no", "no files"),
    "save": ("", "no files"),
    "port": ("0", "no network"),
    "tls-port": ("0", "no network"),
}
_FILES = frozenset({"appendonly", "save"})
_TWINS = {"ziplist": "listpack", "slave": "replica"}  # older names of the same settings


@dataclass(frozen=True)
class Setting:
    name: str
    kind: str  # immutable, bool, string, one-of:a|b, int:low:high, memory or memory:low:high
    default: str

    def checked(self, value: str) -> str:
        """The value as it is kept. Raises ValueError with Redis's reason."""
        kind, _, rest = self.kind.partition(":")
        if kind == "immutable":
            raise ValueError("can't set immutable config")
        if kind == "bool" and value.lower() not in ("yes", "no"):
            raise ValueError("argument must be 'yes' or 'no'")
        if kind == "one-of" and value.lower() not in rest.split("|"):
            choices = rest.replace("|", ", ")
            raise ValueError(f"argument(s) must be one of the following: {choices}")
        if kind in ("int", "memory"):
            return self._number(value, kind, rest)
        return value.lower() if kind in ("bool", "one-of") else value

    def _number(self, value: str, kind: str, bounds: str) -> str:
        if kind == "memory":
            size = memory_bytes(value)
            if size is None:
                raise ValueError("argument must be a memory value")
            number = size
        else:
            parsed = as_integer(value.encode())
            if parsed is None:
                raise ValueError("argument couldn't be parsed into an integer")
            number = parsed
        if bounds:
            low, high = (_LIMITS.get(word) or int(word) for word in bounds.split(":"))
            if not low <= number <= high:
                raise ValueError(f"argument must be between {low} and {high} inclusive")
        return str(number)


def _read_table() -> dict[str, Setting]:
    rows = (line.split(" ", 2) for line in TABLE.splitlines())
    return {row[0]: Setting(row[0], row[1], row[2] if len(row) > 2 else "") for row in rows}


class Settings:
    """The values of one lab."""

    def __init__(self) -> None:
        self._known: Mapping[str, Setting] = _read_table()
        self._values = {name: setting.default for name, setting in self._known.items()}
        self._kept = False
        self._pretends = False  # to have files
        self._watchers: dict[str, Callable[[bytes], None]] = {}

    def watch(self, name: str, work: Callable[[bytes], None]) -> None:
        """Call `work` with the value whenever this setting is given one."""
        self._watchers[name] = work

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def number(self, name: str) -> int:
        return int(self._values[name])

    def keep(self) -> None:
        """The data is kept in a file that each change is appended to."""
        self._kept = True
        self._values["appendonly"] = "yes"

    def renew(self) -> None:
        """As at a server's start. From now on `appendonly` and `save` can be set; they mean nothing here."""
        self._kept, self._pretends = False, True
        before, self._values = self._values, {name: each.default for name, each in self._known.items()}
        for name, work in self._watchers.items():
            if self._values[name] != before[name]:
                work(self._shown(name))

    def matching(self, patterns: list[bytes]) -> dict[bytes, bytes]:
        """CONFIG GET: names that match; one that was named is shown as it was typed."""
        found: dict[bytes, bytes] = {}
        for pattern in patterns:
            lowered = pattern.lower()
            if not any(byte in b"*?[" for byte in lowered):
                if lowered.decode("latin-1") in self._values:
                    found[pattern] = self._shown(lowered.decode("latin-1"))
                continue
            matches: Callable[[bytes], bool] = glob.matcher(lowered)
            for name in self._values:
                if matches(name.encode()):
                    found[name.encode()] = self._shown(name)
        return found

    def _shown(self, name: str) -> bytes:
        return self._values[name].encode("utf-8", "surrogateescape")

    def change(self, pairs: list[tuple[bytes, bytes]]) -> None:
        """CONFIG SET: all of them or none. Raises Fail."""
        checked: dict[str, str] = {}
        for raw_name, raw_value in pairs:
            name = raw_name.lower().decode("latin-1")
            setting = self._known.get(name)
            if setting is None:
                raise Fail(b"ERR Unknown option or number of arguments for CONFIG SET - '%b'" % raw_name)
            try:
                if name in checked:
                    raise ValueError("duplicate parameter")
                value = raw_value.decode("utf-8", "surrogateescape")
                if name == "notify-keyspace-events":
                    checked[name] = events(value)
                elif name == "client-output-buffer-limit":
                    checked[name] = output_limits(value, self._values[name])
                else:
                    checked[name] = setting.checked(value)
                self._check_possible(name, checked[name])
            except ValueError as reason:
                where = f"ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}"
                raise Fail(where) from None
        for name, value in checked.items():
            for twin in {name, *(name.replace(a, b) for a, b in _TWINS.items())}:
                self._values[twin] = value
            for old, new in _TWINS.items():
                if name.replace(new, old) in self._values:
                    self._values[name.replace(new, old)] = value
            if name in self._watchers:
                self._watchers[name](self._shown(name))

    def _check_possible(self, name: str, value: str) -> None:
        """Raises ValueError for what this engine cannot be."""
        if name in _FILES and self._pretends:
            return
        if name == "appendonly" and self._kept:
            if value != "yes":
                raise ValueError("this lab is kept, so each change is written; --fresh keeps nothing")
        elif name in _ABSENT and value != _ABSENT[name][0]:
            raise ValueError(f"redislab's built-in engine has {_ABSENT[name][1]}")


def output_limits(text: str, before: str) -> str:
    """`client-output-buffer-limit` with some classes changed, sizes in bytes. Raises ValueError."""
    words, limits = text.split(), before.split()
    if len(words) % 4:
        raise ValueError("Wrong number of arguments in buffer limit configuration.")
    for place in range(0, len(words), 4):
        group = words[place].lower().replace("replica", "slave")
        if group not in ("normal", "slave", "pubsub"):
            raise ValueError("Invalid client class specified in buffer limit configuration.")
        sizes = [memory_bytes(word) for word in words[place + 1 : place + 3]]
        seconds = as_integer(words[place + 3].encode("utf-8", "surrogateescape"))
        if None in sizes or seconds is None or seconds < 0:
            raise ValueError("Error in hard, soft or soft_seconds setting in buffer limit configuration.")
        at = limits.index(group)
        limits[at + 1 : at + 4] = [*map(str, sizes), str(seconds)]
    return " ".join(limits)


def memory_bytes(text: str) -> int | None:
    """`2mb` and the like; None for what is no size."""
    match = _MEMORY(text)
    if match is None or match[1].startswith("-"):
        return None
    return int(match[1]) * _UNITS[(match[2] or "").lower()]


def events(text: str) -> str:
    """`notify-keyspace-events` in the order in which Redis shows it. Raises ValueError."""
    given = text.encode("utf-8", "surrogateescape")
    classes = set(given)
    if classes - set(_EVENT_CLASSES) - set(b"AKE"):
        raise ValueError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
    if 0x41 in classes:
        classes |= _ALL_EVENTS
    shown = "A" if classes >= _ALL_EVENTS else "".join(chr(c) for c in b"g$lshzxetd" if c in classes)
    tail = "".join(chr(c) for c in b"KEmn" if c in classes)
    return shown + tail
