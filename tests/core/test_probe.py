"""A probe sees the keys of a command, says nothing where it may not look, and disturbs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from redislab.core.engine import Connection, Engine
from redislab.core.probe import MISSING, VALUE_BYTES, Observed, Policy, Probe
from redislab.core.reply import Kind
from redislab.core.session import Outcome, Session
from redislab.core.words import split
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.servers import DroppingProxy, NonsenseServer, RedisServer

Run = Callable[..., Outcome]


def probed(engine: Engine) -> Session:
    return Session(engine, observer=Probe(engine, Policy(on_shared=True, budget_s=5.0)))


@pytest.fixture(params=["embedded", "server"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run command lines in one session on an empty engine; give the last outcome."""
    engine: Engine = EmbeddedEngine()
    if request.param == "server":
        server: RedisServer = request.getfixturevalue("server")
        engine = RealEngine(Target(port=server.port))
    session = probed(engine)

    def go(*lines: str) -> Outcome:
        return [session.run(split(line.encode())) for line in lines][-1]

    return go


def seen(outcome: Outcome) -> Observed:
    assert outcome.observed is not None
    return outcome.observed


def test_a_string_before_and_after(run: Run) -> None:
    observed = seen(run("SET k ada EX 100", "SET k bob"))
    before, after = observed.before[b"k"], observed.after[b"k"]
    assert before.expires
    assert 90_000 < (before.ttl_ms or 0) <= 100_000
    assert (before.type, before.value, before.length) == ("string", b"ada", 3)
    assert (after.value, after.ttl_ms, after.encoding) == (b"bob", -1, "embstr")


def test_a_missing_key(run: Run) -> None:
    assert seen(run("GET nothing")).before == {b"nothing": MISSING}


def test_a_long_string_is_not_kept(run: Run) -> None:
    state = seen(run(f"SET k {'x' * (VALUE_BYTES + 1)}")).after[b"k"]
    assert (state.value, state.length) == (None, VALUE_BYTES + 1)
    assert seen(run(f"SET k {'x' * VALUE_BYTES}")).after[b"k"].value == b"x" * VALUE_BYTES


def test_fields_members_scores_and_ends(run: Run) -> None:
    observed = seen(run("HSET h name ada", "HSET h name bob mail m"))
    assert observed.before[b"h"].fields == {b"name": b"ada", b"bob": None, b"mail": None, b"m": None}
    assert observed.after[b"h"].fields[b"mail"] == b"m"
    observed = seen(run("SADD s a b", "SREM s b c"))
    assert observed.before[b"s"].members == {b"b": True, b"c": False}
    assert observed.after[b"s"].length == 1
    observed = seen(run("ZADD z 1.5 a", "ZADD z 2 a 3 b"))
    assert observed.before[b"z"].scores[b"a"] == 1.5
    assert observed.after[b"z"].scores[b"b"] == 3.0
    observed = seen(run("RPUSH l a b c", "LPOP l"))
    assert (observed.before[b"l"].ends, observed.after[b"l"].ends) == ((b"a", b"c"), (b"b", b"c"))
    assert seen(run("XADD x * f v")).after[b"x"].length == 1


def test_every_key_of_a_command_up_to_a_limit(run: Run) -> None:
    observed = seen(run("SET b 1", "DEL a b c"))
    assert [key for key, state in observed.before.items() if state.exists] == [b"b"]
    assert list(seen(run("EXISTS " + " ".join("abcdefghijkl"))).before) == [bytes([n]) for n in b"abcdefgh"]


def test_the_database_of_the_session(run: Run) -> None:
    assert seen(run("SET k zero", "SELECT 3", "GET k")).before[b"k"] == MISSING
    assert seen(run("SET k three")).after[b"k"].value == b"three"
    assert seen(run("SELECT 0", "GET k")).before[b"k"].value == b"zero"


def test_how_many_keys_a_flush_removes(run: Run) -> None:
    observed = seen(run("MSET a 1 b 2", "FLUSHDB"))
    assert (observed.size_before, observed.size_after) == (2, 0)
    observed = seen(run("SET a 1", "SELECT 2", "MSET a 1 b 2", "FLUSHALL"))
    assert (observed.size_before, observed.size_after) == (3, 0)


