"""Which lesson is meant, in which language, and that a wheel has them all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from redislab.course.library import course, find, languages, load, translated, translation_faults
from redislab.errors import UsageError

SMALL = Path(__file__).parent / "small"
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("wanted", ["4", "04", "small", str(SMALL / "04-small.md")])
def test_a_lesson_has_several_names(wanted: str) -> None:
    assert find(wanted, course(SMALL)) == SMALL / "04-small.md"


@pytest.mark.parametrize("wanted", ["5", "smal", "004", "-1"])
def test_a_name_of_none_is_refused(wanted: str) -> None:
    with pytest.raises(UsageError, match="there is no lesson"):
        find(wanted, course(SMALL))


def test_a_translation_has_the_words_and_the_lesson_the_checks() -> None:
    lesson = load(SMALL / "04-small.md")
    french = translated(lesson, "fr")
    assert (french.title, french.steps[0].title) == ("Petite conversation", "Garder un fruit")
    assert french.steps[0].hints == ("Une commande de trois mots.",)
    assert french.steps[0].checks == lesson.steps[0].checks
    assert french.steps[1] == lesson.steps[1]
    assert languages(SMALL) == ["fr"]


@pytest.mark.parametrize("language", ["de", "../fr", "FR"])
def test_a_language_that_is_not_there_is_refused(language: str) -> None:
    with pytest.raises(UsageError):
        translated(load(SMALL / "04-small.md"), language)


def test_a_translation_of_a_step_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "04-small.md"
    path.write_text((SMALL / "04-small.md").read_text("utf-8"), "utf-8")
    (tmp_path / "fr").mkdir()
    text = (SMALL / "fr" / "04-small.md").read_text("utf-8")
    (tmp_path / "fr" / "04-small.md").write_text(text.replace("{#keep}", "{#kept}"), "utf-8")
    with pytest.raises(UsageError, match="there is no step kept"):
        translated(load(path), "fr")
    (fault,) = translation_faults(course(tmp_path))
    assert str(fault).endswith("04-small.md:8: there is no step kept in 04-small.md.")


def test_the_first_lesson_is_whole_in_french() -> None:
    lesson = load(course()[0].path)
    french = translated(lesson, "fr")
    for step, words in zip(lesson.steps, french.steps, strict=True):
        assert words.title != step.title
        assert words.prose != step.prose
        assert len(words.hints) == len(step.hints)
        assert not {each.text for each in step.mistakes} & {each.text for each in words.mistakes}
        assert not {quiz.question for quiz in step.quizzes} & {quiz.question for quiz in words.quizzes}
    assert list(translation_faults(course())) == []


def test_every_lesson_of_the_course_can_be_opened() -> None:
    titles = course()
    assert titles
    assert [load(title.path).id for title in titles] == [title.id for title in titles]
    for title in titles:
        for language in languages():
            if (title.path.parent / language / title.path.name).is_file():
                translated(load(title.path), language)


def test_the_wheel_takes_the_lessons_to_where_they_are_looked_for() -> None:
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert '[tool.hatch.build.targets.wheel.force-include]\n"lessons" = "redislab/lessons"\n' in project


def test_an_installed_package_finds_its_lessons(tmp_path: Path) -> None:
    """As a wheel lays them: inside the package, and no source tree around it."""
    package = tmp_path / "site" / "redislab"
    shutil.copytree(ROOT / "redislab", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(SMALL, package / "lessons")
    program = "from redislab.course.library import course; print([title.id for title in course()])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(package.parent)},
    )  # fmt: skip
    assert done.stdout == "['small']\n"
