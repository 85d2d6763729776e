"""Views and replies → HTML for a notebook: tables and lists, colours inherited, every byte harmless.

What comes from elsewhere passes `text_html`, and nothing else makes text into HTML: no script, link, image
or style can be made of it. Colours are the page's own, so light and dark both read; what matters has a
word as well as a sign. Inline styles are few, and without them all is still said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import zip_longest

from redislab.core.reply import Kind, Reply
from redislab.core.roles import Role
from redislab.core.safe import repr_utf8, visible_text
from redislab.core.view import Grid, Items, Line, Note, Span, Stack, View

_NAME = re.compile(r"`([^`]+)`")
MOST_LEVELS = 8  # of nesting that are laid out

_MONO = "font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere"
_TABLE = "border-collapse:collapse;margin:0 0 .5em;color:inherit"
_CELL = "border:1px solid;padding:.15em .6em;text-align:left;vertical-align:top"
# As wide as its text, up to a point: a caption is else no wider than its table, and breaks words.
_CAPTION = "caption-side:top;text-align:left;color:inherit;padding:0 0 .2em;width:max-content;max-width:60ch"
_LIST = "margin:0;padding-left:1.6em"
_PARAGRAPH = "margin:0 0 .3em"

_STRONG = frozenset({Role.STRONG, Role.HEADING, Role.INFO, Role.WARNING, Role.ERROR, Role.REMEDY})
_CODE = frozenset({Role.COMMAND, Role.SUBCOMMAND, Role.KEY, Role.TOKEN, Role.NUMBER, Role.UNKNOWN})
_WORDS = {Kind.MAP: "pair", Kind.SET: "member", Kind.ARRAY: "value", Kind.PUSH: "value"}


def text_html(text: str | bytes) -> str:
    """Text from anywhere as HTML that shows it; what would act or hide shows as the escapes of its bytes."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    return escape(visible_text(text, lines=True), quote=True)


def sentence_html(text: str) -> str:
    """A sentence in which names stand between backticks."""
    return _NAME.sub(r"<code>\1</code>", text_html(text))


def paragraph(*pieces: str) -> str:
    """HTML pieces as a paragraph."""
    return f'<p style="{_PARAGRAPH}">{"".join(pieces)}</p>'


def code(text: str | bytes) -> str:
    """What is typed."""
    return f'<code style="{_MONO};color:inherit;background:none;padding:0">{text_html(text)}</code>'


def block(text: str | bytes) -> str:
    """Lines that keep their shape."""
    return f'<pre style="{_MONO};color:inherit;background:none;margin:0 0 .3em">{text_html(text)}</pre>'


# -- replies ----------------------------------------------------------------------------------------


def reply_html(
    reply: Reply, title: str, *, count: int | None = None, pairs: tuple[str, str] | None = None
) -> str:
    """A reply below the command that it answers. `title` is HTML; `count`: how many values there are.

    `count` differs from what the reply holds where that is only the beginning. `pairs` says what
    neighbouring values are, where RESP2 sends pairs as a flat array.
    """
    if not reply.items:
        return (paragraph(title) if title else "") + paragraph(value_html(reply))
    shown = len(reply.value) if isinstance(reply.value, tuple) else 0
    count = shown if count is None else count
    word = _WORDS.get(reply.kind, "value")
    size = f"{reply.kind.value} of {count:,} {word}{'s' * (count != 1)}"
    caption = f"{title}: {size}" if title else size
    if reply.kind is Kind.MAP:
        return _table(pairs or ("key", "value"), _pairs(reply), caption)
    if pairs is not None and reply.kind is Kind.ARRAY and count % 2 == 0:
        return _table(pairs, _pairs(reply), caption)
    rows = ((str(n), value_html(each)) for n, each in enumerate(reply.items, 1))
    return _table(("#", word), rows, caption)


