"""Wrong answers as students give them, written by somebody who had read the tasks and not the solutions.

`wrong_answers.tsv`: lesson, step, the lines typed (`⏎` between them), and words of what is to be seen: said
unasked, or behind `why: ` in the answer to `:why`.
"""

from __future__ import annotations

import os
from itertools import groupby, islice
from pathlib import Path
from typing import NamedTuple

import pytest

from redislab.app import Place
from redislab.course.library import course, load
from tests.course.sitting import Sitting

WHY = "why: "
LEAST_IN_A_LESSON = 4
OF_A_STEP = {False: 3, True: 1}  # in the short run: on the built-in engine, on a server


class Wrong(NamedTuple):
    lesson: str
    step: str
    typed: str
    seen: str


def table() -> list[Wrong]:
    path = Path(__file__).parent / "wrong_answers.tsv"
    return [Wrong(*line.split("\t")) for line in path.read_text("utf-8").splitlines()[1:]]


ROWS = {id: list(rows) for id, rows in groupby(table(), key=lambda row: row.lesson)}
LESSONS = {title.id: title.path for title in course()}


def asked(rows: list[Wrong], place: Place) -> list[Wrong]:
    """Some of each step, in the long run all of them."""
    most = len(rows) if os.environ.get("REDISLAB_LONG") else OF_A_STEP[place.private]
    return [row for _, group in groupby(rows, key=lambda row: row.step) for row in islice(group, most)]


@pytest.mark.parametrize("id", LESSONS)
def test_no_wrong_answer_passes_and_each_is_met_with_a_word_on_it(id: str, sitting: Sitting) -> None:
    lesson, faults = load(LESSONS[id]), []
    for row in asked(ROWS[id], sitting.desk.home):
        sitting.open(lesson, row.step)
        seen = sitting.types(*row.typed.split(" ⏎ "))
        if row.seen.startswith(WHY):
            seen = sitting.types(":why")
        if sitting.has_passed:
            faults.append(f"{row.step}: {row.typed} passes")
        elif row.seen.removeprefix(WHY) not in seen:
            faults.append(f"{row.step}: {row.typed}: wanted {row.seen!r} in {seen!r}")
    assert not faults, "\n".join(faults)


def test_every_lesson_has_its_wrong_answers() -> None:
    assert {id for id, rows in ROWS.items() if len(rows) >= LEAST_IN_A_LESSON} == set(LESSONS)


def test_a_line_of_who_listens_is_an_attempt_too(sitting: Sitting) -> None:
    """Its answer comes among the messages, and belongs to the line all the same."""
    sitting.open(load(LESSONS["messages"]), "listener")
    sitting.types("PUBLISH orders order-7", "B: SUBSCRIBE orders")
    assert "only (P|S)SUBSCRIBE" in sitting.types("B: GET todo")
    sitting.types("B: PING")
    assert sitting.ran == ["A: PUBLISH", "B: SUBSCRIBE", "B: GET", "B: PING"]
