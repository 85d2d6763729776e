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

LETTERS = "abcdefghij"
_SIGNS = {Earned.DONE: "done", Earned.SHOWN: "done, with its solution", Earned.SKIPPED: "skipped"}


def intro(lesson: Lesson) -> View:
    """What the lesson is about, and how one moves in it."""
    minutes = f", about {lesson.minutes} minutes" if lesson.minutes else ""
    count = len(lesson.steps)
    title = line(
        Span(lesson.title, Role.HEADING), Span(f"   {count} step{'s' * (count > 1)}{minutes}", Role.DIM)
    )
    keys = line(
        Span("`:hint`", Role.TOKEN), " helps, ", Span("`:why`", Role.TOKEN), " says what is missing, ",
        Span("`:help`", Role.TOKEN), " lists the rest. Try whatever you like: each step begins from a ",
        "state of its own.",
    )  # fmt: skip
    return Stack((Line(), title, Line(), prose(lesson.intro), Line(), keys))


def panel(lesson: Lesson, step: Step, number: int, quiz_open: Quiz | None, *, passed: bool) -> View:
    """The task of a step."""
    heading = line(Span(step.title, Role.HEADING), Span(f"   step {number} of {len(lesson.steps)}", Role.DIM))
    views: list[View] = [Line(), heading, Line(), prose(step.prose)]
    if step.predictions and quiz_open is None and not passed:
        command = f"`{step.predictions[0].command}`"
        views += [Line(), line("Before ", Span(command, Role.TOKEN), " runs, you are asked what it answers.")]
    if quiz_open is not None:
        views += [Line(), quiz(quiz_open)]
    if passed:
        views += [Line(), line(Span("This step is done. Enter goes on.", Role.DIM))]
    return Stack((*views, Line()))


def struck(step: Step, engine: Engine, *, only_told: bool) -> list[View]:
    """What has failed before the step begins; or that nothing may, on this server."""
    if only_told:
        on = "" if step.quizzes else " Enter goes on."
        return [_hanging(line(Span("not here: ", Role.WARNING)), ONLY_TOLD + on)]
    pretends = isinstance(engine, Mortal) and engine.only_pretends
    return [_hanging(line(Span("drill: ", Role.WARNING)), _failure(drill, pretends)) for drill in step.drills]


ONLY_TOLD = (
    "This step makes a server fail, or changes its settings, and others may use this one. So nothing is run: "
    "read what would happen; `:solution` shows what one types. On the built-in engine and with "
    "`--engine server` it is done."
)


def _failure(drill: Drill, pretends: bool) -> str:
    if drill.kind == "drop":
        return f"The connection of client {drill.client} has broken. Its next command opens a new one."
    if drill.kind == "memory":
        estimate = " Sizes are estimates in the built-in engine." if pretends else ""
        return f"Copies, `copy:1` and so on, have filled the memory: it is above `maxmemory` now.{estimate}"
    if pretends:
        return (
            "Simulated: the built-in engine has forgotten what would be in no file of a server, "
            "as after kill -9. Both clients have new connections."
        )
    return (
        "The server was killed with kill -9, and has started again on its files, with the settings it had. "
        "Both clients have new connections."
    )


def heading(lesson: Lesson, step: Step) -> View:
    """Which step a question is from."""
    return Stack((Line(), line(Span(step.title, Role.HEADING), Span(f"   {lesson.title}", Role.DIM))))


def after(lines: Sequence[str]) -> View:
    """What has run before a question."""
    if not lines:
        return line("The database is as the step begins.")
    return Items(tuple(line(Span(each, Role.COMMAND)) for each in lines), "After these commands:")


def passed(step: Step, number: int, total: int, *, last: bool) -> View:
    on = "Enter shows what you have learnt." if last else "Enter goes on."
    ways = len(step.solutions)
    more = f" `:solution` shows {ways} ways." if ways > 1 else ""
    return line(Span(f"Done: step {number} of {total}. ", Role.REMEDY), f"{on}{more}")


def mistake(found: Mistake) -> View:
    return _hanging(line(Span("not yet: ", Role.WARNING)), found.text)


def not_yet(step: Step) -> View:
    what = "`:why` says what is missing"
    return line(Span("not yet: ", Role.WARNING), f"{what}{', `:hint` helps' if step.hints else ''}.")


def hint(step: Step, given: int) -> View:
    """The `given`-th hint, from 1; beyond the last, all of them."""
    count = len(step.hints)
    if given <= count:
        return _hanging(line(Span(f"hint {given} of {count}: ", Role.INFO)), step.hints[given - 1])
    again = [_hanging(line(Span(f"hint {n}: ", Role.INFO)), text) for n, text in enumerate(step.hints, 1)]
    return Stack((*again, line("There are no more hints; `:solution` shows how it is done.")))


def no_hint() -> View:
    return line("This step has no hint.")


