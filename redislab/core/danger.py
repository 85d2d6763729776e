"""Commands that a shell asks about before it sends them, and the question.

Asked is where much is lost with one word, or where others are made to wait. A key that is named in the
command is no surprise: DEL asks nothing. What a script does inside, nobody can tell beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

Words = Sequence[bytes]  # behind the command's name, in capitals

MANY_KEYS = 10_000  # from here on KEYS is felt by the others


class Loses(Enum):
    """Which keys a command deletes."""

    NOTHING = "nothing"
    DATABASE = "database"
    ALL = "all"

    @property
    def any(self) -> bool:
        return self is not Loses.NOTHING


@dataclass(frozen=True, slots=True)
class Danger:
    """`does` goes on behind the command's name. `applies` sees the words behind the name.

    `shared`: only where others use the server too. `once`: who has said yes is not asked again there.
    """

    does: str
    loses: Loses = Loses.NOTHING
    applies: Callable[[Words], bool] = lambda words: True
    shared: bool = False
    once: bool = False


def _few(most: int) -> Callable[[Words], bool]:
    return lambda words: len(words) <= most


def _is_one_of(*first: bytes) -> Callable[[Words], bool]:
    return lambda words: bool(words) and words[0] in first


_FORGETS = Danger("forgets every script; whoever calls one by its digest gets an error", shared=True)
_COPIES = Danger(
    "deletes every key of this server and copies another server's",
    applies=lambda words: len(words) == 2 and tuple(words) != (b"NO", b"ONE"),
    shared=True,
)

TABLE: Mapping[str, Danger] = {
    "FLUSHALL": Danger("deletes every key of every database", Loses.ALL, applies=_few(1)),
    "FLUSHDB": Danger("deletes every key of this database", Loses.DATABASE, applies=_few(1)),
    "SHUTDOWN": Danger(
        "stops the server for everybody who uses it", applies=lambda words: b"ABORT" not in words, shared=True
    ),
    "REPLICAOF": _COPIES,
    "SLAVEOF": _COPIES,
    "SCRIPT FLUSH": _FORGETS,
    "FUNCTION FLUSH": Danger("deletes every function"),
    "FUNCTION RESTORE": Danger("deletes every function before it loads", applies=lambda w: b"FLUSH" in w),
    "DEBUG": Danger(
        "can end the server, or make everybody wait",
        applies=_is_one_of(
            *(b"SEGFAULT", b"PANIC", b"RESTART", b"CRASH-AND-RECOVER", b"OOM", b"ASSERT"),
            *(b"RELOAD", b"LOADAOF", b"SLEEP", b"FLUSHALL"),
        ),
        shared=True,
    ),
    "CLIENT PAUSE": Danger("makes every client wait", shared=True),
    "CLUSTER RESET": Danger("makes this node forget the cluster, and a master its keys", shared=True),
    "CLUSTER FLUSHSLOTS": Danger(
        "takes every slot from this node: its keys can no longer be asked for", shared=True
    ),
    "KEYS": Danger(
        "looks at every key while everybody else waits; SCAN goes step by step", shared=True, once=True
    ),
    "MONITOR": Danger(
        "shows what every client sends, their data too, and makes the server slower", shared=True, once=True
    ),
}


def danger(name: str, words: Words, *, shared: bool) -> Danger | None:
    """What is dangerous about a command with these words behind its name; None: nothing."""
    found = TABLE.get(name)
    if found is None or (found.shared and not shared):
        return None
    return found if found.applies([word.upper() for word in words]) else None


def lost_keys(found: Danger, sizes: Mapping[int, int] | None, db: int) -> Mapping[int, int] | None:
    """Of the keys in each database those that would be deleted; None where nobody has counted."""
    if sizes is None or not found.loses.any:
        return None
    return {number: size for number, size in sizes.items() if found.loses is Loses.ALL or number == db}


def question(name: str, found: Danger, lost: Mapping[int, int] | None, undo: str) -> str:
    """One line: what would happen, how much of it, and (`undo`) whether it can be taken back."""
    does = found.does if lost is None else _count(lost)
    return f"{name} {does}{f'; {undo}' if undo else ''}. Go on? [y/N] "


def question_of_undo(name: str, obstacle: str) -> str:
    """For a command that is asked about only because it could not be taken back, as the others can."""
    return f"{name} cannot be undone: {obstacle}. Go on? [y/N] "


def _count(lost: Mapping[int, int]) -> str:
    from redislab.core.happened.told import many  # asked for before the first answer: load little

    keys = sum(lost.values())
    where = f"in {len(lost)} databases" if len(lost) > 1 else f"in database {next(iter(lost), 0)}"
    return f"deletes {many(keys, 'key')} {where}"
