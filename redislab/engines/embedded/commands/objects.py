"""OBJECT and MEMORY: how Redis 7.0 would keep a value. Ours: upstream has none of these."""

from __future__ import annotations

from typing import Any

from fakeredis.model import ExpiringMembersSet, Hash, XStream, ZSet

from redislab.core.reply import OK
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.strings import EMBEDDED_BYTES
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.kinds import COMPACT, LARGE, members
from redislab.engines.embedded.numbers import as_integer, integer
from redislab.engines.embedded.results import Fail

LFU_OFF = (
    b"ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
    b"switching between policies at runtime LRU and LFU data will take some time to adjust."
)
LFU_ON = (
    b"ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching "
    b"between policies at runtime LRU and LFU data will take some time to adjust."
)


@handles("OBJECT ENCODING")
def object_encoding(client: Client, args: list[bytes]) -> Any:
    stored = client.db.get(args[2])
    return None if stored is None else encoding(client, args[2], stored.value)


def encoding(client: Client, key: bytes, value: Any) -> bytes:
    """With the thresholds of Redis 7.0 and the lab's settings."""
    if isinstance(value, bytes):
        return _string_encoding(client, key, value)
    if isinstance(value, list):
        return b"quicklist"
    if isinstance(value, XStream):
        return b"stream"
    return (COMPACT if client.is_compact(key, value) else LARGE)[type(value)]


def _string_encoding(client: Client, key: bytes, value: bytes) -> bytes:
    made: bytes | None = client.db.encoding(key, value)
    if made is not None:
        return made
    if as_integer(value) is not None and len(value) <= 20:
        return b"int"
    return b"embstr" if len(value) <= EMBEDDED_BYTES else b"raw"


@handles("OBJECT REFCOUNT")
def object_refcount(client: Client, args: list[bytes]) -> Any:
    """Small numbers are shared by all keys that hold one; Redis shows that as the highest count."""
    stored = client.db.get(args[2])
    if stored is None:
        return None
    is_int = isinstance(stored.value, bytes) and encoding(client, args[2], stored.value) == b"int"
    return (1 << 31) - 1 if is_int and 0 <= int(stored.value) < 10_000 else 1


@handles("OBJECT IDLETIME")
def object_idletime(client: Client, args: list[bytes]) -> Any:
    """Nothing here keeps when a key was last used: a server would say so of a key just used."""
    if client.db.get(args[2]) is None:
        return None
    if b"lfu" in client.lab.settings["maxmemory-policy"].encode():
        raise Fail(LFU_ON)
    return client.db.idle_s(args[2])


@handles("OBJECT FREQ")
def object_freq(client: Client, args: list[bytes]) -> Any:
    if client.db.get(args[2]) is None:
        return None
    if b"lfu" not in client.lab.settings["maxmemory-policy"].encode():
        raise Fail(LFU_OFF)
    raise Fail(b"ERR redislab's built-in engine does not count how often keys are used; a Redis server does")


@handles("MEMORY USAGE")
def memory_usage(client: Client, args: list[bytes]) -> Any:
    place = 3
    while place < len(args):
        if args[place].upper() != b"SAMPLES" or place + 1 >= len(args):
            raise syntax_error()
        if integer(args[place + 1]) < 0:
            raise syntax_error()
        place += 2
    stored = client.db.get(args[2])
    if stored is None:
        return None
    return memory_bytes(client, args[2], stored.value, stored.expireat is not None)


def memory_bytes(client: Client, key: bytes, value: Any, expires: bool) -> int:
    """About what a server of 64 bits needs; for short strings exactly that."""
    total = 24 + _allocated(_sds_bytes(len(key))) + 16 + (24 if expires else 0)
    kept = encoding(client, key, value)
    if kept in (b"int", b"embstr", b"raw"):
        return total + _string_bytes(kept, len(value)) - 16
    if kept == b"intset":
        widest = max(2 if -32768 <= int(m) < 32768 else 4 if abs(int(m)) < 1 << 31 else 8 for m in value)
        return total + _allocated(8 + widest * len(value))
    strings = _strings(value)
    if kept in (b"listpack", b"quicklist", b"stream"):
        body = 7 + sum(len(each) + 2 + (len(each) > 63) for each in strings)
        return total + _allocated(body) + {b"listpack": 0, b"quicklist": 72, b"stream": 264}[kept]
    per_entry = {b"hashtable": 24, b"skiplist": 24 + 40}[kept]
    buckets = 8 * (1 << max(2, (max(len(value), 1) - 1).bit_length()))
    return (
        total
        + 56
        + buckets
        + sum(_allocated(_sds_bytes(len(each))) for each in strings)
        + (per_entry * len(value))
    )


def _strings(value: Any) -> list[bytes]:
    if isinstance(value, list):
        return value
    if isinstance(value, ExpiringMembersSet):
        return members(value)
    if isinstance(value, Hash):
        return [side for pair in value.items() for side in pair]
    if isinstance(value, ZSet):
        return list(value)
    return [b"x" * 16] * len(value)


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


@handles("MEMORY PURGE")
def memory_purge(client: Client, args: list[bytes]) -> Any:
    return OK
