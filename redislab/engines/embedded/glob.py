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
    tokens = _tokens(pattern)
    return lambda text: _matches(tokens, text)


def matching(pattern: bytes, texts: Iterable[bytes]) -> list[bytes]:
    return list(filter(matcher(pattern), texts))


def _tokens(pattern: bytes) -> list[frozenset[int] | None]:
    """A set of bytes for each byte of the text; None for a star. Neighbouring stars are one."""
    tokens: list[frozenset[int] | None] = []
    place = 0
    while place < len(pattern):
        byte = pattern[place]
        place += 1
        if byte == 0x2A:
            if not tokens or tokens[-1] is not None:
                tokens.append(None)
        elif byte == 0x3F:
            tokens.append(_ANY)
        elif byte == 0x5B:
            members, place = _class(pattern, place)
            tokens.append(members)
        else:
            if byte == 0x5C and place < len(pattern):
                byte = pattern[place]
                place += 1
            tokens.append(frozenset({byte}))
    return tokens


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


def _matches(tokens: list[frozenset[int] | None], text: bytes) -> bool:
    """Match from left to right; after a mismatch only the last star takes one byte more."""
    place = token = 0
    star = star_place = -1
    while place < len(text):
        members = tokens[token] if token < len(tokens) else frozenset()
        if members is None:
            star, star_place = token, place
            token += 1
        elif text[place] in members:
            token += 1
            place += 1
        elif star >= 0:
            star_place += 1
            token, place = star + 1, star_place
        else:
            return False
    while token < len(tokens) and tokens[token] is None:
        token += 1
    return token == len(tokens)
