"""The file of a lab: a header, then frames. It only grows, until a compacted one takes its place.

A frame is its length, a checksum and its payload. The checksum covers the frame's number too: a frame in
the wrong place is no frame. What cannot be read ends the file: it is cut off and set aside, all before it
counts. A frame whose end was not written when the program died is such a tail; nobody was told of it.
"""

from __future__ import annotations

import errno
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from redislab.engines.embedded.keeping.disk import Disk
from redislab.engines.embedded.keeping.header import HEADER_BYTES, header, is_header
from redislab.engines.embedded.keeping.packing import Malformed

FRAME = struct.Struct("<II")
MOST_FRAME_BYTES = 1 << 30

_NUMBER = struct.Struct("<QI")


def frame(number: int, payload: bytes) -> bytes:
    """One frame, the `number`th of its file."""
    return FRAME.pack(len(payload), _checksum(number, payload)) + payload


def _checksum(number: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_NUMBER.pack(number, len(payload))))


@dataclass(frozen=True)
class Contents:
    """What was read of a file: how many bytes and frames are sound; `damaged` are the bytes behind them."""

    sound_bytes: int
    frames: int
    damaged: bytes


def read(data: bytes, apply: Callable[[bytes], None]) -> Contents:
    """Give each sound frame's payload to `apply`, until the end or until one is not.

    `apply` may refuse a payload by Malformed. Raises LabUnavailable for a newer format.
    """
    if not data:
        return Contents(0, 0, b"")
    if not is_header(data[:HEADER_BYTES]):
        return Contents(0, 0, data)
    at, number = HEADER_BYTES, 0
    while at + FRAME.size <= len(data):
        length, checksum = FRAME.unpack_from(data, at)
        start = at + FRAME.size
        payload = data[start : start + length]
        if not length or len(payload) < length or _checksum(number, payload) != checksum:
            break
        try:
            apply(payload)
        except Malformed:
            break
        at, number = start + length, number + 1
    return Contents(at, number, data[at:])


class Log:
    """The open file of a lab, to be written by the one who holds its lock.

    `sound_bytes` and `frames` are what `read` gave. After an OSError nothing more can be appended
    until `rewrite` has succeeded: what is in the file's end is not known.
    """

    def __init__(self, path: Path, contents: Contents, disk: Disk) -> None:
        self._path = path
        self._disk = disk
        self._fd: int | None = disk.open_to_append(path)
        self._frames = contents.frames
        self.size = contents.sound_bytes
        self.snapshot_bytes = contents.sound_bytes  # so large was the file when it was written anew
        self.is_flushed = True
        if not self.size:
            self.rewrite(())

    @property
    def is_open(self) -> bool:
        """Whether something can be appended."""
        return self._fd is not None

    def append(self, payload: bytes) -> None:
        """Write a frame; when this returns, it survives the end of this process. Raises OSError."""
        if self._fd is None:
            raise OSError(errno.EIO, "the file's end is not known")
        if len(payload) > MOST_FRAME_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        self.is_flushed = False
        try:
            self._write(self._fd, frame(self._frames, payload))
        except OSError:
            self._cut_back()
            raise
        self._frames += 1
        self.size += FRAME.size + len(payload)

    def flush(self) -> None:
        """Make what was appended survive a power cut. Raises OSError."""
        if self._fd is not None and not self.is_flushed:
            self._disk.flush(self._fd)
            self.is_flushed = True

    def flush_later(self) -> Callable[[], None]:
        """`flush` for another thread: what is to be called there, whatever becomes of this log meanwhile."""
        assert self._fd is not None
        fd = os.dup(self._fd)
        self.is_flushed = True

        def flush() -> None:
            try:
                self._disk.flush(fd)
            finally:
                self._disk.close(fd)

        return flush

    def rewrite(self, payloads: Iterable[bytes]) -> None:
        """Replace the file by one that holds these frames: first the new one is whole, then it counts."""
        new = self._path.with_name(self._path.name + ".new")
        size, count = HEADER_BYTES, 0
        fd = self._disk.open_anew(new)
        try:
            self._write(fd, header())
            for payload in payloads:
                self._write(fd, frame(count, payload))
                size, count = size + FRAME.size + len(payload), count + 1
            self._disk.flush(fd)
        except OSError:
            self._disk.close(fd)
            self._disk.remove(new)
            raise
        self._disk.close(fd)
        self._let_go()  # Windows replaces no open file
        try:
            self._disk.replace(new, self._path)
        except OSError:
            self._fd = self._disk.open_to_append(self._path)
            raise
        self._fd = self._disk.open_to_append(self._path)
        self._frames, self.size, self.snapshot_bytes = count, size, size
        self.is_flushed = True
        self._disk.flush_folder(self._path.parent)

    def close(self) -> None:
        self._let_go()

    def _write(self, fd: int, data: bytes) -> None:
        """All of it: the system may take less at once. Raises OSError."""
        rest = memoryview(data)
        while rest:
            written = self._disk.write(fd, rest)
            if not written:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            rest = rest[written:]

    def _cut_back(self) -> None:
        """After a failed append: leave no half frame that a later one would stand behind."""
        assert self._fd is not None
        try:
            self._disk.cut(self._fd, self.size)
        except OSError:
            self._let_go()

    def _let_go(self) -> None:
        if self._fd is not None:
            fd, self._fd = self._fd, None
            self._disk.close(fd)


def set_aside(path: Path, contents: Contents, disk: Disk) -> Path:
    """Keep a damaged tail in a file of its own, then cut it off. Where it lies; raises OSError."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{count}")
    _write_aside(aside, contents.damaged, disk)
    fd = disk.open_to_append(path)
    try:
        disk.cut(fd, contents.sound_bytes)
        disk.flush(fd)
    finally:
        disk.close(fd)
    return aside


def _write_aside(path: Path, data: bytes, disk: Disk) -> None:
    fd = disk.open_anew(path)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[disk.write(fd, rest) :]
        disk.flush(fd)
    finally:
        disk.close(fd)
    disk.flush_folder(path.parent)
