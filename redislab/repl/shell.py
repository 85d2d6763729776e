"""The interactive shell: puts desk, prompt and history together, and runs line after line."""

from __future__ import annotations

import errno
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from types import FrameType
from typing import TYPE_CHECKING

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.output import Output

from redislab.app import Place
from redislab.core.line import commands_of, read_line
from redislab.core.safe import visible_text
from redislab.core.session import Session
from redislab.errors import ExitCode, RedislabError
from redislab.places import history_path
from redislab.render.plain import Layout
from redislab.repl import labs
from redislab.repl.desk import Desk
from redislab.repl.history import SharedHistory
from redislab.repl.interrupts import CommandStopped, LineAbandoned
from redislab.repl.prompt import Prompt
from redislab.repl.screen import Screen
from redislab.repl.settings import Settings
from redislab.streams import Streams

if TYPE_CHECKING:
    from redislab.course.library import Opening

OURS_FROM = 10_000  # new objects before a search for garbage: a process set so is our own
WELCOME_PRIVATE = "A server that this shell alone can reach. It ends with the shell, and nothing is kept."
LATER_S = 0.05  # until a signal that came amid an import is looked at again
AGAIN_AFTER_S = 1.0  # what was raised has come through by then, or was swallowed
MESSAGES_AT_ONCE = 500  # of a flood; then the prompt is drawn and keys are read


class _Terminated(SystemExit):
    """SIGTERM or SIGHUP. Of the one kind, beside KeyboardInterrupt, that asyncio never swallows."""


def run_shell(
    place: Place,
    streams: Streams,
    layout: Layout,
    *,
    interval_s: float = 0.0,
    input: Input | None = None,
    output: Output | None = None,
    lesson: Opening | None = None,
) -> ExitCode:
    """Ask, run, show, until the person leaves. `input` and `output` are the terminal's unless given."""
    desk = _desk(place, streams, layout, interval_s)
    prompt = _prompt(desk, streams, input, output)
    desk.ask = prompt.question
    try:
        with _ended_by_signals(prompt):
            _open(desk, lesson)
            _work(desk, prompt)
    except _Terminated:
        return ExitCode.TERMINATED
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return ExitCode.TERMINATED  # the terminal is gone
    finally:
        if desk.lesson is not None:
            with suppress(OSError):  # the terminal may be gone; what matters is kept
                desk.lesson.end()
        desk.clients.close()
        if desk.server_undo is not None:
            desk.server_undo.close()
        labs.close(desk, desk.home_engine)
    return ExitCode.OK


def _desk(place: Place, streams: Streams, layout: Layout, interval_s: float) -> Desk:
    settings = Settings()
    screen = Screen(streams, layout, settings)
    place, engine = labs.open_home(place, screen)

    def notice(text: str) -> None:
        screen.info(text)

    session = Session(engine, db=place.db, notice=notice)
    live = streams.environ.get("TERM") != "dumb"  # prompt_toolkit does nothing beside a prompt there
    return Desk(place, engine, place, session, screen, settings, interval_s, listens_at_prompt=live)


def _prompt(desk: Desk, streams: Streams, input: Input | None, output: Output | None) -> Prompt:
    def warn(text: str) -> None:
        desk.screen.warning(text)

    return Prompt(
        message=lambda: _message(desk.session.prompt, desk.client if desk.several else ""),
        history=SharedHistory(history_path(streams.environ), warn),
        colours=streams.colours,
        input=input,
        output=output,
    )


def _message(prompt: str, client: str) -> StyleAndTextTuples:
    """The address may be what a cluster named, so it is made harmless. `client`: which of two."""
    prompt = visible_text(prompt)
    place, bracket, mode = prompt.partition("(")
    if client:
        mode = f"{bracket}{mode} {client}"
        bracket = ""
    return [("", place), ("class:prompt.mode", bracket + mode), ("", "> ")]


def _reconnect(desk: Desk, error: RedislabError | None = None) -> None:
    from redislab.repl import connecting

    if error is not None:
        connecting.say(desk, error)
    desk.session.close()
    connecting.connect(desk)


def _open(desk: Desk, lesson: Opening | None) -> None:
    """A server is reached before the first prompt, so that one that is not there is named at once."""
    if lesson is not None:
        _open_lesson(desk, lesson)
        return
    if desk.place.embedded:
        desk.screen.line(labs.welcome(desk.home_engine))
        return
    try:
        _reconnect(desk)
        if desk.place.private and desk.session.connected:
            desk.screen.line(WELCOME_PRIVATE)
    except KeyboardInterrupt:  # it takes too long: the prompt is there, and `:connect`
        desk.screen.line("")


