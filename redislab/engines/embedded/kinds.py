"""The types of values: Redis's names for what fakeredis keeps, and the order of a set's members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakeredis.model import ExpiringMembersSet, Hash, XStream, ZSet

from redislab.engines.embedded.numbers import as_integer

if TYPE_CHECKING:
    from redislab.engines.embedded.settings import Settings

MAX_INTSET = 512  # members; Redis keeps a larger set of numbers as a hash table


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


COMPACT: dict[type, bytes] = {ExpiringMembersSet: b"intset", Hash: b"listpack", ZSet: b"listpack"}
LARGE: dict[type, bytes] = {ExpiringMembersSet: b"hashtable", Hash: b"hashtable", ZSet: b"skiplist"}


def is_small(value: Any, settings: Settings) -> bool:
    """Whether a hash, set or sorted set that has never been larger is kept in one piece of memory."""
    if isinstance(value, ExpiringMembersSet):
        few = len(value) <= settings.number("set-max-intset-entries")
        return few and all(as_integer(member) is not None for member in value._values)
    is_hash = isinstance(value, Hash)
    name = "hash" if is_hash else "zset"
    if len(value) > settings.number(f"{name}-max-listpack-entries"):
        return False
    most_bytes = settings.number(f"{name}-max-listpack-value")
    if is_hash:
        return all(len(side) <= most_bytes for pair in value.items() for side in pair)
    return all(len(member) <= most_bytes for member in value)
