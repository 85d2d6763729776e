"""What scripts call that needs nothing of the lab: redis.log's checks, sha1hex and the library `bit`.

Each gives whether it failed, and the value or the text of the error.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable, Sequence
from typing import Any

Answer = tuple[Any, ...]  # failed; the value, or the text of the error; how many values, where not one


def log(*args: Any) -> Answer:
    if len(args) < 2:
        return True, b"ERR redis.log() requires two arguments or more."
    if type(args[0]) not in (int, float):
        return True, b"ERR First argument must be a number (log level)."
    if args[0] not in (0, 1, 2, 3):
        return True, b"ERR Invalid debug level."
    return False, None


def sha1hex(*args: Any) -> Answer:
    if len(args) != 1:
        return True, b"ERR wrong number of arguments"
    text = args[0] if type(args[0]) is bytes else number_text(args[0]) if args[0] is not None else b""
    return False, hashlib.sha1(text).hexdigest().encode()


def type_name(args: Sequence[Any]) -> str:
    """Lua's name of the type of the first."""
    if not args:
        return "no value"
    kinds = {type(None): "nil", bool: "boolean", int: "number", float: "number", bytes: "string"}
    return kinds.get(type(args[0]), "table")


def number_text(value: float, digits: int = 14) -> bytes:
    """As C's %g prints it, the sign of what is no number too."""
    if value != value:
        return b"-nan" if math.copysign(1, value) < 0 else b"nan"
    return b"%.*g" % (digits, value)


def to_number(value: Any) -> float | None:
    """As Lua takes a number or a text with one; None for anything else."""
    if type(value) in (int, float):
        return float(value)
    if type(value) is not bytes or b"_" in value:
        return None
    text = value.decode("latin-1").strip(" \t\n\v\f\r")
    try:
        return float.fromhex(text) if "x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        return None


def bit(name: bytes, *args: Any) -> Answer:
    """LuaJIT's bit library: 32 bits with a sign."""
    takes = 2 if name in _SHIFTS or (name == b"tohex" and len(args) > 1) else 1
    places = [0, *range(len(args) - 1, 0, -1)] if name in _FOLDS else range(takes)
    numbers = {}
    for place in places:
        number = to_number(args[place]) if place < len(args) else None
        if number is None:
            why = b"number expected, got " + type_name(args[place : place + 1]).encode()
            return True, b"bad argument #%d to '%b' (%b)" % (place + 1, name, why)
        numbers[place] = _low32(number)
    first, *rest = (numbers[place] for place in sorted(numbers))
    if name == b"tohex":
        digits = _signed(rest[0]) if rest else 8
        text = b"%08x" % first
        shown = text[-min(abs(digits), 8) :] if digits else b""
        return False, shown.upper() if digits < 0 else shown
    return False, _signed(_BIT[name](first, *rest) & 0xFFFFFFFF)


def _low32(number: float) -> int:
    """Rounded to even, and of that 32 bits: what adding this constant leaves in a double's low half."""
    return int.from_bytes(struct.pack("<d", number + 6755399441055744.0)[:4], "little")


def _signed(number: int) -> int:
    return number - (1 << 32) if number & 0x80000000 else number


def _rotated(number: int, by: int) -> int:
    by &= 31
    return number << by | number >> (32 - by)


def _folded(work: Callable[[int, int], int]) -> Callable[..., int]:
    def fold(first: int, *rest: int) -> int:
        for number in rest:
            first = work(first, number)
        return first

    return fold


_FOLDS = (b"band", b"bor", b"bxor")
_SHIFTS = (b"lshift", b"rshift", b"arshift", b"rol", b"ror")
_BIT: dict[bytes, Callable[..., int]] = {
    b"tobit": lambda n: n,
    b"bnot": lambda n: ~n,
    b"band": _folded(lambda a, b: a & b),
    b"bor": _folded(lambda a, b: a | b),
    b"bxor": _folded(lambda a, b: a ^ b),
    b"lshift": lambda n, by: n << (by & 31),
    b"rshift": lambda n, by: n >> (by & 31),
    b"arshift": lambda n, by: _signed(n) >> (by & 31),
    b"rol": _rotated,
    b"ror": lambda n, by: _rotated(n, 32 - (by & 31)),
    b"bswap": lambda n: int.from_bytes(n.to_bytes(4, "big"), "little"),
}
