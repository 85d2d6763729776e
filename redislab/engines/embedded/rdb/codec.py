"""Numbers, lengths, strings and the checksum of RDB."""

from __future__ import annotations

import re
import struct

VERSION = 10
_FOOTER_BYTES = 10  # version and checksum
_POLYNOMIAL = 0x95AC9329AC4BC9B5  # Jones's CRC-64, bits reversed
_INT8, _INT16, _INT32, _LZF = range(4)
_LZF_MOST = 264  # bytes that two bytes of LZF stand for, at most
_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,9}").fullmatch  # as Redis itself would write the number


class BadData(ValueError):
    """Bytes that are no value."""


def _table() -> list[int]:
    rows = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        rows.append(byte)
    return rows


_TABLE = _table()


def crc64(data: bytes) -> int:
    crc, table = 0, _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc


def sealed(body: bytes) -> bytes:
    """The body with version and checksum behind it."""
    versioned = body + VERSION.to_bytes(2, "little")
    return versioned + crc64(versioned).to_bytes(8, "little")


def opened(payload: bytes) -> bytes | None:
    """The body; None where version or checksum are wrong."""
    if len(payload) < _FOOTER_BYTES or int.from_bytes(payload[-10:-8], "little") > VERSION:
        return None
    if crc64(payload[:-8]) != int.from_bytes(payload[-8:], "little"):
        return None
    return payload[:-_FOOTER_BYTES]


class Writer:
    def __init__(self) -> None:
        self._out = bytearray()

    def content(self) -> bytes:
        return bytes(self._out)

    def raw(self, data: bytes) -> None:
        self._out += data

    def byte(self, value: int) -> None:
        self._out.append(value)

    def length(self, value: int) -> None:
        if value < 1 << 6:
            self._out.append(value)
        elif value < 1 << 14:
            self._out += (0x4000 | value).to_bytes(2, "big")
        elif value < 1 << 32:
            self._out += b"\x80" + value.to_bytes(4, "big")
        else:
            self._out += b"\x81" + value.to_bytes(8, "big")

    def string(self, value: bytes) -> None:
        """Whole numbers of up to 32 bits in as few bytes as they need; nothing is compressed."""
        if len(value) <= 11 and _INTEGER(value):
            number = int(value)
            for code, size in ((_INT8, 1), (_INT16, 2), (_INT32, 4)):
                if -(1 << 8 * size - 1) <= number < 1 << 8 * size - 1:
                    self._out.append(0xC0 | code)
                    self._out += number.to_bytes(size, "little", signed=True)
                    return
        self.length(len(value))
        self._out += value

    def double(self, value: float) -> None:
        self._out += struct.pack("<d", value)

    def milliseconds(self, value: int) -> None:
        self._out += struct.pack("<q", value)


class Reader:
    """Reads from `at` on. Raises BadData."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self._data = data
        self.at = at

    @property
    def left(self) -> int:
        return len(self._data) - self.at

    def raw(self, size: int) -> bytes:
        if not 0 <= size <= self.left:
            raise BadData
        self.at += size
        return self._data[self.at - size : self.at]

    def byte(self) -> int:
        return self.raw(1)[0]

    def length(self) -> int:
        value, is_code = self._length()
        if is_code:
            raise BadData
        return value

    def count(self, least_bytes: int = 1) -> int:
        """How many values follow: never more than there is room for."""
        value = self.length()
        if value * least_bytes > self.left:
            raise BadData
        return value

    def _length(self) -> tuple[int, bool]:
        """The number; or the code of a special string."""
        first = self.byte()
        kind = first >> 6
        if kind == 0:
            return first & 63, False
        if kind == 1:
            return (first & 63) << 8 | self.byte(), False
        if kind == 3:
            return first & 63, True
        if first == 0x80:
            return int.from_bytes(self.raw(4), "big"), False
        if first == 0x81:
            return int.from_bytes(self.raw(8), "big"), False
        raise BadData

    def string(self) -> bytes:
        value, is_code = self._length()
        if not is_code:
            return self.raw(value)
        if value in (_INT8, _INT16, _INT32):
            number = int.from_bytes(self.raw(1 << value), "little", signed=True)
            return b"%d" % number
        if value != _LZF:
            raise BadData
        packed, full = self.length(), self.length()
        if full > packed * _LZF_MOST:
            raise BadData
        return unpacked(self.raw(packed), full)

    def double(self) -> float:
        found: float = struct.unpack("<d", self.raw(8))[0]
        return found

    def old_double(self) -> float:
        """As text, its length before it; three lengths stand for what is no number."""
        size = self.byte()
        special = {253: float("nan"), 254: float("inf"), 255: float("-inf")}
        if size in special:
            return special[size]
        try:
            return float(self.raw(size))
        except ValueError:
            raise BadData from None

    def milliseconds(self) -> int:
        return int.from_bytes(self.raw(8), "little", signed=True)


def unpacked(data: bytes, size: int) -> bytes:
    """LZF: runs of plain bytes, and repetitions of what came up to 8 KiB before. Raises BadData."""
    out = bytearray()
    reader = Reader(data)
    while reader.left:
        code = reader.byte()
        if code < 32:
            out += reader.raw(code + 1)
        else:
            length = code >> 5
            if length == 7:
                length += reader.byte()
            length += 2
            start = len(out) - ((code & 31) << 8 | reader.byte()) - 1
            if start < 0:
                raise BadData
            piece = out[start : start + length]
            out += (piece * -(-length // len(piece)))[:length]
        if len(out) > size:
            raise BadData
    if len(out) != size:
        raise BadData
    return bytes(out)
