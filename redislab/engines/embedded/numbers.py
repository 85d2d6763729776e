"""Words ↔ numbers as Redis reads and writes them."""

from __future__ import annotations

import math
import re

from redislab.engines.embedded.results import Fail

NOT_AN_INTEGER = b"ERR value is not an integer or out of range"
NOT_A_FLOAT = b"ERR value is not a valid float"
LOWEST, HIGHEST = -(1 << 63), (1 << 63) - 1

_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,18}").fullmatch
_UNSIGNED = re.compile(rb"[ \t\n\v\f\r]*([+-]?[0-9]+)").fullmatch
_DECIMAL = re.compile(
    rb"[ \t\n\v\f\r]*[+-]?(?:[0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?"
    rb"|inf(?:inity)?|0x[0-9a-f]+\.?[0-9a-f]*(?:p[+-]?[0-9]+)?)",
    re.IGNORECASE,
).fullmatch


def as_integer(word: bytes) -> int | None:
    """string2ll: digits, no sign but `-`, no leading zero, 64 bits; None for anything else."""
    if not _INTEGER(word):
        return None
    value = int(word)
    return value if LOWEST <= value <= HIGHEST else None


def integer(word: bytes, complaint: bytes = NOT_AN_INTEGER, least: int = LOWEST, most: int = HIGHEST) -> int:
    value = as_integer(word)
    if value is None or not least <= value <= most:
        raise Fail(complaint)
    return value


def as_unsigned(word: bytes) -> int | None:
    """What strtoull reads of the whole word: a sign, blanks before it and leading zeros do."""
    number = as_integer(word)
    if number is not None:
        return number if number >= 0 else None
    found = _UNSIGNED(word)
    if found is None or abs(int(found[1])) >= 1 << 64:
        return None
    return int(found[1]) % (1 << 64)


def as_float(word: bytes) -> float | None:
    """What strtod reads of the whole word, without NaN and without leading blanks."""
    if word[:1].isspace() or not _DECIMAL(word):
        return None
    text = word.lower()
    try:
        value = float.fromhex(text.decode()) if b"0x" in text else float(text)
    except (ValueError, OverflowError):
        return None
    if math.isinf(value) and b"inf" not in text:
        return None  # ERANGE
    return value


def floating(word: bytes, complaint: bytes = NOT_A_FLOAT) -> float:
    value = as_float(word)
    if value is None:
        raise Fail(complaint)
    return value
