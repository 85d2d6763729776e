"""`redislab lesson review`: what was answered wrong is asked again; a right answer takes it off the list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from redislab.app import Place, catalogue, open_engine
from redislab.core.reply import Reply
from redislab.core.safe import visible_text
from redislab.core.view import View
from redislab.course.bench import Bench
from redislab.course.foretelling import is_foretold
from redislab.course.library import course, load
from redislab.course.model import Lesson, Prediction, Step
from redislab.course.panels import Panels, choice_of
from redislab.course.standing import Missed
from redislab.course.words import frame_words
from redislab.errors import ExitCode, UsageError
from redislab.progress import Progress
from redislab.render.plain import Layout, format_reply
from redislab.repl.prompt import Prompt
from redislab.repl.screen import Screen
from redislab.repl.settings import Settings
from redislab.streams import Streams


def run_review(place: Place, streams: Streams, layout: Layout) -> ExitCode:
    """Ask each question once; an empty answer leaves it for another day."""
    if not streams.for_people:
        raise UsageError("a review asks questions: it needs a terminal")
    screen = Screen(streams, layout, Settings())
    progress = Progress(place.environ, screen.warning)
    prompt = Prompt.to_ask(streams.colours)
    count = 0
    for key, lesson, missed in _due(progress):
        count += 1
        if _ask(lesson, missed, screen, prompt.question):
            standing = progress.read()[key]
            standing.missed.remove(missed)
            progress.save(key, standing)
    screen.line("" if count else "There is nothing to review: no question is open.")
    return ExitCode.OK


def _due(progress: Progress) -> Iterator[tuple[str, Lesson, Missed]]:
    """What was missed in the lessons of the course, as they are now."""
    known = progress.read()
    for title in course():
        standing = known.get(title.id)
        for missed in standing.missed if standing is not None else []:
            lesson = load(title.path)
            step = lesson.step(missed.step)
            if step is not None and missed.place < len(_questions(step, missed)):
                yield title.id, lesson, missed


def _questions(step: Step, missed: Missed) -> Sequence[object]:
    return step.quizzes if missed.kind == "quiz" else step.predictions


def _ask(lesson: Lesson, missed: Missed, screen: Screen, ask: Callable[[str], str]) -> bool:
    """Whether it was answered right."""
    step = lesson.step(missed.step)
    assert step is not None
    if missed.kind != "quiz":
        return _ask_prediction(lesson, step, step.predictions[missed.place], screen, ask)
    quiz, panels = step.quizzes[missed.place], Panels(frame_words(lesson.language))
    screen.show(panels.heading(lesson, step))
    screen.show(panels.quiz(quiz))
    chosen = choice_of(ask(panels.words("your_answer")), len(quiz.choices))
    if chosen is None:
        return False
    choice = quiz.choices[chosen]
    view: View = panels.right(choice) if choice.right else panels.wrong(choice)
    screen.show(view)
    return choice.right


def _ask_prediction(
    lesson: Lesson, step: Step, asked: Prediction, screen: Screen, ask: Callable[[str], str]
) -> bool:
    before, reply = _seen(lesson, step, asked)
    panels = Panels(frame_words(lesson.language))
    screen.show(panels.heading(lesson, step))
    screen.show(panels.after(before))
    if asked.text:
        screen.show(panels.prediction(asked))
    guess = ask(visible_text(panels.words("what_will", command=asked.command)))
    if not guess.strip():
        return False
    screen.write(format_reply(reply, screen.layout))
    right = is_foretold(guess, reply)
    screen.show(panels.foretold(guess.strip(), right))
    return right


def _seen(lesson: Lesson, step: Step, asked: Prediction) -> tuple[list[str], Reply]:
    """The lines of the step that come before the command, and its answer, on an engine of its own."""
    engine = open_engine(Place())
    bench = Bench(engine, catalogue())
    try:
        bench.lead_to(lesson, step)
        before = [str(typed) for typed in step.seeds]
        for typed in step.solutions[0].lines if step.solutions else ():
            if typed.args == asked.command.args:
                break
            bench.run(typed)
            before.append(str(typed))
        reply = bench.run(asked.command)
    finally:
        bench.close()
        engine.close()
    if reply is None:
        raise UsageError(f"{asked.command} is not answered")
    return before, reply
