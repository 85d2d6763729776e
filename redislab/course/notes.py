"""A lesson as notes in Markdown: the tasks, what the person typed, the course's own way."""

from __future__ import annotations

from collections.abc import Iterator

from redislab.course.model import Lesson, Step
from redislab.course.standing import Standing
from redislab.course.words import Words, frame_words


def notes(lesson: Lesson, standing: Standing) -> str:
    """The whole text."""
    return "\n".join([f"# {lesson.title}", "", *_body(lesson, standing)]).rstrip() + "\n"


def _body(lesson: Lesson, standing: Standing) -> Iterator[str]:
    words = frame_words(lesson.language)
    if lesson.intro:
        yield from (lesson.intro, "")
    for number, step in enumerate(lesson.steps, 1):
        yield from (f"## {number}. {step.title}", "", step.prose, "")
        yield from _code(words("what_i_typed"), standing.typed.get(step.id, []))
        if step.id in standing.steps:
            yield from _solved(step, words)


def _solved(step: Step, words: Words) -> Iterator[str]:
    for solution in step.solutions[:1]:
        yield from _code(words("one_way"), [str(typed) for typed in solution.lines])
    for python in step.python[:1]:
        yield from _code(words("in_python"), python.source.split("\n"), "python")
    for quiz in step.quizzes:
        answer = next(choice for choice in quiz.choices if choice.right)
        yield from (f"{quiz.question}", "", f"- {answer.text}: {answer.feedback}", "")


def _code(title: str, lines: list[str], word: str = "redis") -> Iterator[str]:
    if lines:
        yield from (f"{title}:", "", f"```{word}", *lines, "```", "")