def solutions(step: Step) -> View:
    """Each way, in Redis commands, then in Python."""
    views: list[View] = []
    for number, way in enumerate(step.solutions, 1):
        title = "Solution" if len(step.solutions) == 1 else f"Solution {number}"
        views.append(Items(tuple(line(Span(str(typed), Role.COMMAND)) for typed in way.lines), title))
    for python in step.python:
        lines = python.source.split("\n")
        views.append(Items(tuple(line(Span(each, Role.VALUE)) for each in lines), "In Python"))
    if not views:
        views = [line("This step asks a question; there is nothing to type.")]
    return Stack(tuple(views))


def verdicts(found: Sequence[Verdict]) -> View:
    """What the checker saw."""
    if not found:
        return line("This step is a question; an answer is the number before it.")
    rows = tuple(
        (
            line(Span("ok", Role.REMEDY) if verdict.holds else Span("not yet", Role.WARNING)),
            line(verdict.seen),
        )
        for verdict in found
    )
    return Grid((), rows)


def quiz(asked: Quiz) -> View:
    choices = tuple(
        line(Span(f"{number}  ", Role.NUMBER), *plain_line(choice.text).spans)
        for number, choice in enumerate(asked.choices, 1)
    )
    how = line(Span(f"Answer with a number, 1 to {len(choices)}.", Role.DIM))
    return Stack((prose(asked.question), Items(choices), how))


def choice_of(text: str, count: int) -> int | None:
    """Which answer a line names, from 0: `2`, `b`, `b)`; None where it names none."""
    word = text.strip().rstrip(".)").lower()
    if word.isascii() and word.isdigit() and len(word) < 3 and 1 <= int(word) <= count:
        return int(word) - 1
    if len(word) == 1 and word in LETTERS[:count]:
        return LETTERS.index(word)
    return None


def right(choice: Choice) -> View:
    return _hanging(line(Span("right: ", Role.REMEDY)), choice.feedback)


def wrong(choice: Choice) -> View:
    return Stack(
        (
            _hanging(line(Span("not so: ", Role.WARNING)), choice.feedback),
            line(Span("Another answer? Enter shows the question again.", Role.DIM)),
        )
    )


def prediction(asked: Prediction) -> View:
    """What the author says before the command runs."""
    return _hanging(line(Span("first: ", Role.INFO)), asked.text)


def foretold(guess: str, was_right: bool) -> View:
    """Behind the reply: whether it was foretold."""
    if was_right:
        return line(Span("As you said.", Role.REMEDY))
    return line(Span("Not as you said: ", Role.WARNING), f"you said {guess[:60]}.")


def expired(count: int) -> View:
    keys = "1 key has" if count == 1 else f"{count:,} keys have"
    text = f"{keys} expired since you left; `:reset` gives you this step from its start."
    return Note(NoteKind.INFO, line(text))


def steps(lesson: Lesson, standing: Standing, at: Step) -> View:
    """The steps with what they brought."""
    rows = []
    for number, step in enumerate(lesson.steps, 1):
        earned = standing.steps.get(step.id)
        sign = "you are here" if step is at and earned is None else _SIGNS.get(earned, "") if earned else ""
        role = Role.STRONG if step is at else Role.TEXT
        rows.append((line(f"{number}"), line(Span(step.title, role)), line(Span(sign, Role.DIM))))
    return Grid((), tuple(rows), lesson.title)


def finish(lesson: Lesson, standing: Standing, following: str) -> View:
    """What was learnt, the commands met, what comes next."""
    done = f"{standing.earned} of {len(lesson.steps)} steps solved"
    views: list[View] = [Line(), line(Span(f"{lesson.title}: ", Role.HEADING), Span(done, Role.HEADING))]
    views += [Line(), Items(tuple(_learnt(lesson, standing)), "What you did")]
    if lesson.teaches:
        views.append(Items((line(Span("  ".join(lesson.teaches), Role.COMMAND)),), "Commands you met"))
    if standing.missed:
        count = len(standing.missed)
        what = "1 question" if count == 1 else f"{count} questions"
        views.append(line(f"`redislab lesson review` asks {what} of this lesson again."))
    if following:
        views.append(line(Span("Next: ", Role.STRONG), f"redislab lesson {following}"))
    views.append(line(Span("`:export FILE.md` writes notes, `:quit` leaves.", Role.DIM)))
    return Stack(tuple(views))


def leave() -> View:
    return line("This lesson is done. `:quit` leaves; what you like to try, you can try here.")


def _learnt(lesson: Lesson, standing: Standing) -> Iterator[Line]:
    for step in lesson.steps:
        earned = standing.steps.get(step.id)
        sign = "" if earned is Earned.DONE else f"  ({_SIGNS[earned] if earned else 'open'})"
        yield line(step.title, Span(sign, Role.DIM))


def _hanging(label: Line, text: str) -> View:
    """A label, then a text whose first paragraph begins behind it."""
    shown = prose(text)
    views = shown.views if isinstance(shown, Stack) else (shown,)
    first = views[0] if views else Line()
    if isinstance(first, Line):
        return Stack((Line((*label.spans, *first.spans)), *views[1:]))
    return Stack((label, *views))
