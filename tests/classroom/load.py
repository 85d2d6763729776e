"""A class under load: each Redis as the compose file says, and each student a process that plays lessons."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from redislab.course.library import course, load
from redislab.progress import Progress
from tests.classroom.folder import ClassFolder
from tests.classroom.load_student import Told
from tests.classroom.processes import ClassProcesses, Service

MOST_S = 900.0


@dataclass(frozen=True)
class Loaded:
    """What a run took: of each student's Redis the memory at the end (kB) and its processor time (s)."""

    students: Sequence[Told]
    redis_kb: Sequence[int]
    redis_cpu_s: Sequence[float]
    elapsed_s: float


def play(folder: ClassFolder, base: Path, first: int, last: int) -> Loaded:
    """All students play lessons `first` to `last` at once.

    Raises AssertionError for a student who fails, and for progress that is not there afterwards.
    """
    redises = [f"redis-{key}" for key in folder.keys.values()]
    with ClassProcesses(folder.compose, base, redises) as running:
        began_s = time.monotonic()
        students = {
            name: _start(folder, running.services[f"redis-{key}"], base / "homes" / key, name, first, last)
            for name, key in folder.keys.items()
        }
        told = [_ended(name, process) for name, process in students.items()]
        elapsed_s = time.monotonic() - began_s
        services = [running.services[name] for name in redises]
        loaded = Loaded(
            told, [each.resident_kb() for each in services], [each.cpu_s() for each in services], elapsed_s
        )
    for key in folder.keys.values():
        _check_progress(base / "homes" / key, first, last)
    return loaded


def _start(
    folder: ClassFolder, redis: Service, home: Path, name: str, first: int, last: int
) -> subprocess.Popen[bytes]:
    env = {
        **os.environ,
        "REDISLAB_URL": f"redis://127.0.0.1:{redis.port}",
        "REDISLAB_OWN": "1",
        "REDISCLI_AUTH": folder.token(name, "redis"),
        "REDISLAB_HOME": str(home),
    }
    command = [sys.executable, "-m", "tests.classroom.load_student", str(first), str(last)]
    return subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2]
    )


def _ended(name: str, process: subprocess.Popen[bytes]) -> Told:
    try:
        out, errors = process.communicate(timeout=MOST_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, errors = process.communicate()
    assert process.returncode == 0, f"{name}: {errors.decode()[-2000:]}"
    return Told(**json.loads(out))


def _check_progress(home: Path, first: int, last: int) -> None:
    """Every step of each lesson is in the file that a student's next shell reads."""
    notices: list[str] = []
    known = Progress({"REDISLAB_HOME": str(home)}, notices.append).read()
    assert not notices
    for title in course():
        if first <= title.number <= last:
            earned = known[title.id].steps
            lost = [step.id for step in load(title.path).steps if step.id not in earned]
            assert not lost, f"{home}: {title.id} has lost {lost}"
