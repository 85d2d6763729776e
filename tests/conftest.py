"""What many tests need: real servers, and a word where there are none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.servers import RedisServer, find_newer_redis_server, find_redis_cli, find_redis_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A slow machine is no bug; a failing example need not be the smallest to be read.
settings.register_profile("redislab", deadline=None, max_examples=100)
settings.load_profile("redislab")


NO_NEWER = "no redis-server of version 8 on the PATH, and REDISLAB_NEWER_REDIS names none"


@pytest.fixture(autouse=True)
def labs_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test, and no program that it starts, reads or writes the labs of whoever runs the tests."""
    for name in ("REDISLAB_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def required(program: str, path: str | None) -> str:
    """The program's path; without it the test is skipped, and under CI it fails."""
    if path is None:
        reason = f"{program} is not on the PATH: what needs it was not tried"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="session")
def redis_cli() -> str:
    return required("redis-cli", find_redis_cli())


@pytest.fixture(scope="session")
def redis_server_path() -> str:
    return required("redis-server", find_redis_server())


@pytest.fixture(scope="session")
def redis_server(redis_server_path: str) -> Iterator[RedisServer]:
    """One server for all tests of this worker, holding whatever they left in it."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def server(redis_server: RedisServer, redis_cli: str) -> RedisServer:
    """The same server, emptied."""
    redis_server.cli("FLUSHALL")
    return redis_server


@pytest.fixture(scope="session")
def newer_redis_server() -> Iterator[RedisServer]:
    """A Redis 8 or later, for what the catalogue's version has not."""
    path = find_newer_redis_server()
    if path is None:
        pytest.skip(NO_NEWER)
    with RedisServer(program=path) as server:
        yield server


@pytest.fixture
def newer_server(newer_redis_server: RedisServer, redis_cli: str) -> RedisServer:
    """The same server, emptied."""
    newer_redis_server.cli("FLUSHALL")
    return newer_redis_server


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser; the test is skipped without one, and under CI it fails."""
    from playwright.sync_api import sync_playwright

    from tests.notebook.jupyterlab import find_chromium, launch

    required("chromium", find_chromium())
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
