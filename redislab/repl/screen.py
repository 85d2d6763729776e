"""All that the shell writes beside its prompt: replies as redis-cli prints them, and remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from redislab.core.link import Arrival
from redislab.core.parts import Assembler, Part, Run
from redislab.core.reply import Reply
from redislab.render.plain import Format, Layout, format_push, format_reply, formatter, is_verbatim
from redislab.repl.settings import Settings
from redislab.streams import Streams

if TYPE_CHECKING:
    from redislab.core.view import View

FLUSH_BYTES = 1 << 14


class Screen:
    """Writes to the standard output of `streams`, each call at once."""

    def __init__(self, streams: Streams, layout: Layout, settings: Settings) -> None:
        self._streams = streams
        self._layout = layout
        self._settings = settings

    @property
    def layout(self) -> Layout:
        """As asked for on the command line and by `:set`."""
        return replace(self._layout, utf8=self._settings.utf8)

    def write(self, data: bytes) -> None:
        self._streams.stdout.write(data)
        self._streams.stdout.flush()

    def line(self, text: str) -> None:
        self.write(text.encode("utf-8", "surrogateescape") + b"\n")

    def show(self, view: View) -> None:
        """A view, in colour where the terminal has some."""
        from redislab.render.terminal import coloured_text  # the first prompt shows no view

        self.line(coloured_text(view, width=self._streams.width, colours=self._streams.colours))

    def told(self, text: str) -> None:
        """Whose answer follows, and to what."""
        from redislab.core.roles import Role
        from redislab.core.view import Span, line

        self.show(line(Span(text, Role.DIM)))

    def info(self, text: str) -> None:
        """A remark to the person."""
        self._note("INFO", text)

    def warning(self, text: str) -> None:
        """Something that may not be as the person thinks."""
        self._note("WARNING", text)

    def error(self, text: str, remedy: str = "") -> None:
        """What went wrong, and what helps."""
        self._note("ERROR", text)
        if remedy:
            self.remedy(remedy)

    def remedy(self, text: str) -> None:
        """What helps."""
        self._note("REMEDY", text)

    def _note(self, kind: str, text: str) -> None:
        from redislab.core.view import Note, NoteKind, line

        self.show(Note(NoteKind[kind], line(text)))

    def clear(self) -> None:
        """An empty screen, where the terminal can do that."""
        if self._streams.environ.get("TERM") != "dumb":
            self.write(b"\x1b[H\x1b[2J")

    def message(self, message: Reply) -> None:
        """What a listening connection received."""
        self.write(format_reply(message, self.layout))

    def push(self, push: Reply) -> None:
        """A push that nobody asked for."""
        self.write(format_push(push, self.layout))

    def reply(self, args: Sequence[bytes]) -> ReplyPrinter:
        """What prints the reply to one command."""
        whole = self.layout.format not in (Format.STANDARD, Format.RAW)  # half of a JSON is none
        return ReplyPrinter(self, args, 0 if whole else self._settings.limit)


class ReplyPrinter:
    """Prints one reply as it arrives; of a large one the first `limit` values (0: all)."""

    def __init__(self, screen: Screen, args: Sequence[bytes], limit: int) -> None:
        self._screen = screen
        self._formatter = formatter(screen.layout, verbatim=is_verbatim(args))
        self._pushes = Assembler()
        self._limit = limit
        self._shown = 0
        self._held = b""
        self._in_line = False  # the output ends in the middle of a line
        self.hidden = 0

    def add(self, arrival: Arrival) -> None:
        """Print a part, or a push that came between."""
        if arrival.args is not None:
            self._put(arrival.part)
        elif (push := self._pushes.add(arrival.part)) is not None:
            self._screen.push(push)

    def end(self) -> None:
        """Nothing more comes: finish the line, say what was left out."""
        if self._in_line:
            self._held += b"\n"
            self._in_line = False
        self._flush()
        if self.hidden:
            values = "1 more value is" if self.hidden == 1 else f"{self.hidden:,} more values are"
            self._screen.info(f"{values} not shown; `:set limit off` shows all.")

    def _put(self, part: Part) -> None:
        values = len(part.values) if type(part) is Run else int(type(part) is Reply)
        if self._limit and self._shown + max(values, 1) > self._limit:
            room = self._limit - self._shown
            self.hidden += values - room if values else 0
            if not (room and type(part) is Run):
                return
            part, values = Run(part.values[:room]), room
        self._shown += values
        out = self._formatter.add(part)
        if out:
            self._held += out
            self._in_line = not out.endswith(b"\n")
        if len(self._held) >= FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._screen.write(self._held)
            self._held = b""
