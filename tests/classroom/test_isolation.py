"""A student cannot reach another: every attempt of the matrix, against running servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.classroom import probes_shared
from tests.classroom.isolation import Probe, Promise
from tests.classroom.probes_shared import SharedRoom, shared_room


@pytest.fixture(scope="module")
def shared(redis_server_path: str, redis_cli: str) -> Iterator[SharedRoom]:
    with shared_room(redis_server_path) as room:
        yield room


@pytest.mark.parametrize("probe", probes_shared.PROBES, ids=lambda probe: probe.tried.strip("`"))
def test_shared(shared: SharedRoom, probe: Probe[SharedRoom]) -> None:
    before = shared.bobs_data()
    assert probe.attempt(shared) == probe.seen
    assert shared.bobs_data() == before
    assert shared.bob.types("GET s:bob:secret") == '"42"'


@pytest.mark.parametrize("promise", Promise)
def test_each_promise_is_tried(promise: Promise) -> None:
    assert [probe for probe in probes_shared.PROBES if probe.promise is promise]
