"""The line that is typed: editing, history, completion, colours. Knows prompt_toolkit, and no Redis."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import islice

from prompt_toolkit import PromptSession
from prompt_toolkit.application import Application, AppSession, create_app_session, run_in_terminal
from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.document import Document
from prompt_toolkit.filters import has_focus, is_done
from prompt_toolkit.formatted_text import StyleAndTextTuples, fragment_list_width
from prompt_toolkit.history import History, InMemoryHistory
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout.processors import (
    ConditionalProcessor,
    Processor,
    Transformation,
    TransformationInput,
)
from prompt_toolkit.lexers import Lexer
from prompt_toolkit.output import Output
from prompt_toolkit.output.plain_text import PlainTextOutput
from prompt_toolkit.styles import Style
from prompt_toolkit.utils import is_dumb_terminal

from redislab.core.roles import Role
from redislab.render.palette import STYLES
from redislab.repl.interrupts import LineAbandoned

LISTEN_EVERY_S = 0.05  # a message waits so long at most before it is shown
SUGGEST_FROM = 2_000  # of the latest lines
REST_S = 0.25  # between two keys of one word there is less
MENU_LINES = 6
MIN_ROWS = 4  # for the line itself, before the menu gets any
MIN_HINT_COLUMNS = 8


OWN_STYLES = [
    ("auto-suggestion", STYLES[Role.DIM]),
    ("prompt.mode", "bold"),
    ("bottom-toolbar", f"noreverse {STYLES[Role.ERROR]}"),
]


class Prompt:
    """Asks for lines. `message` gives the prompt's pieces whenever it is drawn.

    What helps while one types is given later, by `equip`: the first prompt does not wait for it.
    """

    def __init__(
        self,
        *,
        message: Callable[[], StyleAndTextTuples],
        history: History,
        colours: bool,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self._leaving: BaseException | None = None
        self._input, self._output = input, output
        with _plain_output() if is_dumb_terminal() else nullcontext():
            self._session: PromptSession[str] = PromptSession(
                message,
                history=history,
                auto_suggest=_Suggest(),
                complete_while_typing=True,
                complete_in_thread=True,
                reserve_space_for_menu=MENU_LINES,
                input_processors=[
                    ConditionalProcessor(_Hint(message, lambda text: self._hint(text)), ~is_done)
                ],
                key_bindings=_key_bindings(),
                style=_style(colours),
                include_default_pygments_style=False,
                enable_suspend=True,
                interrupt_exception=LineAbandoned,
                input=input,
                output=output,
            )

        self._running: Application[str] = self._session.app  # what is asking, or would be
        self._hint: Callable[[str], str] = lambda text: ""
        self._toolbar: Callable[[str], str] = lambda text: ""
        self._at_rest: Callable[[], object] = lambda: None
        self._rest: asyncio.TimerHandle | None = None
        self._session.app.after_render += self._drawn
        self._session.app.before_render += lambda app: self._fit(app.output.get_size().rows)

    @classmethod
    def to_ask(cls, colours: bool) -> Prompt:
        """For questions alone."""
        return cls(message=lambda: [("", "> ")], history=InMemoryHistory(), colours=colours)

    def _fit(self, rows: int) -> None:
        """A toolbar where there is something to say; in a low window the menu gets less room.

        Without room prompt_toolkit would show nothing but a complaint.
        """
        text = self._session.default_buffer.text
        self._session.bottom_toolbar = (text and self._toolbar(text)) or None
        self._session.reserve_space_for_menu = min(MENU_LINES, max(0, rows - MIN_ROWS))

    def ask(
        self,
        *,
        ready: Callable[[], None] | None = None,
        listen: Callable[[], Callable[[], None] | None] | None = None,
    ) -> str:
        """One line, which may hold newlines. Raises EOFError (Ctrl-D) and LineAbandoned (Ctrl-C).

        `ready` is called once the prompt stands. `listen`, where there is something to listen to, is
        called again and again; what it gives is called while the prompt is out of the way.
        """

        def begin() -> None:
            app = self._session.app
            if ready is not None:
                asyncio.get_running_loop().call_soon(ready)
            if listen is not None:
                app.create_background_task(self._listen(listen))

        # A SIGINT that comes as Enter is handled must not be taken for a key of the prompt that is gone.
        text = self._session.prompt(pre_run=begin, handle_sigint=False)
        if self._leaving is not None:  # the signal came while Enter was being handled
            raise self._leaving
        return text

    def equip(
        self,
        *,
        lexer: Lexer,
        completer: Completer,
        hint: Callable[[str], str],
        toolbar: Callable[[str], str],
        at_rest: Callable[[], object],
    ) -> None:
        """Begin to help, from any thread; with what has been typed so far too.

        `at_rest` is called when nothing has been drawn for REST_S: for what would hold up a key.
        """
        self._at_rest = at_rest
        self._session.lexer, self._session.completer = lexer, completer
        self._hint, self._toolbar = hint, toolbar
        app = self._session.app
        if app.loop is not None and app.is_running:
            with suppress(RuntimeError):  # the prompt ends at this moment: there is nothing to draw anew
                app.loop.call_soon_threadsafe(self._look_again)

    def _look_again(self) -> None:
        app, buffer = self._session.app, self._session.default_buffer
        if app.is_running and buffer.text:
            buffer.start_completion(complete_event=CompleteEvent(text_inserted=True))
        app.invalidate()

    def _drawn(self, app: Application[str]) -> None:
        if self._rest is not None:
            self._rest.cancel()
        if app.loop is not None and app.is_running:
            self._rest = app.loop.call_later(REST_S, lambda: self._at_rest())

    def question(self, text: str) -> str:
        """What a person answers on one line; "" at Ctrl-C and Ctrl-D. Not kept in the history."""
        with _plain_output() if is_dumb_terminal() else nullcontext():
            asking: PromptSession[str] = PromptSession(input=self._input, output=self._output)
        self._running = asking.app
        try:
            answer = asking.prompt(text, handle_sigint=False)
        except (KeyboardInterrupt, EOFError):
            answer = ""
        finally:
            self._running = self._session.app
        if self._leaving is not None:
            raise self._leaving
        return answer

    def leave(self, exception: BaseException) -> bool:
        """End `ask` or `question` with this exception, from a signal handler; False if nothing is asked."""
        app = self._running
        if not app.is_running or app.loop is None:
            return False
        self._leaving = exception
        app.loop.call_soon_threadsafe(self._exit, exception)
        return True

    def _exit(self, exception: BaseException) -> None:
        app = self._running
        if app.future is not None and not app.future.done():
            app.exit(exception=exception)

    async def _listen(self, listen: Callable[[], Callable[[], None] | None]) -> None:
        while True:
            try:
                show = listen()
            except Exception as error:
                self._exit(error)
                return
            if show is not None:
                shown: Awaitable[None] = run_in_terminal(show)
                await shown
            await asyncio.sleep(LISTEN_EVERY_S)


def _plain_output() -> AbstractContextManager[AppSession]:
    """For TERM=dumb: prompt_toolkit's own output begins with an escape before it knows what it will ask."""
    return create_app_session(output=PlainTextOutput(sys.stdout))


