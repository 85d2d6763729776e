"""The types of values: Redis's names for what fakeredis keeps, and the order of a set's members."""

from __future__ import annotations

from typing import Any

from fakeredis.model import ExpiringMembersSet, Hash, XStream, ZSet

from redislab.engines.embedded.numbers import as_integer

MAX_INTSET = 512  # members; Redis keeps a larger set of numbers as a hash table

MAX_COMPACT_HASH = 512
MAX_COMPACT_ZSET = 128
MAX_COMPACT_BYTES = 64  # of each of its strings
MAX_LISTPACK_BYTES = 8192  # of a list's node

KIND_OF_SCAN: dict[bytes, type] = {b"SSCAN": ExpiringMembersSet, b"HSCAN": Hash, b"ZSCAN": ZSet}

_NAMES: dict[type, bytes] = {
    bytes: b"string",
    list: b"list",
    Hash: b"hash",
    ExpiringMembersSet: b"set",
    ZSet: b"zset",
    XStream: b"stream",
}


def type_name(value: Any) -> bytes:
    """As TYPE says it."""
    return _NAMES.get(type(value), b"string")


def is_intset(value: ExpiringMembersSet) -> bool:
    return len(value) <= MAX_INTSET and all(as_integer(member) is not None for member in value._values)


def members(value: ExpiringMembersSet) -> list[bytes]:
    """Numbers sorted, as Redis keeps them; else as they were added."""
    listed = list(value._values)
    return sorted(listed, key=int) if is_intset(value) else listed


def is_set(value: Any) -> bool:
    return isinstance(value, ExpiringMembersSet)


def is_compact(value: Any) -> bool:
    """Whether Redis 7.0 keeps this hash, set or sorted set in one piece of memory."""
    if isinstance(value, ExpiringMembersSet):
        return is_intset(value)
    if isinstance(value, Hash):
        return len(value) <= MAX_COMPACT_HASH and all(
            len(side) <= MAX_COMPACT_BYTES for pair in value.items() for side in pair
        )
    return len(value) <= MAX_COMPACT_ZSET and all(len(member) <= MAX_COMPACT_BYTES for member in value)
