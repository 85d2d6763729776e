"""What a command returned → the parts of a reply, in the client's protocol.

A result is a Python value: bytes, int, float (RESP3's double), None (a nil), str (fakeredis uses it
for names), list, dict (a map), a leaf `Reply` where the kind must be said, or a `Typed` aggregate.
RESP2 has no doubles, maps or sets: there they become what a server sends instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from redislab.core.parts import Head, Part, Run
from redislab.core.reply import NIL, Kind, Reply
from redislab.core.resp import encode_part

RUN_VALUES = 1_000  # so many bulk strings go out together: enough to be fast, little enough to be shown early

NIL_ARRAY = Reply(Kind.NIL_ARRAY, None)
QUEUED = Reply(Kind.STATUS, b"QUEUED")


class Fail(Exception):
    """An error reply, without the `-`: `Fail(b"ERR no such key")`."""

    def __init__(self, text: bytes | str) -> None:
        super().__init__(text)
        self.text = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text


class Typed:
    """An aggregate that RESP3 has and RESP2 has not: `Typed(Kind.SET, members)`.

    A map in which a key comes twice is `Typed(Kind.MAP, [key, value, …])`.
    """

    __slots__ = ("kind", "values")

    def __init__(self, kind: Kind, values: Sequence[Any]) -> None:
        self.kind = kind
        self.values = values


def push(*values: Any) -> Typed:
    """What comes unasked, and confirmations of subscriptions."""
    return Typed(Kind.PUSH, values)


def verbatim(text: bytes) -> Reply:
    return Reply(Kind.VERBATIM, text, format=b"txt")


def status(text: bytes) -> Reply:
    return Reply(Kind.STATUS, text)


def error(text: bytes) -> Reply:
    """An error reply; line ends would break the protocol and become spaces, as a server does it."""
    return Reply(Kind.ERROR, text.replace(b"\r", b" ").replace(b"\n", b" "))


def double_text(value: float) -> bytes:
    """As printf's %.17g, which is how Redis 7.0 prints scores."""
    if math.isinf(value):
        return b"inf" if value > 0 else b"-inf"
    return b"%.17g" % value


def leaf(result: Any, resp: int) -> Reply | None:
    """The reply of a result that is no aggregate; None for an aggregate."""
    kind = type(result)
    if kind is bytes:
        return Reply(Kind.BULK, result)
    if kind is int or kind is bool:
        return Reply(Kind.INTEGER, int(result))
    if result is None:
        return NIL
    if kind is Reply:
        return _in_protocol(result, resp)
    if kind is float:
        return Reply(Kind.BULK if resp == 2 else Kind.DOUBLE, double_text(result))
    if kind is str:
        return Reply(Kind.BULK, result.encode("utf-8", "surrogateescape"))
    return None


def _in_protocol(reply: Reply, resp: int) -> Reply:
    kind = reply.kind
    if resp == 3:
        return NIL if kind is Kind.NIL_ARRAY else reply
    if kind is Kind.BOOLEAN:
        return Reply(Kind.INTEGER, int(bool(reply.value)))
    if kind is Kind.VERBATIM or kind is Kind.DOUBLE or kind is Kind.BIG_NUMBER:
        return Reply(Kind.BULK, reply.value)
    return reply


def parts(result: Any, resp: int) -> Iterator[Part]:
    """The parts of any result. Nothing of an aggregate is copied: it must not change any more."""
    whole = leaf(result, resp)
    if whole is not None:
        yield whole
        return
    kind, count, values = _aggregate(result, resp)
    yield Head(kind, count)
    kinds = set(map(type, values))
    if kinds == {bytes}:
        for start in range(0, len(values), RUN_VALUES):
            yield Run(values[start : start + RUN_VALUES])
        return
    for value in values:
        single = leaf(value, resp)
        if single is None:
            yield from parts(value, resp)
        else:
            yield single


def encoded(result: Any, resp: int) -> Iterator[bytes]:
    """The bytes that a server writes for any result, in pieces."""
    if type(result) is Reply:
        yield encode_part(result, resp)
        return
    for part in parts(result, resp):
        yield encode_part(part, resp)


def flat_values(result: Any) -> Sequence[Any]:
    """The values of an aggregate in a row, as RESP2 has them."""
    return _aggregate(result, 2)[2]


def _aggregate(result: Any, resp: int) -> tuple[Kind, int, Sequence[Any]]:
    """Kind, count as the protocol counts it, and all values in a row."""
    if isinstance(result, dict):
        values = [side for pair in result.items() for side in pair]
        return (Kind.MAP, len(result), values) if resp == 3 else (Kind.ARRAY, len(values), values)
    if type(result) is Typed:
        if resp == 2:
            return Kind.ARRAY, len(result.values), result.values
        pairs = result.kind is Kind.MAP
        return result.kind, len(result.values) // 2 if pairs else len(result.values), result.values
    if isinstance(result, list | tuple):
        return Kind.ARRAY, len(result), result
    if isinstance(result, set | frozenset):
        return Kind.SET if resp == 3 else Kind.ARRAY, len(result), list(result)
    raise TypeError(f"no reply is made of a {type(result).__name__}")
