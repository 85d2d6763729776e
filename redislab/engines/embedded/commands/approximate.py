"""PFADD, PFCOUNT, PFMERGE. Ours: upstream keeps a set, so that TYPE says set and counts are exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from redislab.core.reply import OK
from redislab.engines.embedded import hyperloglog
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.results import Fail

NOT_ONE = b"WRONGTYPE Key is not a valid HyperLogLog string value."
CORRUPTED = b"INVALIDOBJ Corrupted HLL object detected"

T = TypeVar("T")


def _checked(work: Callable[[bytes], T], value: bytes) -> T:
    try:
        return work(value)
    except hyperloglog.NotAHyperLogLog:
        raise Fail(NOT_ONE) from None
    except hyperloglog.Corrupted:
        raise Fail(CORRUPTED) from None


def _value(client: Client, key: bytes) -> bytes | None:
    value = client.value(key, bytes)
    if value is not None:
        _checked(hyperloglog.check, value)
    return value


def _store(client: Client, key: bytes, value: bytes) -> None:
    item = client.open(key)
    item.update(value)
    client.db.made(key, value, b"raw")


@handles("PFADD")
def pfadd(client: Client, args: list[bytes]) -> Any:
    old = _value(client, args[1])
    value = hyperloglog.new() if old is None else old
    content = _checked(hyperloglog.registers, value)
    changed = hyperloglog.add(content, args[2:])
    if changed:
        value = hyperloglog.build(content, value, dense=hyperloglog.is_dense(value))
    if changed or old is None:
        _store(client, args[1], hyperloglog.with_stale_count(value))
    return int(changed or old is None)


@handles("PFCOUNT")
def pfcount(client: Client, args: list[bytes]) -> Any:
    if len(args) > 2:
        values = [value for value in (_value(client, key) for key in args[1:]) if value is not None]
        many = [_checked(hyperloglog.registers, value) for value in values]
        return hyperloglog.estimate(hyperloglog.merged(many)) if many else 0
    value = _value(client, args[1])
    if value is None:
        return 0
    count = hyperloglog.cached_count(value)
    if count is None:
        count = hyperloglog.estimate(_checked(hyperloglog.registers, value))
        _store(client, args[1], hyperloglog.with_count(value, count))
    return count


@handles("PFMERGE")
def pfmerge(client: Client, args: list[bytes]) -> Any:
    target, *sources = (_value(client, key) for key in args[1:])
    values = [value for value in (target, *sources) if value is not None]
    dense = any(map(hyperloglog.is_dense, values))
    many = [_checked(hyperloglog.registers, value) for value in values]
    content = hyperloglog.merged(many) if many else bytearray(hyperloglog.REGISTERS)
    built = hyperloglog.build(content, target or hyperloglog.new(), dense=dense)
    _store(client, args[1], hyperloglog.with_stale_count(built))
    return OK
