"""The notebooks that are written by hand: they hold what they claim, and leave nothing behind on a server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
import redis
from nbclient import NotebookClient

from tests.notebook.playing import NOTEBOOKS, PATIENCE_S, ROOT, environment, play
from tests.servers import RedisServer

SOURCES = sorted((NOTEBOOKS / "sources").glob("*.md"))
NAMES = [source.stem for source in SOURCES]
LONG = os.environ.get("REDISLAB_LONG") == "1"

# Words that tell a reader who did not understand that it is their own fault.
BELITTLING = re.compile(
    r"\b(just|simpl[ey]|easy|easily|obvious(ly)?|of course|trivial(ly)?)\b", re.IGNORECASE
)
# What a notebook must never do to a server that others use.
FELT_BY_ALL = {"flushall", "flushdb", "keys", "config|set", "script|flush", "function|flush", "monitor"}


def test_there_are_three() -> None:
    assert NAMES == ["caching-in-practice", "choosing-a-data-type", "round-trips"]


def test_the_docs_know_each_and_show_pictures_that_are_there() -> None:
    page = ROOT / "docs" / "notebooks.md"
    text = page.read_text("utf-8")
    assert all(f"- `{name}`:" in text for name in NAMES)
    pictures = re.findall(r"!\[[^\]]{20,}\]\(([^)]+)\)", text)  # each with words for whoever does not see it
    assert len(pictures) == text.count("![")
    assert all((page.parent / picture).is_file() for picture in pictures)


def test_each_is_as_its_source_says() -> None:
    command = [sys.executable, str(ROOT / "tools" / "write_notebooks.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert (done.returncode, done.stderr) == (0, ""), f"run {command[1]}: {done.stdout}"


@pytest.mark.parametrize("source", SOURCES, ids=NAMES)
def test_the_prose_belittles_nobody(source: Path) -> None:
    assert not BELITTLING.search(source.read_text("utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_on_the_redis_inside(name: str, tmp_path: Path) -> None:
    played = play(NOTEBOOKS / f"{name}.ipynb", tmp_path)
    failures = [(cell.source, cell.failure) for cell in played if cell.failure]
    assert not failures
    for cell in played:
        pictures = [bundle["text/html"] for bundle in cell.displayed if "<svg" in bundle.get("text/html", "")]
        assert len(pictures) == ("show(" in cell.source), cell.source


@pytest.fixture
def crowded_server(redis_server: RedisServer) -> Iterator[redis.Redis]:
    """A server on which somebody else keeps something, its counts of commands at nought."""
    with redis.Redis(port=redis_server.port, decode_responses=True) as client:
        client.flushall()
        client.set("somebody:else", "was here")
        client.config_resetstat()
        yield client


def assert_nothing_of_others_was_touched(client: redis.Redis) -> None:
    assert client.keys() == ["somebody:else"]
    assert client.get("somebody:else") == "was here"


def commands_run(client: redis.Redis) -> set[str]:
    return {name.removeprefix("cmdstat_") for name in client.info("commandstats")}


@pytest.mark.skipif(not LONG, reason="fresh kernels take a minute: REDISLAB_LONG=1")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("engine", ["embedded", "redis-server"])
def test_it_runs_in_a_kernel(
    name: str, engine: str, crowded_server: redis.Redis, redis_server: RedisServer, tmp_path: Path
) -> None:
    url = f"redis://127.0.0.1:{redis_server.port}" if engine == "redis-server" else None
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=PATIENCE_S, resources={"metadata": {"path": str(tmp_path)}}).execute(
        env=environment(url)
    )
    ran = commands_run(crowded_server)
    assert ("scan" in ran) == (engine == "redis-server")
    assert not ran & FELT_BY_ALL
    assert_nothing_of_others_was_touched(crowded_server)
