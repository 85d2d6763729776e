"""Notebooks written from lessons: valid, the same each time, no answers where none belong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Formatter
from typing import Any

import nbformat
import pytest

from redislab.course.library import course, load, translated
from redislab.course.model import Lesson
from redislab.course.notebooks import Edition, NotANotebook, for_notebook, is_as_written, shown, write
from redislab.course.reader import read_text
from redislab.course.words import ENGLISH, NOTEBOOK, texts

LESSONS = [load(title.path) for title in course()]
TWINS = [lesson for lesson in LESSONS if lesson.notebook]
TTL = Path(__file__).parent / "ttl.md"


def cells(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["cells"]
    for cell in found:
        cell["source"] = "".join(cell["source"])
    return found


def markdown(text: str) -> str:
    return "\n".join(cell["source"] for cell in cells(text) if cell["cell_type"] == "markdown")


def test_the_course_has_thirteen_twins() -> None:
    numbers = [int(lesson.path.name[:2]) for lesson in TWINS]
    assert numbers == [2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16]


@pytest.mark.parametrize("edition", Edition)
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_each_lesson_gives_a_valid_notebook(lesson: Lesson, edition: Edition) -> None:
    text = write(lesson, edition)
    notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    ids = [cell["id"] for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert nbformat.writes(notebook) + "\n" == text  # type: ignore[no-untyped-call]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in notebook.cells)
    assert write(lesson, edition) == text


EMPTY = re.compile(
    r"""%load_ext\ redislab\nimport\ redis\n\nimport\ redislab\n\n
        (check|lesson)\ =\ redislab\.lesson\("[a-z-]+"(,\ allow=\[[A-Z",\ ]+\])?\)\n
        r\ =\ redislab\.connect\(decode_responses=True\)
        (\nb\ =\ redislab\.connect\(decode_responses=True,\ client_name="B"\))?
      | check\("[a-z-]+"\) | (check|lesson)\.start\("[a-z-]+"\) | check\.report\(\)
      | check\.(predict|answer)\("[a-z-]+",\ ""(,\ question=\d)?\)(\ \ \#\ which\ one:\ [a-j,\ ]+\?)?
      | (%%redis\n)?\#\ [^\n]+""",
    re.VERBOSE,
)


@pytest.mark.parametrize("edition", [Edition.TWIN, Edition.SHEET])
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.id)
def test_no_answer_stands_in_a_twin_or_a_sheet(lesson: Lesson, edition: Edition) -> None:
    text = write(lesson, edition)
    for cell in cells(text):
        assert cell["cell_type"] == "markdown" or EMPTY.fullmatch(cell["source"]), cell["source"]
        assert cell["metadata"] in ({}, {"tags": ["raises-exception"]})
    assert json.loads(text)["metadata"]["redislab"].keys() == {"lesson", "edition", "written"}
    asked = [each for step in lesson.steps for each in step.predictions]
    given = "\n".join([*(f"{each.command} {each.text}" for each in asked), *(s.prose for s in lesson.steps)])
    for step in lesson.steps:  # what a learner is not told before having tried
        for told in [*step.hints, *(mistake.text for mistake in step.mistakes)]:
            assert told not in markdown(text) or told.strip("`") in given
        for choice in (choice for quiz in step.quizzes for choice in quiz.choices):
            assert choice.feedback not in markdown(text) or choice.feedback in given


@pytest.mark.parametrize("lesson", TWINS, ids=lambda lesson: lesson.id)
def test_each_task_of_a_twin_has_both_notations(lesson: Lesson) -> None:
    sources = {cell["id"]: cell["source"] for cell in cells(write(lesson))}
    key = {cell["id"]: cell["source"] for cell in cells(write(lesson, Edition.KEY))}
    for step in lesson.steps:
        assert step.prose.split("\n")[0][:20] in sources[f"{step.id}_task"]
        if step.checks:
            assert sources[f"{step.id}_start"] == f'check.start("{step.id}")'
            assert sources[f"{step.id}_redis"].startswith("%%redis\n# ")
            assert sources[f"{step.id}_python"].startswith("# ")
            assert sources[f"{step.id}_check"] == f'check("{step.id}")'
            assert key[f"{step.id}_redis"].split("\n")[1:] == list(map(shown, step.solutions[0].lines))
            assert key[f"{step.id}_python"] == step.python[0].source, "a twin's step has a Python solution"
        for place, quiz in enumerate(step.quizzes, 1):
            assert all(choice.text in sources[f"{step.id}_question{place}"] for choice in quiz.choices)
            assert f'check.answer("{step.id}", ""' in sources[f"{step.id}_answer{place}"]


def test_a_sheet_has_the_tasks_and_nothing_that_helps() -> None:
    text = write(load(TTL), Edition.SHEET)
    assert "check" not in "\n".join(cell["source"] for cell in cells(text) if cell["cell_type"] == "code")
    assert 'lesson.start("login")' in [cell["source"] for cell in cells(text)]
    assert "There is no such key." in text
    assert "Expired, deleted or never set" not in text


def test_an_error_that_is_asked_for_does_not_stop_the_notebook() -> None:
    lesson = next(lesson for lesson in TWINS if lesson.id == "counting")
    tags = {cell["id"]: cell["metadata"].get("tags", []) for cell in cells(write(lesson))}
    assert tags["string_python"] == ["raises-exception"]
    assert tags["incr_python"] == []


def test_words_of_the_shell_become_calls() -> None:
    said = "That ran. `:reset` begins again; :undo, or :hint. It stands at user:reset, :resetting is a word."
    assert for_notebook(said, "log-in") == (
        'That ran. `check.start("log-in")` begins again; `%redis_undo`, or `check.hint("log-in")`. '
        "It stands at user:reset, :resetting is a word."
    )
    assert for_notebook("`:explain SET` lists it, `:python on` not.", "a") == (
        "`%redis_explain SET` lists it, `:python on` not."
    )


def test_redis_commands_that_are_shown_are_marked_as_text() -> None:
    lesson = next(lesson for lesson in TWINS if lesson.id == "counting")
    assert "```redis" in lesson.steps[3].prose
    for edition in Edition:
        assert "```redis" not in markdown(write(lesson, edition))


def test_a_notebook_that_was_run_is_as_written_and_one_that_was_edited_is_not() -> None:
    text = write(load(TTL))
    assert is_as_written(text)
    found = json.loads(text)
    found["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["x"]}]
    found["cells"][1]["source"] = "".join(found["cells"][1]["source"])  # nbformat allows both
    assert is_as_written(json.dumps(found))
    found["cells"][1]["source"] += "\nr.ping()"
    assert not is_as_written(json.dumps(found))
    assert not is_as_written(json.dumps({"metadata": {}, "cells": []}))
    for damaged in ("", "{}", "[]", '{"metadata": 1, "cells": 2}', "[" * 100_000):
        with pytest.raises(NotANotebook):
            is_as_written(damaged)


def test_a_line_is_shown_as_a_person_types_it() -> None:
    front = "---\nformat: 1\nid: a\ntitle: A\n---\n## One {#one}\n```solution\n"
    typed = ["SET a 1", 'B: SET name "Zoë K"', "SET a Zoë", 'SET a "it\'s"', r'SET a "\x00\xff"', 'SET a ""']
    lesson, _ = read_text(front + "\n".join(typed) + "\n```\n", Path("a.md"))
    assert lesson is not None
    assert list(map(shown, lesson.steps[0].solutions[0].lines)) == typed


def test_a_translated_lesson_speaks_its_language() -> None:
    title = course()[0]
    text = write(translated(load(title.path), "fr"), language="fr")
    assert 'redislab.lesson("two-programs", lang="fr")' in [
        line for cell in cells(text) for line in cell["source"].replace("check = ", "").split("\n")
    ]
    assert "Comment ce carnet fonctionne" in text
    assert "How this notebook works" not in text


def test_translated_words_are_those_of_the_english_file() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    english, french = texts(NOTEBOOK, ENGLISH), texts(NOTEBOOK, "fr")
    assert french.keys() == english.keys()
    for name, text in english.items():
        assert fields(french[name]) == fields(text), name
    assert texts(NOTEBOOK, "xx") == {}
