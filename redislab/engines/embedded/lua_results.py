"""What a script gave, as a flat list of kinds and values → a result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from redislab.core.reply import Kind, Reply
from redislab.engines.embedded.results import Typed


def value_of(tokens: Iterator[tuple[bytes, Any]], *, booleans: bool) -> Any:
    """The result of a script from its flat list. Without `booleans`, true is 1 and false is nil."""

    def one() -> Any:
        return value_of(tokens, booleans=booleans)

    kind, value = next(tokens)
    if kind == b"$":
        return value
    if kind == b":":
        return _as_int(value)
    if kind == b"*":
        return [one() for _ in range(int(value))]
    if kind == b"%":
        return {_hashable(one()): one() for _ in range(int(value))}
    if kind == b"~":
        return Typed(Kind.SET, [one() for _ in range(int(value))])
    if kind == b",":
        return float(value)
    if kind == b"=":
        name, _, text = value.partition(b":")
        return Reply(Kind.VERBATIM, text, format=name)
    if kind in _REPLIES:
        return Reply(_REPLIES[kind], value)
    if booleans and kind in b"tf":
        return Reply(Kind.BOOLEAN, kind == b"t")
    return 1 if kind == b"t" else None


_REPLIES = {b"-": Kind.ERROR, b"+": Kind.STATUS, b"(": Kind.BIG_NUMBER}


def _hashable(key: Any) -> Any:
    return key if isinstance(key, bytes | int | float | Reply) else repr(key).encode()


def _as_int(value: float) -> int:
    """C's cast of a double to long long."""
    try:
        whole = int(value)
    except (ValueError, OverflowError):
        return -(1 << 63)
    return whole if -(1 << 63) <= whole < 1 << 63 else -(1 << 63)
