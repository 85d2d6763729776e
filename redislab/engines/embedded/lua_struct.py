"""The library `struct` of scripts: binary layouts of C, as bytes.

`<` and `>` say the byte order, `!n` the alignment; b h l i T and upper case are integers (`i3`: of three
bytes), f d floats, s a string that ends in NUL, `cn` n bytes (`c0`: all of a string), x a byte of padding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redislab.engines.embedded.lua_host import Answer

_SIZES = {"b": 1, "h": 2, "l": 8, "T": 8, "f": 4, "d": 8, "x": 1}
_MOST_BYTES = 32  # of an integer
_MOST_ALIGNMENT = 8
_WIDTH = 1 << 64
MOST_RESULT_BYTES = 512 << 20


class Bad(Exception):
    """The text of the error."""


@dataclass(frozen=True)
class _Field:
    letter: str
    size: int
    padding: int  # before it
    big: bool


def call(name: bytes, *args: Any) -> Answer:
    """`struct.pack`, `unpack` or `size`."""
    try:
        if not args or type(args[0]) not in (bytes, int, float):
            raise Bad(_bad(1, name, "string expected, got " + _type_name(args[:1])))
        layout = _text(args[0])
        if name == b"pack":
            return False, _pack(layout, args[1:])
        if name == b"size":
            return False, _size(layout)
        values = _unpack(layout, args[1:])
        return False, values, len(values)
    except Bad as bad:
        return True, str(bad).encode("latin-1")


def _bad(place: int, name: bytes, why: str) -> str:
    return f"bad argument #{place} to '{name.decode()}' ({why})"


def _type_name(args: tuple[Any, ...]) -> str:
    if not args:
        return "no value"
    kinds = {type(None): "nil", bool: "boolean", int: "number", float: "number", bytes: "string"}
    return kinds.get(type(args[0]), "table")


def _text(value: Any) -> str:
    return value.decode("latin-1") if type(value) is bytes else f"{value:.14g}"


def _fields(name: bytes, layout: str, lengths: _Lengths) -> Iterator[_Field]:
    """The fields in order; `lengths` says where the one before has ended."""
    big, alignment, place = False, 1, 0
    while place < len(layout):
        letter = layout[place]
        place += 1
        if letter in "<>":
            big = letter == ">"
            continue
        if letter == " ":
            continue
        digits = place
        while letter in "iIc!" and place < len(layout) and layout[place].isdigit():
            place += 1
        number = int(layout[digits:place][:10]) if place > digits else None
        if letter == "!":
            alignment = _MOST_ALIGNMENT if number is None else number
            if alignment == 0 or alignment & (alignment - 1):
                raise Bad(f"alignment {alignment} is not a power of 2")
            continue
        size = _field_size(name, letter, number)
        step = 0 if letter in "cs" else min(size, alignment)
        padding = -lengths.at % step if step else 0
        yield _Field(letter, size, padding, big)


@dataclass
class _Lengths:
    at: int = 0


def _field_size(name: bytes, letter: str, number: int | None) -> int:
    if letter in "iI":
        size = 4 if number is None else number
        if size > _MOST_BYTES:
            raise Bad(f"integral size {size} is larger than limit of {_MOST_BYTES}")
        return size
    if letter == "c":
        return 1 if number is None else number
    if letter == "s":
        return 0
    size = _SIZES.get(letter, _SIZES.get(letter.lower(), 0) if letter in "BHL" else 0)
    if not size:
        raise Bad(_bad(1, name, f"invalid format option '{letter}'"))
    return size


def _pack(layout: str, values: tuple[Any, ...]) -> bytes:
    out = bytearray()
    lengths = _Lengths()
    given = iter(enumerate(values, 2))
    for field in _fields(b"pack", layout, lengths):
        out += bytes(field.padding)
        if field.letter == "x":
            out.append(0)
        elif field.letter in "sc":
            out += _packed_string(field, next(given, None))
        else:
            out += _packed_number(field, next(given, None))
        lengths.at = len(out)
        if len(out) > MOST_RESULT_BYTES:
            raise Bad("result too large")
    return bytes(out)


def _packed_string(field: _Field, given: tuple[int, Any] | None) -> bytes:
    place, value = given or (0, None)
    if type(value) not in (bytes, int, float):
        got = "nil" if given is None else _type_name((value,))
        raise Bad(_bad(place or 2, b"pack", f"string expected, got {got}"))
    text = value if type(value) is bytes else _text(value).encode()
    if field.letter == "s":
        return text + b"\0"
    size = field.size or len(text)
    if len(text) < size:
        raise Bad(_bad(place + 1, b"pack", "string too short"))
    return text[:size]


def _packed_number(field: _Field, given: tuple[int, Any] | None) -> bytes:
    place, value = given or (0, None)
    try:
        number = float(value) if isinstance(value, bytes | int | float) else None
    except ValueError:
        number = None
    if number is None:
        got = "nil" if given is None else _type_name((value,))
        raise Bad(_bad(place or 2, b"pack", f"number expected, got {got}"))
    order = "big" if field.big else "little"
    if field.letter in "fd":
        return _packed_float(field, number)
    if abs(number) >= _WIDTH or number != number:
        whole = 0 if number > 0 else -(1 << 63)  # as C turns what is too large into a number
    else:
        whole = int(number)
    low = (whole % _WIDTH).to_bytes(8, "little")[: field.size].ljust(field.size, b"\0")
    return low if order == "little" else low[::-1]


def _packed_float(field: _Field, number: float) -> bytes:
    letter = (">" if field.big else "<") + field.letter
    try:
        return struct.pack(letter, number)
    except OverflowError:
        return struct.pack(letter, float("inf") if number > 0 else float("-inf"))


def _size(layout: str) -> int:
    lengths = _Lengths()
    for field in _fields(b"size", layout, lengths):
        if field.letter == "s":
            raise Bad(_bad(1, b"size", "option 's' has no fixed size"))
        if field.letter == "c" and not field.size:
            raise Bad(_bad(1, b"size", "option 'c0' has no fixed size"))
        lengths.at += field.padding + field.size
    return lengths.at


def _unpack(layout: str, args: tuple[Any, ...]) -> list[Any]:
    if not args or type(args[0]) not in (bytes, int, float):
        raise Bad(_bad(2, b"unpack", "string expected, got " + _type_name(args[:1])))
    data = args[0] if type(args[0]) is bytes else _text(args[0]).encode()
    start = args[1] if len(args) > 1 and args[1] is not None else 1
    if type(start) not in (int, float) or start < 1:
        raise Bad(_bad(3, b"unpack", "offset must be 1 or greater"))
    lengths = _Lengths(int(min(start, 1 << 62)) - 1)
    values: list[Any] = []
    for field in _fields(b"unpack", layout, lengths):
        lengths.at += field.padding
        at = lengths.at
        if at + field.size > len(data):
            raise Bad(_bad(2, b"unpack", "data string too short"))
        if field.letter == "s":
            end = data.find(b"\0", at)
            if end < 0:
                raise Bad("unfinished string in data")
            values.append(data[at:end])
            lengths.at = end + 1
            continue
        size = field.size
        if field.letter == "c" and size == 0:
            if not values or type(values[-1]) not in (int, float):
                raise Bad("format 'c0' needs a previous size")
            size = int(values.pop())
            if size < 0 or at + size > len(data):
                raise Bad(_bad(2, b"unpack", "data string too short"))
        piece = data[at : at + size]
        if field.letter == "c":
            values.append(piece)
        elif field.letter != "x":
            values.append(_number(field, piece))
        lengths.at = at + size
    return [*values, lengths.at + 1]


def _number(field: _Field, piece: bytes) -> float:
    if field.letter in "fd":
        found: float = struct.unpack((">" if field.big else "<") + field.letter, piece)[0]
        return found
    low = (piece[::-1] if field.big else piece)[:8]
    return float(int.from_bytes(low, "little", signed=field.letter.islower() and bool(low)))
