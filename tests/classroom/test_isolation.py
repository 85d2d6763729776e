"""A student cannot reach another: every attempt of the matrix, against running servers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.classroom import isolation_page, probes_contained, probes_own, probes_shared
from tests.classroom.folder import write_class
from tests.classroom.isolation import Probe, Promise
from tests.classroom.probes_contained import ContainedRoom, contained_room
from tests.classroom.probes_own import OwnRoom, own_room
from tests.classroom.probes_shared import SharedRoom, shared_room
from tests.classroom.processes import new_base
from tests.classroom.programs import engine_version
from tests.conftest import NO_NEWER
from tests.servers import find_newer_redis_server, wait_until


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


def test_what_is_refused_is_refused_by_a_later_redis_too(redis_cli: str) -> None:
    program = find_newer_redis_server()
    if program is None:
        pytest.skip(NO_NEWER)
    refused = [probe for probe in probes_shared.PROBES if probe.expected == "refused"]
    with shared_room(program) as room:
        before = room.bobs_data()
        answers = {probe.tried: (probe.attempt(room), probe.seen) for probe in refused}
        assert room.bobs_data() == before
    # The same error, whatever its words.
    assert {tried: each for tried, each in answers.items() if each[0].split()[0] != each[1].split()[0]} == {}


@pytest.fixture(scope="module")
def own(
    redis_server_path: str, redis_cli: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnRoom]:
    base = new_base()
    try:
        with own_room(write_class(tmp_path_factory.mktemp("isolation") / "class"), base) as room:
            yield room
    finally:
        shutil.rmtree(base)


@pytest.mark.parametrize("probe", probes_own.PROBES, ids=lambda probe: probe.tried)
def test_own(own: OwnRoom, probe: Probe[OwnRoom]) -> None:
    before = own.bobs_data()
    assert probe.attempt(own) == probe.seen
    assert own.bobs_data() == before
    assert own.bob.types("GET secret") == '"42"'


@pytest.fixture(scope="module")
def contained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainedRoom]:
    if not engine_version():
        pytest.skip("no Docker engine answers here: nothing was tried in containers")
    with contained_room(tmp_path_factory.mktemp("contained")) as room:
        yield room


@pytest.mark.parametrize("probe", probes_contained.PROBES, ids=lambda probe: probe.tried)
def test_contained(contained: ContainedRoom, probe: Probe[ContainedRoom]) -> None:
    assert probe.attempt(contained) == probe.seen
    assert contained.bobs_data() == "42"


@pytest.mark.parametrize("promise", Promise)
def test_each_promise_is_tried_in_both_settings(promise: Promise) -> None:
    assert [probe for probe in probes_shared.PROBES if probe.promise is promise]
    assert [probe for probe in probes_own.PROBES if probe.promise is promise]


def test_the_page_says_what_is_run() -> None:
    assert isolation_page.PATH.read_text("utf-8") == isolation_page.page()


@pytest.fixture
def two_networks() -> Iterator[tuple[str, str]]:
    """Two network namespaces with loopback up, as two networks of a class."""
    names = tuple(f"redislab-{os.getpid()}-{each}" for each in ("ada", "bob"))
    try:
        for name in names:
            made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
            if made.returncode:
                pytest.skip(f"ip netns add: {made.stderr.decode().strip()}")
            subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        yield names[0], names[1]
    except FileNotFoundError:
        pytest.skip("there is no `ip` here: network namespaces cannot be made")
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)


def test_in_a_network_of_its_own_a_redis_cannot_be_reached(
    two_networks: tuple[str, str], redis_server_path: str, redis_cli: str, tmp_path: Path
) -> None:
    def asked_in(network: str) -> bytes:
        asked = ["ip", "netns", "exec", network, redis_cli, "-h", "127.0.0.1", "-p", "6379", "PING"]
        done = subprocess.run(asked, capture_output=True, check=False)
        return done.stdout + done.stderr

    ada, bob = two_networks
    command = ["ip", "netns", "exec", bob, redis_server_path, "--port", "6379", "--dir", str(tmp_path)]
    with subprocess.Popen([*command, "--protected-mode", "no"], stdout=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: asked_in(bob) == b"PONG\n", 60)
            assert b"Connection refused" in asked_in(ada)
        finally:
            server.terminate()
