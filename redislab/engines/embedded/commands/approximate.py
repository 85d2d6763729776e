"""PFADD, PFCOUNT, PFMERGE, PFDEBUG. Ours: upstream keeps a set, TYPE says set and counts are exact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from redislab.core.reply import OK
from redislab.engines.embedded import hyperloglog
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.results import Fail, status

NOT_ONE = b"WRONGTYPE Key is not a valid HyperLogLog string value."
CORRUPTED = b"INVALIDOBJ Corrupted HLL object detected"

MOST_ERROR = 0.04  # five standard errors

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


@handles("PFDEBUG")
def pfdebug(client: Client, args: list[bytes]) -> Any:
    """GETREG, DECODE, ENCODING, TODENSE: how a HyperLogLog is kept. GETREG makes it dense, as on a server."""
    value = _value(client, args[2])
    if value is None:
        raise Fail(b"ERR The specified key does not exist")
    word = args[1].upper()
    if word not in (b"GETREG", b"DECODE", b"ENCODING", b"TODENSE"):
        raise Fail(b"ERR Unknown PFDEBUG subcommand '%b'" % args[1])
    if len(args) != 3:
        raise Fail(b"ERR Wrong number of arguments for the '%b' subcommand" % args[1])
    was_dense = hyperloglog.is_dense(value)
    if word == b"ENCODING":
        return status(b"dense" if was_dense else b"sparse")
    content = _checked(hyperloglog.registers, value)
    if word == b"DECODE":
        if was_dense:
            raise Fail(b"ERR HLL encoding is not sparse")
        return hyperloglog.decoded(value)
    if not was_dense:
        _store(client, args[2], hyperloglog.build(content, value, dense=True))
    return list(content) if word == b"GETREG" else int(not was_dense)


@handles("PFSELFTEST")
def pfselftest(client: Client, args: list[bytes]) -> Any:
    """Both ways of keeping lose nothing, and the estimate of 10,000 elements is near."""
    content = bytearray(hyperloglog.REGISTERS)
    hyperloglog.add(content, (b"ele:%d" % number for number in range(10_000)))
    for dense in (False, True):
        if hyperloglog.registers(hyperloglog.build(content, hyperloglog.new(), dense=dense)) != content:
            raise Fail(b"ERR TESTFAILED registers are not read back as they were written")
    estimate = hyperloglog.estimate(content)
    if abs(estimate - 10_000) > 10_000 * MOST_ERROR:
        raise Fail(b"ERR TESTFAILED 10000 elements are counted as %d" % estimate)
    return OK
