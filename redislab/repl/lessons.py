"""A lesson inside the shell: what happens between a person's lines, and the words that only a lesson has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from redislab.app import catalogue
from redislab.core.engine import Engine
from redislab.core.link import Link
from redislab.core.reply import Reply
from redislab.core.safe import visible_text
from redislab.core.session import Outcome
from redislab.core.view import View
from redislab.course.attempts import Attempt, Collection
from redislab.course.bench import Bench
from redislab.course.library import Opening
from redislab.course.model import Prediction, Step
from redislab.course.notes import notes
from redislab.course.panels import Panels
from redislab.course.reach import is_told, leaves_its_database, lines_of
from redislab.course.runner import Runner
from redislab.course.standing import Standing
from redislab.course.words import frame_words
from redislab.engines.embedded.keeping.place import make_folder
from redislab.errors import LabUnavailable, RedislabError, UsageError
from redislab.progress import Progress, attempts_file
from redislab.repl import connecting

if TYPE_CHECKING:
    from redislab.repl.desk import Desk

YES = ("y", "yes")
COLLECTING = "Wrong attempts that this lesson has no answer to are noted for its author, no passwords, in"


class Playing:
    """A lesson that is open in a shell. `begin` first; `end` when the shell ends."""

    def __init__(self, desk: Desk, opening: Opening, progress: Progress) -> None:
        self._desk = desk
        self._opening = opening
        self._words = frame_words(opening.lesson.language)
        self._progress = progress
        self._engine: Engine = desk.session.link.engine
        self._shared = self._engine.capabilities.shared
        standing = None if opening.reset else progress.read().get(opening.key)
        self._bench = Bench(self._engine, catalogue(), desk.place.db, _Seats(desk))
        self._collection = _collection(desk) if opening.collect else None
        collect = None if self._collection is None else self._note_attempt
        self._runner = Runner(opening.lesson, self._bench, standing or Standing(), opening.following, collect)
        self._guess: tuple[Prediction, str] | None = None
        self._is_open = False

    def begin(self) -> None:
        """Ask what has to be asked, then show where one is. Raises UsageError where it cannot be here."""
        desk, opening = self._desk, self._opening
        if not (self._may_run() and self._may_empty()):
            desk.leaving = True
            return
        self._is_open = True
        if self._collection is not None:
            where = visible_text(str(self._collection.path))
            desk.screen.info(f"{COLLECTING} {where}. Nothing leaves this machine.")
        fresh = opening.reset or opening.from_step or self._bench.size == 0
        self._show(self._runner.begin(opening.from_step) if fresh else self._runner.resume())
        self._keep(anew=opening.reset)
        self._seat_both()

    def end(self) -> None:
        """Keep where one is; a server that others use is left as it was found."""
        if not self._is_open:
            return
        try:
            self._keep()
            if self._shared:
                self._bench.empty()
        except RedislabError as error:
            connecting.say(self._desk, error)
        self._bench.close()
        if self._runner.phase.value != "finished":
            self._desk.screen.line(visible_text(self._words("goes_on", wanted=self._opening.wanted)))

    # -- between a person's lines -----------------------------------------------------------------

    def before(self, args: Sequence[bytes]) -> None:
        """A command is about to run: its answer may have to be foretold."""
        self._guess = None
        asked = self._runner.question(args, self._desk.client) if self._is_here() else None
        if asked is not None:
            if asked.text:
                self._desk.screen.show(Panels(self._words).prediction(asked))
            is_asked = asked.text.endswith("?")
            question = self._words("your_guess" if is_asked else "what_will", command=asked.command)
            self._guess = asked, self._desk.ask(visible_text(question))

    def after(self, outcome: Outcome) -> None:
        """It was answered."""
        if outcome.reply is not None:
            self.note(outcome.args, outcome.reply, self._desk.client)

    def note(self, args: Sequence[bytes], reply: Reply, client: str) -> None:
        """What a client was answered."""
        if not self._is_here():
            return
        self._runner.note(args, reply, client)
        if self._guess is not None:
            (asked, guess), self._guess = self._guess, None
            self._show(self._runner.foretold(asked, guess, reply))

    def look(self) -> None:
        """A line is done with: whether it solved the step, or was a known mistake."""
        self._do(self._runner.look)

    def enter(self) -> None:
        """An empty line."""
        self._do(self._runner.enter)

    def answered(self, text: str) -> bool:
        """Whether a line was the answer to an open quiz; then it is dealt with."""
        views = self._runner.answer(text)
        if views is None:
            return False
        self._show(views)
        self._keep()
        return True

    # -- the words of a lesson --------------------------------------------------------------------

    def answers_to(self, word: str, words: Sequence[str]) -> bool:
        """Whether a word is the lesson's; notes are a .md, other files the data."""
        return word in HELP and (word != ":export" or not words or words[0].endswith(".md"))

    def run(self, word: str, words: Sequence[str]) -> None:
        """One of `COMMANDS`. Raises UsageError."""
        if word == ":export":
            self._export(words)
        elif words:
            raise UsageError(f"nothing follows {word}")
        else:
            runner = self._runner
            self._do(
                {
                    ":hint": runner.hint, ":solution": runner.solution, ":why": runner.why,
                    ":reset": runner.reset, ":skip": runner.skip, ":lesson": runner.where,
                }[word]
            )  # fmt: skip

    def _export(self, words: Sequence[str]) -> None:
        if len(words) != 1:
            raise UsageError("this is how it is written: :export FILE.md, or FILE.redis for the data")
        path = Path(words[0]).expanduser()
        try:
            with open(path, "x", encoding="utf-8") as file:
                file.write(notes(self._opening.lesson, self._runner.standing))
        except FileExistsError:
            raise UsageError(f"{path} is there already; choose another name") from None
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}") from None
        self._desk.screen.line(visible_text(self._words("notes_written", path=path)))

    # -- inside ---------------------------------------------------------------------------------

    def _note_attempt(self, attempt: Attempt) -> None:
        """Where it cannot be written, that is said once, and the lesson goes on."""
        if self._collection is None:
            return
        try:
            make_folder(self._collection.path.parent)
            self._collection.add(attempt)
        except OSError as error:
            self._collection = None
            self._desk.screen.warning(f"Attempts cannot be noted: {error.strerror}")

    def _do(self, action: Callable[[], list[View]]) -> None:
        try:
            step = self._runner.step
            self._show(action())
            self._keep()
            if self._runner.step is not step:
                self._seat_both()
        except RedislabError as error:
            connecting.say(self._desk, error)

    def _keep(self, *, anew: bool = False) -> None:
        self._progress.save(self._opening.key, self._runner.keep(), anew=anew)

    def _show(self, views: Sequence[View]) -> None:
        for view in views:
            self._desk.screen.show(view)

    def _seat_both(self) -> None:
        """Where a step needs a second client it is there, so that A may wait without holding up the shell."""
        if any(typed.client == "B" for typed in lines_of(self._runner.step)):
            self._desk.clients.session("B")

    def _is_here(self) -> bool:
        """Whether the person is where the lesson is: `:connect` leads elsewhere."""
        return self._is_open and self._desk.session.link.engine is self._engine

    def _may_run(self) -> bool:
        """Commands beyond those that any lesson may run are asked for."""
        lesson = self._opening.lesson
        run = [step for step in lesson.steps if not is_told(lesson, step, self._engine)]
        allow = lesson.allow if len(run) == len(lesson.steps) else _needed(lesson.allow, run)
        if not allow:
            return True
        where = "on this server" if self._shared else "in a lab of its own"
        return self._agrees(f"This lesson runs {', '.join(allow)} {where}. Go on? [y/N] ")

    def _may_empty(self) -> bool:
        """On a server that others use: one empty database, and not without a yes."""
        if not self._shared:
            return self._may_empty_own()
        db, label = self._bench.db, self._engine.label
        outside = leaves_its_database(self._opening.lesson)
        if outside is not None:
            shown = visible_text(str(outside))
            raise UsageError(f"this lesson runs {shown}, which reaches beyond one database: not on {label}")
        size = self._bench.size
        if size:
            keys = "1 key" if size == 1 else f"{size:,} keys"
            raise UsageError(
                f"database {db} of {label} holds {keys}; a lesson needs an empty one. Name another: -n 9"
            )
        return self._agrees(
            f"This lesson works in database {db} of {label}, which is empty, and nowhere else there. "
            "It empties that database before each step and when you leave. Go on? [y/N] "
        )

    def _may_empty_own(self) -> bool:
        """A server of the person's own: whole, and asked only where that would lose more than this lesson."""
        if self._desk.place.target is None or self._is_as_left():
            return True
        databases = self._bench.ask((b"INFO", b"keyspace")).text
        size = sum(map(int, re.findall(rb"keys=(\d+)", databases)))
        keys = "1 key" if size == 1 else f"{size:,} keys"
        return size == 0 or self._agrees(
            f"{self._engine.label} is yours alone and holds {keys}. A lesson empties all of it. Go on? [y/N] "
        )

    def _is_as_left(self) -> bool:
        """Whether the data is what this lesson had when it was left."""
        standing, opening = self._runner.standing, self._opening
        return bool(
            not (opening.reset or opening.from_step) and standing.keys and standing.keys == self._bench.size
        )

    def _agrees(self, question: str) -> bool:
        if self._desk.ask(visible_text(question)).strip().lower() in YES:
            return True
        self._desk.screen.info("Nothing was run.")
        return False


