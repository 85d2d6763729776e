"""A bench, and a student at the shell: on the built-in engine and on a redis-server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redislab.app import Place, catalogue, open_engine
from redislab.course.bench import Bench
from redislab.engines.target import Target
from tests.course.sitting import Sitting
from tests.servers import RedisServer


@pytest.fixture(params=["embedded", "server"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    place = Place()
    if request.param == "server":
        server: RedisServer = request.getfixturevalue("server")
        place = Place(target=Target(port=server.port), db=9)
    engine = open_engine(place)
    bench = Bench(engine, catalogue(), place.db)
    bench.empty()
    yield bench
    bench.empty()
    bench.close()
    engine.close()


@pytest.fixture(scope="module", params=["embedded", "server"])
def sitting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sitting]:
    if request.param == "server":
        request.getfixturevalue("redis_server_path")
    sitting = Sitting(Place(private=request.param == "server"), tmp_path_factory.mktemp("home"))
    yield sitting
    sitting.close()
