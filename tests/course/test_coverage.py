"""The tables of what the course covers: topic, lesson, step."""

from __future__ import annotations

from pathlib import Path

from redislab.course.reader import read_lesson

LESSONS = Path(__file__).parents[2] / "lessons"


def test_each_row_of_the_coverage_names_a_step_that_exists() -> None:
    steps = {}
    for path in sorted(LESSONS.glob("[0-9][0-9]-*.md")):
        lesson, faults = read_lesson(path)
        assert lesson is not None, faults
        steps[lesson.id] = {step.id for step in lesson.steps}
    rows = [
        line.split("\t")
        for table in sorted(LESSONS.glob("coverage-*.tsv"))
        for line in table.read_text("utf-8").splitlines()
    ]
    assert len(rows) > 50
    unknown = [row for row in rows if len(row) != 3 or row[2] not in steps.get(row[1], ())]
    assert not unknown
