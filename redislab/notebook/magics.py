"""The magics: what is typed behind `%redis` and its kin → what is run and shown.

What a magic needs is imported when it is first used: a notebook that loads the extension waits for little.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from IPython.core.getipython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand

from redislab import options as command_line
from redislab import shared
from redislab.core.engine import Undoable
from redislab.core.view import Items, Note, NoteKind, View
from redislab.core.view import line as line_view
from redislab.core.words import split
from redislab.errors import UsageError
from redislab.notebook.completing import Matcher
from redislab.notebook.faults import plainly
from redislab.notebook.given import EXPLAIN, read_options
from redislab.notebook.inspecting import Inspector
from redislab.shared import Shared

if TYPE_CHECKING:
    from redislab.notebook.desk import Desk
    from redislab.notebook.running import Run
    from redislab.notebook.shown import Shown

CONNECT_USAGE = "%redis_connect URL, or -h HOST -p PORT, -s SOCKET, --lab NAME, --fresh, or nothing"
EXPLAIN_USAGE = "this is how it is written: %redis_explain SET name ada, or off, brief or full"
CLOCK_USAGE = "%redis_clock, %redis_clock +60s, %redis_clock +2d or %redis_clock real"


@magics_class
class RedisMagics(Magics):
    """Registered by `%load_ext redislab`."""

    def __init__(self, shell: InteractiveShell, shared: Shared) -> None:
        super().__init__(shell)
        self._shared = shared
        self._ipython = shell
        self._matcher = Matcher(lambda: self.desk, shell.Completer)
        self._inspector = Inspector(lambda: self.desk, getattr(shell, "kernel", None))

    @cached_property
    def desk(self) -> Desk:
        """What the magics work with."""
        from redislab.notebook.desk import Desk

        return Desk(self._shared)

    def attach(self) -> None:
        """Take part in completion and inspection."""
        self._matcher.attach()
        self._inspector.attach()

    def detach(self) -> None:
        """Take part no longer; the clients of the notebook hang up."""
        self._matcher.detach()
        self._inspector.detach()
        if "desk" in self.__dict__:
            self.desk.leave()

    @no_var_expand  # braces and dollars are data here
    @line_cell_magic
    def redis(self, line: str, cell: str | None = None) -> Shown | None:
        """Run a Redis command (%redis SET name ada), or a cell of them, a command a line (%%redis)."""
        from redislab.notebook.running import Run, wishes_of
        from redislab.notebook.streaming import collect, stream

        with plainly():
            given, rest = read_options(line)
            if cell is not None and rest:
                raise UsageError(
                    f"Below %%redis stands a command a line; {rest.split()[0]!r} is no option of it."
                )
            with self._desk_at(given.get("--url")) as desk:
                run = Run(desk, rest if cell is None else cell, wishes_of(given, self.desk.explain))
                with self._keeping_last(run), plainly(run):
                    if cell is None:
                        return collect(run)
                    stream(run)
        return None

    @no_var_expand
    @line_magic
    def redis_connect(self, line: str) -> Shown:
        """Say where commands run: a URL, or options as `redislab repl` has them. Alone: back to the first."""
        from redislab.notebook.desk import FIRST
        from redislab.notebook.shown import Shown

        with plainly():
            words = [word.decode("utf-8", "surrogateescape") for word in split(line.encode())]
            if words and not words[0].startswith("-"):
                words.insert(0, "--url")
            options = command_line.parse(words, mode="repl", names=command_line.PLACE_NAMES | {"--help"})
            if options.help or options.command:
                raise UsageError(CONNECT_USAGE)
            if options.ask_password:
                options.password = command_line.ask_password()
            notices: list[str] = []
            if not words:
                self._shared.go_home()
            elif options.fresh or command_line.names_a_place(options):
                self._shared.go_to(command_line.place(options, os.environ), notices.append)
            else:
                raise UsageError("Name a place: a URL, -p PORT, --lab NAME, --fresh or --engine server.")
            self.desk.leave()  # also where the place is the same: nobody waits or listens any more
            self.desk.settle()
            seat = self.desk.seat(FIRST)
            seat.session.connect()
            notices += seat.notices
            seat.notices.clear()
            where = f"Commands run {_where(self.desk)} now, and redislab.connect() gives clients of it."
            return Shown([_info(text) for text in (*notices, where)])

    @no_var_expand
    @line_magic
    def redis_explain(self, line: str) -> Shown:
        """What each word of a command means; or `off`, `brief`, `full`: how much is said of all others."""
        from redislab.notebook.explaining import explained
        from redislab.notebook.shown import Shown

        with plainly():
            words = split(line.encode("utf-8", "surrogateescape"))
            if not words:
                raise UsageError(EXPLAIN_USAGE)
            if line.strip() in EXPLAIN:
                self.desk.explain = line.strip()
                return Shown([_info(f"Explanations of commands: {self.desk.explain}.")])
            return Shown([explained(self.desk, words)])

    @no_var_expand
    @line_magic
    def redis_clock(self, line: str) -> Shown:
        """What time it is for the data; `+60s` lets time pass, `real` gives the real time back."""
        from redislab.assist.clock import clock
        from redislab.notebook.shown import Shown

        with plainly():
            now, remark = clock(self.desk.engine, line, CLOCK_USAGE, "%redis_undo")
            return Shown([line_view(now), *([_info(remark)] if remark else [])])

    @no_var_expand
    @line_magic
    def redis_undo(self, line: str) -> Shown:
        """Take back the latest change, or the latest N."""
        from redislab.core.undo import sentence
        from redislab.notebook.shown import Shown

        with plainly():
            text = line.strip() or "1"
            if not (text.isascii() and text.isdigit() and int(text)):
                raise UsageError("this is how it is written: %redis_undo or %redis_undo 3")
            engine = self.desk.engine
            if not isinstance(engine, Undoable):
                raise UsageError(f"{engine.label} is a server, where nothing is kept to be undone")
            restored = engine.undo(int(text))
            return Shown([Items(tuple(line_view(sentence(each)) for each in restored))])

    # -- inside ---------------------------------------------------------------------------------

    @contextmanager
    def _desk_at(self, url: str | None) -> Iterator[Desk]:
        """The notebook's desk, or one elsewhere for as long as a cell lasts."""
        if url is None:
            yield self.desk
            return
        from redislab.notebook.desk import Desk

        desk = Desk(Shared({**os.environ, "REDISLAB_URL": url}))
        desk.taps = self.desk.taps
        try:
            yield desk
        finally:
            desk.leave()

    @contextmanager
    def _keeping_last(self, run: Run) -> Iterator[None]:
        """`_redis` holds the last reply, whether the cell came to its end or not."""
        try:
            yield
        finally:
            if run.has_value:
                self._ipython.user_ns["_redis"] = run.value


