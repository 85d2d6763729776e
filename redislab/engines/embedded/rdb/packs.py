"""Listpack, ziplist and intset: the pieces of memory in which Redis keeps small values."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from redislab.engines.embedded.rdb.codec import BadData, Reader

_END = 0xFF
_SIZED = {0xF1: 2, 0xF2: 3, 0xF3: 4, 0xF4: 8}  # a listpack's integers, by their first byte
_ZIP_SIZED = {0xC0: 2, 0xD0: 4, 0xE0: 8, 0xF0: 3, 0xFE: 1}  # a ziplist's


# -- listpack -----------------------------------------------------------------------------------


def listpack(values: Iterable[bytes | int]) -> bytes:
    body = bytearray()
    count = 0
    for value in values:
        encoded = _integer(value) if isinstance(value, int) else _string(value)
        body += encoded + _back_length(len(encoded))
        count += 1
    head = (len(body) + 7).to_bytes(4, "little") + min(count, 0xFFFF).to_bytes(2, "little")
    return head + bytes(body) + b"\xff"


def _integer(value: int) -> bytes:
    if 0 <= value < 128:
        return bytes([value])
    if -4096 <= value < 4096:
        return (0xC000 | value & 0x1FFF).to_bytes(2, "big")
    for code, size in _SIZED.items():
        if -(1 << (8 * size - 1)) <= value < 1 << (8 * size - 1):
            return bytes([code]) + value.to_bytes(size, "little", signed=True)
    return _string(b"%d" % value)


def _string(value: bytes) -> bytes:
    if len(value) < 64:
        return bytes([0x80 | len(value)]) + value
    if len(value) < 4096:
        return (0xE000 | len(value)).to_bytes(2, "big") + value
    return b"\xf0" + len(value).to_bytes(4, "little") + value


def _back_length(size: int) -> bytes:
    """The size of the element before it, readable from its end."""
    groups = [size & 127]
    while size > 127:
        size >>= 7
        groups.append(size & 127)
    return bytes([groups[-1], *(group | 128 for group in reversed(groups[:-1]))])


def from_listpack(data: bytes) -> list[bytes]:
    """The elements; numbers as text. Raises BadData."""
    reader = Reader(data)
    if int.from_bytes(reader.raw(4), "little") != len(data):
        raise BadData
    count = int.from_bytes(reader.raw(2), "little")
    values: list[bytes] = []
    while True:
        start = reader.at
        code = reader.byte()
        if code == _END:
            break
        values.append(_listpack_value(reader, code))
        back = _back_length(reader.at - start)
        if reader.raw(len(back)) != back:
            raise BadData
    if reader.left or (count != 0xFFFF and count != len(values)):
        raise BadData
    return values


def _listpack_value(reader: Reader, code: int) -> bytes:
    if code < 0x80:
        return b"%d" % code
    if code < 0xC0:
        return reader.raw(code & 63)
    if code < 0xE0:
        number = (code & 31) << 8 | reader.byte()
        return b"%d" % (number - 0x2000 if number & 0x1000 else number)
    if code < 0xF0:
        return reader.raw((code & 15) << 8 | reader.byte())
    if code == 0xF0:
        return reader.raw(int.from_bytes(reader.raw(4), "little"))
    if code in _SIZED:
        return b"%d" % int.from_bytes(reader.raw(_SIZED[code]), "little", signed=True)
    raise BadData


# -- ziplist: what Redis before 7.0 wrote --------------------------------------------------------


def from_ziplist(data: bytes) -> list[bytes]:
    """The elements; numbers as text. Raises BadData."""
    reader = Reader(data)
    if int.from_bytes(reader.raw(4), "little") != len(data):
        raise BadData
    reader.raw(4)  # where the last one begins
    count = int.from_bytes(reader.raw(2), "little")
    values: list[bytes] = []
    while True:
        before = reader.byte()
        if before == _END:
            break
        if before == 0xFE:
            reader.raw(4)
        values.append(_ziplist_value(reader))
    if reader.left or (count != 0xFFFF and count != len(values)):
        raise BadData
    return values


def _ziplist_value(reader: Reader) -> bytes:
    code = reader.byte()
    if code < 0x40:
        return reader.raw(code)
    if code < 0x80:
        return reader.raw((code & 63) << 8 | reader.byte())
    if code == 0x80:
        return reader.raw(int.from_bytes(reader.raw(4), "big"))
    if code in _ZIP_SIZED:
        return b"%d" % int.from_bytes(reader.raw(_ZIP_SIZED[code]), "little", signed=True)
    if 0xF1 <= code <= 0xFD:
        return b"%d" % ((code & 15) - 1)
    raise BadData


# -- intset -------------------------------------------------------------------------------------


def from_intset(data: bytes) -> list[bytes]:
    """The members, sorted. Raises BadData."""
    reader = Reader(data)
    size, count = int.from_bytes(reader.raw(4), "little"), int.from_bytes(reader.raw(4), "little")
    if size not in (2, 4, 8) or size * count != reader.left:
        raise BadData
    numbers = [int.from_bytes(reader.raw(size), "little", signed=True) for _ in range(count)]
    if any(low >= high for low, high in pairwise(numbers)):
        raise BadData
    return [b"%d" % number for number in numbers]
