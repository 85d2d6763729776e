"""The table of what the course covers: written from the lessons, with no row empty."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from redislab.app import catalogue
from redislab.course.library import course, load
from redislab.course.proof import lint
from redislab.course.reader import read_text

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "coverage_table.py"


def test_the_page_is_written_from_the_lessons_and_no_row_is_empty() -> None:
    done = subprocess.run(
        [sys.executable, str(TOOL), "--check"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\npython tools/coverage_table.py writes it"
    rows = (ROOT / "docs" / "coverage.md").read_text("utf-8").count("\n| ")
    assert rows - 1 == len((ROOT / "lessons" / "topics.tsv").read_text("utf-8").splitlines()) > 60


def test_a_myth_that_the_shell_can_show_is_put_right_by_a_command() -> None:
    """What is wrong about other programs and licences is asked about; the rest is run."""
    lines = (ROOT / "lessons" / "topics.tsv").read_text("utf-8").splitlines()
    myths = {line.split("\t")[0] for line in lines if line.split("\t")[1] == "!"}
    shown = set()
    for title in course(ROOT / "lessons"):
        lesson = load(title.path)
        for covered in lesson.covers:
            id, _, topic = covered.partition("/")
            step = lesson.step(id)
            if step is not None and step.checks:
                shown.add(topic)
    elsewhere = {"pip-client", "build-by-hand", "old-tag", "memcached"}
    assert myths - shown <= elsewhere


def test_covers_names_a_step_of_the_lesson() -> None:
    text = "---\nformat: 1\nid: x\ntitle: X\ncovers: one/topic two/topic\n---\n## One {#one}\n"
    lesson, _ = read_text(text, Path("x.md"))
    assert lesson is not None
    faults = [fault for fault in lint(lesson, catalogue()) if "covers" in fault.message]
    assert [str(fault) for fault in faults] == [
        "x.md:5: covers: no step for two/topic. Write step/topic, with the id of a step."
    ]
