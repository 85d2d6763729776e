"""Colours for the words of a line while it is typed, by what they are."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.formatted_text.utils import split_lines
from prompt_toolkit.lexers import Lexer

from redislab.assist.knowledge import Knowledge
from redislab.core.line import commands_of
from redislab.core.roles import Role
from redislab.repl.reading import read

MAX_CHARACTERS = 20_000  # a longer text is shown without colours: it is drawn anew at every keystroke


class CommandLexer(Lexer):
    """One command a line, or over several lines inside quotes; `here` says which commands there are."""

    def __init__(self, here: Knowledge) -> None:
        self._here = here

    def invalidation_hash(self) -> Hashable:
        """Another catalogue gives the same text other colours."""
        return id(self._here.catalogue)

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """For each line of the document its pieces, with the class of their role."""
        lines = list(split_lines(_pieces(document.text, self._here)))
        return lambda number: lines[number] if number < len(lines) else []


def _pieces(text: str, here: Knowledge) -> StyleAndTextTuples:
    if len(text) > MAX_CHARACTERS or not text.strip():
        return [("", text)]
    pieces: StyleAndTextTuples = []
    data = text.encode("utf-8", "surrogateescape")
    done = 0
    for command in commands_of(data):
        start = data.index(command, done)
        pieces.append(("", _text(data[done:start])))
        pieces += _command(command, here)
        done = start + len(command)
    pieces.append(("", _text(data[done:])))
    return pieces


def _command(command: bytes, here: Knowledge) -> StyleAndTextTuples:
    found = read(command, here)
    pieces: StyleAndTextTuples = []
    done = 0
    for word, role in zip(found.words, found.roles, strict=True):
        wrong = found.fault is not None and word.start <= found.fault < word.end and word.closed
        style = f"class:{(Role.ERROR if wrong else role).value}"
        pieces.append(("", _text(command[done : word.start])))
        pieces.append((style, _text(command[word.start : word.end])))
        done = word.end
    pieces.append(("", _text(command[done:])))
    return pieces


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
