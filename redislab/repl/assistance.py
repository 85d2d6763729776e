"""What helps while a line is typed: colours, completion, hints, toolbar. Loaded behind the first prompt."""

from __future__ import annotations

from redislab.app import catalogue
from redislab.core.hint import syntax_hint
from redislab.core.line import commands_of
from redislab.repl.completion import ShellCompleter
from redislab.repl.desk import Desk
from redislab.repl.finder import Finder
from redislab.repl.lexing import CommandLexer
from redislab.repl.reading import read

MAX_CHARACTERS = 2_000  # about a longer line nothing is said


class Assistance:
    """All of it, for one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._finder: Finder | None = None
        self._found_for: tuple[object, int] | None = None
        self.lexer = CommandLexer()
        self.completer = ShellCompleter(self._look)

    def hint(self, text: str) -> str:
        """What may follow the text, "" where nothing is known."""
        if not self._desk.settings.hints or len(text) > MAX_CHARACTERS:
            return ""
        commands = commands_of(_bytes(text))
        return syntax_hint(catalogue(), commands[-1]) if commands and text[-1] != "\n" else ""

    def toolbar(self, text: str) -> str:
        """Why a word is red, "" where none is."""
        if len(text) > MAX_CHARACTERS:
            return ""
        for command in commands_of(_bytes(text)):
            wrong = read(command).wrong
            if wrong is not None:
                return wrong.reason
        return ""

    def _look(self) -> Finder | None:
        """The finder for where the person is now, if data may be looked at there."""
        if not self._desk.may_look:
            return None
        link = self._desk.session.link
        here = (link.engine, link.state.wanted_db)
        if self._finder is None or self._found_for != here:
            if self._finder is not None:
                self._finder.close()
            self._finder, self._found_for = Finder(link.engine, link.state.wanted_db), here
        return self._finder


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
