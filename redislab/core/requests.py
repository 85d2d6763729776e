"""What a client sends, read without I/O as a server reads it: arrays of bulk strings, or inline lines."""

from __future__ import annotations

from collections.abc import Iterator

from redislab.core import words
from redislab.errors import InvalidLine, ProtocolError

MAX_INLINE_BYTES = 1 << 16
MAX_ARGS = 1 << 20
MAX_BULK_BYTES = 512 << 20


class RequestReader:
    """Bytes in any slices → commands. Broken for good after a ProtocolError, whose text is Redis's own."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._pos = 0
        self._args: list[bytes] = []
        self._wanted = 0  # arguments of the array under way
        self._size = -1  # bytes of the bulk string under way, -1: its length is still to come

    @property
    def between_commands(self) -> bool:
        return not self._wanted and self._pos == len(self._buffer)

    def feed(self, data: bytes) -> None:
        del self._buffer[: self._pos]
        self._pos = 0
        self._buffer += data

    def commands(self) -> Iterator[list[bytes]]:
        """The commands that are complete; an empty line or an empty array is none."""
        while True:
            command = self._argument() if self._wanted else self._begin()
            if command is None:
                return
            if command:
                yield command

    def _begin(self) -> list[bytes] | None:
        """Read the head of an array or a whole inline command; [] where it yields no command yet."""
        is_array = self._buffer[self._pos : self._pos + 1] == b"*"
        line = self._line("too big mbulk count string" if is_array else "too big inline request")
        if line is None:
            return None
        if not is_array:
            try:
                return words.split(line)
            except InvalidLine:
                raise ProtocolError("Protocol error: unbalanced quotes in request") from None
        self._wanted = max(0, _length(line, MAX_ARGS, "invalid multibulk length"))
        self._args = []
        return []

    def _argument(self) -> list[bytes] | None:
        if self._size < 0:
            line = self._line("too big bulk count string")
            if line is None:
                return None
            if not line.startswith(b"$"):
                shown = chr(line[0]) if line else "\r"
                raise ProtocolError(f"Protocol error: expected '$', got '{shown}'")
            self._size = _length(line, MAX_BULK_BYTES, "invalid bulk length", least=0)
        end = self._pos + self._size
        if len(self._buffer) < end + 2:
            return None
        self._args.append(bytes(self._buffer[self._pos : end]))
        self._pos, self._size = end + 2, -1
        self._wanted -= 1
        return [] if self._wanted else self._args

    def _line(self, complaint: str) -> bytes | None:
        end = self._buffer.find(b"\n", self._pos)
        if end < 0:
            if len(self._buffer) - self._pos > MAX_INLINE_BYTES:
                raise ProtocolError(f"Protocol error: {complaint}")
            return None
        line = bytes(self._buffer[self._pos : end])
        self._pos = end + 1
        return line[:-1] if line.endswith(b"\r") else line


def _length(line: bytes, most: int, complaint: str, *, least: int = -(1 << 63)) -> int:
    try:
        value = int(line[1:])
    except ValueError:
        raise ProtocolError(f"Protocol error: {complaint}") from None
    if not least <= value <= most:
        raise ProtocolError(f"Protocol error: {complaint}")
    return value
