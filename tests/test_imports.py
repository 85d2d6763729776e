"""What each mode may load: checked in fresh interpreters, because start-up time is a feature."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.servers import RedisServer

LIBRARIES = ("prompt_toolkit", "rich", "redis", "fakeredis", "platformdirs", "IPython")
REPORT = """
import atexit, json, sys
from redislab.cli import main
atexit.register(lambda: print(json.dumps([n for n in {libraries!r} if n in sys.modules]), file=sys.stderr))
sys.argv = ["redislab", *{args!r}]
sys.exit(main())
"""


def loaded(*args: str, stdin: bytes = b"") -> set[str]:
    """The libraries that a run of redislab has imported when it ends."""
    program = REPORT.format(libraries=LIBRARIES, args=list(args))
    done = subprocess.run(
        [sys.executable, "-c", program], input=stdin, capture_output=True, timeout=30, check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "args", [["--help"], ["--version"], ["repl", "--help"], ["serve", "--help"], ["repl", "HELP", "SET"]]
)
def test_help_loads_no_library(args: list[str]) -> None:
    assert loaded(*args) == set()


def test_a_pipe_to_a_server_loads_redis_py_alone(server: RedisServer) -> None:
    assert loaded("repl", "-s", server.socket_path, stdin=b"PING\n") == {"redis"}


def test_a_pipe_to_the_embedded_engine_loads_no_screen() -> None:
    assert not loaded("repl", stdin=b"PING\n") & {"prompt_toolkit", "rich", "IPython"}


def test_serving_loads_no_screen() -> None:
    program = """
import sys
from redislab.engines.embedded import EmbeddedEngine
from redislab.serve import start
start(EmbeddedEngine().lab, port=0).close()
print([name for name in ("prompt_toolkit", "rich", "IPython") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30, check=True)
    assert done.stdout.strip() == b"[]"
