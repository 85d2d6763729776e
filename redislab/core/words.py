r"""A typed line ↔ words, by redis-cli's rules of quoting.

Whitespace separates words. Inside double quotes `\xHH \n \r \t \b \a` are escapes and any other
`\c` is c; inside single quotes only `\'` is. A quote may open inside a word; after a closing quote
must come whitespace or the end. A vertical tab or form feed separates words but does not end one
that has begun, and a NUL byte ends the line: both as redis-cli 7.0.15 does it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from redislab.core.escape import repr_bytes
from redislab.errors import InvalidLine

_SPACE = b" \t\n\v\f\r"
_PLAIN_LINE = re.compile(rb"[^\"'\v\f\0]*").fullmatch
_BLANKS = re.compile(rb"[ \t\n\v\f\r]*")
_BARE = re.compile(rb"[^ \t\n\r\0\"']*")
_DOUBLE = re.compile(rb"(?:[^\"\\]+|\\.)*", re.DOTALL)
_SINGLE = re.compile(rb"(?:[^'\\]+|\\'|\\)*", re.DOTALL)
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROLS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}
_NEEDS_NO_QUOTES = re.compile(rb"[!#-&(-~]+").fullmatch


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line: its value, and where it stands (byte offsets, quotes included)."""

    value: bytes
    start: int
    end: int
    quote: bytes = b""  # the quote that opened in it, if one did
    closed: bool = True  # False: the line ended inside that quote


def split(line: bytes) -> list[bytes]:
    """The words of `line`. Raises InvalidLine where redis-cli says `Invalid argument(s)`."""
    if _PLAIN_LINE(line):
        return line.split()
    words, fault = scan(line)
    if fault is not None:
        raise InvalidLine(fault)
    return [word.value for word in words]


def scan(line: bytes) -> tuple[list[Word], int | None]:
    """The words with their places, and the offset of the quote that is wrong (None: the line is good).

    For lines that are still being typed: what stands after a fault is read as if a space stood there.
    """
    nul = line.find(b"\0")
    if nul >= 0:
        line = line[:nul]
    words: list[Word] = []
    fault: int | None = None
    pos = _after_blanks(line, 0)
    while pos < len(line):
        word, wrong = _word(line, pos)
        words.append(word)
        if fault is None:
            fault = wrong
        pos = _after_blanks(line, word.end)
    return words, fault


def quote(words: Iterable[bytes]) -> bytes:
    """A line that `split` reads back as exactly these words."""
    return b" ".join(word if _NEEDS_NO_QUOTES(word) else repr_bytes(word) for word in words)


def legible(words: Iterable[bytes]) -> str:
    """The same for people: text as text, between the quotes that need no escapes."""
    return " ".join(map(_legible, words))


def _legible(word: bytes) -> str:
    try:
        text = word.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if text.isprintable() and "\\" not in text:
        for mark in ("", '"', "'"):
            unwanted = mark or " \"'"
            if (text or mark) and not set(unwanted) & set(text):
                return f"{mark}{text}{mark}"
    return quote((word,)).decode("ascii", "surrogateescape")


def _after_blanks(line: bytes, pos: int) -> int:
    match = _BLANKS.match(line, pos)
    return match.end() if match else pos


def _word(line: bytes, start: int) -> tuple[Word, int | None]:
    bare = _BARE.match(line, start)
    assert bare is not None
    opens = bare.end()
    if opens == len(line) or line[opens] not in b"\"'":
        return Word(bare[0], start, opens), None
    mark = line[opens : opens + 1]
    inner = (_DOUBLE if mark == b'"' else _SINGLE).match(line, opens + 1)
    assert inner is not None
    text = _unescape(inner[0]) if mark == b'"' else inner[0].replace(b"\\'", b"'")
    closes = inner.end()
    if closes >= len(line) or line[closes : closes + 1] != mark:
        return Word(bare[0] + text, start, len(line), mark, closed=False), opens
    word = Word(bare[0] + text, start, closes + 1, mark)
    glued = closes + 1 < len(line) and line[closes + 1] not in _SPACE
    return word, closes if glued else None


def _unescape(text: bytes) -> bytes:
    if b"\\" not in text:
        return text
    return _ESCAPE.sub(_escaped, text)


def _escaped(match: re.Match[bytes]) -> bytes:
    if match[1]:
        return bytes([int(match[1], 16)])
    return _CONTROLS.get(match[2], match[2])
