"""Where labs lie, and what they may be called."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from redislab.errors import LabUnavailable, UsageError

MOST_NAME = 64
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_OF_WINDOWS = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
)
RESERVED = frozenset({"copy", "delete", "export", "import", "list", "serve"})  # words behind `:lab` and `lab`

DATA = "data.lab"
LOCK = "lock"
SOCKET = "socket"


def check_name(name: str) -> str:
    """The name, if a lab may have it: on every file system it names one folder. Raises UsageError."""
    if _NAME.fullmatch(name) is None or len(name) > MOST_NAME or name in _OF_WINDOWS:
        raise UsageError(
            f"a lab's name is up to {MOST_NAME} of a-z, 0-9, - and _, not {name[: MOST_NAME + 1]!r}"
        )
    if name in RESERVED:
        raise UsageError(f"{name!r} is a word of :lab; a lab needs another name")
    return name


def labs_folder(environ: Mapping[str, str]) -> Path:
    """REDISLAB_HOME's `labs`, else the user's folder for data. Raises LabUnavailable without a home."""
    home = environ.get("REDISLAB_HOME")
    if home:
        return Path(home).expanduser().absolute() / "labs"
    from platformdirs import user_data_path  # not needed where the folder is named

    path, user = user_data_path("redislab"), Path("~").expanduser()
    if not path.is_absolute() or (user in path.parents and not user.is_dir()):
        raise LabUnavailable("there is no home folder", remedy="REDISLAB_HOME names a folder for labs.")
    return path / "labs"


class Found(NamedTuple):
    """A lab in its folder: its name, its size in bytes, when it was last written (s since 1970)."""

    name: str
    size: int
    written_s: float

    @property
    def written(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(self.written_s))


def labs_in(folder: Path) -> list[Found]:
    """The labs there are, by name; none where there is no such folder. Raises LabUnavailable."""
    found = []
    try:
        folders = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise LabUnavailable(f"the labs in {folder} cannot be read: {error.strerror}") from None
    for each in folders:
        try:
            status = (each / DATA).stat()
        except OSError:
            continue
        if _NAME.fullmatch(each.name):
            found.append(Found(each.name, status.st_size, status.st_mtime))
    return found


def make_folder(folder: Path) -> None:
    """The folder, and those above it that are missing, for their owner alone. Raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        folder.mkdir(0o700)
    except FileExistsError:
        return
    folder.chmod(0o700)  # whatever the umask has taken