def test_nothing_inside_multi_nor_for_exec(run: Run) -> None:
    assert [run(line).observed for line in ("MULTI", "SET k v", "GET k", "EXEC")] == [None] * 4
    assert seen(run("GET k")).before[b"k"].value == b"v"


def test_nothing_while_subscribed(run: Run) -> None:
    assert run("SUBSCRIBE news").observed is None
    assert run("UNSUBSCRIBE").observed is None


def test_an_errors_key_is_seen_too(run: Run) -> None:
    outcome = run("RPUSH l a", "GET l")
    assert outcome.reply is not None
    assert outcome.reply.code == "WRONGTYPE"
    assert seen(outcome).before[b"l"].type == "list"


def test_a_look_is_no_use_of_the_key(run: Run) -> None:
    """OBJECT IDLETIME would be reset by a look at the value."""
    state = seen(run("SET k v", "OBJECT IDLETIME k")).before[b"k"]
    assert not state.looked_inside
    assert (state.type, state.value) == ("string", None)


def test_an_unknown_command_asks_nothing(run: Run) -> None:
    assert run("NOSUCH k").observed is None


class _Counted:
    """An engine that counts its connections; the `bad`th and later ones fail as `fail` says."""

    def __init__(self, engine: Engine, fail: Exception | None = None, bad: int = 2) -> None:
        self._engine, self._fail, self._bad = engine, fail, bad
        self.connections = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def aside(self) -> _Counted:
        return self

    def connect(self) -> Connection:
        self.connections += 1
        if self._fail is not None and self.connections >= self._bad:
            raise self._fail
        return self._engine.connect()


def test_a_failing_probe_disturbs_nothing_and_gives_up() -> None:
    counted = _Counted(EmbeddedEngine(), fail=OSError("no more sockets"))
    engine: Engine = counted  # type: ignore[assignment]
    session = Session(engine, observer=Probe(engine))
    for number in range(10):
        outcome = session.run([b"INCR", b"n"])
        assert outcome.reply is not None
        assert outcome.reply.number == number + 1
        assert outcome.observed is None
    assert counted.connections == 1 + 3


def test_a_server_that_others_share_sees_what_was_typed_until_told(server: RedisServer) -> None:
    with DroppingProxy(server.port, drop_at=1 << 30) as proxy:
        engine = RealEngine(Target(port=proxy.port))
        probe = Probe(engine)
        session = Session(engine, observer=probe)
        typed = [[b"SET", b"k", b"v"], [b"GET", b"k"], [b"FLUSHDB"], [b"LPUSH", b"l", b"a"]]
        assert [session.run(args).observed for args in typed] == [None] * 4
        assert (proxy.commands, proxy.connections) == (typed, 1)
        probe.enabled = True
        assert session.run([b"LLEN", b"l"]).observed is not None
        assert proxy.connections == 2
        probe.enabled = False
        session.run([b"GET", b"k"])
        assert proxy.commands[-1] == [b"GET", b"k"]


def test_another_engine_is_asked_anew_whether_it_may_be() -> None:
    engine = EmbeddedEngine()
    probe = Probe(engine)
    assert probe.enabled
    probe.follow(RealEngine(Target(port=1)))
    states = [probe.enabled]
    probe.follow(engine)
    assert [*states, probe.enabled] == [False, True]


def test_a_session_that_switches_takes_its_probe_along() -> None:
    first, second = EmbeddedEngine(), EmbeddedEngine()
    session = Session(first, observer=Probe(first))
    session.run([b"SET", b"k", b"first"])
    session.switch(second, db=1)
    assert seen(session.run([b"SET", b"k", b"second"])).before[b"k"] == MISSING


def test_a_server_that_says_nonsense() -> None:
    with NonsenseServer(b"+OK\r\n") as server:
        engine = RealEngine(Target(port=server.port))
        outcome = Session(engine, observer=Probe(engine, Policy(on_shared=True))).run([b"GET", b"k"])
    assert outcome.reply is not None
    assert outcome.reply.kind is Kind.STATUS


def test_a_silent_server_costs_no_more_than_the_budget() -> None:
    with NonsenseServer(b"") as server:
        probe = Probe(RealEngine(Target(port=server.port)), Policy(on_shared=True))
        started_s = time.monotonic()
        assert probe.look([b"GET", b"k"], 0) is None
        assert time.monotonic() - started_s < 3.0
