"""The programs that judge a class's files: docker compose 2, hadolint; and an engine, where there is one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import required

REPOSITORY = Path(__file__).parents[2]
UNREACHABLE = "REDISLAB_COMPOSE_UNREACHABLE"  # says why tools/fetch_compose.sh could not fetch it


@cache
def find_compose() -> tuple[str, ...] | None:
    """How docker compose 2 is called: REDISLAB_COMPOSE, the plugin, or a program of that name."""
    named = os.environ.get("REDISLAB_COMPOSE", "")
    for words in ((named,), ("docker", "compose"), ("docker-compose",)):
        if words and shutil.which(words[0]):
            version = re.match(r"v?(\d+)\.", _output(*words, "version", "--short"))
            if version and int(version[1]) >= 2:
                return words
    return None


def compose(
    *words: str, environ: Mapping[str, str] | None = None, timeout_s: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run it with no variable of ours set but `environ`. Skips, or under CI fails, where there is none."""
    if UNREACHABLE in os.environ:
        pytest.skip(os.environ[UNREACHABLE])
    found = find_compose()
    required("docker compose 2 (tools/fetch_compose.sh gets one)", found[0] if found else None)
    assert found is not None
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "DOCKER_HOST")}
    return subprocess.run(
        [*found, *words],
        env={**kept, **(environ or {})},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def resolved(*files: Path, environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What compose makes of the files. Asserts that it accepts them, with nothing to remark."""
    named = [word for file in files for word in ("-f", str(file))]
    done = compose(*named, "config", "--format", "json", environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    content: dict[str, Any] = json.loads(done.stdout)
    return content


def hadolint(file: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("hadolint")
    return subprocess.run([str(program), str(file)], capture_output=True, text=True, timeout=60, check=False)


@cache
def engine_version() -> str:
    """The version of the Docker engine; "" where there is none."""
    return _output("docker", "version", "--format", "{{.Server.Version}}") if shutil.which("docker") else ""


def _output(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
