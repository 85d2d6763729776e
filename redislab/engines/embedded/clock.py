"""Time as a lab sees it, which may be ahead of the real one.

fakeredis asks its own modules' `time` for it. Each of those gets a stand-in that asks the clock of the
lab at work in the same thread; Python's own `time` is never touched.
"""

from __future__ import annotations

import importlib
import threading
import time

# Modules of fakeredis that ask for the time where a command of our table can lead.
THEIR_MODULES = (
    "fakeredis._helpers",
    "fakeredis._socket._base",
    "fakeredis._core._server",
    "fakeredis.model._stream",
    "fakeredis.model._client_info",
    "fakeredis.commands_mixins.server_mixin",
    "fakeredis.commands_mixins.connection_mixin",
)


class Clock:
    """`time` and `monotonic` as Python's, `ahead_s` later. Moved under its lab's lock."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def time(self) -> float:
        return time.time() + self.ahead_s

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead_s

    def advance(self, by_s: float) -> None:
        self.ahead_s = round(self.ahead_s + by_s, 3)  # sums of milliseconds stay exact


class TheirTime(threading.local):
    """What fakeredis's modules take for `time`: the clock that this thread uses."""

    def __init__(self) -> None:
        self._clock = Clock()

    def use(self, clock: Clock) -> None:
        self._clock = clock

    def time(self) -> float:
        return self._clock.time()

    def monotonic(self) -> float:
        return self._clock.monotonic()


THEIR_TIME = TheirTime()


def put_in_place() -> None:
    """Give fakeredis the stand-in; once it is loaded."""
    for name in THEIR_MODULES:
        importlib.import_module(name).time = THEIR_TIME  # type: ignore[attr-defined]
