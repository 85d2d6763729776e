"""`redislab.lesson`: a lesson in a notebook, its steps begun and checked by cells.

Both notations count: `%%redis` tells the desk's taps what was run, redis-py's connections are read along.
"""

from __future__ import annotations

import atexit
import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import IPython.display

from redislab.app import Place, catalogue
from redislab.core.engine import Engine
from redislab.core.link import Link
from redislab.core.reply import Reply
from redislab.core.safe import visible_text
from redislab.core.view import Note, NoteKind, View, line
from redislab.course.bench import BLOCKED_S, Bench
from redislab.course.exercise import Exercise, Told
from redislab.course.library import course, find, load, translated
from redislab.course.model import Lesson
from redislab.course.reach import is_harmless, led_beyond
from redislab.course.words import notebook_words
from redislab.errors import RedislabError, UsageError
from redislab.notebook.desk import FIRST, Desk
from redislab.notebook.faults import plainly
from redislab.notebook.magics import desk_of_notebook
from redislab.notebook.running import Run, Wishes
from redislab.notebook.shown import Shown

display: Any = IPython.display.display  # untyped

_ours: set[Place] = set()  # places that held nothing when a lesson began there
_open: list[Check] = []  # the one that is told what runs


def open_lesson(wanted: str | int, *, allow: Sequence[str], language: str, clear: bool) -> Check:
    """What `redislab.lesson` gives. Raises UsageError, or where the place cannot be reached RedislabError."""
    with plainly():
        desk = desk_of_notebook()
        found = _found(str(wanted), allow, language)
        desk.settle()
        place, engine = desk.shared.place, desk.engine
        bench = Bench(engine, catalogue(), place.db, _Seats(desk))
        try:
            _take(desk, found, bench, clear=clear)
        except BaseException:
            bench.close()
            raise
        check = Check(Exercise(found, bench, notebook_words(language)), bench, desk)
        for other in _open:
            other.let_go()
        _open[:] = [check]
        return check


class Check:
    """A lesson's steps. No call raises for what went wrong: that is shown, and the answer is False."""

    def __init__(self, exercise: Exercise, bench: Bench, desk: Desk) -> None:
        self._exercise = exercise
        self._bench = bench
        self._desk = desk
        desk.taps.append(self._heard)
        desk.shared.tap.follow(self._read_along)

    def __repr__(self) -> str:
        return visible_text(f"<lesson {self._exercise.lesson.id}: {self._exercise.lesson.title}>")

    def __call__(self, step: str) -> bool:
        """Whether the step is done; if not, what was seen, and what helps."""
        return self._judged(lambda: self._exercise.check(step))

    def start(self, step: str) -> None:
        """Bring about the state in which a step begins; what was done in it is forgotten."""
        self._shown(lambda: self._started(step))

    def predict(self, step: str, guess: object, question: int = 1) -> None:
        """What the command that the notebook names will answer. Run it after that; `check` compares."""
        self._shown(lambda: self._exercise.predict(step, str(guess), question))

    def answer(self, step: str, choice: object, question: int = 1) -> bool:
        """Whether that is the right answer to a step's question, and why."""
        return self._judged(lambda: self._exercise.answer(step, str(choice), question))

    def hint(self, step: str) -> None:
        """The next hint."""
        self._shown(lambda: self._exercise.hint(step))

    def solution(self, step: str) -> None:
        """How it is done. The step then counts as done with its solution."""
        self._shown(lambda: self._exercise.solution(step))

    def report(self) -> bool:
        """Whether all steps are done; which are, and which are open."""
        return self._judged(self._exercise.report)

    def let_go(self) -> None:
        """Another lesson takes this one's place."""
        with contextlib.suppress(ValueError):
            self._desk.taps.remove(self._heard)
        self._bench.close()

    # -- inside ---------------------------------------------------------------------------------

    def _started(self, step: str) -> View:
        self._desk.shared.tap.hang_up()
        return self._exercise.start(step)

    def _judged(self, ask: Callable[[], Told]) -> bool:
        told: list[Told] = []

        def view() -> View:
            told.append(ask())
            return told[0].view

        self._shown(view)
        return bool(told) and told[0].holds

    def _shown(self, make: Callable[[], View]) -> None:
        try:
            late = self._late()
            view = make()
        except RedislabError as error:
            late, text = [], f"{error.message} {error.remedy}".strip()
            view = Note(NoteKind.ERROR, line(text))
        display(Shown([*late, view]))

    def _late(self) -> list[Any]:
        """Answers of those that waited, which have come since the last cell."""
        desk = self._desk
        if _open != [self] or desk.engine is not self._bench.engine:
            raise UsageError(
                "this lesson is not open any more; the cell with redislab.lesson(…) opens it anew"
            )
        return list(Run(desk, "", Wishes()).arrived(BLOCKED_S))

    def _heard(self, name: str, args: Sequence[bytes], reply: Reply | None) -> None:
        """A magic ran a command."""
        if reply is not None:
            self._exercise.note(args, reply, client=name, trips=1)

    def _read_along(self, name: str, args: Sequence[bytes], reply: Reply, trips: int) -> None:
        """A client of redis-py's ran one. Those that name themselves B are the second client."""
        self._exercise.note(args, reply, client=name if name == "B" else FIRST, trips=trips)


