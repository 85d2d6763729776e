"""A line that is being typed, read once for colours, toolbar and completion."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from redislab.assist.knowledge import Knowledge
from redislab.core import words
from redislab.core.catalogue import Catalogue
from redislab.core.grammar import Match, Wrong, match
from redislab.core.line import split_prefix
from redislab.core.roles import Role
from redislab.core.words import Word


@dataclass(frozen=True, slots=True)
class Reading:
    """The words of one command with their places and roles. `count`: repeat words in front (5 PING)."""

    words: tuple[Word, ...]
    roles: tuple[Role, ...]
    match: Match | None  # None: nothing, or a word of the shell's own
    wrong: Wrong | None  # `place` counts from the command's name
    fault: int | None  # offset of a quote that is wrong
    count: int = 0


def read(command: bytes, here: Knowledge) -> Reading:
    """Read one command; its last word is unfinished unless a space stands behind it."""
    client, rest = split_prefix(command)
    if client:
        return _behind_client(read(rest, here), len(command) - len(rest), f"{client}:".encode())
    return _read(command, here.reading(command), here.catalogue)


@lru_cache(maxsize=64)
def _read(command: bytes, catalogue: Catalogue, offered: Catalogue) -> Reading:
    found, fault = words.scan(command)
    values = [word.value for word in found]
    if not values:
        return Reading((), (), None, None, fault)
    if is_ours(values[0]):
        roles = (Role.COMMAND, *[Role.TEXT] * (len(values) - 1))
        return Reading(tuple(found), roles, None, None, fault)
    count = 1 if len(values) > 1 and values[0].isdigit() else 0
    known = match(catalogue, values[count:])
    roles = (*[Role.NUMBER] * count, *(place.role for place in known.places))
    wrong = known.wrong
    if wrong is not None and _may_become_right(offered, command, found, values[count:], wrong):
        wrong = None
        roles = (*roles[:-1], Role.TEXT)
    elif wrong is not None:
        at = wrong.place + count
        roles = (*roles[:at], Role.UNKNOWN, *roles[at + 1 :])
    return Reading(tuple(found), roles, known, wrong, fault, count)


def _behind_client(found: Reading, offset: int, prefix: bytes) -> Reading:
    """The same behind `B: `."""
    words = [replace(word, start=word.start + offset, end=word.end + offset) for word in found.words]
    first = Word(prefix, 0, offset)
    return replace(
        found,
        words=(first, *words),
        roles=(Role.STRONG, *found.roles),
        fault=None if found.fault is None else found.fault + offset,
        count=found.count + 1,
    )


def is_ours(word: bytes) -> bool:
    """Whether the shell itself answers to this first word."""
    return word.startswith(b":") or word.lower() in (b"help", b"?", b"exit", b"clear", b"connect", b"quit")


def _may_become_right(
    catalogue: Catalogue, command: bytes, found: list[Word], values: list[bytes], wrong: Wrong
) -> bool:
    """The wrong word is the one under the cursor, and the beginning of one that fits."""
    if wrong.place != len(values) - 1 or found[-1].end < len(command):
        return False
    begun = values[-1].upper().decode("latin-1")
    if wrong.place == 0:
        return bool(catalogue.starting(begun))
    fitting = [each for each in wrong.expected if not each.startswith("<")]
    return any(each.upper().startswith(begun) for each in fitting) or begun in ("", "+", "-")
