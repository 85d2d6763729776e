"""What to show a person, not how: renderers turn a view into plain text, colours or HTML.

Texts in a view may come from servers, lessons or files. A view carries them as they are; whoever
renders one makes them harmless.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from redislab.core.roles import Role


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line."""

    text: str
    role: Role = Role.TEXT


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph: a renderer may wrap it at spaces. Without spans, an empty line."""

    spans: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of cells, aligned. `columns` are the headings, () for none; every row is as long as them."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """A list of lines that belong together."""

    lines: tuple[Line, ...]
    title: str = ""


class NoteKind(Enum):
    """The value is the word that stands before the note, so that colour is never the only sign."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    REMEDY = "remedy"

    @property
    def role(self) -> Role:
        return Role(self.value)


@dataclass(frozen=True, slots=True)
class Note:
    """A remark to the person, beside what they asked for."""

    kind: NoteKind
    line: Line


@dataclass(frozen=True, slots=True)
class Stack:
    """Views below one another."""

    views: tuple[View, ...]


View: TypeAlias = "Line | Grid | Items | Note | Stack"


def line(*parts: str | Span) -> Line:
    """A line of spans; a string is plain text."""
    return Line(tuple(Span(part) if isinstance(part, str) else part for part in parts))
