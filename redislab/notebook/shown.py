"""What IPython displays: text as redis-cli prints it, and HTML with a word about what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from redislab.assist.remarks import Failure, Remarks
from redislab.core.reply import Kind, Reply
from redislab.core.safe import visible_text
from redislab.core.secrets import is_sensitive
from redislab.core.view import View
from redislab.core.words import quote
from redislab.notebook.captured import MOST_BYTES, Captured
from redislab.render.html import block, code, paragraph, reply_html, sentence_html, text_html, view_html
from redislab.render.views import plain_text, text_width

TITLE_CHARACTERS = 200  # of a command above its reply
CARET_CHARACTERS = 60  # a longer line gets no mark below it
WIDTH = 100  # of views as text

# MathJax, in JupyterLab and in exported pages, makes formulas (and links) of `$…$` unless it is told not to.
_CLASSES = "redislab mathjax_ignore tex2jax_ignore"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A line of a cell, and what came of it. `heading` stands in place of the line where it is no command."""

    typed: bytes
    replies: Sequence[Captured] = ()
    remarks: Remarks = field(default_factory=Remarks)
    heading: str = ""
    refused: str = ""  # why the line was not sent
    pairs: tuple[str, str] | None = None  # what neighbouring values are, where they are pairs

    @property
    def failed(self) -> bool:
        return bool(self.refused) or any(each.preview.is_error for each in self.replies)

    @property
    def texts(self) -> list[str]:
        """As redis-cli prints it, without the last newline of each; [] where it prints nothing."""
        found = [each for each in (self.heading, self.refused) if each]
        for each in self.replies:
            if each.text or not each.verbatim:  # INFO of an unknown section: not even a newline
                found.append(each.text)
            found += [f"info: {left_out}" for left_out in _left_out(each)]
        return found

    @property
    def html(self) -> str:
        title = text_html(self.heading) if self.heading else code(_cut(shown_line(self.typed)))
        out = [paragraph(title)] if self.refused or not self.replies else []
        if self.refused:
            out.append(paragraph("<strong>error</strong> ", text_html(self.refused)))
        for number, each in enumerate(self.replies):
            out.append(_reply(each, title if not number else "", self.pairs))
        return "".join([*out, *_remarks(self.remarks, self.typed)])


Item: TypeAlias = "Exchange | View"


class Shown:
    """Exchanges and remarks, one below the other. `value` is the last reply as Python values."""

    def __init__(self, items: Sequence[Item], value: Any = None) -> None:
        self._items = items
        self.value = value

    @property
    def text(self) -> str:
        """As redis-cli prints it on a terminal, without colours or controls."""
        return "\n".join(text for each in self._items for text in _texts(each))

    @property
    def html(self) -> str:
        parts = (each.html if isinstance(each, Exchange) else view_html(each) for each in self._items)
        blocks = "".join(f'<div style="margin:0 0 .8em">{part}</div>' for part in parts)
        return f'<div class="{_CLASSES}" style="color:inherit">{blocks}</div>'

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Mapping[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


def shown_line(typed: bytes) -> str:
    """A line as it may be shown: one that carries a password is not."""
    return "(a line with a password)" if is_sensitive(typed) else typed.decode("utf-8", "surrogateescape")


def _texts(item: Item) -> list[str]:
    return item.texts if isinstance(item, Exchange) else [plain_text(item, WIDTH)]


def _reply(each: Captured, title: str, pairs: tuple[str, str] | None) -> str:
    reply = each.preview
    if each.verbatim and reply.kind in (Kind.BULK, Kind.VERBATIM):
        out = (paragraph(title) if title else "") + block(reply.text)
    else:
        out = reply_html(reply, title, count=each.count, pairs=pairs)
    return out + "".join(map(paragraph, map(text_html, _left_out(each))))


def _left_out(each: Captured) -> Iterator[str]:
    """What of a reply is not shown, and where it is."""
    if each.omitted:
        are = "1 more value is" if each.omitted == 1 else f"{each.omitted:,} more values are"
        yield f"{are} not shown; _redis has all, and --limit 0 shows all."
    if each.cut:
        strings = "1 string is" if each.cut == 1 else f"{each.cut:,} strings are"
        yield f"{strings} cut after {MOST_BYTES:,} bytes; _redis has all, and --limit 0 shows all."


def _remarks(remarks: Remarks, typed: bytes) -> list[str]:
    out = [paragraph("<strong>remedy:</strong> ", text_html(remarks.helps))] if remarks.helps else []
    advice = remarks.advice
    if advice is not None:
        if advice.caret is not None:
            out.append(_marked(typed, advice.caret, advice.expected))
        out.append(paragraph("<strong>remedy:</strong> ", sentence_html(advice.text)))
        if advice.suggestion is not None:
            out.append(paragraph(code(advice.suggestion)))
    if remarks.told:
        out.append(paragraph(f"<em>{sentence_html(remarks.told)}</em>"))
    if remarks.summary:
        out.append(paragraph(text_html(remarks.summary)))
    if remarks.failures:
        out.append("<ul>" + "".join(map(_failure, remarks.failures)) + "</ul>")
    return out


def _marked(typed: bytes, caret: int, expected: str) -> str:
    """The line with a mark below the place that is to blame; the words of the advice say it too."""
    text = shown_line(typed)
    if b"\n" in typed or len(text) > CARET_CHARACTERS or is_sensitive(typed):
        return ""
    before = visible_text(typed[:caret].decode("utf-8", "surrogateescape"))
    column = text_width(before) + max(0, caret - len(typed))
    mark = f"^ {expected}".rstrip()
    picture = visible_text(text) + "\n" + " " * column + mark
    return f'<div aria-hidden="true">{block(picture)}</div>'


def _failure(failure: Failure) -> str:
    error: Reply = failure.error
    what = f"{failure.place}) {code(_cut(shown_line(quote(failure.args))))}: <strong>error</strong> "
    advice = f"<br>{sentence_html(failure.advice)}" if failure.advice else ""
    return f"<li>{what}{text_html(error.text)}{advice}</li>"


def _cut(text: str) -> str:
    return text if len(text) <= TITLE_CHARACTERS else f"{text[:TITLE_CHARACTERS]}…"
