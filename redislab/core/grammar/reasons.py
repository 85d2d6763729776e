"""Why a word is wrong, in one short line for a person."""

from __future__ import annotations

from collections.abc import Sequence

from redislab.core.catalogue import Command
from redislab.core.grammar.nodes import Leaf, Token
from redislab.core.grammar.values import KINDS

MAX_NAMED = 8  # options named in one line

_WHOLE = "a whole number"
_UNITS = {  # what an argument of this name counts
    "seconds": "a number of seconds",
    "milliseconds": "a number of milliseconds",
    "ms": "a number of milliseconds",
    "unix-time-seconds": "a time (seconds since 1970)",
    "unix-time-milliseconds": "a time (milliseconds since 1970)",
    "numkeys": "the number of keys that follow",
}


def text(taken: Token | Leaf) -> str:
    """The token, or what the value is called."""
    if isinstance(taken, Token):
        return taken.word.decode() or '""'
    return taken.argument.display or taken.argument.name


def no_such_command(word: bytes) -> str:
    return f"no such command: {_shown(word)}"


def not_here(command: Command) -> str:
    """Who has a command that this server has not."""
    return f"{command.name} {'comes' if command.module else 'came'} with {command.origin}"


def needs_subcommand(name: str) -> str:
    return f"{name} needs one more word: which part of it"


def no_such_subcommand(name: str, word: bytes) -> str:
    return f"{name} has no {_shown(word)}"


def refused(word: bytes, other: bytes) -> str:
    """Why an option cannot follow another."""
    if word == other:
        return f"{word.decode()} is there already"
    return f"{word.decode()} does not go with {other.decode()}"


def why(command: Command, steps: Sequence[Token | Leaf], *, may_end: bool) -> str:
    """Why a word cannot stand where `steps` could."""
    tokens = list(dict.fromkeys(text(each) for each in steps if isinstance(each, Token)))
    leaf = next((each for each in steps if isinstance(each, Leaf)), None)
    if leaf is not None and not tokens:
        return f"{leaf.token or text(leaf)} needs {_wanted(leaf)}"
    if not tokens:
        return "nothing may follow here"
    listed = ", ".join(tokens[:MAX_NAMED]) + (" …" if len(tokens) > MAX_NAMED else "")
    if leaf is not None:
        return f"here fits {_wanted(leaf)} ({text(leaf)}), or {listed}"
    if may_end:
        return f"not an option of {command.name}: {listed} {'is' if len(tokens) == 1 else 'are'}"
    return f"here fits {listed}"


def _wanted(leaf: Leaf) -> str:
    called = KINDS[leaf.kind].called
    return called.replace(_WHOLE, _UNITS.get(leaf.argument.name, _WHOLE))


def missing(steps: Sequence[Token | Leaf]) -> str:
    names = list(dict.fromkeys(map(text, steps)))
    if not names:
        return "words are missing"
    listed = " or ".join(names[:MAX_NAMED])
    return f"still to come: {listed}"


def _shown(word: bytes) -> str:
    return word.decode("utf-8", "replace")
