"""Wrong attempts that no mistake of the lesson answered, kept for its author where a learner agreed to that.

One file, a line each, JSON. It never grows beyond `MOST_BYTES`, and no attempt that may carry a password
gets into it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from redislab.core.secrets import is_sensitive

MOST_BYTES = 1 << 20
MOST_LINES = 20  # of one attempt
MOST_LINE_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was typed in a step before help was asked for. `B: SET a 1` stands for client B's line."""

    lesson: str  # its id
    step: str
    lines: tuple[str, ...]

    @property
    def is_kept(self) -> bool:
        """Whether it may be kept: it is of a size that teaches something, and nothing in it is secret."""
        short = all(len(line) <= MOST_LINE_CHARACTERS for line in self.lines)
        return 0 < len(self.lines) <= MOST_LINES and short and not any(map(_is_secret, self.lines))


class Collection:
    """The file of one person. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._latest: Attempt | None = None

    def add(self, attempt: Attempt) -> bool:
        """Append it; False where it is not kept: it is the latest again, or the file is full."""
        if attempt == self._latest or not attempt.is_kept:
            return False
        self._latest = attempt
        row = json.dumps(asdict(attempt), ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(self.path, flags, 0o600)
        with open(handle, "ab") as file:
            if os.fstat(handle).st_size + len(row) > MOST_BYTES:
                return False
            file.write(row)
        return True


def read_attempts(path: Path) -> Iterator[Attempt]:
    """Those in a file; lines that are none are passed over. Raises OSError."""
    with open(path, "rb") as file:
        for row in file.read(MOST_BYTES).splitlines():
            try:
                values = json.loads(row)
                attempt = Attempt(str(values["lesson"]), str(values["step"]), _texts(values["lines"]))
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            if attempt.is_kept:
                yield attempt


def counted(attempts: Iterable[Attempt]) -> dict[Attempt, int]:
    """How often each was made, in the order in which they came first."""
    found: dict[Attempt, int] = {}
    for attempt in attempts:
        found[attempt] = found.get(attempt, 0) + 1
    return found


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("a line is a text")
    return tuple(map(str, values))


def _is_secret(line: str) -> bool:
    return is_sensitive(line.removeprefix("B: ").encode("utf-8", "surrogateescape"))
