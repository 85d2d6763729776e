"""Arguments → one function per mode. Imports what a mode needs, when it is chosen."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from redislab.errors import ExitCode, RedislabError, UsageError
from redislab.streams import Streams

if TYPE_CHECKING:
    from redislab.app import Place
    from redislab.options import Options
    from redislab.render.plain import Layout

HELP = """\
redislab: a Redis shell that answers as redis-cli does. It needs no server.

  redislab                     the shell, with a Redis inside this process
  redislab repl -p 6379        the shell, on a Redis server
  redislab repl --engine server    the shell, on a redis-server of its own
  redislab repl SET name ada   one command
  redislab repl < commands     a script
  redislab explain SET a 1     what a command means, without running it
  redislab lesson              lessons that check what you do; redislab lesson 1 begins
  redislab check my.md         prove a lesson; redislab new my.md begins one
  redislab notebooks --open    the lessons in Jupyter; without --open, the files alone
  redislab serve               the Redis inside this process, for other programs
  redislab classroom ROSTER    a Redis and a Jupyter for each student of a class
  redislab lab                 data kept between runs: list, export, import, delete
  redislab doctor              what works here, where things lie, what is missing

  redislab repl --help         all options
  redislab --version"""


def main(argv: Sequence[str] | None = None, streams: Streams | None = None) -> int:
    """Run redislab; the exit code. Nothing but this function's caller ends the process."""
    streams = streams or Streams.of_process()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _dispatch(words, streams)
        streams.stdout.flush()
        return int(code)
    except RedislabError as error:
        streams.say(error.message)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        _swallow_output(streams)
        return int(ExitCode.BROKEN_PIPE)
    except OSError as error:  # of our own output: engines map theirs
        _swallow_output(streams)
        streams.say(f"The output cannot be written: {error.strerror}")
        return int(ExitCode.FAILURE)


def _dispatch(words: list[str], streams: Streams) -> ExitCode:
    mode, rest = (words[0], words[1:]) if words and not words[0].startswith("-") else ("", words)
    if not mode and rest[:1] in (["--help"], ["-h"]) and len(rest) == 1:
        return _print(HELP, streams)
    chosen = MODES.get(mode)
    if chosen is None:
        raise UsageError(
            f"redislab has no mode {mode!r}; there are: {', '.join(name for name in MODES if name)}. "
            "See redislab --help."
        )
    return chosen(rest, streams)


def _repl(argv: list[str], streams: Streams) -> ExitCode:
    """The shell, a script or one command: whichever the input asks for."""
    from redislab import options as cli_options

    options = cli_options.parse(argv)
    if options.help:
        heading = "redislab repl [options] [COMMAND ARG …]"
        return _print(cli_options.usage(heading), streams)
    if options.version:
        from redislab import __version__

        return _print(f"redislab {__version__}", streams)
    if options.ask_password:
        options.password = cli_options.ask_password()
    place = cli_options.place(options, streams.environ)
    if cli_options.shows_password(options, place) and not options.no_auth_warning:
        streams.say("Warning: others can see a password on the command line; use --askpass or REDISCLI_AUTH.")
    layout = _layout(options, streams)
    if _is_script(options, streams):
        return _script(place, options, layout, streams)
    from redislab.repl.shell import run_shell

    return run_shell(place, streams, layout, interval_s=options.interval_s)


def _is_script(options: Options, streams: Streams) -> bool:
    wants = options.command or options.eval_path is not None or options.pipe or options.scan
    return bool(wants) or not streams.for_people


def _script(place: Place, options: Options, layout: Layout, streams: Streams) -> ExitCode:
    from redislab.script.printer import Printer

    _end_quietly_on_sigterm()
    show = options.show_pushes
    printer = Printer(streams.stdout, layout, show_pushes=streams.prints_as_tty if show is None else show)
    if options.pipe:
        from redislab.script.bulk import run_bulk as run
    elif options.scan:
        from redislab.script.scan import run_scan as run
    elif options.eval_path is not None:
        from redislab.script.oneshot import run_script as run
    elif options.command:
        from redislab.script.oneshot import run_command as run
    else:
        from redislab.script.piped import run_lines as run
    try:
        return run(place, options, streams, printer)
    finally:
        printer.flush()


def _layout(options: Options, streams: Streams) -> Layout:
    from redislab.render.plain import Format, Layout

    name = options.format or ("standard" if streams.prints_as_tty else "raw")
    return Layout(
        format=Format(name),
        item_delimiter=options.item_delimiter.encode("utf-8", "surrogateescape"),
        command_delimiter=options.command_delimiter.encode("utf-8", "surrogateescape"),
        for_terminal=streams.stdout_is_tty,
    )


def _print(text: str, streams: Streams) -> ExitCode:
    streams.stdout.write(text.encode() + b"\n")
    return ExitCode.OK


def _end_quietly_on_sigterm() -> None:
    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(int(ExitCode.TERMINATED))

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


def _swallow_output(streams: Streams) -> None:
    """The reader is gone: let the interpreter's last flush go nowhere instead of complaining."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), streams.stdout.fileno())
    except (OSError, ValueError):
        pass


def _explain(argv: list[str], streams: Streams) -> ExitCode:
    from redislab.script.explain import run_explain

    return run_explain(argv, streams)


def _lab(argv: list[str], streams: Streams) -> ExitCode:
    from redislab.script.labs import run_lab

    return run_lab(argv, streams)


def _classroom(argv: list[str], streams: Streams) -> ExitCode:
    from redislab.classroom.command import run_classroom

    return run_classroom(argv, streams)


def _doctor(argv: list[str], streams: Streams) -> ExitCode:
    from redislab.script.doctor import run_doctor

    return run_doctor(argv, streams)


def _serve(argv: list[str], streams: Streams) -> ExitCode:
    from redislab.serve.command import run_serve

    return run_serve(argv, streams)


def _check(argv: list[str], streams: Streams) -> ExitCode:
    from redislab.script.check import run_check

    return run_check(argv, streams)


def _lesson(argv: list[str], streams: Streams) -> ExitCode:
    """A lesson in the shell, the list of them, or what is asked again."""
    from redislab.script import lesson

    wish = lesson.read_wish(argv, streams.environ)
    if wish.help:
        return _print(lesson.USAGE, streams)
    if not wish.lesson:
        return lesson.run_list(streams, wish)
    from redislab.options import Options

    layout = _layout(Options(), streams)
    if wish.lesson == "review":
        from redislab.repl.review import run_review

        return run_review(wish.place, streams, layout)
    place, opening = lesson.open_lesson(wish)
    if not streams.for_people:
        raise UsageError("a lesson is gone through at a terminal; redislab lesson alone lists them anywhere")
    from redislab.repl.shell import run_shell

    return run_shell(place, streams, layout, lesson=opening)


def _notebooks(argv: list[str], streams: Streams) -> ExitCode:
    from redislab.script.notebooks import run_notebooks

    return run_notebooks(argv, streams)


def _new(argv: list[str], streams: Streams) -> ExitCode:
    from redislab.script.check import run_new

    return run_new(argv, streams)


MODES: dict[str, Callable[[list[str], Streams], ExitCode]] = {
    "": _repl,
    "repl": _repl,
    "explain": _explain,
    "serve": _serve,
    "lesson": _lesson,
    "check": _check,
    "new": _new,
    "classroom": _classroom,
    "notebooks": _notebooks,
    "lab": _lab,
    "doctor": _doctor,
}
