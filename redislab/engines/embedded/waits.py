"""What a client waits for, and how a command says that its client must wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

RUN = object()  # wakes a client whose command was held back and is still to run


class Wait:
    """What a parked client waits for. `attempt` gives None as long as it must go on waiting."""

    __slots__ = ("attempt", "deadline_s", "empty")

    def __init__(
        self, attempt: Callable[[], Any], deadline_s: float | None, empty: Callable[[], Any]
    ) -> None:
        self.attempt = attempt
        self.deadline_s = deadline_s
        self.empty = empty


class Parked(Exception):
    """Ends a handler whose client must wait."""

    def __init__(self, wait: Wait) -> None:
        super().__init__()
        self.wait = wait
