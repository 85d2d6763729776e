"""Where the cursor stands in a cell: whether in a line of ours, and how far that line has come."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CELL = re.compile(r"\s*%%redis(?=\s|$)")
_LINE = re.compile(r"\s*(?:[\w.,*\[\] \t]+=\s*)?%(redis(?:_\w+)?)(?:[ \t]|$)")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a line of ours. `magic` is its name; in the body of a `%%redis` cell "", in a comment #.

    `line` is what stands behind the magic's name on that line, `before` as much of it as the cursor has
    passed.
    """

    magic: str
    line: str
    before: str


def spot_at(cell: str, row: int, column: int) -> Spot | None:
    """The place in row `row` before letter `column`, both from 0; None outside of what is ours."""
    rows = cell.split("\n")
    if row >= len(rows):
        return None
    first = next((number for number, each in enumerate(rows) if each.strip()), 0)
    text = rows[row]
    head = _CELL.match(rows[first])
    if head is not None and row > first:
        return Spot("#" if text.lstrip().startswith("#") else "", text, text[:column])
    if head is not None:
        return _behind("redis", text, head.end(), column)
    found = _LINE.match(text)
    if found is None or rows[first].lstrip().startswith("%%"):
        return None
    return _behind(found[1], text, found.end(1), column)


def spot_of(cell: str, offset: int) -> Spot | None:
    """The same before letter `offset` of the cell."""
    before = cell[:offset]
    return spot_at(cell, before.count("\n"), len(before) - before.rfind("\n") - 1)


def _behind(magic: str, text: str, end: int, column: int) -> Spot | None:
    return Spot(magic, text[end:], text[end:column]) if column > end else None
