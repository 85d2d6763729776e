"""Notebooks of their own for each test, on either engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import redislab.shared
from redislab.shared import Shared
from tests.notebook.notebooks import Notebook
from tests.servers import RedisServer


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Shared:
    """A process that has not opened anything yet: the embedded engine."""
    monkeypatch.delenv("REDISLAB_URL", raising=False)
    made = Shared({})
    monkeypatch.setattr(redislab.shared, "SHARED", made)
    return made


@pytest.fixture
def notebook(here: Shared, tmp_path: Path) -> Iterator[Notebook]:
    made = Notebook(tmp_path)
    yield made
    made.close()


@pytest.fixture
def here_is_embedded(request: pytest.FixtureRequest) -> bool:
    """Which of the two `anywhere` is."""
    return bool(request.node.callspec.params["anywhere"] == "embedded")


@pytest.fixture(params=["embedded", "server"])
def anywhere(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Notebook]:
    """A notebook on the embedded engine, and one on a redis-server."""
    environ = {}
    if request.param == "server":
        server: RedisServer = request.getfixturevalue("server")
        environ = {"REDISLAB_URL": f"redis://127.0.0.1:{server.port}"}
    monkeypatch.setattr(redislab.shared, "SHARED", Shared(environ))
    made = Notebook(tmp_path)
    yield made
    made.close()
