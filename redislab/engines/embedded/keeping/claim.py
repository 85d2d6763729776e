"""Taking hold of a lab before its data is wanted: cheap, so that a person is told at once what is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from redislab.engines.embedded.keeping import header
from redislab.engines.embedded.keeping.lock import LabInUse, Lock, read_holder
from redislab.engines.embedded.keeping.place import DATA, LOCK, check_name, labs_folder, make_folder
from redislab.errors import LabUnavailable, UsageError


class Claim:
    """A lab that is ours, or whose data may be read. `lock` None: nothing is kept.

    `folder` None: there is no home folder. `notices`: what a person is to be told.
    """

    def __init__(self, name: str, folder: Path | None, lock: Lock | None, notice: str = "") -> None:
        self.name = name
        self.folder = folder
        self.lock = lock
        self.notices = [notice] if notice else []

    @property
    def data(self) -> Path | None:
        return None if self.folder is None else self.folder / DATA

    def release(self) -> None:
        """Let go of the lab. May be called twice."""
        if self.lock is not None:
            self.lock.release()


def claim(name: str, environ: Mapping[str, str]) -> Claim:
    """Take hold of a lab, made if it is not there. Where that cannot be it works in memory, and says so.

    Raises UsageError for a name that no lab may have, LabInUse, and LabUnavailable for a newer format.
    """
    check_name(name)
    try:
        folder = labs_folder(environ) / name
    except LabUnavailable as error:
        return Claim(name, None, None, _not_kept(name, error.message))
    lock = Lock(folder / LOCK)
    try:
        make_folder(folder)
        if not lock.acquire():
            raise LabInUse(name, read_holder(folder / LOCK))
    except OSError as error:
        return Claim(name, folder, None, _not_kept(name, f"{reason(error)} ({folder})"))
    try:
        header.check_format(folder / DATA)
    except OSError as error:
        lock.release()
        raise LabUnavailable(f"the lab {name!r} cannot be read: {reason(error)} ({folder / DATA})") from None
    except LabUnavailable:
        lock.release()
        raise
    return Claim(name, folder, lock)


def copy(name: str, environ: Mapping[str, str]) -> Claim:
    """The data of a lab that somebody else holds, as it is now; what becomes of it is kept nowhere."""
    return Claim(name, labs_folder(environ) / check_name(name), None)


def delete(name: str, environ: Mapping[str, str], *, really: bool) -> int:
    """Delete a lab that nobody has open. The size of its file, in bytes.

    Raises UsageError where there is no such lab, LabInUse, LabUnavailable. Not `really`: nothing is done.
    """
    folder = labs_folder(environ) / check_name(name)
    data = folder / DATA
    try:
        if not data.exists():
            raise UsageError(f"there is no lab {name!r}")
        size = data.stat().st_size
        lock = Lock(folder / LOCK)
        if not lock.acquire():
            raise LabInUse(name, read_holder(folder / LOCK))
        try:
            if really:
                import shutil  # seldom needed, and large

                shutil.rmtree(folder)
        finally:
            lock.release()
        return size
    except OSError as error:
        raise LabUnavailable(f"the lab {name!r} cannot be deleted: {reason(error)} ({folder})") from None


def reason(error: OSError) -> str:
    """In the operating system's words."""
    return error.strerror or (os.strerror(error.errno) if error.errno else type(error).__name__)


def _not_kept(name: str, why: str) -> str:
    return f"The lab {name!r} is not kept: {why}. What you do lasts until the end of this run."
