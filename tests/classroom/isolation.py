"""What one student tries against another, as data: the rows of docs/isolation.md, each run by a test.

Ada attacks, Bob is whom it would hurt. A probe's `attempt` does it against running servers and tells what
was seen; afterwards the test looks whether Bob's data is as it was and whether Bob is served.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Generic, TypeVar

TIMEOUT_S = 120.0

# What Redis says of a command that the configuration has switched off.
LOCKED = (
    'ERR {what} command not allowed. If the {option} option is set to "local", you can run it from a local'
    " connection, otherwise you need to set this option in the configuration file, and then restart the"
    " server."
)

Place = TypeVar("Place")


class Promise(Enum):
    """What a student cannot do to another: DESIGN's sentence, cut at its commas."""

    READ = "read another's data"
    LIST = "list another's data, or see what others do"
    FILL = "fill another's room"
    STOP = "stop another"
    CHANGE = "change what others have or run"
    SECRETS = "see others' secrets"
    TERMINAL = "reach the teacher's terminal"


@dataclass(frozen=True)
class Probe(Generic[Place]):
    """One row. `seen` is what `attempt` gives, word for word; what varies is left out of it."""

    promise: Promise
    tried: str
    expected: str
    seen: str
    attempt: Callable[[Place], str] = field(repr=False)


@dataclass(frozen=True)
class Person:
    """Somebody with redis-cli and an address, password included where they have one."""

    name: str
    url: str

    def types(self, *lines: str) -> str:
        """What redis-cli answers to these lines on one connection; a line each, errors in full."""
        done = subprocess.run(
            ["redis-cli", "-u", self.url, "--no-auth-warning", "--no-raw"],
            input="".join(f"{line}\n" for line in lines).encode(),
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        told = (done.stdout + done.stderr).decode(errors="backslashreplace").splitlines()
        lines_told = [
            line.removeprefix("(error) ") for line in told if not line.startswith("Reading messages")
        ]
        return "; ".join(line for line in lines_told if line.strip())

    def is_served(self) -> bool:
        return self.types("PING") == "PONG"
