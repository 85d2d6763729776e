"""EXPIRE and its kin, TTL and its kin, PERSIST.

Ours: upstream EXPIRE words conflicts of NX, XX, GT, LT otherwise than 7.0 and lets times overflow.
"""

from __future__ import annotations

from typing import Any

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.strings import invalid_expire
from redislab.engines.embedded.commands.words import c_string
from redislab.engines.embedded.numbers import HIGHEST, LOWEST, integer
from redislab.engines.embedded.results import Fail

CONDITIONS = frozenset({b"NX", b"XX", b"GT", b"LT"})


@handles("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT")
def expire(client: Client, args: list[bytes]) -> Any:
    name = args[0].decode().lower()
    conditions = _conditions(args[3:])
    unit_ms = 1 if name.startswith("p") else 1000
    when = integer(args[2])
    if not LOWEST <= when * unit_ms <= HIGHEST:
        raise invalid_expire(name)
    when_ms = when * unit_ms + (0 if name.endswith("at") else client.now_ms)
    if when_ms > HIGHEST:
        raise invalid_expire(name)
    item = client.open(args[1])
    if item.value is None or not _applies(conditions, when_ms, _at_ms(item.expireat)):
        return 0
    if when_ms <= client.now_ms:
        item.value = None
    else:
        item.expireat = when_ms / 1000
    return 1


def _conditions(words: list[bytes]) -> set[bytes]:
    given = set()
    for word in words:
        if word.upper() not in CONDITIONS:
            raise Fail(b"ERR Unsupported option %b" % c_string(word))
        given.add(word.upper())
    if b"NX" in given and len(given) > 1:
        raise Fail(b"ERR NX and XX, GT or LT options at the same time are not compatible")
    if given >= {b"GT", b"LT"}:
        raise Fail(b"ERR GT and LT options at the same time are not compatible")
    return given


def _applies(conditions: set[bytes], when_ms: int, current_ms: int | None) -> bool:
    """A key that never expires counts as one that expires later than any."""
    if current_ms is None:
        return not conditions & {b"XX", b"GT"}
    if b"NX" in conditions:
        return False
    if b"GT" in conditions and when_ms <= current_ms:
        return False
    return not (b"LT" in conditions and when_ms >= current_ms)


def _at_ms(at_s: float | None) -> int | None:
    return None if at_s is None else round(at_s * 1000)


@handles("TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME")
def ttl(client: Client, args: list[bytes]) -> Any:
    name = args[0].upper()
    stored = client.db.get(args[1])
    if stored is None:
        return -2
    at_ms = _at_ms(stored.expireat)
    if at_ms is None:
        return -1
    left_ms = at_ms if name.endswith(b"TIME") else max(0, at_ms - client.now_ms)
    return left_ms if name.startswith(b"P") else (left_ms + 500) // 1000


@handles("PERSIST")
def persist(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1])
    if item.value is None or item.expireat is None:
        return 0
    item.expireat = None
    return 1
