"""C's `long double` of 64 significant bits, in which INCRBYFLOAT and HINCRBYFLOAT count.

Python has no such type; fractions rounded to 64 bits after each step give the same digits.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction

from redislab.engines.embedded.numbers import as_float

_BITS = 64
_HIGHEST = Fraction((1 << _BITS) - 1) * Fraction(2) ** (16384 - _BITS)
_TEXT_DIGITS = 17
_MAX_EXPONENT = 4932


def parse(word: bytes) -> Fraction | None:
    """The number, rounded; None for what is no finite number."""
    if word[-1:].isspace() or (as_float(word) is None and not _is_beyond_double(word)):
        return None
    text = word.decode("ascii").lower()
    if "inf" in text:
        return None
    if "0x" in text:
        return _rounded(Fraction(float.fromhex(text)))
    number = Decimal(text)
    if number and abs(number.adjusted()) > _MAX_EXPONENT:
        return None
    value = _rounded(Fraction(number))
    return value if abs(value) <= _HIGHEST else None


def add(left: Fraction, right: Fraction) -> Fraction | None:
    """The sum, rounded; None where it would be infinite."""
    total = _rounded(left + right)
    return total if abs(total) <= _HIGHEST else None


def text(value: Fraction) -> bytes:
    """Seventeen places after the point, without the zeros at the end."""
    scaled = round(abs(value) * 10**_TEXT_DIGITS)
    whole, places = divmod(scaled, 10**_TEXT_DIGITS)
    digits = f"{whole}.{places:0{_TEXT_DIGITS}d}".rstrip("0").rstrip(".")
    return (f"-{digits}" if value < 0 and scaled else digits).encode()


def _is_beyond_double(word: bytes) -> bool:
    """A decimal number that only a long double can hold."""
    if word[:1].isspace() or not word.isascii() or b"_" in word:
        return False
    try:
        return Decimal(word.decode("ascii")).is_finite()
    except (InvalidOperation, ValueError):
        return False


def _rounded(value: Fraction) -> Fraction:
    if not value:
        return value
    shift = _BITS - (abs(value.numerator).bit_length() - value.denominator.bit_length())
    scale = Fraction(2) ** shift
    if abs(value) * scale >= 1 << _BITS:
        scale /= 2
    elif abs(value) * scale < 1 << (_BITS - 1):
        scale *= 2
    return Fraction(round(value * scale)) / scale
