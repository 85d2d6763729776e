"""Files that are being written: tells when one has been saved."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

LOOK_EVERY_S = 0.3  # a few files are asked for their time; nothing needs to be installed for that


def changes(files: Sequence[Path]) -> Iterator[None]:
    """At once, then after each save of any of the files; without end."""
    seen: list[tuple[int, int] | None] = []
    while True:
        now = [_stamp(path) for path in files]
        if now != seen:
            seen = now
            yield
        else:
            time.sleep(LOOK_EVERY_S)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
