"""How Redis 7.0 would keep a value, and about how much memory that takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from fakeredis.model import ExpiringMembersSet, Hash, XStream

from redislab.engines.embedded import kinds
from redislab.engines.embedded.numbers import as_integer

if TYPE_CHECKING:
    from redislab.engines.embedded.database import LabDatabase
    from redislab.engines.embedded.settings import Settings

EMBEDDED_BYTES = 44  # a string up to here shares its header's piece of memory
SAMPLED = 256  # parts of a larger value that stand for all


def is_compact(db: LabDatabase, settings: Settings, key: bytes, value: Any) -> bool:
    """Whether Redis keeps this hash, set or sorted set in one piece of memory.

    One that has grown beyond that stays as it is, however small it becomes: asking remembers it.
    """
    large = kinds.LARGE.get(type(value))
    if large is None or db.encoding(key, value) == large:
        return False
    if kinds.is_small(value, settings):
        return True
    db.made(key, value, large)
    return False


def encoding(db: LabDatabase, settings: Settings, key: bytes, value: Any) -> bytes:
    """With the thresholds of Redis 7.0 and the lab's settings."""
    if isinstance(value, bytes):
        return _string_encoding(db, key, value)
    if isinstance(value, list):
        return b"quicklist"
    if isinstance(value, XStream):
        return b"stream"
    return (kinds.COMPACT if is_compact(db, settings, key, value) else kinds.LARGE)[type(value)]


def _string_encoding(db: LabDatabase, key: bytes, value: bytes) -> bytes:
    made = db.encoding(key, value)
    if made is not None:
        return made
    if as_integer(value) is not None and len(value) <= 20:
        return b"int"
    return b"embstr" if len(value) <= EMBEDDED_BYTES else b"raw"


def memory_bytes(db: LabDatabase, settings: Settings, key: bytes, stored: Any) -> int:
    """About what a server of 64 bits needs for a key and its item; for short strings exactly that."""
    value = stored.value
    total = 24 + _allocated(_sds_bytes(len(key))) + 16 + (24 if stored.expireat is not None else 0)
    kept = encoding(db, settings, key, value)
    if kept in (b"int", b"embstr", b"raw"):
        return total + _string_bytes(kept, len(value)) - 16
    if kept == b"intset":
        widest = max(2 if -32768 <= int(m) < 32768 else 4 if abs(int(m)) < 1 << 31 else 8 for m in value)
        return total + _allocated(8 + widest * len(value))
    lengths, share = _lengths(value)
    if kept in (b"listpack", b"quicklist", b"stream"):
        body = 7 + int(share * sum(length + 2 + (length > 63) for length in lengths))
        return total + _allocated(body) + {b"listpack": 0, b"quicklist": 72, b"stream": 264}[kept]
    per_entry = {b"hashtable": 24, b"skiplist": 24 + 40}[kept]
    buckets = 8 * (1 << max(2, (max(len(value), 1) - 1).bit_length()))
    strings = int(share * sum(_allocated(_sds_bytes(length)) for length in lengths))
    return total + 56 + buckets + strings + per_entry * len(value)


def _lengths(value: Any) -> tuple[list[int], float]:
    """The lengths of the strings in a value, of a large one of a sample; how many each stands for."""
    parts: Iterable[Sequence[bytes]]
    if isinstance(value, Hash):
        parts = value.items()
    elif isinstance(value, XStream):
        parts = ((b"x" * 16, *entry) for entry in value._values_dict.values())
    else:
        parts = ((each,) for each in (value._values if isinstance(value, ExpiringMembersSet) else value))
    sample = list(islice(parts, SAMPLED))
    lengths = [len(string) for part in sample for string in part]
    return lengths, len(value) / len(sample) if sample else 1.0


def _sds_bytes(length: int) -> int:
    header = 1 if length < 32 else 3 if length < 256 else 5 if length < 1 << 16 else 9
    return length + header + 1


def _string_bytes(kept: bytes, length: int) -> int:
    if kept == b"int":
        return 16
    if kept == b"embstr":
        return _allocated(16 + length + 4)
    return 16 + _allocated(_sds_bytes(length))


def _allocated(size: int) -> int:
    """What jemalloc gives for that: sizes in classes, four to each power of two."""
    if size <= 8:
        return 8
    step = max(16, 1 << max(0, (size - 1).bit_length() - 3))
    return -(-size // step) * step
