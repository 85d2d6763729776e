"""Markdown → a view. Headings, paragraphs, lists, tables and code; what a link names is written out.

The text of a lesson is data: nothing of it is interpreted by whoever shows the view.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from redislab.core.roles import Role
from redislab.core.view import Grid, Items, Line, Span, Stack, View

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_CODE_INDENT = "  "


def prose(text: str) -> View:
    """The view of a text, its blocks with an empty line between them."""
    views: list[View] = []
    for block in _blocks(_MARKDOWN.parse(text)):
        if views:
            views.append(Line())
        views.append(block)
    return Stack(tuple(views))


def plain_line(text: str) -> Line:
    """A text of one paragraph as one line."""
    spans: list[Span] = []
    for token in _MARKDOWN.parse(text):
        if token.type == "inline":
            spans += [*([Span(" ")] if spans else []), *_spans(token.children or ())]
    return Line(tuple(spans))


def _blocks(tokens: Sequence[Token]) -> Iterator[View]:
    """Paragraphs outside of lists stand alone; a list is one block, however it is nested."""
    items: list[Line] = []
    markers: list[str] = []
    counts: list[int] = []
    begun = ""  # the marker of an item whose first paragraph is still to come
    table: list[list[Line]] = []
    for place, token in enumerate(tokens):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            markers.append("-" if token.type.startswith("bullet") else "1.")
            counts.append(int(token.attrGet("start") or 1))
        elif token.type == "list_item_open":
            begun = "- " if markers[-1] == "-" else f"{counts[-1]}. "
            counts[-1] += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            markers.pop()
            counts.pop()
            if not markers:
                yield Items(tuple(items))
                items = []
        elif token.type == "tr_open":
            table.append([])
        elif token.type == "table_close":
            if markers:
                items += [_in_a_line(row, len(markers)) for row in table]
            else:
                yield _grid(table)
            table = []
        elif token.type == "inline":
            spans = tuple(_spans(token.children or ()))
            if table:
                table[-1].append(Line(spans))
            elif markers:
                indent = "  " * (len(markers) - 1) + (begun or "  ")
                items.append(Line((Span(indent), *spans)))
                begun = ""
            elif tokens[place - 1].type == "heading_open":
                yield Line(tuple(Span(span.text, Role.HEADING) for span in spans))
            else:
                yield Line(spans)
        elif token.type in ("fence", "code_block", "html_block"):
            lines = token.content.rstrip("\n").split("\n")
            code = [Line((Span(each, Role.VALUE),)) for each in lines]
            if markers:
                items += [Line((Span(_CODE_INDENT), *each.spans)) for each in code]
            else:
                yield Items(tuple(code))


def _grid(table: Sequence[Sequence[Line]]) -> Grid:
    """The first row has the headings; Markdown gives every row as many cells."""
    head, *rows = table
    return Grid(tuple(cell.text for cell in head), tuple(map(tuple, rows)))


def _in_a_line(row: Sequence[Line], depth: int) -> Line:
    """A row of a table that stands in a list."""
    spans = [span for cell in row for span in (Span("  "), *cell.spans)]
    return Line((Span("  " * (depth - 1)), *spans))


def _spans(tokens: Sequence[Token]) -> Iterator[Span]:
    role = Role.TEXT
    target = ""
    for token in tokens:
        if token.type in ("strong_open", "em_open"):
            role = Role.STRONG
        elif token.type in ("strong_close", "em_close"):
            role = Role.TEXT
        elif token.type == "code_inline":
            yield Span(f"`{token.content}`", Role.TOKEN)
        elif token.type in ("softbreak", "hardbreak"):
            yield Span(" ", role)
        elif token.type == "link_open":
            target = str(token.attrGet("href") or "")
        elif token.type == "link_close":
            yield Span(f" ({target})", Role.DIM)
        elif token.content:
            yield Span(token.content, role)
