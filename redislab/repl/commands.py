"""The shell's own commands: words that begin with a colon. One table; help and completion read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from redislab.app import Place
from redislab.core.help import shell_help_view
from redislab.core.roles import Role
from redislab.core.view import Grid, Span, line
from redislab.engines.target import parse_url
from redislab.errors import UsageError
from redislab.repl import connecting, settings
from redislab.repl.desk import Desk

Action = Callable[[Desk, Sequence[str]], None]


@dataclass(frozen=True)
class ShellCommand:
    """One row: what follows the name, what the command does, in words and in code."""

    usage: str
    help: str
    run: Action


def run(desk: Desk, args: Sequence[bytes]) -> None:
    """Run one; a name may be shortened as long as it is clear. What is wrong is said on the screen."""
    name, *words = [arg.decode("utf-8", "surrogateescape") for arg in args]
    try:
        COMMANDS[_full_name(name)].run(desk, words)
    except UsageError as error:
        desk.screen.error(error.message)


def _full_name(name: str) -> str:
    found = [each for each in COMMANDS if each.startswith(name.lower())]
    if name.lower() in COMMANDS:
        return name.lower()
    if len(found) == 1:
        return found[0]
    if found and name != ":":
        raise UsageError(f"{name} may be {' or '.join(found)}")
    raise UsageError(f"there is no {name}; :help lists what there is")


def _help(desk: Desk, words: Sequence[str]) -> None:
    desk.screen.show(
        shell_help_view(
            [(f"{name} {command.usage}".rstrip(), command.help) for name, command in COMMANDS.items()]
        )
    )


def _set(desk: Desk, words: Sequence[str]) -> None:
    if words:
        settings.change(desk.settings, words)
        return
    rows = [
        (f":set {setting.name} {settings.shown(desk.settings, setting)}", setting.values, setting.help)
        for setting in settings.TABLE
    ]
    desk.screen.show(
        Grid(
            (),
            tuple(
                (line(Span(now, Role.COMMAND)), line(Span(values, Role.DIM)), line(what))
                for now, values, what in rows
            ),
        )
    )


def _connect(desk: Desk, words: Sequence[str]) -> None:
    if not words:
        connecting.go_home(desk)
    elif len(words) == 1:
        target = replace(parse_url(words[0]), protocol=desk.place.protocol)
        connecting.go_to(desk, Place(target=target, db=target.db, protocol=desk.place.protocol))
    elif len(words) == 2:
        connecting.go_to(desk, connecting.place_at(desk, words[0], words[1]))
    else:
        raise UsageError("this is how it is written: :connect redis://HOST:PORT or :connect HOST PORT")


def _clear(desk: Desk, words: Sequence[str]) -> None:
    desk.screen.clear()


def _quit(desk: Desk, words: Sequence[str]) -> None:
    desk.leaving = True


COMMANDS: Mapping[str, ShellCommand] = {
    ":help": ShellCommand("", "this list; HELP is about the commands of Redis", _help),
    ":set": ShellCommand("[NAME VALUE]", "how things are shown; alone: what can be set", _set),
    ":connect": ShellCommand(
        "[URL|HOST PORT]", "go on with another server; alone: back to the first", _connect
    ),
    ":clear": ShellCommand("", "empty the screen; Ctrl-L does the same", _clear),
    ":quit": ShellCommand("", "leave; Ctrl-D on an empty line does the same", _quit),
}
