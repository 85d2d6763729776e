"""Where a process reads and writes: made once in `cli.main`, handed to everything else."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Streams:
    """The three streams as bytes, what is known of them, and the environment."""

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: BinaryIO
    stdin_is_tty: bool
    stdout_is_tty: bool
    environ: Mapping[str, str]

    @classmethod
    def of_process(cls) -> Streams:
        """The streams of this process. A closed stream reads as empty and swallows what is written."""
        return cls(
            stdin=_binary(sys.stdin, "rb"),
            stdout=_binary(sys.stdout, "wb"),
            stderr=_binary(sys.stderr, "wb"),
            stdin_is_tty=bool(sys.stdin and sys.stdin.isatty()),
            stdout_is_tty=bool(sys.stdout and sys.stdout.isatty()),
            environ=os.environ,
        )

    @property
    def for_people(self) -> bool:
        """A person reads and types here: explanations, questions and colours may appear."""
        return self.stdin_is_tty and self.stdout_is_tty

    @property
    def prints_as_tty(self) -> bool:
        """redis-cli's rule for the standard output format: a terminal, or FAKETTY in the environment."""
        return self.stdout_is_tty or "FAKETTY" in self.environ

    @property
    def colours(self) -> bool:
        return self.stdout_is_tty and not self.environ.get("NO_COLOR") and self.environ.get("TERM") != "dumb"

    @property
    def width(self) -> int:
        return shutil.get_terminal_size((80, 24)).columns

    def say(self, text: str) -> None:
        """One line to stderr, after everything written to stdout so far."""
        self.stdout.flush()
        self.stderr.write(text.encode("utf-8", "surrogateescape") + b"\n")
        self.stderr.flush()


def _binary(stream: object, mode: str) -> BinaryIO:
    buffer = getattr(stream, "buffer", None)
    if buffer is None:
        return open(os.devnull, mode)  # type: ignore[return-value]
    return buffer  # type: ignore[no-any-return]
