"""The lessons' notebooks, run cell by cell: untouched every check fails, solved every check holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from redislab.course.library import course, load
from redislab.course.model import Lesson
from redislab.course.notebooks import Edition, write
from redislab.course.reach import is_told
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.notebook.notebooks import Notebook

FOLDER = Path(__file__).parents[2] / "notebooks"
TWINS = [lesson for lesson in (load(title.path) for title in course()) if lesson.notebook]
# What redis-py says of commands that a lesson shows because they are old.
OLD = pytest.mark.filterwarnings("ignore:Call to deprecated (hmset|setex):DeprecationWarning")


class Judged(NamedTuple):
    """What a cell said that judges."""

    cell: str
    holds: Any
    said: str


def code(text: str) -> dict[str, dict[str, Any]]:
    """The code cells by their ids."""
    return {
        cell["id"]: {**cell, "source": "".join(cell["source"])}
        for cell in json.loads(text)["cells"]
        if cell["cell_type"] == "code"
    }


def committed(lesson: Lesson) -> dict[str, dict[str, Any]]:
    return code((FOLDER / f"{lesson.path.stem}.ipynb").read_text("utf-8"))


def solved(lesson: Lesson, notation: str) -> dict[str, dict[str, Any]]:
    """The twin with the solutions filled in; `notation` is redis or python."""
    key = code(write(lesson, Edition.KEY))
    cells = committed(lesson)
    for id, cell in cells.items():
        if id.endswith(f"_{notation}") or "_answer" in id:
            cell["source"] = key[id]["source"]
    return cells


def only_told(lesson: Lesson) -> list[str]:
    """The checks of steps that a server of others is spared: done with their questions, which come later."""
    server = RealEngine(Target())
    return [f"{step.id}_check" for step in lesson.steps if is_told(lesson, step, server)]


def judged(notebook: Notebook, cells: dict[str, dict[str, Any]]) -> Iterator[Judged]:
    """Run all. A cell that fails ends the test, but for those that say that they may."""
    for id, cell in cells.items():
        ran = notebook.run(cell["source"])
        if ran.error is not None and "raises-exception" not in cell["metadata"].get("tags", []):
            pytest.fail(f"{id}: {ran.shown_error}")
        if id.endswith("_check") or "_answer" in id or id == "report":
            yield Judged(id, ran.result, ran.text)


@pytest.mark.parametrize("lesson", TWINS, ids=lambda lesson: lesson.id)
def test_untouched_every_check_fails_and_nothing_is_raised(anywhere: Notebook, lesson: Lesson) -> None:
    found = list(judged(anywhere, committed(lesson)))
    assert len(found) == 1 + sum(bool(step.checks) + len(step.quizzes) for step in lesson.steps)
    for each in found:
        assert each.holds is False, each
        assert "Hint" not in each.said


@OLD
@pytest.mark.parametrize("notation", ["redis", "python"])
@pytest.mark.parametrize("lesson", TWINS, ids=lambda lesson: lesson.id)
def test_solved_every_check_holds(
    anywhere: Notebook, lesson: Lesson, notation: str, request: pytest.FixtureRequest
) -> None:
    told = only_told(lesson) if request.node.callspec.params["anywhere"] == "server" else []
    for each in judged(anywhere, solved(lesson, notation)):
        assert each.holds is (each.cell not in told), each


@OLD
@pytest.mark.parametrize("lesson", TWINS, ids=lambda lesson: lesson.id)
def test_the_key_runs_from_top_to_bottom(notebook: Notebook, lesson: Lesson) -> None:
    for each in judged(notebook, code(write(lesson, Edition.KEY))):
        assert each.holds is True, each


@pytest.mark.parametrize("lesson", TWINS, ids=lambda lesson: lesson.id)
def test_the_sheet_runs_from_top_to_bottom(notebook: Notebook, lesson: Lesson) -> None:
    assert list(judged(notebook, code(write(lesson, Edition.SHEET)))) == []
