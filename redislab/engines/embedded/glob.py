"""Redis's glob patterns in time linear in the text for each star, and no more.

Upstream translates a pattern to a regular expression, which a pattern of many stars makes hang.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

_ANY = frozenset(range(256))


@lru_cache(maxsize=256)
def matcher(pattern: bytes) -> Callable[[bytes], bool]:
    """Whether a whole text matches: `*`, `?`, `[a-c]`, `[^a]`; a backslash takes the meaning off a byte."""
    if pattern.strip(b"*") == b"" and pattern:
        return lambda text: True
    if not any(byte in b"*?[\\" for byte in pattern):
        return pattern.__eq__
    pieces = _pieces(pattern)
    return lambda text: _matches(pieces, text)


def matching(pattern: bytes, texts: Iterable[bytes]) -> list[bytes]:
    return list(filter(matcher(pattern), texts))


class _Piece:
    """What stands between two stars: a set of bytes for each byte of the text."""

    __slots__ = ("_literal", "_sets", "length")

    def __init__(self, sets: list[frozenset[int]]) -> None:
        self._sets = sets
        self.length = len(sets)
        single = all(len(each) == 1 for each in sets)
        self._literal = bytes(next(iter(each)) for each in sets) if single else None

    def stands_at(self, text: bytes, place: int) -> bool:
        if self._literal is not None:
            return text.startswith(self._literal, place)
        if place + self.length > len(text):
            return False
        return all(text[place + offset] in each for offset, each in enumerate(self._sets))

    def find(self, text: bytes, place: int) -> int:
        """Where it stands first, from `place` on; -1: nowhere."""
        if self._literal is not None:
            return text.find(self._literal, place)
        last = len(text) - self.length
        return next((at for at in range(place, last + 1) if self.stands_at(text, at)), -1)


def _pieces(pattern: bytes) -> list[_Piece]:
    """The pattern cut at its stars."""
    pieces: list[list[frozenset[int]]] = [[]]
    place = 0
    while place < len(pattern):
        byte = pattern[place]
        place += 1
        if byte == 0x2A:
            pieces.append([])
        elif byte == 0x3F:
            pieces[-1].append(_ANY)
        elif byte == 0x5B:
            members, place = _class(pattern, place)
            pieces[-1].append(members)
        else:
            if byte == 0x5C and place < len(pattern):
                byte = pattern[place]
                place += 1
            pieces[-1].append(frozenset({byte}))
    return list(map(_Piece, pieces))


def _class(pattern: bytes, place: int) -> tuple[frozenset[int], int]:
    """The bytes that `[…]` stands for, and where the pattern goes on. Unclosed, it ends with the pattern."""
    inverted = pattern[place : place + 1] == b"^"
    place += inverted
    members: set[int] = set()
    while place < len(pattern) and pattern[place] != 0x5D:
        if pattern[place] == 0x5C and place + 1 < len(pattern):
            members.add(pattern[place + 1])
            place += 2
        elif place + 2 < len(pattern) and pattern[place + 1] == 0x2D:
            low, high = sorted((pattern[place], pattern[place + 2]))
            members.update(range(low, high + 1))
            place += 3
        else:
            members.add(pattern[place])
            place += 1
    return _ANY - members if inverted else frozenset(members), place + 1


def _matches(pieces: list[_Piece], text: bytes) -> bool:
    """The first piece at the beginning, the last at the end, those between as early as they can stand."""
    first, *between = pieces
    if not between:
        return first.length == len(text) and first.stands_at(text, 0)
    if not first.stands_at(text, 0):
        return False
    place = first.length
    *between, last = between
    for piece in between:
        at = piece.find(text, place)
        if at < 0:
            return False
        place = at + piece.length
    end = len(text) - last.length
    return place <= end and last.stands_at(text, end)
