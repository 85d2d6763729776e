"""What scripts call that needs nothing of the lab: redis.log's checks, sha1hex and the library `bit`.

Each gives whether it failed, and the value or the text of the error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
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
    text = args[0] if type(args[0]) is bytes else b"%.14g" % args[0] if args[0] is not None else b""
    return False, hashlib.sha1(text).hexdigest().encode()


def bit(name: bytes, *args: Any) -> Answer:
    """LuaJIT's bit library: 32 bits with a sign."""
    numbers = []
    for place, arg in enumerate(args, 1):
        number = float(arg) if type(arg) in (int, float, bytes) else None
        if number is None:
            return True, b"bad argument #%d to '%b' (number expected)" % (place, name)
        numbers.append(int(number) & 0xFFFFFFFF)
    if not numbers:
        return True, b"bad argument #1 to '%b' (number expected, got no value)" % name
    first, rest = numbers[0], numbers[1:]
    if name == b"tohex":
        digits = _signed(rest[0]) if rest else 8
        text = b"%08x" % first
        shown = text[-min(abs(digits), 8) :] if digits else b""
        return False, shown.upper() if digits < 0 else shown
    return False, _signed(_BIT[name](first, *rest) & 0xFFFFFFFF)


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