def register(shell: InteractiveShell) -> None:
    """Put the magics into a shell, once."""
    if registered(shell) is None:
        magics = RedisMagics(shell, shared.SHARED)
        shell.register_magics(magics)
        magics.attach()


def unregister(shell: InteractiveShell) -> None:
    """Take them out again."""
    magics = registered(shell)
    if magics is None:
        return
    magics.detach()
    for kind, names in RedisMagics.magics.items():
        for name in names:
            shell.magics_manager.magics[kind].pop(name, None)
    shell.magics_manager.registry.pop(RedisMagics.__name__, None)


def desk_of_notebook() -> Desk:
    """Of the notebook in which this runs; the magics are registered if they are not. Raises UsageError."""
    shell = get_ipython()
    if shell is None:
        raise UsageError("this works in a notebook, or in IPython")
    register(shell)
    magics = registered(shell)
    assert magics is not None
    return magics.desk


def registered(shell: InteractiveShell) -> RedisMagics | None:
    found = shell.magics_manager.registry.get(RedisMagics.__name__)
    return found if isinstance(found, RedisMagics) else None


def _where(desk: Desk) -> str:
    """Where the notebook is, as the end of a sentence."""
    place = desk.shared.place
    if place.private:
        return "on a Redis server of this notebook's own"
    if not place.embedded:
        return f"at {desk.engine.label}"
    return f"in the lab {place.lab}" if place.lab is not None else "in a Redis inside this process"


def _info(text: str) -> View:
    return Note(NoteKind.INFO, line_view(text))
