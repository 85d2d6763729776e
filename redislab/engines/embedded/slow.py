"""SLOWLOG: commands that took long, as a server shows them to others."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from redislab.engines.embedded.clock import Clock
from redislab.engines.embedded.settings import Settings

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client

REDACTED = b"(redacted)"
_SECRET_SETTINGS = frozenset(
    {b"REQUIREPASS", b"MASTERUSER", b"MASTERAUTH", b"TLS-KEY-FILE-PASS", b"TLS-CLIENT-KEY-FILE-PASS"}
)
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
    name = [word.upper() for word in args[:2]]
    places: Iterable[int] = ()
    if name[0] == b"AUTH":
        places = range(1, len(args))
    elif name == [b"ACL", b"SETUSER"]:
        places = range(2, len(args))
    elif name[0] == b"HELLO":
        at = [place for place in range(2, len(args) - 2) if args[place].upper() == b"AUTH"]
        places = [place + more for place in at for more in (1, 2)]
    elif name == [b"CONFIG", b"SET"]:
        settings = range(2, len(args) - 1, 2)
        places = [place + 1 for place in settings if args[place].upper() in _SECRET_SETTINGS]
    return [REDACTED if place in places else word for place, word in enumerate(args)] if places else args
