"""HELP: what there is to say about a command, a group, or help itself. Needs no server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from redislab.core.catalogue import Catalogue, Command
from redislab.core.grammar import reasons
from redislab.core.roles import Role
from redislab.core.syntax import syntax_text
from redislab.core.view import Grid, Items, Line, Note, NoteKind, Span, Stack, View, line

_OPTION_WORD = re.compile(r"([A-Z][A-Z0-9-]*)")  # in a syntax; the names of values are lower case
_TOPICS = (
    ("HELP SET", "one command: its syntax, since when, what it costs"),
    ("HELP CLIENT", "a command with subcommands, and all of them"),
    ("HELP CONFIG GET", "one subcommand"),
    ("HELP @string", "all commands of a group"),
    (":help", "what this shell can do itself: words that begin with a colon"),
    ("QUIT", "leave; Ctrl-D on an empty line does the same"),
)


def help_view(catalogue: Catalogue, words: Sequence[bytes]) -> View:
    """What HELP answers; `words` are the words after it."""
    if not words:
        return _help_on_help(catalogue)
    asked = " ".join(word.decode("utf-8", "surrogateescape") for word in words)
    command = catalogue.get(asked.upper())
    if asked.startswith("@") or (command is None and catalogue.in_group(asked.lower())):
        return _help_on_group(catalogue, asked.removeprefix("@"))
    if command is None and (elsewhere := catalogue.beyond.get(asked.upper())) is not None:
        return Stack((_page(elsewhere), not_here(catalogue, elsewhere)))
    if command is None:
        return _no_such(catalogue, asked)
    if command.is_container:
        return Stack((_page(command), Line(), _items(catalogue, command.subcommands, "Subcommands")))
    return _page(command)


def not_here(catalogue: Catalogue, command: Command) -> View:
    """That a command is none of this catalogue's."""
    without = "a server without it" if command.module else f"Redis {catalogue.version}"
    return Note(NoteKind.INFO, line(f"{reasons.not_here(command)}; {without} does not know this command."))


def shell_help_view(commands: Iterable[tuple[str, str]]) -> View:
    """What `:help` answers: each command of the shell, and what it does."""
    return _table("What this shell can do itself:", commands)


def _help_on_help(catalogue: Catalogue) -> View:
    topics = _table(f"Help on the commands of Redis {catalogue.version}. `?` is short for HELP.", _TOPICS)
    return Stack((topics, Line(), line(Span("groups  ", Role.DIM), "  ".join(catalogue.groups()))))


def _table(title: str, rows: Iterable[tuple[str, str]]) -> Grid:
    return Grid((), tuple((line(Span(name, Role.COMMAND)), line(what)) for name, what in rows), title)


def _help_on_group(catalogue: Catalogue, group: str) -> View:
    for known in (catalogue, catalogue.beyond):
        names = known.in_group(group.lower())
        if names:
            return _items(known, names, f"Commands of the group {group.lower()}")
    return _unknown(f"no such group: {group}", _nearest(group.lower(), catalogue.groups()))


def _items(catalogue: Catalogue, names: Iterable[str], title: str) -> Items:
    commands = [command for name in names if (command := catalogue.get(name)) is not None]
    return Items(tuple(map(_heading, commands)), title)


def _heading(command: Command) -> Line:
    """The name and the syntax."""
    parts = _OPTION_WORD.split(f" {syntax_text(command)}".rstrip())
    spans = (Span(part, Role.TOKEN if place % 2 else Role.TEXT) for place, part in enumerate(parts) if part)
    return line(Span(command.name, Role.COMMAND), *spans)


def _page(command: Command) -> View:
    facts = [
        ("since", _since(command)),
        ("group", command.group),
        ("complexity", command.complexity),
        ("arity", _arity(command)),
        ("deprecated", _deprecation(command)),
    ]
    rows = tuple((line(Span(label, Role.DIM)), line(fact)) for label, fact in facts if fact)
    return Stack((_heading(command), Grid((), rows)))


def _since(command: Command) -> str:
    if command.module:
        return f"{command.module} {command.since}, a module"
    return f"Redis {command.since}" if command.since else ""


def _arity(command: Command) -> str:
    """How many words must follow the name."""
    count = abs(command.arity) - command.words
    if command.arity > 0:
        number = str(count) if count else "no"
    else:
        number = f"{count} or more" if count else "any number of"
    return f"{number} {'word' if number in ('no', '1') else 'words'} after {command.name}"


def _deprecation(command: Command) -> str:
    if command.deprecated_since is None:
        return ""
    instead = " or ".join(command.replaced_by)
    options = f" with {' and '.join(command.replaced_with)}" if command.replaced_with else ""
    return f"since Redis {command.deprecated_since}; use {instead}{options}"


def _no_such(catalogue: Catalogue, asked: str) -> View:
    wanted = asked.upper()
    container = catalogue.get(wanted.partition(" ")[0])
    if container is None or " " not in wanted:
        nearest = _nearest(wanted, catalogue.names())
    elif container.is_container:
        nearest = _nearest(wanted, container.subcommands)
    else:
        nearest = [container.name]
    return _unknown(f"no such command: {asked}", nearest)


def _unknown(message: str, nearest: Sequence[str]) -> View:
    hint = f" (nearest: {', '.join(nearest)})" if nearest else ""
    return Note(NoteKind.ERROR, line(message + hint))


def _nearest(word: str, names: Sequence[str]) -> list[str]:
    from difflib import get_close_matches  # HELP alone needs none of it

    return get_close_matches(word, names, n=3)
