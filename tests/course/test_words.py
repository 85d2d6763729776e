"""What is said around a lesson: in every language the same texts, and none of another language."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import redislab
from redislab.app import Place, catalogue, open_engine
from redislab.core.view import Stack, View
from redislab.core.words import split
from redislab.course.bench import Bench
from redislab.course.library import course, load, translated
from redislab.course.model import Typed
from redislab.course.notes import notes
from redislab.course.runner import Runner
from redislab.course.words import ENGLISH, FRAME, frame_words, texts
from redislab.render.views import plain_text

PACKAGE = Path(redislab.__file__).parent
LANGUAGES = sorted(path.stem for path in (PACKAGE / "data" / FRAME).glob("*.json"))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_the_languages_are_those_of_the_lessons() -> None:
    assert LANGUAGES == ["en", "fr"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_each_text_with_what_is_filled_in(language: str) -> None:
    english, theirs = texts(FRAME, ENGLISH), texts(FRAME, language)
    assert list(theirs) == list(english)
    for name, text in english.items():
        assert fields(theirs[name]) == fields(text), name
        assert theirs[name].endswith(" ") == text.endswith(" "), name


def test_every_text_is_used() -> None:
    sources = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    earned = {f"state_{name}" for name in ("done", "shown", "skipped")}  # by what a step brought
    for name in set(texts(FRAME, ENGLISH)) - earned:
        assert re.search(rf"""["']{name.removesuffix("_one")}["']""", sources), name


def test_a_language_without_words_speaks_english() -> None:
    assert frame_words("xx")("enter") == frame_words()("enter") == "Enter goes on."


def said(views: list[View]) -> str:
    return plain_text(Stack(tuple(views)), 2_000)


def test_a_lesson_in_french_is_framed_in_french() -> None:
    """Played with help, mistakes and a wrong answer: no text of the English frame is to be seen."""
    lesson = translated(load(course()[0].path), "fr")
    engine = open_engine(Place())
    bench = Bench(engine, catalogue())
    runner = Runner(lesson, bench, following="2")
    seen = said(runner.begin())
    for step in lesson.steps:
        seen += said(runner.where()) + said(runner.enter()) + said(runner.hint()) + said(runner.why())
        seen += said(runner.solution())
        for typed in step.solutions[0].lines if step.solutions else ():
            bench.run(Typed(tuple(split(str(typed).removeprefix("B: ").encode())), 0, typed.client))
        seen += said(runner.look())
        for quiz in step.quizzes:
            right = [choice.right for choice in quiz.choices].index(True) + 1
            seen += said(runner.answer("1" if right > 1 else "2") or []) + said(
                runner.answer(str(right)) or []
            )
        seen += said(runner.enter())
    seen += said(runner.enter()) + notes(lesson, runner.standing)
    bench.close()
    engine.close()
    french = set(texts(FRAME, "fr").values())
    for name, text in texts(FRAME, ENGLISH).items():
        if not fields(text) and text not in french:
            assert text.strip() not in seen or len(text) < 12, name
    for word in (
        "étape 1 sur",
        "Fait :",
        "Entrée continue.",
        "indice 1 sur",
        "Ce que vous avez fait",
        "non : ",
    ):
        assert word in seen, word
