"""What a person sees of a lesson, as views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from redislab.core.engine import Engine, Mortal
from redislab.core.roles import Role
from redislab.core.view import Grid, Items, Line, Note, NoteKind, Span, Stack, View, line
from redislab.course.conditions import Verdict
from redislab.course.model import Choice, Drill, Lesson, Mistake, Prediction, Quiz, Step
from redislab.course.prose import plain_line, prose
from redislab.course.standing import Earned, Standing
from redislab.course.words import Words

LETTERS = "abcdefghij"
GUESS_CHARACTERS = 60  # of a guess that are shown again


class Panels:
    """All that is said around a lesson's own words, in one language."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def intro(self, lesson: Lesson) -> View:
        """What the lesson is about, and how one moves in it."""
        minutes = self.words("minutes", minutes=lesson.minutes) if lesson.minutes else ""
        steps = self.words.counted("steps", len(lesson.steps))
        title = line(Span(lesson.title, Role.HEADING), Span(f"   {steps}{minutes}", Role.DIM))
        return Stack((Line(), title, Line(), prose(lesson.intro), Line(), self._said("keys")))

    def panel(self, lesson: Lesson, step: Step, number: int, quiz_open: Quiz | None, *, passed: bool) -> View:
        """The task of a step."""
        where = self.words("step_of", number=number, total=len(lesson.steps))
        heading = line(Span(step.title, Role.HEADING), Span(f"   {where}", Role.DIM))
        views: list[View] = [Line(), heading, Line(), prose(step.prose)]
        if step.predictions and quiz_open is None and not passed:
            views += [Line(), self._said("before_prediction", command=step.predictions[0].command)]
        if quiz_open is not None:
            views += [Line(), self.quiz(quiz_open)]
        if passed:
            views += [Line(), line(Span(self.words("is_done"), Role.DIM))]
        return Stack((*views, Line()))

    def struck(self, step: Step, engine: Engine, *, only_told: bool) -> list[View]:
        """What has failed before the step begins; or that nothing may, on this server."""
        if only_told:
            whole = self.words("only_told") + ("" if step.quizzes else f" {self.words('enter')}")
            return [self._labelled("not_here", Role.WARNING, whole)]
        pretends = isinstance(engine, Mortal) and engine.only_pretends
        return [
            self._labelled("drill", Role.WARNING, self._failure(drill, pretends)) for drill in step.drills
        ]

    def _failure(self, drill: Drill, pretends: bool) -> str:
        if drill.kind == "drop":
            return self.words("dropped", client=drill.client)
        if drill.kind == "memory":
            return self.words("filled") + (f" {self.words('estimates')}" if pretends else "")
        return self.words("simulated" if pretends else "killed")

    def heading(self, lesson: Lesson, step: Step) -> View:
        """Which step a question is from."""
        return Stack((Line(), line(Span(step.title, Role.HEADING), Span(f"   {lesson.title}", Role.DIM))))

    def after(self, lines: Sequence[str]) -> View:
        """What has run before a question."""
        if not lines:
            return line(self.words("at_beginning"))
        return Items(tuple(line(Span(each, Role.COMMAND)) for each in lines), self.words("after_commands"))

    def passed(self, step: Step, number: int, total: int, *, last: bool) -> View:
        on = self.words("enter_finish" if last else "enter")
        ways = len(step.solutions)
        said = [on, self.words("ways", count=ways)] if ways > 1 else [on]
        return line(Span(self.words("done", number=number, total=total), Role.REMEDY), " ".join(said))

    def mistake(self, found: Mistake) -> View:
        return self._labelled("not_yet", Role.WARNING, found.text)

    def not_yet(self, step: Step) -> View:
        help = self.words("help_hint" if step.hints else "help")
        return line(Span(self.words("not_yet"), Role.WARNING), help)

    def hint(self, step: Step, given: int) -> View:
        """The `given`-th hint, from 1; beyond the last, all of them."""
        count = len(step.hints)
        if given <= count:
            return self._labelled("hint", Role.INFO, step.hints[given - 1], number=given, count=count)
        again = [
            self._labelled("hint_again", Role.INFO, text, number=number)
            for number, text in enumerate(step.hints, 1)
        ]
        return Stack((*again, line(self.words("no_more_hints"))))

    def no_hint(self) -> View:
        return line(self.words("no_hint"))

    def solutions(self, step: Step) -> View:
        """Each way, in Redis commands, then in Python."""
        views: list[View] = []
        for number, way in enumerate(step.solutions, 1):
            several = len(step.solutions) > 1
            title = self.words("solution_n", number=number) if several else self.words("solution")
            views.append(Items(tuple(line(Span(str(typed), Role.COMMAND)) for typed in way.lines), title))
        for python in step.python:
            lines = python.source.split("\n")
            views.append(
                Items(tuple(line(Span(each, Role.VALUE)) for each in lines), self.words("in_python"))
            )
        return Stack(tuple(views or [line(self.words("nothing_to_type"))]))

    def verdicts(self, found: Sequence[Verdict]) -> View:
        """What the checker saw."""
        if not found:
            return line(self.words("only_asks"))
        signs = {
            True: Span(self.words("holds"), Role.REMEDY),
            False: Span(self.words("holds_not"), Role.WARNING),
        }
        return Grid((), tuple((line(signs[verdict.holds]), line(verdict.seen)) for verdict in found))

    def quiz(self, asked: Quiz) -> View:
        choices = tuple(
            line(Span(f"{number}  ", Role.NUMBER), *plain_line(choice.text).spans)
            for number, choice in enumerate(asked.choices, 1)
        )
        how = line(Span(self.words("how_to_answer", count=len(choices)), Role.DIM))
        return Stack((prose(asked.question), Items(choices), how))

    def right(self, choice: Choice) -> View:
        return self._labelled("right", Role.REMEDY, choice.feedback)

    def wrong(self, choice: Choice) -> View:
        again = line(Span(self.words("another_answer"), Role.DIM))
        return Stack((self._labelled("wrong", Role.WARNING, choice.feedback), again))

    def prediction(self, asked: Prediction) -> View:
        """What the author says before the command runs."""
        return self._labelled("first", Role.INFO, asked.text)

    def foretold(self, guess: str, was_right: bool) -> View:
        """Behind the reply: whether it was foretold."""
        if was_right:
            return line(Span(self.words("as_said"), Role.REMEDY))
        said = self.words("you_said", guess=guess[:GUESS_CHARACTERS])
        return line(Span(self.words("not_as_said"), Role.WARNING), said)

    def expired(self, count: int) -> View:
        return Note(NoteKind.INFO, line(self.words.counted("expired", count)))

    def steps(self, lesson: Lesson, standing: Standing, at: Step) -> View:
        """The steps with what they brought."""
        rows = []
        for number, step in enumerate(lesson.steps, 1):
            earned = standing.steps.get(step.id)
            sign = self._earned(earned) if earned else self.words("state_here") if step is at else ""
            role = Role.STRONG if step is at else Role.TEXT
            rows.append((line(f"{number}"), line(Span(step.title, role)), line(Span(sign, Role.DIM))))
        return Grid((), tuple(rows), lesson.title)

    def finish(self, lesson: Lesson, standing: Standing, following: str) -> View:
        """What was learnt, the commands met, what comes next."""
        done = self.words("solved", count=standing.earned, total=len(lesson.steps))
        views: list[View] = [Line(), line(Span(f"{lesson.title}: ", Role.HEADING), Span(done, Role.HEADING))]
        views += [Line(), Items(tuple(self._learnt(lesson, standing)), self.words("what_you_did"))]
        if lesson.teaches:
            met = line(Span("  ".join(lesson.teaches), Role.COMMAND))
            views.append(Items((met,), self.words("commands_met")))
        if standing.missed:
            views.append(line(self.words.counted("review", len(standing.missed))))
        if following:
            views.append(line(Span(self.words("next"), Role.STRONG), f"redislab lesson {following}"))
        views.append(line(Span(self.words("at_the_end"), Role.DIM)))
        return Stack(tuple(views))

    def leave(self) -> View:
        return line(self.words("finished"))

    # -- inside ---------------------------------------------------------------------------------

    def _learnt(self, lesson: Lesson, standing: Standing) -> Iterator[Line]:
        for step in lesson.steps:
            earned = standing.steps.get(step.id)
            sign = "" if earned is Earned.DONE else f"  ({self._earned(earned)})"
            yield line(step.title, Span(sign, Role.DIM))

    def _earned(self, earned: Earned | None) -> str:
        return self.words(f"state_{earned.value}" if earned is not None else "state_open")

    def _said(self, name: str, **values: object) -> Line:
        """A text of one line in which words of the shell stand out."""
        return plain_line(self.words(name, **values))

    def _labelled(self, name: str, role: Role, text: str, **values: object) -> View:
        """A label, then a text whose first paragraph begins behind it."""
        label = line(Span(self.words(name, **values), role))
        shown = prose(text)
        views = shown.views if isinstance(shown, Stack) else (shown,)
        first = views[0] if views else Line()
        if isinstance(first, Line):
            return Stack((Line((*label.spans, *first.spans)), *views[1:]))
        return Stack((label, *views))


def choice_of(text: str, count: int) -> int | None:
    """Which answer a line names, from 0: `2`, `b`, `b)`; None where it names none."""
    word = text.strip().rstrip(".)").lower()
    if word.isascii() and word.isdigit() and len(word) < 3 and 1 <= int(word) <= count:
        return int(word) - 1
    if len(word) == 1 and word in LETTERS[:count]:
        return LETTERS.index(word)
    return None