class _Suggest(AutoSuggest):
    """How the latest line that began so went on; the search is bounded, for it runs at every key."""

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        text = document.text
        if not text.strip() or "\n" in text:
            return None
        for line in islice(reversed(buffer.history.get_strings()), SUGGEST_FROM):
            if line.startswith(text) and "\n" not in line:
                return Suggestion(line[len(text) :])
        return None


class _Hint(Processor):
    """What is still to come, dim, behind a line whose end the cursor stands at; cut at the window's edge."""

    def __init__(self, message: Callable[[], StyleAndTextTuples], hint: Callable[[str], str]) -> None:
        self._message = message
        self._hint = hint

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        fragments = transformation_input.fragments
        text = transformation_input.document.text
        hint = self._hint(text) if text and self._is_wanted(transformation_input) else ""
        used = fragment_list_width(self._message()) + fragment_list_width(fragments)
        room = transformation_input.width - used - 2  # a space before it, and the last column stays free
        if not hint or room < MIN_HINT_COLUMNS:
            return Transformation(fragments)
        if len(hint) > room:
            hint = f"{hint[: room - 1]}…"
        return Transformation([*fragments, ("class:dim", hint if text[-1].isspace() else f" {hint}")])

    def _is_wanted(self, given: TransformationInput) -> bool:
        """Not where history suggests how the line may go on."""
        suggestion = given.buffer_control.buffer.suggestion
        last = given.lineno == given.document.line_count - 1
        return given.document.is_cursor_at_the_end and last and not (suggestion and suggestion.text)


def _key_bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("escape", "enter", filter=has_focus("DEFAULT_BUFFER"))
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return bindings


def _style(colours: bool) -> Style:
    """prompt_toolkit's own classes are quietened; without colours nothing is styled."""
    if not colours:
        return Style([])
    ours = [(role.value, style) for role, style in STYLES.items()]
    return Style([*ours, *OWN_STYLES])
