"""OBJECT and MEMORY: how Redis 7.0 would keep a value. Ours: upstream has none of these."""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail
from redislab.engines.embedded.sizes import encoding, memory_bytes

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
    return None if stored is None else encoding(client.db, client.lab.settings, args[2], stored.value)


@handles("OBJECT REFCOUNT")
def object_refcount(client: Client, args: list[bytes]) -> Any:
    """Small numbers are shared by all keys that hold one; Redis shows that as the highest count."""
    stored = client.db.get(args[2])
    if stored is None:
        return None
    is_int = (
        isinstance(stored.value, bytes)
        and encoding(client.db, client.lab.settings, args[2], stored.value) == b"int"
    )
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
    return memory_bytes(client.db, client.lab.settings, args[2], stored)


@handles("MEMORY PURGE")
def memory_purge(client: Client, args: list[bytes]) -> Any:
    return OK
