"""Colours for the words of a line while it is typed, by what they are."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.formatted_text.utils import split_lines
from prompt_toolkit.lexers import Lexer

from redislab.core import words
from redislab.core.catalogue import Catalogue
from redislab.core.keys import roles
from redislab.core.line import commands_of
from redislab.core.roles import Role

MAX_CHARACTERS = 20_000  # a longer text is shown without colours: it is drawn anew at every keystroke


class CommandLexer(Lexer):
    """One command a line, or over several lines inside quotes."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        self._catalogue = catalogue

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """For each line of the document its pieces, with the class of their role."""
        lines = list(split_lines(self._pieces(document.text)))
        return lambda number: lines[number] if number < len(lines) else []

    def _pieces(self, text: str) -> StyleAndTextTuples:
        if len(text) > MAX_CHARACTERS or not text.strip():
            return [("", text)]
        pieces: StyleAndTextTuples = []
        data = text.encode("utf-8", "surrogateescape")
        done = 0
        for command in commands_of(data):
            start = data.index(command, done)
            pieces.append(("", _text(data[done:start])))
            pieces += self._command(command)
            done = start + len(command)
        pieces.append(("", _text(data[done:])))
        return pieces

    def _command(self, command: bytes) -> StyleAndTextTuples:
        found, fault = words.scan(command)
        values = [word.value for word in found]
        count = 1 if len(values) > 1 and values[0].isdigit() else 0  # 5 PING
        catalogue = self._catalogue()
        of_words = [Role.NUMBER] * count + roles(catalogue.lookup(values[count:]), values[count:])
        if values and is_ours(values[0]):
            of_words = [Role.COMMAND] + [Role.TEXT] * (len(values) - 1)
        pieces: StyleAndTextTuples = []
        done = 0
        for word, role in zip(found, of_words, strict=True):
            wrong = fault is not None and word.start <= fault < word.end and word.closed
            pieces.append(("", _text(command[done : word.start])))
            pieces.append(
                (f"class:{(Role.ERROR if wrong else role).value}", _text(command[word.start : word.end]))
            )
            done = word.end
        pieces.append(("", _text(command[done:])))
        return pieces


def is_ours(word: bytes) -> bool:
    """Whether the shell itself answers to this first word."""
    return word.startswith(b":") or word.lower() in (b"help", b"?", b"exit", b"clear", b"connect", b"quit")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
