"""What a coach says, and the line that it speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from redislab.core.catalogue import Catalogue, Command
from redislab.core.grammar import Wrong
from redislab.core.session import Outcome
from redislab.core.words import Word, quote


@dataclass(frozen=True, slots=True)
class Advice:
    """What to tell, in one or two sentences; where in the line; what was expected there; a line to try."""

    text: str
    caret: int | None = None  # byte offset in the line; its length + 1 where something is missing at the end
    expected: str = ""
    suggestion: str | None = None


class Origins(dict[bytes, bytes]):
    """Which command of this session gave a key its type, as far as a probe has seen it."""

    def note(self, outcome: Outcome) -> None:
        """Take note of the keys that got another type, or went away."""
        if outcome.observed is None:
            return
        for key, after in outcome.observed.after.items():
            before = outcome.observed.before.get(key)
            if not after.exists:
                self.pop(key, None)
            elif before is not None and before.type != after.type:
                self[key] = quote(outcome.args)


class Typed(NamedTuple):
    """A line and its words."""

    line: bytes
    words: list[Word]  # without a repeat count
    catalogue: Catalogue
    server: str = ""  # what answers, where that is known: `Redis 7.0.15`

    @property
    def args(self) -> list[bytes]:
        return [word.value for word in self.words]

    @property
    def end(self) -> int:
        return len(self.line.rstrip()) + 1

    def raw(self, start: int, stop: int | None = None) -> list[str]:
        """Words as they were typed, quotes included."""
        return [text_of(self.line[word.start : word.end]) for word in self.words[start:stop]]

    def at(self, place: int) -> int:
        """Where a word begins; the end of the line for one that is missing."""
        return self.words[place].start if place < len(self.words) else self.end

    @property
    def command(self) -> Command | None:
        return self.catalogue.lookup(self.args)

    @property
    def name(self) -> str:
        """The command's name, or the first word."""
        command = self.command
        return command.name if command else text_of(self.words[0].value).upper() if self.words else ""


def wanted(wrong: Wrong) -> str:
    return " or ".join(each.strip("<>") for each in wrong.expected[:8])


def joined(command: str, rest: Sequence[str]) -> str:
    return " ".join([command, *rest])


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
