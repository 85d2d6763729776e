"""What a server answers, every type of RESP2 and RESP3 kept. `parts` has replies that still arrive."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class Kind(Enum):
    """The types of RESP2 and RESP3. The value is the word used for it in output and docs."""

    STATUS = "status"
    ERROR = "error"
    INTEGER = "integer"
    BULK = "bulk string"
    NIL = "nil"  # `$-1` of RESP2 and `_` of RESP3
    NIL_ARRAY = "nil array"  # `*-1`
    DOUBLE = "double"
    BOOLEAN = "boolean"
    VERBATIM = "verbatim string"
    BIG_NUMBER = "big number"
    ARRAY = "array"
    MAP = "map"
    SET = "set"
    PUSH = "push"
    ATTRIBUTE = "attribute"

    @property
    def is_aggregate(self) -> bool:
        return self in _AGGREGATES


_AGGREGATES = frozenset({Kind.ARRAY, Kind.MAP, Kind.SET, Kind.PUSH, Kind.ATTRIBUTE})

Value: TypeAlias = "bytes | int | bool | tuple[Reply, ...] | tuple[tuple[Reply, Reply], ...] | None"


@dataclass(frozen=True, slots=True)
class Reply:
    """One value as the server sent it.

    `value` by kind: bytes for STATUS, ERROR, BULK, VERBATIM, DOUBLE and BIG_NUMBER (numbers as the
    digits on the wire); int for INTEGER; bool for BOOLEAN; None for NIL and NIL_ARRAY; a tuple of
    replies for ARRAY, SET and PUSH; a tuple of pairs for MAP and ATTRIBUTE.
    `format` is the three letters of a VERBATIM string (`txt`, `mkd`); `attributes` are the pairs
    that RESP3 sent ahead of this reply.
    """

    kind: Kind
    value: Value
    format: bytes = b""
    attributes: tuple[tuple[Reply, Reply], ...] = ()

    @property
    def is_error(self) -> bool:
        return self.kind is Kind.ERROR

    @property
    def is_nil(self) -> bool:
        return self.kind is Kind.NIL or self.kind is Kind.NIL_ARRAY

    @property
    def text(self) -> bytes:
        """The bytes of a string-like reply, b"" for every other kind."""
        return self.value if isinstance(self.value, bytes) else b""

    @property
    def number(self) -> int:
        """The value of an INTEGER, 0 for every other kind."""
        return self.value if self.kind is Kind.INTEGER and isinstance(self.value, int) else 0

    @property
    def items(self) -> tuple[Reply, ...]:
        """The elements of an array, set or push; keys and values in turn of a map; () for a leaf."""
        if self.kind is Kind.MAP or self.kind is Kind.ATTRIBUTE:
            return tuple(side for pair in self.value for side in pair)  # type: ignore[union-attr]
        return self.value if isinstance(self.value, tuple) else ()  # type: ignore[return-value]

    @property
    def code(self) -> str:
        """The first word of an error (`ERR`, `WRONGTYPE`), "" for every other kind."""
        if self.kind is not Kind.ERROR:
            return ""
        return self.text.split(b" ", 1)[0].decode("utf-8", "replace")


OK = Reply(Kind.STATUS, b"OK")
NIL = Reply(Kind.NIL, None)


def bulk(value: bytes) -> Reply:
    return Reply(Kind.BULK, value)


def error(text: bytes) -> Reply:
    return Reply(Kind.ERROR, text)
