"""The calls to the operating system that a lab's file needs. One class, so that tests can break each of them.

All raise OSError. Files are for their owner alone.
"""

from __future__ import annotations

import os
from pathlib import Path

_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Disk:
    """The real one."""

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def open_to_append(self, path: Path) -> int:
        """A file that is there, or an empty new one."""
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _FLAGS, 0o600)

    def open_anew(self, path: Path) -> int:
        """An empty file."""
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o600)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """How many bytes were written: a part of them, where there is room for no more."""
        return os.write(fd, data)

    def flush(self, fd: int) -> None:
        """Wait until all that was written would survive a power cut."""
        os.fsync(fd)

    def cut(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def replace(self, new: Path, old: Path) -> None:
        """`old` is the file `new` from now on: at any moment one of the two, whole."""
        os.replace(new, old)

    def flush_folder(self, folder: Path) -> None:
        """Wait until the names in a folder would survive a power cut."""
        if os.name == "nt":  # it opens no folders, and keeps names by itself
            return
        fd = os.open(folder, os.O_RDONLY | _FLAGS)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def close(self, fd: int) -> None:
        os.close(fd)
