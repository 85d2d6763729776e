"""Progress in lessons, kept between runs: one small file that is written anew, whole, each time.

The first line names the format, the last one counts those between: each is one lesson, the CRC-32 of what
follows and JSON. A change is written beside the file, flushed to the disk and put in its place, under a
lock: at any moment the old file or the new one is there. What is damaged is set aside, and the lines that
are sound are kept.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from redislab.course.standing import Standing
from redislab.engines.embedded.keeping.claim import reason
from redislab.engines.embedded.keeping.disk import Disk
from redislab.engines.embedded.keeping.lock import Lock
from redislab.engines.embedded.keeping.place import labs_folder, make_folder
from redislab.errors import LabUnavailable

NAME, NEW, LOCK = "progress", "progress.new", "progress.lock"
FORMAT = "redislab progress"
VERSION = 1
END = "end"
MOST_BYTES = 8 << 20
LOCK_S = 2.0  # another shell writes in a moment
LOOK_EVERY_S = 0.01


def attempts_file(environ: Mapping[str, str]) -> Path:
    """Where collected attempts lie. Raises LabUnavailable without a home."""
    return labs_folder(environ).parent / "attempts"


class Progress:
    """The file. `notice` gets a line for each thing that a person should know, each once."""

    def __init__(
        self, environ: Mapping[str, str], notice: Callable[[str], None], disk: Disk | None = None
    ) -> None:
        self._notice = notice
        self._disk = disk or Disk()
        self._folder: Path | None = None
        self._memory: dict[str, Standing] = {}  # of this run, where nothing can be kept
        try:
            self._folder = labs_folder(environ).parent
        except LabUnavailable as error:
            self._give_up(error.message)

    def read(self) -> dict[str, Standing]:
        """By lesson. What cannot be read is said, and set aside when the file is next written."""
        if self._folder is None:
            return dict(self._memory)
        try:
            found, damaged = _read(self._disk, self._folder / NAME)
        except OSError as error:
            self._give_up(f"{reason(error)} ({self._folder / NAME})")
            return dict(self._memory)
        except NewerFormat as error:
            self._give_up(str(error))
            return dict(self._memory)
        if damaged:
            self._notice(f"{_lines(damaged)} of {self._folder / NAME} cannot be read; the others are kept.")
        return found

    def save(self, lesson: str, standing: Standing, *, anew: bool = False) -> None:
        """Keep how far one is. `anew`: what was earned before is forgotten."""
        self._memory[lesson] = standing
        if self._folder is None:
            return
        try:
            make_folder(self._folder)
            with _Held(self._folder / LOCK):
                self._write(self._folder, lesson, standing, anew=anew)
        except OSError as error:
            self._give_up(f"{reason(error)} ({self._folder / NAME})")
        except NewerFormat as error:
            self._give_up(str(error))

    # -- inside ---------------------------------------------------------------------------------

    def _write(self, folder: Path, lesson: str, standing: Standing, *, anew: bool) -> None:
        found, damaged = _read(self._disk, folder / NAME)
        if damaged:
            aside = folder / f"{NAME}.damaged-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
            self._put(folder, aside, self._disk.read(folder / NAME))
            self._notice(f"{_lines(damaged)} of your progress could not be read; {aside} has them.")
        if not anew and lesson in found:
            standing.join(found[lesson])
        found[lesson] = standing
        self._put(folder, folder / NAME, _text(found).encode("utf-8"))

    def _put(self, folder: Path, path: Path, data: bytes) -> None:
        fd = self._disk.open_anew(folder / NEW)
        try:
            view = memoryview(data)
            while view:
                view = view[self._disk.write(fd, view) :]
            self._disk.flush(fd)
        finally:
            self._disk.close(fd)
        self._disk.replace(folder / NEW, path)
        self._disk.flush_folder(folder)

    def _give_up(self, why: str) -> None:
        self._folder = None
        self._notice(f"Your progress is not kept: {why}. It lasts until this shell ends.")


class NewerFormat(Exception):
    """The file has a format that this redislab does not know."""


class _Held:
    """The lock of the file, from `with` to its end. Raises OSError where somebody keeps it for long."""

    def __init__(self, path: Path) -> None:
        self._lock = Lock(path)

    def __enter__(self) -> None:
        until_s = time.monotonic() + LOCK_S
        while not self._lock.acquire():
            if time.monotonic() > until_s:
                raise TimeoutError(0, "another process does not let go of it")
            time.sleep(LOOK_EVERY_S)

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _read(disk: Disk, path: Path) -> tuple[dict[str, Standing], int]:
    """What the file holds, and how many of its lines are damaged. Raises OSError, NewerFormat."""
    try:
        data = disk.read(path)
    except FileNotFoundError:
        return {}, 0
    return parse(data, str(path))


def parse(data: bytes, where: str) -> tuple[dict[str, Standing], int]:
    """What a file's bytes hold, and how many of its lines are damaged. Raises NewerFormat, naming `where`."""
    first, *lines = data[:MOST_BYTES].decode("utf-8", "replace").split("\n")
    format, _, version = first.rpartition(" ")
    if format == FORMAT and version.isdigit() and int(version) > VERSION:
        raise NewerFormat(f"a newer redislab has written {where}")
    damaged = int(first != f"{FORMAT} {VERSION}")
    if lines[-2:] == [f"{END} {len(lines) - 2}", ""]:
        del lines[-2:]
    else:
        damaged += 1  # something is missing, be it whole lines
        lines = [text for text in lines if text and not text.startswith(END)]
    found = {}
    for text in lines:
        try:
            lesson, standing = _line(text)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            damaged += 1
        else:
            found[lesson] = standing
    return found, damaged


def _line(text: str) -> tuple[str, Standing]:
    checksum, _, plain = text.partition(" ")
    if checksum != _checksum(plain):
        raise ValueError("checksum")
    values = json.loads(plain)
    return str(values["lesson"]), Standing.from_json(values)


def _checksum(plain: str) -> str:
    return f"{zlib.crc32(plain.encode('utf-8')):08x}"


def _text(found: Mapping[str, Standing]) -> str:
    lines = [f"{FORMAT} {VERSION}"]
    for lesson, standing in found.items():
        plain = json.dumps({"lesson": lesson, **standing.to_json()}, separators=(",", ":"))
        lines.append(f"{_checksum(plain)} {plain}")
    return "\n".join([*lines, f"{END} {len(found)}", ""])


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
