"""Views as plain text: for pipes, for tests, and as the layout that `terminal` colours.

Every text is made harmless here, before widths are counted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from redislab.core.roles import Role
from redislab.core.safe import visible_text
from redislab.core.view import Grid, Items, Line, Note, Span, Stack, View

WIDTH = 80
_GAP = 2  # columns between two cells
_INDENT = 2  # of an item, and of what a wrapped item continues with (twice)
_MIN_WIDTH = 20  # narrower windows are written as if they were this wide


def plain_text(view: View, width: int = WIDTH) -> str:
    """The view as lines joined by newlines, none at the end."""
    return "\n".join(plain_lines(view, width))


def plain_lines(view: View, width: int = WIDTH) -> list[str]:
    """The view as lines of at most `width` columns, without escapes or trailing spaces."""
    return [each.text for each in layout(view, width)]


def layout(view: View, width: int) -> Iterator[Line]:
    """The view as lines of at most `width` columns that need no wrapping and hold no control."""
    width = max(width, _MIN_WIDTH)
    if isinstance(view, Line):
        yield from _wrapped(view, width)
    elif isinstance(view, Stack):
        for each in view.views:
            yield from layout(each, width)
    elif isinstance(view, Note):
        label = Span(f"{view.kind.value}: ", view.kind.role)
        yield from _wrapped(Line((label, *view.line.spans)), width, hang=_INDENT)
    elif isinstance(view, Items):
        yield from _title(view.title, width)
        for item in view.lines:
            yield from _indented(_wrapped(item, width - _INDENT, hang=_INDENT), _INDENT)
    else:
        yield from _title(view.title, width)
        yield from _grid(view, width)


def text_width(text: str) -> int:
    """The columns that harmless text takes: East Asian wide letters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_letter_width, text))


def _letter_width(letter: str) -> int:
    if unicodedata.category(letter) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1


def _title(title: str, width: int) -> Iterator[Line]:
    if title:
        yield from _wrapped(Line((Span(title, Role.HEADING),)), width)


def _indented(lines: Iterable[Line], columns: int) -> Iterator[Line]:
    for each in lines:
        yield Line((Span(" " * columns), *each.spans)) if each.spans else each


def _grid(grid: Grid, width: int) -> Iterator[Line]:
    """Cells beside one another, wrapped where they must be: then no column but the last exceeds its share.

    Where there are more columns than the width has room for, lines are wider rather than cells lost.
    """
    header = tuple(Line((Span(name, Role.HEADING),)) for name in grid.columns)
    rows = (header, *grid.rows) if header else grid.rows
    widths = _column_widths(rows, width)
    for row in rows:
        cells = [list(_wrapped(cell, columns)) for cell, columns in zip(row, widths, strict=True)]
        for height in range(max(map(len, cells), default=0)):
            yield _beside([cell[height] if height < len(cell) else Line() for cell in cells], widths)


def _column_widths(rows: Sequence[Sequence[Line]], width: int) -> list[int]:
    count = max(map(len, rows), default=0)
    share = (width - _GAP * (count - 1)) // count if count else 0
    natural = [max(text_width(visible_text(row[column].text)) for row in rows) for column in range(count)]
    fits = sum(natural) + _GAP * (count - 1) <= width
    widths = [columns if fits else min(columns, max(share, 1)) for columns in natural[:-1]]
    return [*widths, max(width - sum(widths) - _GAP * len(widths), 1)] if count else []


def _beside(cells: Sequence[Line], widths: Sequence[int]) -> Line:
    spans: list[Span] = []
    missing = 0  # columns to fill before the next text, so that no line ends in spaces
    for cell, columns in zip(cells, widths, strict=True):
        if cell.spans:
            spans += [Span(" " * missing)] if missing else []
            spans += cell.spans
            missing = 0
        missing += columns - text_width(cell.text) + _GAP
    return Line(tuple(spans))


def _wrapped(line: Line, width: int, hang: int = 0) -> Iterator[Line]:
    """The line cut at spaces where it is too wide; later lines begin `hang` columns in."""
    spans = [Span(visible_text(span.text), span.role) for span in line.spans]
    text = "".join(span.text for span in spans)
    for start, end in _cuts(text, width, hang):
        indent = (Span(" " * hang),) if hang and start else ()
        yield Line(indent + _between(spans, start, end))


def _cuts(text: str, width: int, hang: int) -> Iterator[tuple[int, int]]:
    """Where the lines of `text` begin and end; spaces at a cut belong to neither line."""
    start, stop, room = 0, len(text.rstrip(" ")), width
    word = len(text) - len(text.lstrip(" "))  # nothing is cut before the first word
    while (end := _fitting(text, start, room)) < stop:
        space = text.rfind(" ", max(word, start) + 1, end + 1)
        cut = space if space > 0 else end
        yield start, len(text[start:cut].rstrip(" ")) + start
        start, room = cut, width - hang
        while text[start] == " ":
            start += 1
    yield start, stop


def _fitting(text: str, start: int, room: int) -> int:
    """Where the letters that fit into `room` columns end; at least one always does."""
    used = 0
    for place in range(start, min(len(text), start + room + 1)):
        used += text_width(text[place])
        if used > room:
            return max(place, start + 1)
    return min(len(text), start + room + 1)


def _between(spans: Sequence[Span], start: int, end: int) -> tuple[Span, ...]:
    """The spans of the letters from `start` to before `end`."""
    found = []
    place = 0
    for span in spans:
        text = span.text[max(start - place, 0) : max(end - place, 0)]
        if text:
            found.append(Span(text, span.role))
        place += len(span.text)
    return tuple(found)
