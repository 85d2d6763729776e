"""The shell's own commands: words that begin with a colon. One table; help and completion read it.

Completion needs the table at the first key, so each command imports what it needs when it is run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from redislab.app import Place
from redislab.core.roles import Role
from redislab.core.view import Grid, Span, line
from redislab.errors import LabUnavailable, UsageError
from redislab.repl import connecting, settings
from redislab.repl.desk import Desk

if TYPE_CHECKING:
    from redislab.core.ahead import Ahead

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
        full = _full_name(name, desk)
        if desk.lesson is not None and desk.lesson.answers_to(full, words):
            desk.lesson.run(full, words)
        else:
            COMMANDS[full].run(desk, words)
    except (UsageError, LabUnavailable) as error:
        desk.screen.error(error.message)


def lesson_words() -> Mapping[str, tuple[str, str]]:
    """What a lesson answers to: usage and help by name."""
    from redislab.repl.lessons import HELP

    return HELP


def _full_name(name: str, desk: Desk) -> str:
    known = {**COMMANDS, **(lesson_words() if desk.lesson is not None else {})}
    found = [each for each in known if each.startswith(name.lower())]
    if name.lower() in known:
        return name.lower()
    if len(found) == 1:
        return found[0]
    if found and name != ":":
        raise UsageError(f"{name} may be {' or '.join(found)}")
    raise UsageError(f"there is no {name}; :help lists what there is")


def _help(desk: Desk, words: Sequence[str]) -> None:
    from redislab.core.help import shell_help_view

    rows = dict(lesson_words()) if desk.lesson is not None else {}
    for name, command in COMMANDS.items():
        rows.setdefault(name, (command.usage, command.help))
    shown = [(f"{name} {usage}".rstrip(), what) for name, (usage, what) in rows.items()]
    desk.screen.show(shell_help_view(shown))


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
    from redislab.engines.target import parse_url

    if not words:
        connecting.go_home(desk)
    elif len(words) == 1:
        target = replace(parse_url(words[0]), protocol=desk.place.protocol)
        connecting.go_to(desk, Place(target=target, db=target.db, protocol=desk.place.protocol))
    elif len(words) == 2:
        connecting.go_to(desk, connecting.place_at(desk, words[0], words[1]))
    else:
        raise UsageError("this is how it is written: :connect redis://HOST:PORT or :connect HOST PORT")


def _explain(desk: Desk, words: Sequence[str]) -> None:
    from redislab.core.explain import explain_view

    if not words:
        raise UsageError("this is how it is written: :explain SET name ada")
    args = [word.encode("utf-8", "surrogateescape") for word in words]
    desk.knowledge.learn(args)
    desk.screen.show(explain_view(desk.knowledge.catalogue, args, _ahead(desk, args)))


def _ahead(desk: Desk, args: Sequence[bytes]) -> Ahead:
    """What these words would meet; nothing where data may not be looked at, or inside MULTI."""
    from redislab.core.ahead import NOTHING, ahead
    from redislab.core.probe import Probe

    link, catalogue = desk.session.link, desk.knowledge.catalogue
    if not desk.may_look or link.state.in_multi:
        return NOTHING
    probe = Probe(link.engine, catalogue=catalogue)
    probe.enabled = True
    look = probe.look(args, link.state.wanted_db)
    probe.close()
    return ahead(catalogue.lookup(args), args, look)


def _why(desk: Desk, words: Sequence[str]) -> None:
    from redislab.core.happened import why

    text = why(desk.last) if desk.last is not None else ""
    desk.screen.line(text or "There is nothing to explain yet: run a command first.")


def _python(desk: Desk, words: Sequence[str]) -> None:
    from redislab.repl.remarks import python_of

    if len(words) == 1 and words[0].lower() in ("on", "off"):
        settings.change(desk.settings, ["python", words[0].lower()])
        return
    if not words and desk.last is None:
        raise UsageError("this is how it is written: :python SET name ada; alone: the latest command")
    args = [word.encode("utf-8", "surrogateescape") for word in words] or list(
        desk.last.args if desk.last else ()
    )
    in_multi = desk.session.link.state.in_multi if words else bool(desk.last and desk.last.in_multi)
    desk.screen.show(line(Span(python_of(desk, args, in_multi), Role.VALUE)))


def _lab(desk: Desk, words: Sequence[str]) -> None:
    from redislab.repl import labs

    if desk.lesson is not None and words and words[0] not in ("list", "serve", "copy", "delete"):
        raise UsageError("a lesson has a lab of its own; `:quit` leaves the lesson")
    labs.run(desk, words)


def _undo(desk: Desk, words: Sequence[str]) -> None:
    from redislab.repl import undoing

    undoing.undo(desk, words)


def _redo(desk: Desk, words: Sequence[str]) -> None:
    from redislab.repl import undoing

    undoing.redo(desk, words)


def _clock(desk: Desk, words: Sequence[str]) -> None:
    from redislab.repl import clock

    clock.clock(desk, words)


def _export(desk: Desk, words: Sequence[str]) -> None:
    from redislab.repl import labs

    labs.export(desk, words)


def _client(desk: Desk, words: Sequence[str]) -> None:
    if len(words) != 1:
        raise UsageError("this is how it is written: :client B; then B: SET a 1 sends one line through B")
    desk.clients.goto(words[0].upper())
    connecting.connect(desk)


def _clear(desk: Desk, words: Sequence[str]) -> None:
    desk.screen.clear()


def _quit(desk: Desk, words: Sequence[str]) -> None:
    desk.leaving = True


COMMANDS: Mapping[str, ShellCommand] = {
    ":help": ShellCommand("", "this list; HELP is about the commands of Redis", _help),
    ":explain": ShellCommand("COMMAND …", "what each word means; nothing is run", _explain),
    ":why": ShellCommand("", "what the latest command did, at length", _why),
    ":python": ShellCommand(
        "[COMMAND …|on|off]", "the same in redis-py; alone: the latest command; on: after each", _python
    ),
    ":undo": ShellCommand("[N]", "take back the latest change, or the latest N", _undo),
    ":redo": ShellCommand("[N]", "do again what was undone", _redo),
    ":clock": ShellCommand("[+2d|real]", "the time that the data sees; ahead, keys expire", _clock),
    ":set": ShellCommand("[NAME VALUE]", "how things are shown; alone: what can be set", _set),
    ":connect": ShellCommand(
        "[URL|HOST PORT]", "go on with another server; alone: back to the first", _connect
    ),
    ":lab": ShellCommand(
        "[NAME|list|serve|copy NAME|delete NAME]", "what is kept here; with a name: go on in that lab", _lab
    ),
    ":export": ShellCommand("FILE.redis", "write the data as commands that any Redis runs", _export),
    ":client": ShellCommand("A|B", "type as that client; B: COMMAND sends one line through B", _client),
    ":clear": ShellCommand("", "empty the screen; Ctrl-L does the same", _clear),
    ":quit": ShellCommand("", "leave; Ctrl-D on an empty line does the same", _quit),
}
