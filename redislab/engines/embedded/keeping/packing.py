"""Strings and numbers ↔ bytes, little-endian. `Reader` is total: it raises Malformed and nothing else."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any


class Malformed(Exception):
    """These bytes are nothing that was written here."""


def strings(values: Sequence[bytes]) -> bytes:
    """How many, the length of each, then all of them."""
    count = len(values)
    return struct.pack(f"<I{count}I", count, *map(len, values)) + b"".join(values)


def integers(values: Sequence[int]) -> bytes:
    """How many, then each in 64 bits without sign."""
    return struct.pack(f"<I{len(values)}Q", len(values), *values)


def signed(values: Sequence[int]) -> bytes:
    """How many, then each in 64 bits with its sign."""
    return struct.pack(f"<I{len(values)}q", len(values), *values)


def doubles(values: Sequence[float]) -> bytes:
    return struct.pack(f"<I{len(values)}d", len(values), *values)


class Reader:
    """Reads `data` from `at` to `end`."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    def unpack(self, format: str) -> tuple[Any, ...]:
        """The numbers of a struct format."""
        start = self.at
        self.at += struct.calcsize(format)
        self._check()
        return struct.unpack_from(format, self.data, start)

    def strings(self) -> list[bytes]:
        lengths = self._numbers("I", 4)
        ends = list(accumulate(lengths, initial=self.at))
        self.at = ends[-1]
        self._check()
        data = self.data
        return [data[start:end] for start, end in pairwise(ends)]

    def integers(self) -> tuple[int, ...]:
        return self._numbers("Q", 8)

    def signed(self) -> tuple[int, ...]:
        return self._numbers("q", 8)

    def doubles(self) -> tuple[float, ...]:
        return self._numbers("d", 8)

    def rest(self) -> bytes:
        start, self.at = self.at, self.end
        return self.data[start : self.end]

    def done(self) -> None:
        """Raises Malformed where something is left over."""
        if self.at != self.end:
            raise Malformed(f"{self.end - self.at} bytes too many")

    def _numbers(self, sign: str, each_bytes: int) -> tuple[Any, ...]:
        (count,) = self.unpack("<I")
        if count * each_bytes > self.end - self.at:  # before a format is made of a wild number
            raise Malformed(f"{count} numbers announced, and no room for them")
        return self.unpack(f"<{count}{sign}")

    def _check(self) -> None:
        if self.at > self.end:
            raise Malformed("it ends too early")
