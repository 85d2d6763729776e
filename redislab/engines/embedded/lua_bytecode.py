"""Compiled Lua 5.1 with its tail calls made plain calls.

`return redis.call(…)` is a tail call: it takes the script's own frame off the stack, and with it the
line that an error must name. In Redis `redis.call` is a C function, which leaves the frame. A tail call
is a call and a return in one; the compiler writes the return behind it all the same.
"""

from __future__ import annotations

import struct

_HEADER = (
    b"\x1bLua\x51\x00\x01\x04\x08\x04\x08\x00"  # 5.1, little-endian, 64 bits: what the offsets below mean
)
_CALL, _TAIL_CALL, _OPCODE_BITS = 28, 29, 0x3F
_INT, _SIZE = struct.Struct("<i"), struct.Struct("<Q")
_CONSTANT_BYTES = {0: 0, 1: 1, 3: 8}  # nil, boolean, number; a string (4) has its own length


def without_tail_calls(code: bytes) -> bytes:
    """The same function. Code of another format is given back as it is."""
    if not code.startswith(_HEADER):
        return code
    patched = bytearray(code)
    _Walk(patched).function(len(_HEADER))
    return bytes(patched)


class _Walk:
    """Goes through a compiled function; every method takes a place and gives the place behind."""

    def __init__(self, code: bytearray) -> None:
        self._code = code

    def function(self, place: int) -> int:
        place = self._string(place) + 2 * _INT.size + 4  # source, the lines it spans, four small numbers
        count, place = self._count(place)
        for at in range(place, place + 4 * count, 4):
            if self._code[at] & _OPCODE_BITS == _TAIL_CALL:
                self._code[at] = self._code[at] & ~_OPCODE_BITS | _CALL
        place = self._constants(place + 4 * count)
        count, place = self._count(place)
        for _ in range(count):
            place = self.function(place)
        return self._debug(place)

    def _constants(self, place: int) -> int:
        count, place = self._count(place)
        for _ in range(count):
            kind = self._code[place]
            place = self._string(place + 1) if kind == 4 else place + 1 + _CONSTANT_BYTES[kind]
        return place

    def _debug(self, place: int) -> int:
        count, place = self._count(place)
        place += _INT.size * count  # a line for each instruction
        count, place = self._count(place)
        for _ in range(count):  # local variables and where they live
            place = self._string(place) + 2 * _INT.size
        count, place = self._count(place)
        for _ in range(count):
            place = self._string(place)
        return place

    def _count(self, place: int) -> tuple[int, int]:
        return _INT.unpack_from(self._code, place)[0], place + _INT.size

    def _string(self, place: int) -> int:
        return place + _SIZE.size + int(_SIZE.unpack_from(self._code, place)[0])
