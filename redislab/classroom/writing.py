"""A class's folder, written so that a failure leaves it as it was.

All files are first written into a folder beside, `.new`, and flushed; only then is each put in its place by a
rename, and what an earlier run wrote and this one did not is removed. Files are for their owner alone, but
those that a container reads as another user.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from redislab.classroom.plan import STATE
from redislab.engines.embedded.keeping.disk import Disk
from redislab.engines.embedded.keeping.lock import Lock
from redislab.errors import ClassRefused

PRIVATE, READABLE = 0o600, 0o644
STAGING, LOCK = ".new", ".lock"
_BESIDE = frozenset({STAGING, LOCK, ".env"})  # in a folder that holds no class yet


@contextmanager
def held(folder: Path, *, force: bool) -> Iterator[None]:
    """The folder is ours alone until the end. Raises ClassRefused, and leaves no folder where none was."""
    fresh = not folder.exists()
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
        others = [each.name for each in folder.iterdir() if each.name not in _BESIDE]
        if others and STATE not in others and not force:
            raise ClassRefused(f"{folder} holds other things and no class: name another, or add --force")
        lock = Lock(folder / LOCK)
        if not lock.acquire():
            raise ClassRefused(f"another redislab is writing the class in {folder}")
    except OSError as error:
        raise ClassRefused(f"{folder} cannot be written: {error.strerror}") from None
    try:
        yield
    except BaseException:
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        lock.release()
        (folder / LOCK).unlink(missing_ok=True)


def write(
    folder: Path,
    files: Mapping[str, str],
    *,
    readable: Iterable[str] = (),
    earlier: Iterable[str] = (),
    owners: Mapping[str, int] | None = None,
) -> None:
    """Put `files`, text by path, into the folder; remove those of `earlier` that are not among them.

    `readable` may be read by everybody whom the folder lets in. `owners`: users that files are given to, by
    path; for root alone. Raises ClassRefused: nothing has changed then, or, if the disk fails amid
    the renames, the same command again completes it.
    """
    staging, disk = folder / STAGING, Disk()
    open_to_all = frozenset(readable)
    try:
        shutil.rmtree(staging, ignore_errors=True)
        for path, text in files.items():
            _stage(
                disk,
                staging / path,
                text,
                READABLE if path in open_to_all else PRIVATE,
                (owners or {}).get(path),
            )
        for path in files:
            (folder / path).parent.mkdir(0o700, exist_ok=True)
            disk.replace(staging / path, folder / path)
        for path in set(earlier) - set(files):
            disk.remove(folder / path)
        for each in {(folder / path).parent for path in files}:
            disk.flush_folder(each)
    except OSError as error:
        raise ClassRefused(f"{folder} cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _stage(disk: Disk, path: Path, text: str, mode: int, owner: int | None) -> None:
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    fd = disk.open_anew(path)
    try:
        view = memoryview(text.encode("utf-8"))
        while view:
            view = view[disk.write(fd, view) :]
        if hasattr(os, "fchmod"):
            os.fchmod(fd, mode)
            if owner is not None:
                os.fchown(fd, owner, -1)
        disk.flush(fd)
    finally:
        disk.close(fd)
