"""A student at the shell, in this process: lines go the way of the shell, and what is shown is read."""

from __future__ import annotations

import io
from pathlib import Path

from redislab.app import Place, open_engine
from redislab.core.engine import Mortal
from redislab.core.line import commands_of, read_line
from redislab.core.session import Session
from redislab.course.library import Opening
from redislab.course.model import Lesson
from redislab.progress import Progress
from redislab.render.plain import Format, Layout
from redislab.repl.desk import Desk
from redislab.repl.executor import execute
from redislab.repl.interrupts import CommandStopped
from redislab.repl.lessons import Playing
from redislab.repl.screen import Screen
from redislab.repl.settings import Settings
from redislab.streams import Streams


class Sitting:
    """One engine for many steps. Every question gets a yes, and no reply is foretold."""

    def __init__(self, place: Place, home: Path) -> None:
        self._out = io.BytesIO()
        environ = {"REDISLAB_HOME": str(home), "NO_COLOR": "1"}
        streams = Streams(io.BytesIO(), self._out, io.BytesIO(), True, True, environ)
        settings = Settings()
        screen = Screen(streams, Layout(Format.STANDARD, for_terminal=True), settings)
        self._engine = open_engine(place)
        session = Session(self._engine, notice=screen.info)
        self.desk = Desk(place, self._engine, place, session, screen, settings, ask=_yes)
        self._progress = Progress(environ, screen.warning)
        self._key = ""

    def open(self, lesson: Lesson, step: str) -> None:
        """That step, from its start."""
        self.desk.lesson = None
        if self._key != lesson.id and isinstance(self._engine, Mortal):
            self.desk.clients.close()
            self._engine.renew()  # each lesson has a server of its own
        self._key = lesson.id
        playing = Playing(self.desk, Opening(lesson, lesson.id, lesson.id, from_step=step), self._progress)
        self.desk.session.connect()
        playing.begin()
        self.desk.lesson = playing
        self.shown()

    def types(self, *lines: str) -> str:
        """What is shown for them, the white space of its layout left out."""
        for line in lines:
            self._enter(line)
        return self.shown()

    def shown(self) -> str:
        """What has been written since the last look."""
        text = self._out.getvalue().decode()
        self._out.seek(0)
        self._out.truncate()
        return " ".join(text.split())

    @property
    def has_passed(self) -> bool:
        """Whether the checks of the step hold; a quiz may be open."""
        standing = self._progress.read()[self._key]
        return standing.checked or standing.passed

    @property
    def ran(self) -> list[str]:
        """What was answered in this step: who typed which command."""
        entries = self._progress.read()[self._key].entries
        return [f"{entry.client}: {entry.name}" for entry in entries]

    def close(self) -> None:
        self.desk.clients.close()
        self._engine.close()

    def _enter(self, line: str) -> None:
        playing = self.desk.lesson
        assert playing is not None
        try:
            for command in commands_of(line.encode()):
                execute(self.desk, read_line(command), command)
                if self.desk.several:
                    self.desk.clients.catch_up()
                playing.look()
        except CommandStopped:
            pass


def _yes(question: str) -> str:
    return "y" if "[y/N]" in question else ""
