"""`redislab notebooks`: what it writes, and what it leaves alone."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from redislab.cli import main
from redislab.course.library import course, load
from redislab.course.notebooks import Edition, is_as_written, sources, write
from redislab.script import notebooks
from redislab.streams import Streams

COMMITTED = Path(__file__).parents[2] / "notebooks"
TWINS = [title.path for title in course() if load(title.path).notebook]
TTL = Path(__file__).parents[1] / "course" / "ttl.md"


def run(*argv: str | Path) -> tuple[int, str]:
    """Exit code and all that was said."""
    out = io.BytesIO()
    streams = Streams(io.BytesIO(), out, out, stdin_is_tty=False, stdout_is_tty=False, environ={})
    code = main(["notebooks", *map(str, argv)], streams)
    return code, out.getvalue().decode()


def edited(path: Path) -> None:
    """As somebody saves it who has worked in it."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    found["cells"][1]["source"] = ["r = 1"]
    path.write_text(json.dumps(found), "utf-8")


def test_the_committed_notebooks_are_those_of_the_lessons() -> None:
    """`redislab notebooks --force notebooks` writes them anew."""
    for path in TWINS:
        committed = (COMMITTED / f"{path.stem}.ipynb").read_text("utf-8")
        assert committed == write(load(path)), (
            f"{path.name} has changed: redislab notebooks --force notebooks"
        )


def test_the_wheel_takes_the_notebooks_to_where_they_are_looked_for() -> None:
    project = (COMMITTED.parent / "pyproject.toml").read_text("utf-8")
    assert '"notebooks" = "redislab/notebooks"\n' in project.partition("force-include]")[2]


def test_it_writes_the_twins_and_those_written_by_hand(tmp_path: Path) -> None:
    code, said = run(tmp_path / "new" / "folder")
    assert code == 0
    names = {path.name for path in (tmp_path / "new" / "folder").iterdir()}
    assert names == {path.name for path in COMMITTED.glob("*.ipynb")}
    assert f"{len(names)} files written." in said
    assert all(is_as_written(path.read_text("utf-8")) for path in (tmp_path / "new" / "folder").iterdir())


def test_a_changed_notebook_is_left_alone(tmp_path: Path) -> None:
    run(tmp_path)
    changed = tmp_path / "08-expiry.ipynb"
    edited(changed)
    before = changed.read_bytes()
    code, said = run(tmp_path)
    assert code == 0
    assert changed.read_bytes() == before
    assert "Changed by somebody, so left as they are: 08-expiry.ipynb. --force" in said
    run("--force", tmp_path)
    assert changed.read_text("utf-8") == write(load(next(p for p in TWINS if p.stem == "08-expiry")))


def test_what_has_been_run_stays_and_an_older_one_is_replaced(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "08-expiry.ipynb"
    found = json.loads(path.read_text("utf-8"))
    found["cells"][1]["execution_count"] = 7
    path.write_text(json.dumps(found), "utf-8")
    assert "there already, with what has been run in them" in run(tmp_path)[1]
    assert json.loads(path.read_text("utf-8"))["cells"][1]["execution_count"] == 7
    lesson = load(TTL)
    (tmp_path / "08-expiry.ipynb").write_text(write(lesson), "utf-8")  # as an older version had it
    assert "1 file written" in run(tmp_path)[1]


def test_other_peoples_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "08-expiry.ipynb").write_text("no notebook")
    assert "left as they are: 08-expiry.ipynb" in run(tmp_path)[1]
    assert (tmp_path / "08-expiry.ipynb").read_text() == "no notebook"


@pytest.mark.parametrize("edition", [Edition.KEY, Edition.SHEET])
def test_keys_and_sheets_have_names_of_their_own(tmp_path: Path, edition: Edition) -> None:
    run(tmp_path)
    assert run(f"--{edition.value}", tmp_path)[0] == 0
    written = {path.name for path in tmp_path.glob(f"*-{edition.value}.ipynb")}
    assert written == {f"{path.stem}-{edition.value}.ipynb" for path in TWINS}
    text = (tmp_path / f"08-expiry-{edition.value}.ipynb").read_text("utf-8")
    assert ("session:42 ada EX 600" in text) is (edition is Edition.KEY)


def test_a_lesson_of_ones_own_goes_with_its_notebook(tmp_path: Path) -> None:
    code, _ = run("--lesson", TTL, tmp_path)
    assert code == 0
    assert (tmp_path / "ttl.md").read_text() == TTL.read_text()
    assert (
        'check = redislab.lesson("ttl.md")'
        in dict(enumerate(sources((tmp_path / "ttl.ipynb").read_text())))[1][1]
    )
    assert {path.name for path in tmp_path.iterdir()} == {"ttl.md", "ttl.ipynb"}
    assert run("--lesson", TTL, tmp_path) == (
        0,
        f"{tmp_path}: 2 files there already, with what has been run in them.\n",
    )


def test_one_lesson_of_the_course_by_number_in_its_language(tmp_path: Path) -> None:
    assert run("--lesson", "1", "--lang", "fr", tmp_path)[0] == 0
    text = (tmp_path / "01-two-programs.ipynb").read_text("utf-8")
    assert 'redislab.lesson(\\"two-programs\\", lang=\\"fr\\")' in text
    assert "Comment ce carnet fonctionne" in text


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--lang", "fr"], "is translated into 'fr' yet"),
        (["--lang", "../x"], "is translated"),
        (["--lesson", "99"], "there is no lesson '99'"),
        (["--lesson"], "--lesson needs a value: --lesson 3"),
        (["--colour"], "no option --colour"),
        (["a", "b"], "one folder at a time"),
        (["--lesson", "nosuch.md"], "cannot be read"),
    ],
)
def test_what_cannot_be_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, told = run(*argv)
    assert code == 1
    assert said in told
    assert not list(tmp_path.rglob("*.ipynb"))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, said = run(tmp_path / "file")
    assert code == 1
    assert "cannot be written" in said


def test_without_jupyterlab_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, said = run("--open", tmp_path)
    assert code == 1
    assert 'pip install "redislab[notebook]"' in said
    assert not list(tmp_path.iterdir())


def test_open_starts_jupyterlab_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package named jupyterlab stands in for it; one in the current folder is not run."""
    site, here, folder = tmp_path / "site", tmp_path / "here", tmp_path / "folder"
    for place, text in (
        (site, "import pathlib, sys\ndef main(): pathlib.Path(sys.argv[1], 'opened').touch()"),
        (here, "1/0"),
    ):
        (place / "jupyterlab").mkdir(parents=True)
        (place / "jupyterlab" / "__init__.py").touch()
        (place / "jupyterlab" / "labapp.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{site}:{Path(notebooks.__file__).parents[2]}")
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])
    monkeypatch.chdir(here)
    assert run("--open", folder)[0] == 0
    assert (folder / "08-expiry.ipynb").is_file()
    assert (folder / "opened").exists()
