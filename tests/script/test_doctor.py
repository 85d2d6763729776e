"""`redislab doctor` says what works, and works itself wherever it is run."""

from __future__ import annotations

import os
import subprocess
import sys


def doctor(**environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "redislab", "doctor"],
        capture_output=True, text=True, timeout=60, check=True, env={**os.environ, **environ},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def test_it_names_versions_engines_and_places() -> None:
    said = doctor()
    for name in ("redislab", "Python", "redis", "fakeredis", "lupa", "prompt_toolkit", "jupyterlab"):
        assert f"\n  {name} " in said
    assert "works, answers as Redis 7.0.15\n" in said
    assert os.environ["REDISLAB_HOME"] in said
    assert "no labs yet" in said
    assert f"progress  {os.environ['REDISLAB_HOME']}/progress\n" in said


def test_it_says_what_is_missing() -> None:
    said = doctor(PATH="/nowhere", REDISLAB_HOME="", HOME="/nonexistent", XDG_DATA_HOME="", XDG_STATE_HOME="")
    assert "redis-server or valkey-server is not on the PATH: apt install redis-server" in said
    assert "kept nowhere: there is no home folder" in said
