"""A lesson as a notebook goes through it: steps by name, in any order, each judged when it is asked for.

It prints nothing and keeps nothing. Where `Runner` leads a person in a shell from step to step, here the
notebook's own cells say what comes: start a step, check it, answer its questions. What is called gives views.

    start               the step's state; also the way back to it
    check               done, or what was seen and what helps
    predict, answer     what a person foretells, and answers
    hint, solution      help that was asked for
    report              how far one is
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from redislab.core.engine import Timed
from redislab.core.reply import Reply
from redislab.core.roles import Role
from redislab.core.spans import span_text
from redislab.core.view import Grid, Items, Line, Span, Stack, View, line
from redislab.course.bench import Bench
from redislab.course.conditions import Verdict
from redislab.course.foretelling import is_foretold
from redislab.course.model import Lesson, Step
from redislab.course.notebooks import for_notebook, shown
from redislab.course.panels import LETTERS, Panels, choice_of
from redislab.course.proof import judged, recognised
from redislab.course.prose import prose
from redislab.course.reach import is_told
from redislab.course.words import Words, frame_words
from redislab.errors import UsageError

MOST_ENTRIES = 10_000  # of one step's commands that are kept
GUESS_CHARACTERS = 60  # of a guess that are shown again


@dataclass(slots=True)
class Way:
    """How far a person is in one step."""

    done: bool = False
    looked: bool = False  # at its solution
    hints: int = 0
    guesses: dict[int, str] = field(default_factory=dict)  # by the prediction's place
    answered: set[int] = field(default_factory=set)  # places of quizzes


@dataclass(frozen=True, slots=True)
class Told:
    """Whether it is done or right, and what to show."""

    holds: bool
    view: View


class Exercise:
    """One lesson in one notebook. Raises UsageError for what does not exist, RedislabError of the bench."""

    def __init__(self, lesson: Lesson, bench: Bench, words: Words) -> None:
        self.lesson = lesson
        self._bench = bench
        self._words = words
        self._ways = {step.id: Way() for step in lesson.steps}
        self._at: Step | None = None

    def note(self, args: Sequence[bytes], reply: Reply, *, client: str, trips: int) -> None:
        """A command of the notebook's was answered; `trips` is 0 where it travelled with the one before."""
        journal = self._bench.journal
        journal.note(args, reply, client=client, trips=trips)
        if len(journal.entries) > MOST_ENTRIES:  # a loop: the first and the latest say what it did
            del journal.entries[MOST_ENTRIES // 2]

    def start(self, step_id: str) -> View:
        """Bring about the state in which the step begins."""
        step = self._step(step_id)
        self._bench.lead_to(self.lesson, step)
        self._at = step
        number = self.lesson.steps.index(step) + 1
        ready = self._words("ready", number=number, total=len(self.lesson.steps), title=step.title)
        if self._is_only_told(step):
            happened = [prose(self._words("only_told", call=_call("solution", step)))]
        else:
            failed = Panels(frame_words(self.lesson.language)).struck(
                step, self._bench.engine, only_told=False
            )
            happened = [*self._passed_time(step), *failed]
        return Stack((line(Span(ready, Role.STRONG)), *happened))

    def check(self, step_id: str) -> Told:
        """Judge what was done since the step began."""
        step, way = self._step(step_id), self._ways[step_id]
        if self._is_only_told(step):
            way.done = way.looked = True
            return self._questions(step, way)
        if not step.checks:
            return self._questions(step, way)
        if step is not self._at:
            return Told(False, self._labelled("not_yet", self._words("not_begun", call=_call("start", step))))
        verdicts = judged(step, self._bench)
        views = list(self._foretold(step, way))
        if all(verdict.holds for verdict in verdicts):
            way.done = True
            return Told(True, Stack((self._labelled("done", step.title, Role.REMEDY), *views)))
        views += [self._labelled("not_yet", step.title), self._seen(verdicts), self._help(step, way)]
        return Told(False, Stack(tuple(views)))

    def predict(self, step_id: str, guess: str, question: int = 1) -> View:
        """What a command of the step will answer, before it runs; "" is no guess."""
        step, way = self._step(step_id), self._ways[step_id]
        asked = step.predictions[self._place(len(step.predictions), question, step)]
        way.guesses.pop(question, None)
        command = shown(asked.command)
        if not guess.strip():
            return line(self._words("no_guess"))
        if step is self._at and self._bench.evidence().journal.replies_to(asked.command.args):
            return line(self._words("too_late", command=command, call=_call("start", step)))
        way.guesses[question] = guess.strip()
        return line(self._words("guessed", command=command))

    def answer(self, step_id: str, choice: str, question: int = 1) -> Told:
        """One of a quiz's answers, by its letter or its number."""
        step, way = self._step(step_id), self._ways[step_id]
        place = self._place(len(step.quizzes), question, step)
        choices = step.quizzes[place].choices
        if not choice.strip():
            return Told(False, line(self._words("no_answer", letters=", ".join(LETTERS[: len(choices)]))))
        chosen = choice_of(choice, len(choices))
        if chosen is None:
            letters = ", ".join(LETTERS[: len(choices)])
            raise UsageError(self._words("no_such_answer", answer=choice[:GUESS_CHARACTERS], letters=letters))
        found = choices[chosen]
        if not found.right:
            return Told(False, self._labelled("wrong", for_notebook(found.feedback, step.id)))
        way.answered.add(place)
        return Told(True, self._labelled("right", for_notebook(found.feedback, step.id), Role.REMEDY))

    def hint(self, step_id: str) -> View:
        """The next one; after the last, all of them again."""
        step = self._step(step_id)
        return self._next_hint(step, self._ways[step_id])

    def solution(self, step_id: str) -> View:
        """Every way. From now on the step is done with its solution."""
        step, way = self._step(step_id), self._ways[step_id]
        if not step.solutions:
            return line(self._words("only_asks"))
        way.looked = way.looked or not way.done
        views: list[View] = [
            Items(tuple(line(Span(shown(typed), Role.COMMAND)) for typed in solution.lines), "%%redis")
            for solution in step.solutions
        ]
        for python in step.python:
            lines = python.source.split("\n")
            views.append(Items(tuple(line(Span(each, Role.COMMAND)) for each in lines), "redis-py"))
        return Stack(tuple(views))

    def report(self) -> Told:
        """Each step, and what is open."""
        rows = []
        for number, step in enumerate(self.lesson.steps, 1):
            rows.append((line(f"{number}"), line(step.title), line(self._state(step))))
        heads = tuple(self._words(name) for name in ("head_step", "head_title", "head_state"))
        done = all(self._is_done(step) for step in self.lesson.steps)
        return Told(done, Grid(heads, tuple(rows), self.lesson.title))

    # -- inside ---------------------------------------------------------------------------------

    def _step(self, step_id: str) -> Step:
        step = self.lesson.step(step_id)
        if step is None:
            known = ", ".join(self._ways)
            raise UsageError(self._words("no_such_step", step=str(step_id)[:GUESS_CHARACTERS], steps=known))
        return step

    def _is_only_told(self, step: Step) -> bool:
        """Whether nothing of it is for the server at hand."""
        return is_told(self.lesson, step, self._bench.engine)

    def _place(self, count: int, question: int, step: Step) -> int:
        if question not in range(1, count + 1):
            raise UsageError(self._words("no_such_question", step=step.id, count=count))
        return question - 1

    def _passed_time(self, step: Step) -> Iterator[View]:
        passed = sum(wait.seconds for wait in step.waits)
        if not passed:
            return
        engine = self._bench.engine
        moved = isinstance(engine, Timed) and engine.capabilities.clock
        yield line(self._words("clock_moved" if moved else "deadlines_moved", time=span_text(passed)))

    def _questions(self, step: Step, way: Way) -> Told:
        """A step that only asks."""
        if self._is_done(step):
            return Told(True, self._labelled("done", step.title, Role.REMEDY))
        open_ones = len(step.quizzes) - len(way.answered)
        return Told(False, self._labelled("not_yet", self._words("questions_open", count=open_ones)))

    def _foretold(self, step: Step, way: Way) -> Iterator[View]:
        """Guesses whose command has run."""
        for question, guess in list(way.guesses.items()):
            asked = step.predictions[question - 1]
            replies = self._bench.evidence().journal.replies_to(asked.command.args)
            if replies:
                del way.guesses[question]
                name = "foretold" if is_foretold(guess, replies[0]) else "not_foretold"
                yield line(self._words(name, command=shown(asked.command), guess=guess[:GUESS_CHARACTERS]))

    def _seen(self, verdicts: Sequence[Verdict]) -> View:
        """What the checker saw."""
        rows = tuple(
            (line(self._words("holds" if verdict.holds else "missing")), line(verdict.seen))
            for verdict in verdicts
        )
        return Grid((self._words("head_check"), self._words("head_seen")), rows)

    def _help(self, step: Step, way: Way) -> View:
        """The words of the mistake that was made, else the next hint; nothing ran: what to do at all."""
        if not self._bench.evidence().journal.entries:
            return line(self._words("nothing_ran"))
        mistake = recognised(step, self._bench)
        if mistake is not None:
            return prose(for_notebook(mistake.text, step.id))
        return self._next_hint(step, way)

    def _next_hint(self, step: Step, way: Way) -> View:
        total = len(step.hints)
        if not total:
            return line(self._words("no_hint"))
        way.hints += 1
        if way.hints <= total:
            return self._one_hint(step, way.hints)
        last = line(self._words("no_more_hints", call=_call("solution", step)))
        return Stack((*(self._one_hint(step, number) for number in range(1, total + 1)), last))

    def _one_hint(self, step: Step, number: int) -> View:
        label = self._words("hint", number=number, total=len(step.hints))
        return _hanging(Span(f"{label} ", Role.INFO), for_notebook(step.hints[number - 1], step.id))

    def _labelled(self, name: str, text: str, role: Role = Role.WARNING) -> View:
        return _hanging(Span(f"{self._words(name)} ", role), text)

    def _is_done(self, step: Step) -> bool:
        way = self._ways[step.id]
        return (way.done or not step.checks) and len(way.answered) == len(step.quizzes)

    def _state(self, step: Step) -> str:
        way = self._ways[step.id]
        if self._is_done(step):
            return self._words("state_shown" if way.looked else "state_done")
        if way.done:
            return self._words("state_question")
        return self._words("state_open")


def _call(method: str, step: Step) -> str:
    return f'check.{method}("{step.id}")'


def _hanging(label: Span, text: str) -> View:
    """A label, then a text whose first paragraph begins behind it."""
    whole = prose(text)
    views = whole.views if isinstance(whole, Stack) else (whole,)
    first = views[0] if views else Line()
    if isinstance(first, Line):
        return Stack((Line((label, *first.spans)), *views[1:]))
    return Stack((line(label), *views))
