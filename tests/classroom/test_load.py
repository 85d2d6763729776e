"""Students who play lessons at the same time, each on a Redis of their own: no error, no lost progress."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.classroom.folder import write_class
from tests.classroom.load import play
from tests.classroom.processes import new_base

# How many students, and the first and the last of their lessons.
STUDENTS, FIRST, LAST = (30, 1, 8) if os.environ.get("REDISLAB_LONG") else (3, 1, 2)


def test_students_play_at_once_and_lose_nothing(
    redis_server_path: str, redis_cli: str, tmp_path: Path
) -> None:
    base = new_base()
    try:
        loaded = play(
            write_class(tmp_path / "class", [f"Student {number}" for number in range(STUDENTS)]),
            base,
            FIRST,
            LAST,
        )
    finally:
        shutil.rmtree(base)
    assert len(loaded.students) == STUDENTS
    assert {told.lessons for told in loaded.students} == {LAST - FIRST + 1}
    assert all(told.mistakes > told.steps // 2 for told in loaded.students)
    assert max(loaded.redis_kb) < 64 << 10  # its maxmemory
