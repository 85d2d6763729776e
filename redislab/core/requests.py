"""What a client sends, read without I/O as a server reads it: arrays of bulk strings, or inline lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from redislab.core import words
from redislab.errors import InvalidLine, ProtocolError

MAX_LINE_BYTES = 1 << 16
MAX_ARGS = (1 << 31) - 1
MAX_BULK_BYTES = 512 << 20
STRANGER_ARGS, STRANGER_BULK_BYTES = 10, 16_384  # what a client may send that has not logged in
ARG_BYTES = 64  # what one more argument costs, beside its own bytes

_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,18}").fullmatch


class Limits(Protocol):
    """What a server grants the client that is read; asked again for each command."""

    @property
    def is_stranger(self) -> bool:
        """A password is wanted and was not given yet."""

    @property
    def max_bulk_bytes(self) -> int: ...


class _Usual:
    is_stranger = False
    max_bulk_bytes = MAX_BULK_BYTES


class RequestReader:
    """Bytes in any slices → commands. Broken for good after a ProtocolError, whose text is Redis's own.

    Lines end as a C library finds their end: nothing is found behind a NUL byte, and what stands
    behind the CR of a length is skipped unread.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits: Limits = limits or _Usual()
        self._buffer = b""
        self._pos = 0
        self._chunks: list[bytes] = []  # arrived, not yet joined: `_missing` bytes must come first
        self._missing = 0
        self._args: list[bytes] = []
        self._args_bytes = 0
        self._wanted = 0  # arguments of the array under way
        self._size = -1  # bytes of the bulk string under way, -1: its length is still to come

    @property
    def between_commands(self) -> bool:
        return not self._wanted and not self._chunks and self._pos == len(self._buffer)

    @property
    def held_bytes(self) -> int:
        """What is kept of commands that are not complete or not taken yet."""
        return len(self._buffer) - self._pos + sum(map(len, self._chunks)) + self._args_bytes

    def feed(self, data: bytes) -> None:
        self._chunks.append(data)
        self._missing -= len(data)

    def commands(self) -> Iterator[list[bytes]]:
        """The commands that are complete; an empty line or an empty array is none. May be dropped at any."""
        if self._chunks and self._missing <= 0:
            self._buffer = b"".join((self._buffer[self._pos :], *self._chunks))
            self._pos = self._missing = 0
            self._chunks.clear()
        while self._missing <= 0:
            command = self._argument() if self._wanted else self._begin()
            if command is None:
                return
            if command:
                yield command

    def _begin(self) -> list[bytes] | None:
        """Read the head of an array or a whole inline command; [] where it yields no command yet."""
        if self._pos >= len(self._buffer):
            return None
        if self._buffer[self._pos] != 0x2A:
            return self._inline()
        line = self._length_line("too big mbulk count string")
        if line is None:
            return None
        wanted = _length(line, MAX_ARGS, "invalid multibulk length")
        if wanted > STRANGER_ARGS and self._limits.is_stranger:
            raise ProtocolError("Protocol error: unauthenticated multibulk length")
        self._wanted = max(0, wanted)
        self._args, self._args_bytes = [], 0
        return []

    def _inline(self) -> list[bytes] | None:
        end = self._find(b"\n", "too big inline request")
        if end < 0:
            return None
        line = self._buffer[self._pos : end].removesuffix(b"\r")
        try:
            command = words.split(line)
        except InvalidLine:
            raise ProtocolError("Protocol error: unbalanced quotes in request") from None
        self._pos = end + 1
        return command

    def _argument(self) -> list[bytes] | None:
        if self._size < 0:
            line = self._length_line("too big bulk count string")
            if line is None:
                return None
            if not line.startswith(b"$"):
                shown = chr(line[0]) if line else " "  # the CR itself, shown as a space
                raise ProtocolError(f"Protocol error: expected '$', got '{shown}'")
            size = _length(line, self._limits.max_bulk_bytes, "invalid bulk length", least=0)
            if size > STRANGER_BULK_BYTES and self._limits.is_stranger:
                raise ProtocolError("Protocol error: unauthenticated bulk length")
            self._size = size
        end = self._pos + self._size
        if len(self._buffer) < end + 2:
            self._missing = end + 2 - len(self._buffer)
            return None
        self._args.append(self._buffer[self._pos : end])
        self._args_bytes += self._size + ARG_BYTES
        self._pos, self._size = end + 2, -1
        self._wanted -= 1
        if self._wanted:
            return []
        args, self._args, self._args_bytes = self._args, [], 0
        return args

    def _length_line(self, complaint: str) -> bytes | None:
        """The line of a length, without its end."""
        end = self._find(b"\r", complaint)
        if end < 0 or end + 1 >= len(self._buffer):
            return None
        line = self._buffer[self._pos : end]
        self._pos = end + 2
        return line

    def _find(self, mark: bytes, complaint: str) -> int:
        end = self._buffer.find(mark, self._pos)
        if end >= 0 and self._buffer.find(b"\0", self._pos, end) < 0:
            return end
        if len(self._buffer) - self._pos > MAX_LINE_BYTES:
            raise ProtocolError(f"Protocol error: {complaint}")
        return -1


def _length(line: bytes, most: int, complaint: str, *, least: int = -(1 << 63)) -> int:
    """The number behind the first byte."""
    if not _INTEGER(line, 1):
        raise ProtocolError(f"Protocol error: {complaint}")
    value = int(line[1:])
    if not least <= value <= most:
        raise ProtocolError(f"Protocol error: {complaint}")
    return value
