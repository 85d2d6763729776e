"""Lines of standard input, read ahead without ever making an open pipe wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

READ_BYTES = 1 << 18


class LineReader:
    """Gives the lines that have arrived, in groups: each group is all that one read brought."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def groups(self) -> Iterator[list[bytes]]:
        """Lists of lines without their newline. Blocks only while no whole line is there.

        A last line without a newline is a line. A line may be of any length.
        """
        read = getattr(self._stream, "read1", self._stream.read)
        begun: list[bytes] = []
        while data := read(READ_BYTES):
            head, newline, rest = data.rpartition(b"\n")
            if not newline:
                begun.append(data)
                continue
            begun.append(head)
            lines = b"".join(begun).split(b"\n")
            begun = [rest] if rest else []
            yield lines
        if begun:
            yield [b"".join(begun)]
