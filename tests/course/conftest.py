"""A student at the shell, on the built-in engine and on a private redis-server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redislab.app import Place
from tests.course.sitting import Sitting


@pytest.fixture(scope="module", params=["embedded", "server"])
def sitting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sitting]:
    if request.param == "server":
        request.getfixturevalue("redis_server_path")
    sitting = Sitting(Place(private=request.param == "server"), tmp_path_factory.mktemp("home"))
    yield sitting
    sitting.close()
