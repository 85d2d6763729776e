"""A lesson as a person goes through it: a state machine that takes what was typed and gives views.

It prints nothing and knows no terminal. What it does to data goes through its bench; what it knows of the
person is the `Standing`, and whoever runs it keeps that.

    begin, resume → the panel of a step
    note          → each command and its answer go into the journal
    look          → after a line: silence, or the step is solved, or a known mistake was made
    enter         → an empty line: on to the next step, or what is missing
    answer        → a quiz
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum

from redislab.core.engine import Timed
from redislab.core.reply import Reply
from redislab.core.secrets import is_sensitive
from redislab.core.view import Stack, View
from redislab.core.words import quote
from redislab.course.attempts import Attempt
from redislab.course.bench import Bench
from redislab.course.foretelling import is_foretold
from redislab.course.model import Drill, Lesson, Mistake, Prediction, Quiz, Step, Typed
from redislab.course.panels import Panels, choice_of
from redislab.course.proof import all_recognised, judged
from redislab.course.reach import is_told
from redislab.course.standing import Earned, Missed, Standing
from redislab.course.words import frame_words

MOST_TYPED = 20  # lines of one step that are kept for notes


class Phase(Enum):
    """Where in a step one is."""

    WORKING = "working"
    ASKED = "asked"  # its checks hold, a quiz is open
    PASSED = "passed"
    FINISHED = "finished"  # the last step is behind, and what was learnt has been shown


class Runner:
    """One lesson, one person. Every method may raise RedislabError of the bench."""

    def __init__(
        self,
        lesson: Lesson,
        bench: Bench,
        standing: Standing | None = None,
        following: str = "",
        collect: Callable[[Attempt], None] | None = None,
    ) -> None:
        self.lesson = lesson
        self._panels = Panels(frame_words(lesson.language))
        self.standing = standing or Standing()
        self.standing.title, self.standing.total = lesson.title, len(lesson.steps)
        self._bench = bench
        self._following = following  # the lesson after this one, as it is shown
        self._collect = collect  # gets attempts that no mistake answers, where the person agreed to that
        self._finished = False
        self._judged = 0  # entries of the journal that have been looked at
        self._told: list[Mistake] = []  # mistakes that stood at the latest look
        self._at = lesson.step(self.standing.at) or self._first_open()

    @property
    def step(self) -> Step:
        return self._at

    @property
    def number(self) -> int:
        """Of the step, from 1."""
        return self.lesson.steps.index(self._at) + 1

    @property
    def phase(self) -> Phase:
        standing = self.standing
        if self._finished:
            return Phase.FINISHED
        if standing.passed:
            return Phase.PASSED
        return Phase.ASKED if standing.checked or not self._at.checks else Phase.WORKING

    # -- coming and going -----------------------------------------------------------------------

    def begin(self, step: str = "") -> list[View]:
        """The lesson, or one of its steps, from its start."""
        self._at = self.lesson.step(step) or self._at
        if self.standing.passed and not step and self.number < len(self.lesson.steps):
            self._at = self.lesson.steps[self.number]
        opening = [self._panels.intro(self.lesson)] if self.number == 1 else []
        return [*opening, *self._start()]

    def resume(self) -> list[View]:
        """Where one left: the data is there, time goes on from where it was."""
        standing = self.standing
        if standing.at != self._at.id or self._fails_on_the_way():
            return self.begin()
        self._bench.journal.entries = list(standing.entries)
        self._bench.journal.trips = len(standing.entries)
        self._judged = len(standing.entries)
        engine = self._bench.engine
        if isinstance(engine, Timed) and engine.capabilities.clock and standing.ahead_s:
            engine.advance(max(0.0, standing.ahead_s - engine.clock_ahead_s))
        gone = standing.keys - self._bench.size
        return [self._panel(), *([self._panels.expired(gone)] if gone > 0 else [])]

    def keep(self) -> Standing:
        """What is to be kept now."""
        standing, engine = self.standing, self._bench.engine
        standing.entries = list(self._bench.journal.entries)
        standing.ahead_s = engine.clock_ahead_s if isinstance(engine, Timed) else 0.0
        standing.keys = self._bench.size
        return standing

    # -- what a person types --------------------------------------------------------------------

    def question(self, args: Sequence[bytes], client: str = "A") -> Prediction | None:
        """What is to be foretold before this command runs."""
        if self.phase is not Phase.WORKING or self._was_run(args, client):
            return None
        return next(
            (each for each in self._at.predictions if _same(each.command, args, client)),
            None,
        )

    def foretold(self, asked: Prediction, guess: str, reply: Reply) -> list[View]:
        """What to say of a guess; "" is none."""
        if not guess.strip():
            return []
        right = is_foretold(guess, reply)
        if not right:
            place = self._at.predictions.index(asked)
            self.standing.miss(Missed(self._at.id, "predict", place))
        return [self._panels.foretold(guess.strip(), right)]

    def note(self, args: Sequence[bytes], reply: Reply, client: str = "A") -> None:
        """A command of the person's was answered."""
        self._bench.journal.note(args, reply, client=client)

    def look(self) -> list[View]:
        """After a line: nothing to say, most of the time."""
        if self.phase is not Phase.WORKING:
            return []
        if all(verdict.holds for verdict in judged(self._at, self._bench)):
            self.standing.checked = True
            return self._next_question()
        return self._mistake() if self._is_news() else []

    def enter(self) -> list[View]:
        """An empty line: on from a solved step; else what is recognised, or where help is."""
        phase = self.phase
        if phase is Phase.PASSED:
            return self._go_on()
        if phase is Phase.FINISHED:
            return [self._panels.leave()]
        if phase is Phase.ASKED:
            return [self._panels.quiz(self._quiz())] if self._at.quizzes else self._next_question()
        found = self.look() or self._mistake(held_back=False)
        if not found:
            self._is_stuck()
        return found or [self._panels.not_yet(self._at)]

    def answer(self, text: str) -> list[View] | None:
        """An answer to the open quiz; None where the line is none."""
        if self.phase is not Phase.ASKED:
            return None
        quiz = self._quiz()
        chosen = choice_of(text, len(quiz.choices))
        if chosen is None:
            return None
        choice = quiz.choices[chosen]
        if not choice.right:
            self.standing.miss(Missed(self._at.id, "quiz", self.standing.answered))
            return [self._panels.wrong(choice)]
        self.standing.answered += 1
        return [self._panels.right(choice), *self._next_question()]

    # -- what a person asks for -----------------------------------------------------------------

    def hint(self) -> list[View]:
        """The next one; after the last, all of them again."""
        self._is_stuck()
        if not self._at.hints:
            return [self._panels.no_hint()]
        given = self.standing.hints = self.standing.hints + 1
        return [self._panels.hint(self._at, given)]

    def solution(self) -> list[View]:
        """Every way. From now on the step is solved with help."""
        self._is_stuck()
        if not self.standing.passed:
            self.standing.looked = True
        return [self._panels.solutions(self._at)]

    def why(self) -> list[View]:
        """What the checker saw, against what it wanted."""
        self._is_stuck()
        return [self._panels.verdicts(judged(self._at, self._bench))]

    def reset(self) -> list[View]:
        """This step's start."""
        self._is_stuck()
        return self._start()

    def skip(self) -> list[View]:
        """On without having solved it."""
        self._is_stuck()
        if not self.standing.passed:
            self.standing.earn(self._at.id, Earned.SKIPPED)
            self.standing.passed = True
        return self._go_on()

    def where(self) -> list[View]:
        """The step again, and how far one is."""
        return [self._panels.steps(self.lesson, self.standing, self._at), self._panel()]

    # -- inside ---------------------------------------------------------------------------------

    def _is_stuck(self) -> None:
        """Help is asked for: what was typed is an attempt to be noted, if no mistake answers it."""
        entries = self._bench.journal.entries
        if self._collect is None or self.phase is not Phase.WORKING or not entries:
            return
        if self._is_begun() or any(all_recognised(self._at, self._bench)):
            return
        lines = tuple(str(Typed(each.args, 0, each.client)) for each in entries)
        self._collect(Attempt(self.lesson.id, self._at.id, lines))

    def _first_open(self) -> Step:
        steps = self.lesson.steps
        return next((step for step in steps if step.id not in self.standing.steps), steps[0])

    def _start(self) -> list[View]:
        self._finished = False
        self._bench.lead_to(self.lesson, self._at)
        self.standing.enter(self._at.id)
        self._judged = 0
        self._told = []
        if self._is_only_told():
            self.standing.checked = self.standing.looked = True
        return [self._panel()]

    def _is_only_told(self) -> bool:
        """Whether nothing of this step is for the server at hand."""
        return is_told(self.lesson, self._at, self._bench.engine)

    def _fails_on_the_way(self) -> bool:
        """Whether a server has been made to fail: its settings are not those of a new one, so begin anew."""
        return any(isinstance(each, Drill) for _, each in self._bench.way(self.lesson, self._at))

    def _panel(self) -> View:
        phase = self.phase
        quiz = self._quiz() if phase is Phase.ASKED and self._at.quizzes else None
        only_told = self._is_only_told()
        step = replace(self._at, predictions=()) if only_told else self._at
        task = self._panels.panel(self.lesson, step, self.number, quiz, passed=phase is Phase.PASSED)
        return Stack((*self._panels.struck(step, self._bench.engine, only_told=only_told), task))

    def _next_question(self) -> list[View]:
        """The next open quiz, or the step is passed."""
        if self.standing.answered < len(self._at.quizzes):
            return [self._panels.quiz(self._quiz())]
        standing = self.standing
        standing.passed = True
        standing.earn(self._at.id, Earned.SHOWN if standing.looked else Earned.DONE)
        standing.typed[self._at.id] = self._typed()
        last = self._at is self.lesson.steps[-1]
        return [self._panels.passed(self._at, self.number, len(self.lesson.steps), last=last)]

    def _typed(self) -> list[str]:
        """The latest lines of this step that were no errors, and carry no password."""
        return [
            str(Typed(each.args, 0, each.client))
            for each in self._bench.journal.entries
            if not each.reply.is_error and not is_sensitive(quote(each.args))
        ][-MOST_TYPED:]

    def _go_on(self) -> list[View]:
        place = self.number
        if place < len(self.lesson.steps):
            self._at = self.lesson.steps[place]
            return self._start()
        self._finished = True
        return [self._panels.finish(self.lesson, self.standing, self._following)]

    def _quiz(self) -> Quiz:
        return self._at.quizzes[min(self.standing.answered, len(self._at.quizzes) - 1)]

    def _is_news(self) -> bool:
        """Whether a command was answered since the last look."""
        count = len(self._bench.journal.entries)
        news, self._judged = count > self._judged, count
        return news

    def _mistake(self, *, held_back: bool = True) -> list[View]:
        """The words of the mistake that was made, once for as long as it stands; of an error each time."""
        if not self._bench.journal.entries:
            return []
        found = list(all_recognised(self._at, self._bench))
        if found and held_back and self._is_begun():
            return []
        new = [each for each in found if each not in self._told or each.condition.kind == "error"]
        self._told = found
        said = new or ([] if held_back else found)
        return [self._panels.mistake(said[0])] if said else []

    def _is_begun(self) -> bool:
        """What was typed is the beginning of a solution."""
        typed = self._bench.journal.entries
        return any(
            len(typed) <= len(solution.lines)
            and all(
                _same(line, each.args, each.client) for line, each in zip(solution.lines, typed, strict=False)
            )
            for solution in self._at.solutions
        )

    def _was_run(self, args: Sequence[bytes], client: str) -> bool:
        entries = self._bench.journal.entries
        return any(_same(Typed(each.args, 0, each.client), args, client) for each in entries)


def _same(wanted: Typed, args: Sequence[bytes], client: str) -> bool:
    """Whether these are its words; the command's name and options may be written in any case."""
    if wanted.client != client or len(wanted.args) != len(args):
        return False
    return all(
        typed == word
        or (typed.upper() == word.upper() and (place == 0 or (word.isalpha() and word.isupper())))
        for place, (word, typed) in enumerate(zip(wanted.args, args, strict=True))
    )
