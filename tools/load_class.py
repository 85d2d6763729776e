"""How much a class needs: students play lessons at once, and what each part took becomes docs/class-load.md.

python tools/load_class.py [--students 30] [--last 8] [--write]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.classroom import jupyter
from tests.classroom.folder import ClassFolder, write_class
from tests.classroom.load import Loaded, play
from tests.classroom.processes import ClassProcesses, new_base

PAGE = Path(__file__).parents[1] / "docs" / "class-load.md"
HOST_MB = 32 << 10  # of the machines that a large class is reckoned with
SYSTEM_MB = 2 << 10  # what such a machine keeps for itself
LARGE = 300


@dataclass(frozen=True)
class Lab:
    """One student's Jupyter: its server, and a kernel in which redislab is loaded (MB, s)."""

    server_mb: float
    kernel_mb: float
    cpu_s: float


def measure_lab(folder: ClassFolder, base: Path, name: str) -> Lab:
    key = folder.keys[name]
    with ClassProcesses(folder.compose, base, [key]) as running:
        lab = running.services[f"lab-{key}"]
        address = f"http://127.0.0.1:{lab.port}"
        with jupyter.kernel(address, folder.token(name, "jupyter")) as kernel:
            kernel.run("%load_ext redislab")
            kernel.run("%%redis\nSET name ada\nGET name")
            return Lab(lab.resident_kb() / 1024, lab.children_kb() / 1024, lab.cpu_s())


def page(loaded: Loaded, lab: Lab, last: int) -> str:
    students = loaded.students
    count, lines = len(students), sum(told.lines for told in students)
    shell_cpu_s = statistics.mean(told.cpu_s for told in students)
    redis_cpu_s = statistics.mean(loaded.redis_cpu_s)
    redis_mb, shell_mb = max(loaded.redis_kb) / 1024, max(told.most_mb for told in students)
    each_mb = redis_mb + shell_mb + lab.server_mb + lab.kernel_mb
    hosts = -(-LARGE // int((HOST_MB - SYSTEM_MB) // each_mb))
    here = -(-LARGE // hosts)
    parts = [
        "# What a class needs",
        _filled(
            f"""
            Measured: {count} students at once, each a process that plays lessons 1 to {last} with the
            course's own runner against a Redis of its own, as fast as the computer goes. Each step was
            first done wrong where the lesson knows a mistake, each quiz first answered wrong; in the
            middle of each lesson the student left and came back. `python tools/load_class.py --write`
            does it again and writes this page; a small form runs with the tests, the whole with
            `REDISLAB_LONG=1`.
            """
        ),
        _filled(
            f"""
            {sum(told.lessons for told in students)} lessons, {sum(told.steps for told in students):,}
            steps, {lines:,} lines, {sum(told.mistakes for told in students):,} mistakes,
            {sum(told.wrong_answers for told in students):,} wrong answers: no error, and afterwards
            every step of every student was in the progress file. It took {loaded.elapsed_s:.0f} s on
            {os.cpu_count()} cores that other work shared; the longest that anybody waited for an answer
            was {max(told.longest_s for told in students):.1f} s.
            """
        ),
        "| part | memory each | processor time each |\n|---|---|---|\n"
        f"| Redis of a student | {redis_mb:.0f} MB | {redis_cpu_s:.1f} s |\n"
        f"| shell with a lesson | {shell_mb} MB | {shell_cpu_s:.1f} s |\n"
        f"| Jupyter's server | {lab.server_mb:.0f} MB | {lab.cpu_s:.1f} s to start |\n"
        f"| a kernel with redislab loaded | {lab.kernel_mb:.0f} MB | |\n"
        f"| **all of one student's** | **{each_mb:.0f} MB** | |\n"
        f"| {count} students | {count * each_mb / 1024:.1f} GB | |",
        _filled(
            """
            Memory is what the system counts for the process, pages that several share counted in part
            (Pss); of the shell it is the most that it ever had. The containers' limits, 128 MB for a
            Redis and 1 GB for a Jupyter, are bounds for the greedy and not what a class uses. What a
            container engine takes for itself was not measured: none was there.
            """
        ),
        f"## {LARGE} students",
        _filled(
            f"""
            Reckoned from the table, not run. {LARGE} times {each_mb:.0f} MB are
            {LARGE * each_mb / 1024:.0f} GB: {hosts} machines of {HOST_MB >> 10} GB, {SYSTEM_MB >> 10}
            GB of each left to the system, with `--students-per-host {here}`. The lessons took
            {shell_cpu_s + redis_cpu_s:.1f} s of processor time a student; people take hours for them.
            So {LARGE} people at work keep less than one core busy on average. What needs processors is
            the start, when every Jupyter begins: {lab.cpu_s:.1f} s each, on eight cores
            {here * lab.cpu_s / 8:.0f} s for a machine's {here}. Start the class before it comes in.
            """
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 110, break_on_hyphens=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--last", type=int, default=8, help="the last lesson, from the first on")
    parser.add_argument("--write", action="store_true", help="write docs/class-load.md")
    asked = parser.parse_args()
    base = new_base()
    try:
        with tempfile.TemporaryDirectory() as parent:
            names = [f"Student {number}" for number in range(asked.students)]
            folder = write_class(Path(parent, "class"), names)
            lab = measure_lab(folder, base, names[0])
            text = page(play(folder, base, 1, asked.last), lab, asked.last)
    finally:
        shutil.rmtree(base)
    print(text)
    if asked.write:
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
