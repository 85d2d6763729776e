"""Results as Lua gets them; and what a script gave, as a flat list of kinds and values → a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from redislab.core.reply import Kind, Reply
from redislab.engines.embedded import results
from redislab.engines.embedded.results import Typed

Table = Callable[[Any], Any]  # makes a table of a list or a dict


def to_lua(result: Any, resp: int, table: Table) -> Any:
    """A command's result for a script that asked for this version of RESP."""

    def one(value: Any) -> Any:
        return to_lua(value, resp, table)

    single = results.leaf(result, resp)
    if single is not None:
        return _leaf(single, resp, table)
    if isinstance(result, dict) and resp == 3:
        return table({b"map": table({one(key): one(value) for key, value in result.items()})})
    if type(result) is Typed and result.kind is Kind.SET and resp == 3:
        return table({b"set": table({one(value): True for value in result.values})})
    return table([one(value) for value in results.flat_values(result)])


def _leaf(reply: Reply, resp: int, table: Table) -> Any:
    kind = reply.kind
    if kind is Kind.STATUS or kind is Kind.ERROR:
        return table({b"ok" if kind is Kind.STATUS else b"err": reply.text})
    if kind is Kind.NIL or kind is Kind.NIL_ARRAY:
        return None if resp == 3 else False
    if kind is Kind.DOUBLE:
        return table({b"double": float(reply.text)})
    if kind is Kind.BIG_NUMBER:
        return table({b"big_number": reply.text})
    if kind is Kind.VERBATIM:
        return table({b"verbatim_string": table({b"format": reply.format, b"string": reply.text})})
    return reply.value


def from_lua(tokens: Iterator[tuple[bytes, Any]], *, booleans: bool) -> Any:
    """The result of a script from its flat list. Without `booleans`, true is 1 and false is nil."""

    def one() -> Any:
        return from_lua(tokens, booleans=booleans)

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
