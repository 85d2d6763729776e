"""What helps while a line is typed: colours, completion, hints, toolbar. Loaded behind the first prompt."""

from __future__ import annotations

from redislab.core.hint import syntax_hint
from redislab.core.line import commands_of, split_prefix
from redislab.repl.completion import ShellCompleter
from redislab.repl.desk import Desk
from redislab.repl.lexing import CommandLexer
from redislab.repl.reading import read

MAX_CHARACTERS = 2_000  # about a longer line nothing is said


class Assistance:
    """All of it, for one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._here = desk.knowledge
        self.lexer = CommandLexer(self._here)
        self.completer = ShellCompleter(self._here, self._of_lesson)

    def _of_lesson(self) -> dict[str, str]:
        if self._desk.lesson is None:
            return {}
        from redislab.repl.commands import lesson_words

        return {name: what for name, (_, what) in lesson_words().items()}

    def hint(self, text: str) -> str:
        """What may follow the text, "" where nothing is known."""
        if not self._desk.settings.hints or len(text) > MAX_CHARACTERS:
            return ""
        commands = commands_of(_bytes(text))
        if not commands or text[-1] == "\n":
            return ""
        _, command = split_prefix(commands[-1])
        return syntax_hint(self._here.reading(command), command)

    def toolbar(self, text: str) -> str:
        """Why a word is red, "" where none is."""
        if len(text) > MAX_CHARACTERS:
            return ""
        for command in commands_of(_bytes(text)):
            wrong = read(command, self._here).wrong
            if wrong is not None:
                return wrong.reason
        return ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
