"""How far one person is in one lesson: what is kept between two runs, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from redislab.core.reply import Kind, Reply
from redislab.core.secrets import is_sensitive
from redislab.core.words import quote
from redislab.course.evidence import Entry

MOST_ENTRIES = 200  # of one step, kept between runs
MOST_ENTRY_LEAVES = 200  # a larger reply is not kept


class Earned(str, Enum):
    """What a step brought. `SHOWN`: solved after its solution had been looked at."""

    DONE = "done"
    SHOWN = "shown"
    SKIPPED = "skipped"


_WORTH = {Earned.SKIPPED: 0, Earned.SHOWN: 1, Earned.DONE: 2}


@dataclass(frozen=True, slots=True)
class Missed:
    """A question that was answered wrong: a step's quiz or prediction, by its place from 0."""

    step: str
    kind: str  # quiz or predict
    place: int


@dataclass
class Standing:
    """One lesson. What stands behind `at` is about that step alone."""

    title: str = ""
    total: int = 0  # steps of the lesson, when it was last open
    steps: dict[str, Earned] = field(default_factory=dict)
    missed: list[Missed] = field(default_factory=list)
    typed: dict[str, list[str]] = field(default_factory=dict)  # what solved a step, for notes
    at: str = ""
    passed: bool = False
    checked: bool = False  # its checks hold; its quizzes may be open
    answered: int = 0  # quizzes
    hints: int = 0
    looked: bool = False  # at its solution
    ahead_s: float = 0.0  # of the clock
    keys: int = 0  # in the database
    entries: list[Entry] = field(default_factory=list)

    @property
    def earned(self) -> int:
        """Steps that were solved."""
        return sum(each is not Earned.SKIPPED for each in self.steps.values())

    @property
    def finished(self) -> bool:
        """Whether every step was solved or skipped."""
        return bool(self.total) and len(self.steps) >= self.total

    def earn(self, step: str, what: Earned) -> None:
        """A step is over; what was earned before is not lost."""
        before = self.steps.get(step)
        if before is None or _WORTH[what] > _WORTH[before]:
            self.steps[step] = what

    def miss(self, missed: Missed) -> None:
        if missed not in self.missed:
            self.missed.append(missed)

    def enter(self, step: str) -> None:
        """A step begins anew."""
        fresh = Standing()
        for name in ("passed", "checked", "answered", "hints", "looked", "entries"):
            setattr(self, name, getattr(fresh, name))
        self.at = step

    def join(self, other: Standing) -> None:
        """Take over what another shell has earned in the same lesson meanwhile."""
        for step, what in other.steps.items():
            self.earn(step, what)
        for step, typed in other.typed.items():
            self.typed.setdefault(step, typed)

    def to_json(self) -> dict[str, Any]:
        """Plain values; no secret among them."""
        kept = [each for each in self.entries if not is_sensitive(quote(each.args))]
        values = {name: value for name, value in vars(self).items() if name != "entries"}
        values["missed"] = [asdict(each) for each in self.missed]
        values["entries"] = [
            [_text(*each.args), each.name, reply, each.client]
            for each in kept[-MOST_ENTRIES:]
            if (reply := _from_reply(each.reply)) is not None
        ]
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Standing:
        """The same again. Raises ValueError, KeyError or TypeError where it is none."""
        standing = cls()
        plain = {"title": str, "total": int, "at": str, "passed": bool, "checked": bool, "answered": int}
        plain |= {"hints": int, "looked": bool, "ahead_s": float, "keys": int}
        for name, kind in plain.items():
            setattr(standing, name, kind(values[name]))
        standing.steps = {str(step): Earned(what) for step, what in dict(values["steps"]).items()}
        standing.missed = [
            Missed(str(each["step"]), str(each["kind"]), int(each["place"])) for each in values["missed"]
        ]
        standing.typed = {
            str(step): [str(line) for line in lines] for step, lines in dict(values["typed"]).items()
        }
        standing.entries = [
            Entry(tuple(map(_bytes, args)), str(name), _to_reply(reply), str(client))
            for args, name, reply, client in values["entries"]
        ]
        return standing


def _text(*data: bytes) -> list[str]:
    """Bytes as JSON can carry them: a letter each."""
    return [each.decode("latin-1") for each in data]


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")


def _from_reply(reply: Reply) -> list[Any] | None:
    """A reply as a tree of plain values; None if it is large."""
    room = [MOST_ENTRY_LEAVES]

    def plain(reply: Reply) -> list[Any]:
        room[0] -= 1
        if isinstance(reply.value, bytes):
            room[0] -= len(reply.value) // 100
            return [reply.kind.name, _text(reply.value)[0]]
        if reply.kind.is_aggregate:
            return [reply.kind.name, [plain(item) for item in reply.items] if room[0] > 0 else []]
        return [reply.kind.name, reply.value]

    found = plain(reply)
    return found if room[0] > 0 else None


def _to_reply(tree: list[Any]) -> Reply:
    kind, value = Kind[tree[0]], tree[1]
    if kind in (Kind.MAP, Kind.ATTRIBUTE):
        items = [_to_reply(each) for each in value]
        return Reply(kind, tuple(zip(items[::2], items[1::2], strict=True)))
    if kind.is_aggregate:
        return Reply(kind, tuple(_to_reply(each) for each in value))
    return Reply(kind, _bytes(value) if isinstance(value, str) else value)
