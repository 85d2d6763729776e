"""The first bytes of a lab's file: what it is, the number of its format, a checksum."""

from __future__ import annotations

import zlib
from pathlib import Path

from redislab.errors import LabUnavailable

FORMAT = 1
HEADER_BYTES = 32


def header(format: int = FORMAT) -> bytes:
    """The header of a file in this format."""
    text = b"redislab lab %-6d " % format
    return text + b"%08x\n" % zlib.crc32(text) + b"\n" * (HEADER_BYTES - len(text) - 9)


def is_header(data: bytes) -> bool:
    """Whether a file can be read; False where it is damaged. Raises LabUnavailable for a newer format."""
    if data == header():
        return True
    parts = data.split()
    if len(parts) == 4 and parts[:2] == [b"redislab", b"lab"] and parts[2].isdigit():
        format = int(parts[2][:6])
        if format > FORMAT and data == header(format):
            raise LabUnavailable(
                f"this lab was written by a newer redislab (format {format}; this one reads {FORMAT}): "
                "open it with the newer one, or work in another lab (--lab NAME)"
            )
    return False


def check_format(path: Path) -> None:
    """Raises LabUnavailable where a newer redislab has written the file, OSError where it cannot be read."""
    try:
        with open(path, "rb") as file:
            is_header(file.read(HEADER_BYTES))
    except FileNotFoundError:
        pass
