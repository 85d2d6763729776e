"""The page for authors keeps its word: its example is proved, its lists are those of the reader."""

from __future__ import annotations

import re
from pathlib import Path

from redislab.course import front_matter
from redislab.course.conditions import parse
from redislab.course.fences import READ, SHOWN
from tests.course.test_check import checked

PAGE = (Path(__file__).parents[2] / "docs" / "lesson-format.md").read_text("utf-8")


def test_the_example_is_a_lesson(tmp_path: Path) -> None:
    found = re.search(r"````markdown\n(.*?)````", PAGE, re.DOTALL)
    assert found is not None
    done = checked(tmp_path, found[1])
    assert done.returncode == 0, done.stdout


def test_every_name_and_fence_is_on_the_page() -> None:
    named = set(re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE))
    assert {*front_matter.SCALARS, *front_matter.LISTS} <= named
    assert set(READ) <= named
    assert all(f"`{word}`" in PAGE for word in SHOWN)


def test_every_condition_of_the_page_is_one() -> None:
    table = PAGE.split("## Conditions")[1].split("## What is proved")[0]
    rows = re.findall(r"^\| (`.*?) \| .* \|$", table, re.MULTILINE)
    assert len(rows) == 17
    for row in rows:
        for line in re.findall(r"`(.*?)`", row):
            parse(line.replace(r"\|", "|"), 1)
