"""What a single value may look like: the servers' own rules for numbers, bounds and stream IDs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_DIGITS = re.compile(rb"0|-?[1-9][0-9]{0,18}").fullmatch
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_DOUBLE = re.compile(
    rb"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?"
    rb"|0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?)",
    re.IGNORECASE,
).fullmatch
_ID = re.compile(rb"[0-9]{1,20}(?:-[0-9]{1,20})?").fullmatch
_ADDED_ID = re.compile(rb"\*|[0-9]{1,20}(?:-(?:[0-9]{1,20}|\*))?").fullmatch
_LEX = re.compile(rb"[-+]|[\[(].*", re.DOTALL).fullmatch
_ENCODING = re.compile(rb"i(?:[1-9]|[1-5][0-9]|6[0-4])|u(?:[1-9]|[1-5][0-9]|6[0-3])").fullmatch


def is_integer(word: bytes) -> bool:
    """A whole number of 64 bits, spelt as Redis spells it: no `+`, no leading zero, no space."""
    return _DIGITS(word) is not None and _LEAST <= int(word) <= _MOST


def is_double(word: bytes) -> bool:
    return _DOUBLE(word) is not None


def _is_score(word: bytes) -> bool:
    return is_double(word.removeprefix(b"("))


def _is_bound_id(word: bytes) -> bool:
    return word in (b"-", b"+") or _ID(word.removeprefix(b"(")) is not None


def _is_offset(word: bytes) -> bool:
    return is_integer(word.removeprefix(b"#"))


def _is_any(word: bytes) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of value. `called` is what a person is told to write there."""

    accepts: Callable[[bytes], object]
    called: str
    is_number: bool = False


KINDS: dict[str, Kind] = {
    "any": Kind(_is_any, "a word"),
    "key": Kind(_is_any, "a key"),
    "integer": Kind(is_integer, "a whole number", is_number=True),
    "double": Kind(is_double, "a number", is_number=True),
    "unix-time": Kind(is_integer, "a time in Unix's count", is_number=True),
    "score": Kind(_is_score, "a number, `(` before it to leave it out, or -inf, +inf", is_number=True),
    "lex": Kind(_LEX, "`[` or `(` before a word, or `-`, `+`"),
    "id": Kind(_ID, "a stream ID such as 1526919030474-0", is_number=True),
    "added-id": Kind(_ADDED_ID, "`*` or an ID such as 1526919030474-0", is_number=True),
    "bound-id": Kind(_is_bound_id, "a stream ID, `-` or `+`", is_number=True),
    "read-id": Kind(lambda word: word in (b"$", b">") or _ID(word), "a stream ID, `$` or `>`"),
    "encoding": Kind(_ENCODING, "an encoding: i8, u16 … (at most i64, u63)"),
    "bit-offset": Kind(_is_offset, "a whole number, or # and a number", is_number=True),
}