class _Seats:
    """The two clients of a lesson are those of the magics."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def fresh(self, client: str) -> Link:
        seat = self._desk.seats.pop(client, None)
        if seat is not None:
            seat.close()
        return self._desk.seat(client).session.link

    def leave(self) -> None:
        self._desk.leave()


def _found(wanted: str, allow: Sequence[str], language: str) -> Lesson:
    """The lesson, if it may run. Raises UsageError."""
    path = find(wanted, course())
    found = load(Path(path))
    agreed = {name.upper() for name in ([allow] if isinstance(allow, str) else allow)}
    missing = [name for name in found.allow if name not in agreed]
    if missing:
        names = ", ".join(f'"{name}"' for name in found.allow)
        raise UsageError(
            f"this lesson runs {', '.join(missing)}, which lessons may not unasked. "
            f"If that is right: redislab.lesson({wanted!r}, allow=[{names}])"
        )
    if not is_harmless(found, catalogue()):
        raise UsageError(f"{path} runs commands that it does not name in allow; redislab check says which")
    return translated(found, language) if language else found


def _take(desk: Desk, found: Lesson, bench: Bench, *, clear: bool) -> None:
    """Make sure that nobody's data is lost. Raises UsageError."""
    place, engine = desk.shared.place, desk.engine
    if place.embedded and place.lab is None:
        return  # this notebook's own, kept nowhere
    shared = engine.capabilities.shared
    outside = led_beyond(found) if shared else None
    if outside is not None:
        raise UsageError(
            f"this lesson runs {outside}, which reaches beyond one database: not on {engine.label}"
        )
    size = _keys(bench)
    if size and not clear and place not in _ours:
        keys = "1 key" if size == 1 else f"{size:,} keys"
        where = f"database {place.db} of {engine.label}" if shared else engine.label
        raise UsageError(
            f"{where} holds {keys}, and a lesson empties it before each step.",
            remedy=(
                "%redis_connect names another place, redis://…/9 another database; "
                "redislab.lesson(…, clear=True) deletes what is there."
            ),
        )
    bench.empty()
    if place not in _ours:
        _ours.add(place)
        atexit.register(_empty_at_exit, engine, place.db)
    where = f"database {place.db} of {engine.label}, and nowhere else there," if shared else engine.label
    text = f"This lesson works in {where} and empties it before each step and when the notebook ends."
    display(Shown([Note(NoteKind.INFO, line(text))]))


def _keys(bench: Bench) -> int:
    """How many keys a lesson would delete: those of its database, or of all where nobody else is."""
    if bench.engine.capabilities.shared:
        return bench.size
    databases = bench.ask((b"INFO", b"keyspace")).text
    return sum(map(int, re.findall(rb"keys=(\d+)", databases)))


def _empty_at_exit(engine: Engine, db: int) -> None:
    with contextlib.suppress(RedislabError):
        Bench(engine, catalogue(), db).empty()
