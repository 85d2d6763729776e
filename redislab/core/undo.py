"""What undoing one command did, and the sentence that says so. Engines fill it in; shells show it."""

from __future__ import annotations

from dataclasses import dataclass, field

from redislab.core.spans import span_text

NAMED = 3  # keys of one group that a sentence names; of more the number is said


@dataclass(slots=True)
class Group:
    """Keys that fared alike: how many, and the names of the first."""

    count: int = 0
    names: list[bytes] = field(default_factory=list)

    def add(self, key: bytes) -> None:
        self.count += 1
        if len(self.names) < NAMED:
            self.names.append(key)


@dataclass(slots=True)
class Restored:
    """What undoing one command did, or (`redone`) doing it again. `command` names it.

    `back`: keys that are there again; `gone`: that are gone again; `former`: that hold again what they
    held; `late`: that stay away, because their time to live has passed. `swapped`: databases that
    changed places again. `clock_s`: how far the clock moved, None: not at all.
    """

    command: str
    redone: bool = False
    back: Group = field(default_factory=Group)
    gone: Group = field(default_factory=Group)
    former: Group = field(default_factory=Group)
    late: Group = field(default_factory=Group)
    swapped: tuple[int, int] | None = None
    clock_s: float | None = None


def sentence(restored: Restored) -> str:
    """One line: Undid FLUSHALL: 17 keys are back."""
    redone = restored.redone
    parts = []
    if restored.clock_s is not None:
        way = "ahead" if restored.clock_s > 0 else "back"
        parts.append(f"the clock went {span_text(restored.clock_s)} {way}")
    if restored.swapped is not None:
        first, second = restored.swapped
        parts.append(f"databases {first} and {second} have changed places again")
    parts += _told(restored.back, "there again" if redone else "back")
    parts += _told(restored.gone, "gone again")
    parts += _told(restored.former, "changed again" if redone else "as before")
    if restored.late.count:
        keys = _keys(restored.late)
        stays, its = ("stays", "its") if restored.late.count == 1 else ("stay", "their")
        parts.append(f"{keys} {stays} away, {its} time to live has passed")
    done = "Did" if redone else "Undid"
    again = " again" if redone else ""
    return f"{done} {restored.command}{again}: {'; '.join(parts) or 'nothing had to change'}."


def _told(group: Group, how: str) -> list[str]:
    if not group.count:
        return []
    return [f"{_keys(group)} {'is' if group.count == 1 else 'are'} {how}"]


def _keys(group: Group) -> str:
    from redislab.core.happened.told import many, name  # engines that fill in a `Restored` need no words

    if group.count > len(group.names):
        return many(group.count, "key")
    *first, last = [name(key) for key in group.names]
    return f"{', '.join(first)} and {last}" if first else last