def _collection(desk: Desk) -> Collection | None:
    try:
        return Collection(attempts_file(desk.place.environ))
    except LabUnavailable as error:
        desk.screen.warning(f"Attempts cannot be noted: {error.message}")
        return None


def _needed(allow: Sequence[str], steps: Sequence[Step]) -> list[str]:
    """Those of the commands that these steps run."""
    known = catalogue()
    names = {
        command.name for step in steps for typed in lines_of(step) if (command := known.lookup(typed.args))
    }
    return [name for name in allow if any(each == name or each.startswith(f"{name} ") for each in names)]


class _Seats:
    """The two clients of a lesson are the shell's own, and they are where it is: nowhere else is it run."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._place, self._engine = desk.place, desk.session.link.engine

    def fresh(self, client: str) -> Link:
        return self._desk.clients.fresh(client, self._engine, self._place.db).link

    def leave(self) -> None:
        self._desk.place = self._place
        self._desk.origins = None  # what typed commands have made is gone
        self._desk.clients.leave(self._engine, self._place.db)


HELP: Mapping[str, tuple[str, str]] = {
    ":hint": ("", "a hint; the next one when asked again"),
    ":why": ("", "what is missing: what was seen, and what is wanted"),
    ":solution": ("", "how it is done; the step then counts as done with its solution"),
    ":reset": ("", "this step from its start"),
    ":skip": ("", "on without having done it"),
    ":lesson": ("", "where you are: the steps, and this one's task"),
    ":export": ("FILE.md", "the lesson and what you typed, as notes; FILE.redis: the data"),
}
