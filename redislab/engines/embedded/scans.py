"""SCAN and its kin: an iteration goes over what was there when it began, less what has gone since.

Ours: upstream sorts all keys at the first step, which shows with a hundred thousand of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from itertools import count

MAX_HELD = 64  # iterations that are not finished; the oldest then goes on by its position in what is there
_POSITION_BITS = 32


class Scans:
    """A cursor is the number of an iteration and a position in it, so that an older cursor works again."""

    def __init__(self) -> None:
        self._held: OrderedDict[int, list[bytes]] = OrderedDict()
        self._numbers = count(1)

    def step(self, values: Collection[bytes], cursor: int, most: int) -> tuple[int, list[bytes]]:
        """Where to go on (0: it is over), and up to `most` of the values."""
        number, position = cursor >> _POSITION_BITS, cursor & ((1 << _POSITION_BITS) - 1)
        held = self._held.get(number)
        if held is None:
            held, number = list(values), next(self._numbers)
        found = [value for value in held[position : position + most] if value in values]
        position += most
        if position >= len(held):
            self._held.pop(number, None)
            return 0, found
        self._held[number] = held
        self._held.move_to_end(number)
        if len(self._held) > MAX_HELD:
            self._held.popitem(last=False)
        return number << _POSITION_BITS | position, found
