"""The lessons' notebooks in fresh kernels, as a front end runs them: one by default, all on the long run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from redislab.course.library import course, load
from redislab.course.model import Lesson
from redislab.course.notebooks import Edition, write
from tests.notebook.test_twins import only_told
from tests.servers import RedisServer

ROOT = Path(__file__).parents[2]
TWINS = [lesson for lesson in (load(title.path) for title in course()) if lesson.notebook]
LONG = os.environ.get("REDISLAB_LONG") == "1"
RUN = TWINS if LONG else [each for each in TWINS if each.id == "messages"]
PATIENCE_S = 300


def results(text: str, folder: Path, url: str) -> dict[str, str]:
    """What each judging cell answered. A cell that fails, and may not, raises CellExecutionError."""
    notebook: Any = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    environ = {**os.environ, "REDISLAB_URL": url, "IPYTHONDIR": str(folder / "ipython")}
    environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    client = NotebookClient(notebook, timeout=PATIENCE_S, resources={"metadata": {"path": str(folder)}})
    client.execute(env=environ)
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "execute_result" and output.data["text/plain"] in ("True", "False"):
                found[cell.id] = output.data["text/plain"]
    return {id: told for id, told in found.items() if id.endswith(("_check", "report")) or "_answer" in id}


def told_twice(lesson: Lesson) -> list[str]:
    """A key's checks of steps that are only told on a server: they ask for the question that comes later."""
    return [id for each in only_told(lesson) for id in (each, each.replace("_check", "_python_check"))]


@pytest.fixture(params=["embedded", "server"] if LONG else ["server"])
def url(request: pytest.FixtureRequest) -> str:
    if request.param == "embedded":
        return ""
    server: RedisServer = request.getfixturevalue("server")
    return f"redis://127.0.0.1:{server.port}"


@pytest.mark.parametrize("lesson", RUN, ids=lambda lesson: lesson.id)
def test_untouched_every_check_fails(lesson: Lesson, url: str, tmp_path: Path) -> None:
    text = (ROOT / "notebooks" / f"{lesson.path.stem}.ipynb").read_text("utf-8")
    found = results(text, tmp_path, url)
    assert len(found) == 1 + sum(bool(step.checks) + len(step.quizzes) for step in lesson.steps)
    assert set(found.values()) == {"False"}


@pytest.mark.parametrize("lesson", RUN, ids=lambda lesson: lesson.id)
def test_the_key_passes_in_both_notations_and_a_server_is_left_empty(
    lesson: Lesson, url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    found = results(write(lesson, Edition.KEY), tmp_path, url)
    assert len(found) == sum(2 * bool(step.checks) + len(step.quizzes) for step in lesson.steps)
    failed = [id for id, answer in found.items() if answer != "True"]
    assert failed == ([id for id in found if id in told_twice(lesson)] if url else [])
    if url:
        server: RedisServer = request.getfixturevalue("redis_server")
        assert server.cli("DBSIZE").stdout == b"0\n"
