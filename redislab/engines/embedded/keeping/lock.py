"""One writer a lab. The lock is the operating system's: it ends with the process, however that ends."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

from redislab.errors import LabUnavailable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

MOST_BYTES = 4096  # of what the file says
_LOCKED_AT = 1 << 30  # Windows locks bytes, and nobody else may read those: this one is behind all others


class Holder(NamedTuple):
    """Who holds a lab. `socket` leads there, where the holder serves it; None: nobody else can come in."""

    pid: int = 0
    since_s: float = 0.0  # since 1970
    socket: str | None = None

    @property
    def words(self) -> str:
        """`process 123, since 14:05`, as far as it is known."""
        if not self.pid:
            return "another process"
        day, today = (time.strftime("%Y-%m-%d", time.localtime(at)) for at in (self.since_s, time.time()))
        form = "%H:%M" if day == today else "%Y-%m-%d %H:%M"
        return f"process {self.pid}, since {time.strftime(form, time.localtime(self.since_s))}"


class LabInUse(LabUnavailable):
    """Another process holds the lab."""

    def __init__(self, name: str, holder: Holder) -> None:
        super().__init__(
            f"the lab {name!r} is open elsewhere ({holder.words}): work there, in another lab (--lab NAME), "
            "or in one that is kept nowhere (--fresh)",
        )
        self.holder = holder


class Lock:
    """The lock of one lab, held from `acquire` to `release`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None
        self.holder = Holder()

    def acquire(self) -> bool:
        """Take it, if it is free. Raises OSError where there can be no lock."""
        while True:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
            try:
                if not _take(fd):
                    os.close(fd)
                    return False
                if _stands_at(fd, self._path):
                    break
            except BaseException:
                os.close(fd)
                raise
            os.close(fd)  # somebody has deleted the lab meanwhile
        self._fd = fd
        self.tell(None)
        return True

    def tell(self, socket: str | None) -> None:
        """Let others read who holds the lab, and how they may come in. Raises OSError."""
        assert self._fd is not None
        since_s = self.holder.since_s or time.time()
        self.holder = Holder(os.getpid(), since_s, socket)
        os.ftruncate(self._fd, 0)
        os.lseek(self._fd, 0, os.SEEK_SET)
        said = f"process {self.holder.pid}\nsince {since_s:.0f}\n" + (f"socket {socket}\n" if socket else "")
        os.write(self._fd, said.encode("utf-8", "surrogateescape"))

    def release(self) -> None:
        """Let go. May be called twice."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)


def read_holder(path: Path) -> Holder:
    """Who holds it, by the file's own words; whatever it says, there is an answer."""
    try:
        with open(path, "rb") as file:
            lines = file.read(MOST_BYTES).decode("utf-8", "surrogateescape").splitlines()
        said = dict(line.split(" ", 1) for line in lines)
        holder = Holder(int(said["process"]), float(said["since"]), said.get("socket"))
        return holder if holder.words else Holder()
    except (OSError, ValueError, KeyError, OverflowError):  # the last: a time that no calendar has
        return Holder()


def _take(fd: int) -> bool:
    if sys.platform == "win32":
        os.lseek(fd, _LOCKED_AT, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stands_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False
