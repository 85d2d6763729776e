"""The lines a person typed, kept in one file that several shells share.

The file has prompt_toolkit's own form: an empty line, `# time`, then each line of the entry behind a `+`.
Other tools read it, entries of several lines survive, and so does all else when one entry is damaged: the
next `#` begins anew. Entries are appended whole; what one shell writes, the next one to start reads.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import AsyncGenerator, Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from prompt_toolkit.history import History

from redislab.core.secrets import is_sensitive

if sys.platform != "win32":
    import fcntl

MOST_ENTRIES = 10_000  # read from the file, and kept in memory
TAIL_BYTES = 2 << 20  # so much of the file's end is read; beyond twice that, the file is cut back to it
MOST_ENTRY_BYTES = 1 << 18  # a larger one is a paste of data: it stays in memory

_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # a named pipe that nobody reads must not hold the shell up
_OPEN = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0) | _NONBLOCK


class SharedHistory(History):
    """A history in memory, and in the file at `path` as long as that works.

    `notice` gets one line, once, when the file is of no use: from the start where that can be known,
    else (a full disk) while the prompt stands on the screen. The null device is no fault but a wish:
    nothing is kept. A symbolic link is followed, for its owner put it there. Lines with a secret are
    neither kept nor, where another program wrote them into the file, given out.
    """

    def __init__(self, path: Path | None, notice: Callable[[str], None]) -> None:
        super().__init__()
        self._path = path
        self._notice = notice
        self._entries: list[str] | None = None  # oldest first; None: not read yet
        if path is None:
            self._give_up("there is no home folder")
        else:
            self._append(b"")  # so that a fault is told before the first prompt

    async def load(self) -> AsyncGenerator[str, None]:
        """All entries, the latest first; the file is read once."""
        for entry in reversed(self._known()):
            yield entry

    def get_strings(self) -> list[str]:
        """The entries read so far, the oldest first."""
        return list(self._entries or ())

    def append_string(self, string: str) -> None:
        """Keep an entry, unless it is blank, a secret, or the same as the last."""
        entries = self._known()
        if not string.strip() or string in entries[-1:] or is_sensitive(_encoded(string)):
            return
        entries.append(string)
        if len(entries) > 2 * MOST_ENTRIES:
            del entries[:-MOST_ENTRIES]
        self.store_string(string)

    def load_history_strings(self) -> Iterable[str]:
        """What the file holds, the latest first."""
        return reversed(self._read())

    def store_string(self, string: str) -> None:
        """Append an entry to the file."""
        lines = _encoded(string).replace(b"\n", b"\n+")
        entry = b"\n# %b\n+%b\n" % (str(datetime.now()).encode(), lines)
        if len(entry) <= MOST_ENTRY_BYTES:
            self._append(entry)

    # -- inside ---------------------------------------------------------------------------------

    def _append(self, entry: bytes) -> None:
        if self._path is None:
            return
        try:
            _append(self._path, entry)
        except _Nowhere:
            self._path = None
        except OSError as error:
            self._give_up(_reason(error))

    def _known(self) -> list[str]:
        if self._entries is None:
            self._entries = self._read()
        return self._entries

    def _read(self) -> list[str]:
        if self._path is None:
            return []
        try:
            return _entries(_tail(self._path))
        except _Nowhere:
            self._path = None
        except OSError as error:
            self._give_up(_reason(error))
        return []

    def _give_up(self, reason: str) -> None:
        """From here on memory only; `_path` is None, so that this happens once."""
        where = "" if self._path is None else f" in {self._path}"
        self._path = None
        self._notice(f"The history is not kept{where}: {reason}. It lasts until this shell ends.")


class _Nowhere(Exception):
    """The path is the null device, or another that swallows what is written."""


def _entries(data: bytes) -> list[str]:
    """The entries of a file, the oldest first; no secrets, no repetitions."""
    found: list[bytes] = []
    open_entry = False
    for line in data.split(b"\n"):
        if not line.startswith(b"+"):
            open_entry = False
        elif open_entry:
            found[-1] += b"\n" + line[1:]
        else:
            found.append(line[1:])
            open_entry = True
    kept: list[str] = []
    for entry in found[-MOST_ENTRIES:]:
        string = entry.decode("utf-8", "surrogateescape")
        if string.strip() and string not in kept[-1:] and not is_sensitive(entry):
            kept.append(string)
    return kept


def _encoded(string: str) -> bytes:
    """The bytes of an entry; a surrogate stands for the byte that could not be decoded."""
    try:
        return string.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return string.encode("utf-8", "replace")


def _reason(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


def _tail(path: Path) -> bytes:
    """The end of the file, from the first whole entry on; nothing where there is no file yet."""
    try:
        fd = os.open(path, os.O_RDONLY | _OPEN)
    except FileNotFoundError:
        return b""
    with os.fdopen(fd, "rb") as file:
        _check_regular(fd)
        return _last_entries(file)


def _last_entries(file: BinaryIO) -> bytes:
    start = max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES)
    file.seek(start)
    data = file.read(TAIL_BYTES)
    if start:
        head = data.find(b"\n# ")
        data = data[head:] if head >= 0 else b""
    return data


def _append(path: Path, entry: bytes) -> None:
    """Write an entry in one piece; make the file, its folder and its mode what they should be."""
    _make_folder(path.parent)
    while True:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | _OPEN, 0o600)
        with os.fdopen(fd, "r+b", buffering=0) as file:  # its end lets go of the lock
            _check_regular(fd)
            locked = _lock(fd)
            if locked and not _stands_at(fd, path):
                continue  # another shell has cut the file meanwhile: this one is no longer read
            if sys.platform != "win32" and stat.S_IMODE(os.fstat(fd).st_mode) != 0o600:
                os.fchmod(fd, 0o600)  # made under an odd umask, or by something careless
            size = os.fstat(fd).st_size
            if entry:
                _write(fd, entry, size)
            if locked and size > 2 * TAIL_BYTES:
                _cut(file, path)
            return


def _write(fd: int, entry: bytes, size: int) -> None:
    """All of the entry or nothing: half a command is another command."""
    written = os.write(fd, entry)
    if written < len(entry):
        if os.fstat(fd).st_size == size + written:
            os.ftruncate(fd, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _cut(file: BinaryIO, path: Path) -> None:
    """Replace the file by its last entries. Needs the lock; where it cannot be done, the file grows on."""
    import tempfile  # seldom needed, and large

    target = Path(os.path.realpath(path))  # a symbolic link stays one
    if os.fstat(file.fileno()).st_uid != os.geteuid():
        return  # the new file would be ours, and its owner shut out
    try:
        fd, name = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)
    except OSError:
        return
    try:
        with os.fdopen(fd, "wb") as fresh:
            fresh.write(_last_entries(file))
            fresh.flush()
            os.fsync(fd)
        os.replace(name, target)
    except OSError:
        os.unlink(name)


def _check_regular(fd: int) -> None:
    mode = os.fstat(fd).st_mode
    if stat.S_ISCHR(mode):
        raise _Nowhere
    if not stat.S_ISREG(mode):
        fault = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(fault, os.strerror(fault) if stat.S_ISDIR(mode) else "It is no ordinary file")


def _lock(fd: int) -> bool:
    """Wait until no other shell writes; False where there are no locks (then nothing is cut)."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError:  # some network file systems have none
        return False
    return True


def _stands_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _make_folder(folder: Path) -> None:
    """Make the folder, and those above it that are missing, for their owner alone."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        return
    folder.chmod(0o700)  # whatever the umask has taken
