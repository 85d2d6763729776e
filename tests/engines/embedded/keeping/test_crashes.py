"""What was answered survives kill -9, and a mistake in how it is written would be found here."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.engines.embedded.keeping.crashes import SABOTAGE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9 on Windows")

KILLS = 1_000 if os.environ.get("REDISLAB_LONG") == "1" else 40
INTERRUPTED_S = 60 if os.environ.get("REDISLAB_LONG") == "1" else 2
KILLS_UNTIL_FOUND = 200  # the first that finds the mistake is the last


def crash(*options: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which has one thread and may be forked."""
    program = [sys.executable, "-m", "tests.engines.embedded.keeping.crashes", *options]
    return subprocess.run(program, capture_output=True, text=True, timeout=600, check=False)


def test_what_was_answered_survives_kill_9() -> None:
    done = crash("--kills", str(KILLS))
    assert (done.stdout, done.stderr, done.returncode) == (f"{KILLS} kills, 0 wrong\n", "", 0)


def test_ctrl_c_in_the_middle_of_a_command_leaves_nothing_half() -> None:
    done = crash("--interrupt", str(INTERRUPTED_S))
    assert (done.stdout, done.stderr, done.returncode) == ("no wrong state\n", "", 0)


@pytest.mark.parametrize("name", SABOTAGE)
def test_a_mistake_in_writing_is_found(name: str) -> None:
    done = crash("--kills", str(KILLS_UNTIL_FOUND), "--sabotage", name)
    assert "1 wrong" in done.stdout, done.stdout + done.stderr
