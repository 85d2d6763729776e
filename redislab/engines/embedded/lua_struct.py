"""The library `struct` of scripts: binary layouts of C, as bytes.

`<` and `>` say the byte order, `!n` the alignment; b h l i T and upper case are integers (`i3`: of three
bytes), f d floats, s a string that ends in NUL, `cn` n bytes (`c0`: all of a string), x a byte of padding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from redislab.engines.embedded.lua_host import Answer, number_text, to_number, type_name

_SIZES = {"b": 1, "h": 2, "l": 8, "T": 8, "f": 4, "d": 8, "x": 1}
_OPTIONS = "<>! "
_LETTERS = "bBhHlLTfdxcsiI" + _OPTIONS
_MOST_COUNT = (1 << 31) - 1
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
            raise Bad(_bad(1, name, "string expected, got " + type_name(args[:1])))
        layout = _text(args[0]).split(b"\0")[0].decode("latin-1")
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


def _text(value: Any) -> bytes:
    return value if type(value) is bytes else number_text(value)


def _fields(layout: str, lengths: _Lengths) -> Iterator[_Field]:
    """The fields in order, options among them; `lengths` says where the one before has ended."""
    big, alignment, place = False, 1, 0
    while place < len(layout):
        letter = layout[place]
        place += 1
        digits = place
        while letter in "iIc!" and place < len(layout) and layout[place] in "0123456789":
            place += 1
        number = _count(layout[digits:place])
        size = _field_size(letter, number)
        step = 0 if letter == "c" else min(size, alignment)
        padding = (step - (lengths.at & (step - 1))) & (step - 1) if step else 0
        yield _Field(letter, size, padding, big)
        if letter in "<>":
            big = letter == ">"
        if letter == "!":
            alignment = _MOST_ALIGNMENT if number is None else number
            if alignment == 0 or alignment & (alignment - 1):
                raise Bad(f"alignment {alignment} is not a power of 2")


def _count(digits: str) -> int | None:
    if len(digits.lstrip("0")) > 10 or int(digits or 0) > _MOST_COUNT:
        raise Bad("integral size overflow")
    return int(digits) if digits else None


@dataclass
class _Lengths:
    at: int = 0


def _field_size(letter: str, number: int | None) -> int:
    """In bytes; 0 of options, of a string and of letters that mean nothing."""
    if letter in "iI":
        size = 4 if number is None else number
        if size > _MOST_BYTES:
            raise Bad(f"integral size {size} is larger than limit of {_MOST_BYTES}")
        return size
    if letter == "c":
        return 1 if number is None else number
    return _SIZES.get(letter, _SIZES.get(letter.lower(), 0) if letter in "BHL" else 0)


def _refuse_unknown(name: bytes, letter: str) -> None:
    if letter not in _LETTERS:
        raise Bad(_bad(1, name, f"invalid format option '{letter}'"))


def _pack(layout: str, values: tuple[Any, ...]) -> bytes:
    out = bytearray()
    lengths = _Lengths()
    place = 2  # of the argument that is next
    for field in _fields(layout, lengths):
        _refuse_unknown(b"pack", field.letter)
        out += bytes(field.padding)
        if field.letter == "x":
            out.append(0)
        elif field.letter not in _OPTIONS:
            packed = _packed_string if field.letter in "sc" else _packed_number
            out += packed(field, place, values[place - 2] if place - 2 < len(values) else None)
            place += 1
        lengths.at = len(out)
        if len(out) > MOST_RESULT_BYTES:
            raise Bad("result too large")
    return bytes(out)


def _packed_string(field: _Field, place: int, value: Any) -> bytes:
    if type(value) not in (bytes, int, float):
        raise Bad(_bad(place, b"pack", "string expected, got " + type_name((value,))))
    text = _text(value)
    if field.letter == "s":
        return text + b"\0"
    size = field.size or len(text)
    if len(text) < size:
        raise Bad(_bad(place + 1, b"pack", "string too short"))
    return text[:size]


def _packed_number(field: _Field, place: int, value: Any) -> bytes:
    number = to_number(value)
    if number is None:
        raise Bad(_bad(place, b"pack", "number expected, got " + type_name((value,))))
    if field.letter in "fd":
        return _packed_float(field, number)
    if abs(number) >= _WIDTH or number != number:
        whole = 0 if number > 0 else -(1 << 63)  # as C turns what is too large into a number
    else:
        whole = int(number)
    low = (whole % _WIDTH).to_bytes(8, "little")[: field.size].ljust(field.size, b"\0")
    return low[::-1] if field.big else low


def _packed_float(field: _Field, number: float) -> bytes:
    letter = (">" if field.big else "<") + field.letter
    try:
        return struct.pack(letter, number)
    except OverflowError:
        return struct.pack(letter, float("inf") if number > 0 else float("-inf"))


def _size(layout: str) -> int:
    lengths = _Lengths()
    for field in _fields(layout, lengths):
        if field.letter == "s":
            raise Bad(_bad(1, b"size", "option 's' has no fixed size"))
        if field.letter == "c" and not field.size:
            raise Bad(_bad(1, b"size", "option 'c0' has no fixed size"))
        if not field.letter.isalnum():
            _refuse_unknown(b"size", field.letter)
        lengths.at += field.padding + field.size
    return lengths.at


def _unpack(layout: str, args: tuple[Any, ...]) -> list[Any]:
    if not args or type(args[0]) not in (bytes, int, float):
        raise Bad(_bad(2, b"unpack", "string expected, got " + type_name(args[:1])))
    data = _text(args[0])
    lengths = _Lengths(_start(args[1:2]))
    values: list[Any] = []
    for field in _fields(layout, lengths):
        lengths.at += field.padding
        at = lengths.at
        if at + field.size > len(data):
            raise Bad(_bad(2, b"unpack", "data string too short"))
        _refuse_unknown(b"unpack", field.letter)
        if field.letter in _OPTIONS:
            continue
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


def _start(given: tuple[Any, ...]) -> int:
    """The offset in bytes that unpack is given; a negative one is behind every end, as in C."""
    number = 1.0 if not given or given[0] is None else to_number(given[0])
    if number is None:
        raise Bad(_bad(3, b"unpack", "number expected, got " + type_name(given)))
    start = int(number) if abs(number) < 1 << 63 else 1 << 62
    if start == 0:
        raise Bad(_bad(3, b"unpack", "offset must be 1 or greater"))
    return start - 1 if start > 0 else start % _WIDTH - 1


def _number(field: _Field, piece: bytes) -> float:
    if field.letter in "fd":
        found: float = struct.unpack((">" if field.big else "<") + field.letter, piece)[0]
        return found
    low = (piece[::-1] if field.big else piece)[:8]
    return float(int.from_bytes(low, "little", signed=field.letter.islower() and bool(low)))