def value_html(reply: Reply, level: int = 0) -> str:
    """One value, as redis-cli writes it; aggregates as lists."""
    kind = reply.kind
    if kind is Kind.ERROR:
        return f"<strong>error</strong> {_samp(text_html(reply.text))}"
    if kind.is_aggregate:
        return _list(reply, level)
    if kind is Kind.BULK:
        return _samp(text_html(repr_utf8(reply.text)))
    if kind is Kind.NIL or kind is Kind.NIL_ARRAY:
        return f"{_samp('(nil)')} no value"
    if kind is Kind.BOOLEAN:
        return _samp("(true)" if reply.value else "(false)")
    if kind is Kind.INTEGER:
        return _samp(f"(integer) {reply.number}")
    if kind is Kind.DOUBLE or kind is Kind.BIG_NUMBER:
        return _samp(f"({kind.value}) {text_html(reply.text)}")
    return _samp(text_html(reply.text))


def _list(reply: Reply, level: int) -> str:
    if not reply.items:
        return _samp(f"(empty {'hash' if reply.kind is Kind.MAP else reply.kind.value})")
    if level >= MOST_LEVELS:
        return f"a further {reply.kind.value}; <code>_redis</code> has it"
    if reply.kind is Kind.MAP:
        rows = "".join(
            f"<dt>{value_html(key, level + 1)}</dt><dd>{value_html(value, level + 1)}</dd>"
            for key, value in zip(reply.items[::2], reply.items[1::2], strict=True)
        )
        return f'<dl style="margin:0">{rows}</dl>'
    tag = "ul" if reply.kind is Kind.SET else "ol"
    items = "".join(f"<li>{value_html(each, level + 1)}</li>" for each in reply.items)
    return f'<{tag} style="{_LIST}">{items}</{tag}>'


def _pairs(reply: Reply) -> Iterable[tuple[str, str]]:
    sides = iter(reply.items)  # of which a limit may have cut the last
    for key, value in zip_longest(sides, sides):
        yield value_html(key), value_html(value) if value is not None else ""


def _samp(content: str) -> str:
    return f'<samp style="{_MONO}">{content}</samp>'


# -- views ------------------------------------------------------------------------------------------


def view_html(view: View) -> str:
    """Any view."""
    if isinstance(view, Line):
        return paragraph(_line(view)) if view.spans else ""
    if isinstance(view, Stack):
        return "".join(map(view_html, view.views))
    if isinstance(view, Note):
        return paragraph(f"<strong>{view.kind.value}:</strong> ", _line(view.line))
    if isinstance(view, Items):
        items = "".join(f"<li>{_line(each)}</li>" for each in view.lines)
        return f'{_title(view.title)}<ul style="{_LIST};margin:0 0 .3em">{items}</ul>'
    return _grid(view)


def _grid(grid: Grid) -> str:
    rows = ([_line(cell) for cell in row] for row in grid.rows)
    return _table(grid.columns, rows, text_html(grid.title))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str) -> str:
    """Cells and caption are HTML, the first cell of a row is its heading; `heads` are texts."""
    out = [f'<table style="{_TABLE}">']
    first_cell = f"{_CELL};font-weight:normal" + (";width:2em" if "#" in heads[:1] else "")
    if caption:
        out.append(f'<caption style="{_CAPTION}">{caption}</caption>')
    if heads:
        cells = "".join(f'<th scope="col" style="{_CELL}">{text_html(head)}</th>' for head in heads)
        out.append(f"<thead><tr>{cells}</tr></thead>")
    out.append("<tbody>")
    for first, *others in rows:
        cells = "".join(f'<td style="{_CELL}">{cell}</td>' for cell in others)
        out.append(f'<tr><th scope="row" style="{first_cell}">{first}</th>{cells}</tr>')
    return "".join([*out, "</tbody></table>"])


def _title(title: str) -> str:
    return paragraph(f"<strong>{text_html(title)}</strong>") if title else ""


def _line(line: Line) -> str:
    return "".join(map(_span, line.spans))


def _span(span: Span) -> str:
    if span.role in _CODE:
        text = span.text
        ticked = len(text) > 2 and text[0] == text[-1] == "`"  # what sets code apart in a terminal
        return code(text[1:-1] if ticked else text)
    return f"<strong>{text_html(span.text)}</strong>" if span.role in _STRONG else text_html(span.text)