def _open_lesson(desk: Desk, opening: Opening) -> None:
    from redislab.progress import Progress
    from redislab.repl.lessons import Playing

    desk.session.connect()
    desk.lesson = Playing(desk, opening, Progress(desk.place.environ, desk.screen.warning))
    desk.lesson.begin()


def _work(desk: Desk, prompt: Prompt) -> None:
    loader = threading.Thread(target=_load, args=[desk, prompt], daemon=True, name="redislab-preload")
    ready: Callable[[], None] | None = loader.start
    while not desk.leaving:
        try:
            text = prompt.ask(ready=ready, listen=_listener(desk))
            ready = None
            _enter(desk, text)
        except EOFError:
            desk.leaving = True
        except LineAbandoned:
            if desk.several and desk.clients.waits(desk.client):
                desk.clients.give_up(desk.client)
                desk.screen.info(f"{desk.client} no longer waits.")
            elif desk.session.listening:
                _reconnect(desk)
        except CommandStopped:
            continue
        except KeyboardInterrupt:
            desk.screen.line("")  # the terminal has written ^C
        except RedislabError as error:  # while the prompt stood: a listening connection ended
            _reconnect(desk, error)


def _enter(desk: Desk, text: str) -> None:
    """Do what was entered, one command after the other; Ctrl-C ends all of it."""
    from redislab.repl.executor import execute

    lesson = desk.lesson
    if lesson is not None and not text.strip():
        lesson.enter()
    elif lesson is not None and lesson.answered(text):
        return
    for command in commands_of(text.encode("utf-8", "surrogateescape")):
        execute(desk, read_line(command), command)
        if desk.leaving:
            return
        if desk.several:
            desk.clients.catch_up()
        if lesson is not None:
            lesson.look()


def _load(desk: Desk, prompt: Prompt) -> None:
    """While the person reads and types: what the first answer needs, then what helps with typing."""
    import redislab.repl.executor

    desk.home_engine.preload()
    from redislab.repl.assistance import Assistance

    help = Assistance(desk)
    prompt.equip(
        lexer=help.lexer, completer=help.completer, hint=help.hint, toolbar=help.toolbar, at_rest=_tidy
    )
    import redislab.repl.remarks  # noqa: F401 - the first answer does not wait for these

    if gc.get_threshold()[0] >= OURS_FROM:
        gc.freeze()  # what has been loaded is no garbage: `_tidy` need not look at it


def _tidy() -> None:
    """Look for garbage while nobody types; each key leaves some 300 objects in cycles."""
    gc.collect(1)


def _listener(desk: Desk) -> Callable[[], Callable[[], None] | None] | None:
    """While subscribed: what shows the messages that have come, if any have."""
    if desk.several:
        return _both_listener(desk)
    if not desk.session.listening:
        return None

    def listen() -> Callable[[], None] | None:
        if not desk.session.listening:
            return None
        found = list(islice(desk.session.messages(0), MESSAGES_AT_ONCE))
        if not found:
            return None

        def show() -> None:
            for message in found:
                desk.screen.message(message)

        return show

    return listen


def _both_listener(desk: Desk) -> Callable[[], Callable[[], None] | None]:
    """The same for two clients; what had to wait is shown as well."""
    clients = desk.clients
    clients.adopt()

    def listen() -> Callable[[], None] | None:
        found = clients.arrived()
        if not found:
            return None

        def show() -> None:
            for each in found:
                each()

        return show

    return listen


@contextmanager
def _ended_by_signals(prompt: Prompt) -> Iterator[None]:
    """SIGTERM and SIGHUP end the shell with the terminal as it was found.

    What a handler raises amid an import leaves a lock behind for which other threads wait, and in a callback
    of Python's own it is swallowed. So it waits for the end of an import, and comes again until it is here.
    """
    can_wait = hasattr(signal, "setitimer")

    def end(number: int, frame: FrameType | None) -> None:
        if can_wait and _is_importing(frame):
            signal.setitimer(signal.ITIMER_REAL, LATER_S)
        elif not prompt.leave(_Terminated()):
            if can_wait:
                signal.setitimer(signal.ITIMER_REAL, AGAIN_AFTER_S)
            raise _Terminated

    names = [name for name in ("SIGTERM", "SIGHUP", "SIGALRM") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), end) for name in names}
    try:
        yield
    finally:
        if can_wait:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
