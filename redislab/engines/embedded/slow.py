"""SLOWLOG: commands that took long, as a server shows them to others."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from redislab.engines.embedded.clock import Clock
from redislab.engines.embedded.settings import Settings

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client

REDACTED = b"(redacted)"
MOST_WORDS, MOST_WORD_BYTES = 32, 128  # so much of a command is kept


class SlowCommands:
    """Of one lab. `rows`, the latest first, are what SLOWLOG GET answers."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self.rows: deque[list[Any]] = deque()
        self._clock = clock
        self._settings = settings
        self._number = 0

    def note(self, client: Client, args: list[bytes], spent_s: float) -> None:
        """Keep a command, if it was slow."""
        least_us = self._settings.number("slowlog-log-slower-than")
        if least_us < 0 or spent_s * 1e6 < least_us:
            return
        row = [self._number, int(self._clock.time()), int(spent_s * 1e6), _shortened(args)]
        self.rows.appendleft([*row, client.address, client.name])
        self._number += 1
        while len(self.rows) > self._settings.number("slowlog-max-len"):
            self.rows.pop()


def _shortened(args: list[bytes]) -> list[bytes]:
    """A command as SLOWLOG keeps it: what is left out is counted, secrets are struck out."""
    left_out = len(args) - MOST_WORDS
    shown = without_secrets(args)[: MOST_WORDS if left_out <= 0 else MOST_WORDS - 1]
    for place, word in enumerate(shown):
        if len(word) > MOST_WORD_BYTES:
            more = len(word) - MOST_WORD_BYTES
            shown[place] = word[:MOST_WORD_BYTES] + b"... (%d more bytes)" % more
    return [*shown, b"... (%d more arguments)" % (left_out + 1)] if left_out > 0 else shown


def without_secrets(args: list[bytes]) -> list[bytes]:
    """As a server shows a command to others: passwords and their users struck out."""
    name = args[0].upper()
    if name == b"AUTH":
        return [args[0], *[REDACTED] * (len(args) - 1)]
    if name == b"HELLO":
        shown = list(args)
        for place in range(2, len(args) - 2):
            if args[place].upper() == b"AUTH":
                shown[place + 1 : place + 3] = [REDACTED] * 2
        return shown
    return args
