"""How much work a command is on the data that is there: what the N of its complexity comes to.

Complexities name their N in general; here it becomes a number. A row in `_COUNTS` says what is counted
for a command; a command without a row has a cost that does not grow, or that no look ahead can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, log2

from redislab.core.catalogue import Command
from redislab.core.keys import key_positions
from redislab.core.probe import KeyState, Look
from redislab.core.words import quote

UNITS = {
    "string": ("byte", "bytes"),
    "list": ("element", "elements"),
    "hash": ("field", "fields"),
    "set": ("member", "members"),
    "zset": ("member", "members"),
    "stream": ("entry", "entries"),
}


@dataclass(frozen=True, slots=True)
class _Line:
    """A command with its words, its keys as they are now, and the number of keys of the database."""

    args: Sequence[bytes]
    keys: Sequence[bytes]
    states: Mapping[bytes, KeyState]
    size: int | None

    def length(self, place: int = 0) -> int | None:
        """Of the value at the key in this place; None where that was not asked. A missing key has 0."""
        state = self.states.get(self.keys[place]) if place < len(self.keys) else None
        if state is None:
            return None
        return state.length if state.exists else 0

    def lengths(self, start: int = 0) -> list[int] | None:
        found = [self.length(place) for place in range(start, len(self.keys))]
        return None if None in found or not found else [each for each in found if each is not None]

    def of(self, count: int, place: int = 0) -> str:
        """`3 fields of user:1`."""
        state = self.states[self.keys[place]]
        name = quote([self.keys[place]]).decode("utf-8", "surrogateescape")
        return f"{count:,} {unit(state.type, count)} of {name}"


def unit(kind: str, count: int) -> str:
    """What a value of this type is made of, for so many of them."""
    return UNITS.get(kind, ("item", "items"))[count != 1]


def actual_cost(command: Command, args: Sequence[bytes], look: Look) -> str:
    """One sentence with the number, "" where there is none to tell."""
    count = _COUNTS.get(command.name)
    if count is None:
        return ""
    keys = [args[place] for place in key_positions(command, args) if place < len(args)]
    told = count(_Line(args, keys, look.states, look.size))
    return f"Here: {told}." if told else ""


def _whole(line: _Line) -> str:
    length = line.length()
    return "" if length is None else line.of(length)


def _freed(line: _Line) -> str:
    """Strings are freed at once, collections element by element."""
    kept = [state for state in line.states.values() if state.exists and state.type != "string"]
    if len(line.states) < len(set(line.keys)) or any(state.length is None for state in kept):
        return ""
    strings = sum(state.exists for state in line.states.values()) - len(kept)
    items = sum(state.length or 0 for state in kept)
    return f"{items + strings:,} to free, elements and strings together" if items + strings else ""


def _together(line: _Line) -> str:
    """The members of all sources; a destination comes first where the command stores."""
    lengths = line.lengths(_first_source(line))
    return "" if lengths is None else f"{sum(lengths):,} members in all {len(lengths)} together"


def _smallest(line: _Line) -> str:
    lengths = line.lengths(_first_source(line))
    if lengths is None:
        return ""
    return f"the smallest has {min(lengths):,}, times {len(lengths)} keys"


def _first_source(line: _Line) -> int:
    return int(line.args[0].upper().endswith(b"STORE"))


def _number_of_keys(line: _Line) -> str:
    return f"{len(line.keys)} key{'s' * (len(line.keys) != 1)}" if line.keys else ""


def _database(line: _Line) -> str:
    if line.size is None:
        return ""
    return f"{line.size:,} key{'s' * (line.size != 1)} in the database"


def _product(line: _Line) -> str:
    lengths = line.lengths()
    return "" if lengths is None or len(lengths) != 2 else f"{lengths[0]:,} × {lengths[1]:,} steps"


def _steps(line: _Line) -> str:
    """Halving until one is left."""
    length = line.length()
    if not length:
        return ""
    steps = max(1, ceil(log2(length)))
    return f"{line.of(length)}, so about {steps} step{'s' * (steps != 1)}"


def _range(line: _Line) -> str:
    """What lies between two places; negative ones count from the end."""
    length = line.length()
    try:
        start, stop = (int(word) for word in line.args[2:4])
    except ValueError:
        return ""
    if length is None:
        return ""
    start, stop = (max(0, place + length) if place < 0 else place for place in (start, stop))
    count = max(0, min(stop, length - 1) - start + 1)
    return f"{count:,} of {line.of(length)}"


_COUNTS: Mapping[str, Callable[[_Line], str]] = {
    **dict.fromkeys(("HGETALL", "HKEYS", "HVALS", "SMEMBERS", "SORT", "SORT_RO", "LREM", "LINSERT"), _whole),
    **dict.fromkeys(("LPOS", "BITCOUNT", "BITPOS", "COPY", "DUMP"), _whole),
    **dict.fromkeys(("DEL", "UNLINK"), _freed),
    **dict.fromkeys(("SUNION", "SUNIONSTORE", "SDIFF", "SDIFFSTORE"), _together),
    **dict.fromkeys(("ZUNION", "ZUNIONSTORE", "ZDIFF", "ZDIFFSTORE"), _together),
    **dict.fromkeys(("SINTER", "SINTERSTORE", "SINTERCARD"), _smallest),
    **dict.fromkeys(("ZINTER", "ZINTERSTORE", "ZINTERCARD"), _smallest),
    **dict.fromkeys(("MGET", "MSET", "MSETNX", "EXISTS", "TOUCH", "PFMERGE", "PFCOUNT"), _number_of_keys),
    **dict.fromkeys(("KEYS", "FLUSHDB", "FLUSHALL"), _database),
    **dict.fromkeys(("ZADD", "ZINCRBY", "ZRANK", "ZREVRANK", "ZCOUNT", "ZLEXCOUNT", "ZREM"), _steps),
    **dict.fromkeys(("GEOADD", "GEODIST", "GEOPOS", "GEOHASH"), _steps),
    **dict.fromkeys(("LRANGE", "GETRANGE", "SUBSTR"), _range),
    "LCS": _product,
}
