"""The library `cmsgpack` of scripts: Lua values ↔ MessagePack."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from redislab.engines.embedded.lua_host import Answer, number_text, to_number, type_name

MOST_NESTING = 16  # a table deeper than that is packed as nil
_MOST_READ_NESTING = 100
_LOWEST, _HIGHEST = -(1 << 63), (1 << 63) - 1

Kind = Callable[[Any], "str | None"]  # the Lua type of what Lua gave; None for a string, a number, a boolean


class Bad(Exception):
    """The text of the error."""


class MessagePack:
    """`kind` tells tables and functions apart, `table` makes a table of a list or a dict."""

    def __init__(self, kind: Kind, table: Callable[[Any], Any]) -> None:
        self._kind = kind
        self._table = table

    def call(self, name: bytes, *args: Any) -> Answer:
        try:
            if name == b"pack":
                if not args:
                    raise Bad("bad argument #0 to 'pack' (MessagePack pack needs input.)")
                return False, b"".join(self._packed(arg, 0) for arg in args)
            values = self._unpacked(name, args)
            return False, self._table(dict(enumerate(values, 1))), len(values)
        except Bad as bad:
            return True, str(bad).encode("latin-1")

    # -- packing --------------------------------------------------------------------------------

    def _packed(self, value: Any, depth: int) -> bytes:
        if isinstance(value, bytes):
            return _head(len(value), (0xA0, 31), (0xD9, 0xDA, 0xDB)) + value
        if isinstance(value, bool):
            return b"\xc3" if value else b"\xc2"
        if isinstance(value, int | float):
            return _number(value)
        if value is None or self._kind(value) != "table" or depth == MOST_NESTING:
            return b"\xc0"
        pairs = list(value.items())
        if _is_list([key for key, _ in pairs]):
            items = sorted(pairs, key=lambda pair: float(pair[0]))
            body = b"".join(self._packed(item, depth + 1) for _, item in items)
            return _head(len(items), (0x90, 15), (None, 0xDC, 0xDD)) + body
        sides = (self._packed(side, depth + 1) for pair in pairs for side in pair)
        return _head(len(pairs), (0x80, 15), (None, 0xDE, 0xDF)) + b"".join(sides)

    # -- unpacking ------------------------------------------------------------------------------

    def _unpacked(self, name: bytes, args: tuple[Any, ...]) -> list[Any]:
        one, limited = name == b"unpack_one", name == b"unpack_limit"
        most = 1 if one else _whole(name, args, 2) if limited else 0
        offset = _whole(name, args, 2 if one else 3, 0) if one or limited else 0
        if not args or type(args[0]) not in (bytes, int, float):
            raise Bad(f"bad argument #1 to '{name.decode()}' (string expected, got {type_name(args[:1])})")
        data = args[0] if type(args[0]) is bytes else number_text(args[0])
        if offset < 0 or most < 0:
            raise Bad(f"Invalid request to unpack with offset of {offset} and limit of {len(data)}.")
        if offset > len(data):
            raise Bad(f"Start offset {offset} greater than input length {len(data)}.")
        everything = not most and not offset
        reader = _Reader(data, offset, self._table)
        values: list[Any] = []
        while reader.at < len(data) and (everything or len(values) < most):
            values.append(reader.value(0))
        if not everything:
            values.insert(0, -1 if reader.at >= len(data) else reader.at)
        return values


def _whole(name: bytes, args: tuple[Any, ...], place: int, default: int | None = None) -> int:
    """The argument at a place as Lua takes a whole number."""
    given = args[place - 1 : place]
    if default is not None and (not given or given[0] is None):
        return default
    number = to_number(given[0]) if given else None
    if number is None:
        got = type_name(given)
        raise Bad(f"bad argument #{place} to '{name.decode()}' (number expected, got {got})")
    return int(number) if abs(number) < 1 << 63 else _LOWEST


def _is_list(keys: list[Any]) -> bool:
    whole = all(type(key) in (int, float) and key > 0 and key == int(key) for key in keys)
    return whole and max(keys, default=0) == len(keys)


def _head(count: int, short: tuple[int, int], codes: tuple[int | None, int, int]) -> bytes:
    """What says how long a string, a list or a map is."""
    base, most = short
    if count <= most:
        return bytes([base | count])
    if codes[0] is not None and count <= 0xFF:
        return bytes([codes[0], count])
    if count <= 0xFFFF:
        return bytes([codes[1]]) + count.to_bytes(2, "big")
    return bytes([codes[2]]) + count.to_bytes(4, "big")


def _number(value: float) -> bytes:
    if value != value or not _LOWEST <= value <= _HIGHEST or value != int(value):
        return _float(value)
    whole = int(value)
    if whole >= 0:
        if whole <= 127:
            return bytes([whole])
        size = next(size for size in (1, 2, 4, 8) if whole < 1 << 8 * size)
        return bytes([{1: 0xCC, 2: 0xCD, 4: 0xCE, 8: 0xCF}[size]]) + whole.to_bytes(size, "big")
    if whole >= -32:
        return bytes([whole & 0xFF])
    size = next(size for size in (1, 2, 4, 8) if whole >= -(1 << (8 * size - 1)))
    return bytes([{1: 0xD0, 2: 0xD1, 4: 0xD2, 8: 0xD3}[size]]) + whole.to_bytes(size, "big", signed=True)


def _float(value: float) -> bytes:
    try:
        short = struct.pack(">f", value)
    except OverflowError:
        return b"\xcb" + struct.pack(">d", value)
    if struct.unpack(">f", short)[0] == value:
        return b"\xca" + short
    return b"\xcb" + struct.pack(">d", value)


class _Reader:
    """Reads values one after the other from `at`. Raises Bad."""

    def __init__(self, data: bytes, at: int, table: Callable[[Any], Any]) -> None:
        self._data = data
        self.at = at
        self._table = table

    def value(self, depth: int) -> Any:
        if depth > _MOST_READ_NESTING:
            raise Bad("Bad data format in input.")
        code = self._take(1)[0]
        if code <= 0x7F:
            return code
        if code >= 0xE0:
            return code - 256
        if code <= 0x8F:
            return self._map(code & 15, depth)
        if code <= 0x9F:
            return self._list(code & 15, depth)
        if code <= 0xBF:
            return self._take(code & 31)
        return self._coded(code, depth)

    def _coded(self, code: int, depth: int) -> Any:
        if code in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[code]
        if code in _SIGNED:
            return float(int.from_bytes(self._take(_SIGNED[code]), "big", signed=True))
        if code in _UNSIGNED:
            return float(int.from_bytes(self._take(_UNSIGNED[code]), "big"))
        if code in (0xCA, 0xCB):
            size, letter = (4, ">f") if code == 0xCA else (8, ">d")
            return struct.unpack(letter, self._take(size))[0]
        if code in _STRINGS:
            return self._take(int.from_bytes(self._take(_STRINGS[code]), "big"))
        if code in (0xDC, 0xDD):
            return self._list(int.from_bytes(self._take(2 if code == 0xDC else 4), "big"), depth)
        if code in (0xDE, 0xDF):
            return self._map(int.from_bytes(self._take(2 if code == 0xDE else 4), "big"), depth)
        raise Bad("Bad data format in input.")

    def _list(self, count: int, depth: int) -> Any:
        return self._table({place: self.value(depth + 1) for place in range(1, count + 1)})

    def _map(self, count: int, depth: int) -> Any:
        found = self._table({})
        for _ in range(count):
            key = self.value(depth + 1)
            value = self.value(depth + 1)
            if key is None or key != key:
                raise Bad("table index is " + ("nil" if key is None else "NaN"))
            found[key] = value  # in Lua's table: a Python dict takes true for 1
        return found

    def _take(self, size: int) -> bytes:
        if self.at + size > len(self._data):
            raise Bad("Missing bytes in input.")
        self.at += size
        return self._data[self.at - size : self.at]


_SIGNED = {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_UNSIGNED = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
