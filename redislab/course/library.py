"""The lessons that come with redislab, and whichever a person names: by number, id or file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redislab.core.safe import visible_text
from redislab.course.model import Fault, Lesson, Quiz, Step
from redislab.course.reader import read_lesson
from redislab.errors import UsageError

_NUMBERED = re.compile(r"(\d\d)-([a-z0-9-]+)\.md")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class Title:
    """A lesson of the course by its file's name."""

    number: int
    id: str
    path: Path


@dataclass(frozen=True, slots=True)
class Opening:
    """A lesson that is to be gone through, and from where. `key`: its name in the progress and of its lab.

    `wanted`: how it was named.
    """

    lesson: Lesson
    key: str
    wanted: str
    from_step: str = ""
    reset: bool = False
    following: str = ""  # the lesson after it
    collect: bool = False  # attempts that no mistake answers are noted for its author

    @property
    def lab(self) -> str:
        return f"lesson-{self.key}"


def course(folder: Path | None = None) -> list[Title]:
    """The lessons in order; none where this redislab came without."""
    found = []
    for path in sorted(_folder(folder).glob("[0-9][0-9]-*.md")):
        named = _NUMBERED.fullmatch(path.name)
        if named is not None:
            found.append(Title(int(named[1]), named[2], path))
    return found


def find(wanted: str, titles: Sequence[Title]) -> Path:
    """The file of `3`, of an id, or of a path. Raises UsageError with what there is."""
    for title in titles:
        if wanted in (title.id, str(title.number), f"{title.number:02}"):
            return title.path
    path = Path(wanted)
    if path.suffix == ".md" or path.is_file():
        return path
    known = f"1 to {titles[-1].number}, by number or id" if titles else "none; name a file: lesson.md"
    raise UsageError(f"there is no lesson {wanted!r}; there are: {known}. redislab lesson lists them")


def is_of_course(path: Path, titles: Sequence[Title]) -> bool:
    return any(path == title.path for title in titles)


def load(path: Path) -> Lesson:
    """The lesson in a file. Raises UsageError with its first fault."""
    lesson, faults = read_lesson(path)
    if lesson is None or faults or not lesson.steps:
        first = str(faults[0]) if faults else f"{path}: it has no step."
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise UsageError(f"{visible_text(first)}{more} redislab check {path} says all.")
    return lesson


def languages(folder: Path | None = None) -> list[str]:
    """What the course is translated into, in part or whole."""
    found = _folder(folder)
    folders = sorted(found.iterdir()) if found.is_dir() else []
    return [each.name for each in folders if each.is_dir() and _LANGUAGE.fullmatch(each.name)]


def translation_of(path: Path, language: str) -> Path:
    """Where the translation of a lesson's file lies."""
    return path.parent / language / path.name


def translated(lesson: Lesson, language: str) -> Lesson:
    """The lesson with the words of its translation; what that does not say stays as it is.

    Raises UsageError where there is none, or where it is of another lesson.
    """
    if not _LANGUAGE.fullmatch(language):
        raise UsageError(f"a language is two letters, as in --lang fr, not {language!r}")
    path = translation_of(lesson.path, language)
    if not path.is_file():
        known = ", ".join(languages(lesson.path.parent)) or "none"
        raise UsageError(f"{lesson.id} is not translated into {language!r}; languages there are: {known}")
    words, faults = read_lesson(path)
    problem = faults[0] if faults else mismatch(lesson, words) if words is not None else None
    if words is None or problem is not None:
        raise UsageError(f"{visible_text(str(problem))} redislab check {path} says all.")
    steps = tuple(_translated(step, words.step(step.id)) for step in lesson.steps)
    intro = words.intro or lesson.intro
    return replace(lesson, title=words.title, intro=intro, steps=steps, language=language)


def mismatch(lesson: Lesson, words: Lesson) -> Fault | None:
    """What of a translation belongs to no step of the lesson."""
    if words.id != lesson.id:
        return Fault(words.path, 1, f"this translates {words.id}, and the lesson is {lesson.id}.")
    for step in words.steps:
        if lesson.step(step.id) is None:
            return Fault(words.path, step.line, f"there is no step {step.id} in {lesson.path.name}.")
    return None


def translation_faults(titles: Sequence[Title]) -> Iterator[Fault]:
    """What is wrong with the translations that there are."""
    for title in titles:
        for language in languages(title.path.parent):
            path = translation_of(title.path, language)
            if path.is_file():
                words, faults = read_lesson(path)
                yield from faults
                problem = mismatch(load(title.path), words) if words is not None else None
                if problem is not None:
                    yield problem


def _translated(step: Step, words: Step | None) -> Step:
    if words is None:
        return step
    said = {mistake.condition.text: mistake.text for mistake in words.mistakes}
    mistakes = (replace(each, text=said.get(each.condition.text, each.text)) for each in step.mistakes)
    pairs = zip(step.quizzes, words.quizzes, strict=False)
    quizzes = [theirs if _is_same_quiz(ours, theirs) else ours for ours, theirs in pairs]
    return replace(
        step,
        title=words.title,
        prose=words.prose,
        mistakes=tuple(mistakes),
        hints=words.hints or step.hints,
        quizzes=(*quizzes, *step.quizzes[len(quizzes) :]),
    )


def _is_same_quiz(ours: Quiz, theirs: Quiz) -> bool:
    return [each.right for each in ours.choices] == [each.right for each in theirs.choices]


def _folder(folder: Path | None) -> Path:
    """Beside the package in the source tree, in it where it is installed."""
    if folder is not None:
        return folder
    package = Path(__file__).parents[1]
    inside = package / "lessons"
    return inside if inside.is_dir() else package.parent / "lessons"
