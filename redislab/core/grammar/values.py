"""What a single value may look like: the servers' own rules for numbers, bounds and stream IDs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

_DIGITS = re.compile(rb"0|-?[1-9][0-9]{0,18}").fullmatch
MAX_LATITUDE = 85.05112878
MAX_TIMEOUT_S = 9.2e15
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1
_MOST_SECONDS = _MOST // 1000  # a server counts in milliseconds, and refuses what does not fit
_MOST_MILLISECONDS = _MOST - 10**12  # they are added to the time of day, which is more than this
_DOUBLE = re.compile(
    rb"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|inf(?:inity)?"
    rb"|0x(?:[0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(?:p[+-]?[0-9]+)?)",
    re.IGNORECASE,
).fullmatch
_PART = rb"\s*(?:\+?[0-9]+|-0[0-9]+)"  # a part of a stream ID, as lenient as the C library reads it
_ID = re.compile(rb"%b(?:-%b)?" % (_PART, _PART)).fullmatch
_ADDED_ID = re.compile(rb"\*|%b(?:-(?:%b|\*))?" % (_PART, _PART)).fullmatch
_CURSOR = re.compile(rb"(?:[+-]?[0-9]{1,20})?").fullmatch
_LEX = re.compile(rb"[-+]|[\[(].*", re.DOTALL).fullmatch
_ENCODING = re.compile(rb"i(?:[1-9]|[1-5][0-9]|6[0-4])|u(?:[1-9]|[1-5][0-9]|6[0-3])").fullmatch


def is_integer(word: bytes) -> bool:
    """A whole number of 64 bits, spelt as Redis spells it: no `+`, no leading zero, no space."""
    return _DIGITS(word) is not None and _LEAST <= int(word) <= _MOST


def is_double(word: bytes) -> bool:
    return _DOUBLE(word) is not None


def _integer_from(least: int, most: int = _MOST) -> Callable[[bytes], object]:
    return lambda word: is_integer(word) and least <= int(word) <= most


def _double_within(least: float, most: float = math.inf) -> Callable[[bytes], object]:
    return lambda word: is_double(word) and least <= _to_float(word) <= most


def _to_float(word: bytes) -> float:
    return float.fromhex(word.decode()) if b"x" in word.lower() else float(word)


def _is_cursor(word: bytes) -> bool:
    return _CURSOR(word) is not None and abs(int(word or b"0")) < 1 << 64


def _is_score(word: bytes) -> bool:
    bound = word.removeprefix(b"(").lstrip()
    return not bound or is_double(bound)  # nothing counts as 0


def _is_range(word: bytes) -> object:
    """A rank, a score or a word, as the options that follow will say."""
    return is_integer(word) or _is_score(word) or _LEX(word)


def _is_interval_id(word: bytes) -> object:
    return word in (b"-", b"+") or _ID(word.removeprefix(b"("))


def _is_offset(word: bytes) -> bool:
    offset = word.removeprefix(b"#")
    return is_integer(offset) and int(offset) >= 0


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
    "port": Kind(_is_any, "a port", is_number=True),
    "integer": Kind(is_integer, "a whole number", is_number=True),
    "integer>=0": Kind(_integer_from(0), "a whole number, 0 or more", is_number=True),
    "integer>=-1": Kind(_integer_from(-1), "a whole number, -1 or more", is_number=True),
    "integer>0": Kind(_integer_from(1), "a whole number, 1 or more", is_number=True),
    "integer!=0": Kind(
        lambda word: is_integer(word) and word != b"0", "a whole number other than 0", is_number=True
    ),
    "seconds": Kind(_integer_from(-_MOST_SECONDS, _MOST_SECONDS), "a whole number", is_number=True),
    "seconds>0": Kind(_integer_from(1, _MOST_SECONDS), "a whole number, 1 or more", is_number=True),
    "milliseconds": Kind(_integer_from(_LEAST, _MOST_MILLISECONDS), "a whole number", is_number=True),
    "milliseconds>0": Kind(_integer_from(1, _MOST_MILLISECONDS), "a whole number, 1 or more", is_number=True),
    "32 bits": Kind(_integer_from(-(1 << 31), (1 << 31) - 1), "a whole number", is_number=True),
    "1 to 4096": Kind(_integer_from(1, 4096), "a whole number, 1 to 4096", is_number=True),
    "double": Kind(is_double, "a number", is_number=True),
    "double>=0": Kind(_double_within(0), "a number, 0 or more", is_number=True),
    "timeout": Kind(
        _double_within(0, MAX_TIMEOUT_S), "a number of seconds, 0 to wait without end", is_number=True
    ),
    "longitude": Kind(_double_within(-180, 180), "a number from -180 to 180", is_number=True),
    "latitude": Kind(
        _double_within(-MAX_LATITUDE, MAX_LATITUDE), "a number from -85.05 to 85.05", is_number=True
    ),
    "unix-time": Kind(is_integer, "a whole number: the time since 1970", is_number=True),
    "bit": Kind(lambda word: word in (b"0", b"1"), "0 or 1", is_number=True),
    "cursor": Kind(_is_cursor, "a whole number: 0 to begin, then what the last reply says", is_number=True),
    "score": Kind(_is_score, "a number, -inf or +inf; `(` before it leaves it out", is_number=True),
    "lex": Kind(_LEX, "`[word`, `(word`, `-` or `+`"),
    "range": Kind(_is_range, "a rank, or with BYSCORE a number, with BYLEX `[word`", is_number=True),
    "id": Kind(_ID, "an ID such as 1700000000000-0", is_number=True),
    "added-id": Kind(_ADDED_ID, "`*` or an ID such as 1700000000000-0", is_number=True),
    "interval-id": Kind(_is_interval_id, "an ID such as 1700000000000-0, `-` or `+`", is_number=True),
    "read-id": Kind(
        lambda word: word == b"$" or _ID(word), "an ID such as 1700000000000-0, or `$`", is_number=True
    ),
    "group-id": Kind(
        lambda word: word == b">" or _ID(word), "an ID such as 1700000000000-0, or `>`", is_number=True
    ),
    "threshold": Kind(_ID, "a number of entries, or an ID", is_number=True),
    "encoding": Kind(_ENCODING, "a type of number: i1 to i64, u1 to u63"),
    "bit-offset": Kind(
        _is_offset, "a whole number, `#` before it counts in numbers of that type", is_number=True
    ),
}
