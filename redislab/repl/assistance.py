"""What helps while a line is typed: colours, completion, hints. Loaded behind the first prompt."""

from __future__ import annotations

from redislab.core.catalogue import Catalogue
from redislab.core.hint import syntax_hint
from redislab.repl.completion import ShellCompleter
from redislab.repl.lexing import CommandLexer

__all__ = ["CommandLexer", "ShellCompleter", "hint"]

MAX_CHARACTERS = 2_000  # behind a longer line there is no hint


def hint(catalogue: Catalogue, text: str) -> str:
    """What may follow the text, "" where nothing is known."""
    if len(text) > MAX_CHARACTERS:
        return ""
    return syntax_hint(catalogue, text.encode("utf-8", "surrogateescape"))
