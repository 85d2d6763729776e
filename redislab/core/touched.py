"""Which keys a line may change, as far as its words tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from redislab.core.catalogue import Catalogue
from redislab.core.keys import key_positions

Args = Sequence[bytes]
Place = tuple[int, bytes]  # database, key

_SCRIPTS = frozenset({"EVAL", "EVALSHA", "FCALL"})
_CODE = ("FUNCTION ", "SCRIPT ")  # they write, and no keys
_KEYSPACE = re.compile(rb"^db([0-9]{1,9}):keys=([0-9]{1,18})\b", re.MULTILINE)


class Obstacle(Exception):
    """Why the keys cannot be kept."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AllKeys:
    """Every key of a database, or (None) of all."""

    db: int | None


def keys(catalogue: Catalogue, args: Args, db: int) -> list[Place] | AllKeys:
    """The keys that a command sent in database `db` may change; none where it only reads.

    Raises Obstacle where its words do not tell.
    """
    command = catalogue.lookup(args)
    if command is None:
        raise Obstacle("which keys this command changes is not known")
    if not ("write" in command.flags or command.name in _SCRIPTS) or command.name.startswith(_CODE):
        return []
    if command.name == "FLUSHALL":
        return AllKeys(None)
    if command.name == "FLUSHDB":
        return AllKeys(db)
    found = [(db, args[place]) for place in key_positions(command, args)]
    if command.name in _SCRIPTS and not found:
        raise Obstacle("a script that names no keys may change any")
    if command.name == "SWAPDB":
        raise Obstacle("databases that changed places are not kept")
    if command.name == "MOVE" and len(args) == 3 and args[2].isdigit():
        found.append((int(args[2]), args[1]))
    if command.name == "COPY":
        found += [(number, args[2]) for number in _target(args)]
    return list(dict.fromkeys(found))


def _target(args: Args) -> list[int]:
    """The database that COPY names."""
    words = [word.upper() for word in args[3:-1]]
    return [int(args[4 + at]) for at, word in enumerate(words) if word == b"DB" and args[4 + at].isdigit()]


def keyspace(info: bytes) -> dict[int, int]:
    """INFO keyspace, read: how many keys each database has that has some."""
    return {int(number): int(size) for number, size in _KEYSPACE.findall(info)}
