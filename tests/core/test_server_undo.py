"""Undo on a server: what DUMP kept comes back, and nothing that another client has written is lost."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redislab.core import server_undo
from redislab.core.catalogue import Catalogue
from redislab.core.link import Link
from redislab.core.parts import Assembler
from redislab.core.reply import Reply, bulk
from redislab.core.server_undo import Change, ServerUndo, Versions
from redislab.core.undo import sentence
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.errors import CannotUndo
from tests.servers import RedisServer


class Person:
    """Types commands as the shell does: the keys are kept before and after each."""

    def __init__(self, server: RedisServer) -> None:
        engine = RealEngine(Target(port=server.port))
        self.link = Link(engine)
        self.keeper = ServerUndo(engine, Catalogue.load())

    def ask(self, *args: bytes) -> Reply:
        assembler = Assembler()
        for arrival in self.link.request(args):
            reply = assembler.add(arrival.part)
        assert reply is not None
        return reply

    def type(self, *args: bytes, elapsed_s: float = 0.0) -> Reply:
        state = self.link.state
        kept = not state.in_multi or args[0] == b"EXEC"
        before = self.keeper.before(args, state.db_of_exec, tuple(state.queued)) if kept else None
        reply = self.ask(*args)
        if before is not None:
            self.keeper.after(before, reply, elapsed_s)
        return reply

    def types(self, *lines: str) -> None:
        for line in lines:
            reply = self.type(*line.encode().split())
            assert not reply.is_error, reply

    def undo(self, count: int = 1) -> list[str]:
        return [sentence(each) for each in self.keeper.undo(count)]

    def redo(self, count: int = 1) -> list[str]:
        return [sentence(each) for each in self.keeper.redo(count)]

    def picture(self) -> dict[tuple[int, bytes], tuple[object, int]]:
        """Every key of databases 0 and 1: its value, when it expires."""
        found = {}
        for db in (0, 1):
            self.ask(b"SELECT", b"%d" % db)
            for key in self.ask(b"KEYS", b"*").items:
                found[db, key.text] = self.value(key.text), self.ask(b"PEXPIRETIME", key.text).number
        self.ask(b"SELECT", b"0")
        return found

    def value(self, key: bytes) -> object:
        """What DUMP gives; of sets and hashes, whose order is the server's own, the sorted parts."""
        kind = self.ask(b"TYPE", key).text
        if kind == b"set":
            return sorted(item.text for item in self.ask(b"SMEMBERS", key).items)
        if kind == b"hash":
            parts = [item.text for item in self.ask(b"HGETALL", key).items]
            return dict(zip(parts[::2], parts[1::2], strict=True))
        return self.ask(b"DUMP", key).text

    def close(self) -> None:
        self.link.drop()
        self.keeper.close()


@pytest.fixture
def new_person(server: RedisServer) -> Iterator[Callable[[], Person]]:
    people: list[Person] = []

    def make() -> Person:
        people.append(Person(server))
        return people[-1]

    yield make
    for each in people:
        each.close()


@pytest.fixture
def person(new_person: Callable[[], Person]) -> Person:
    return new_person()


@pytest.fixture
def other(new_person: Callable[[], Person]) -> Person:
    return new_person()


def test_values_and_times_come_back(person: Person) -> None:
    person.types("SET k old EX 100")
    at = person.ask(b"PEXPIRETIME", b"k").number
    person.types("SET k new", "RPUSH l a b", "DEL l k")
    assert person.undo(3) == [
        "Undid DEL: `l` and `k` are back.",
        "Undid RPUSH: `l` is gone again.",
        "Undid SET: `k` is as before.",
    ]
    assert person.ask(b"GET", b"k") == bulk(b"old")
    assert person.ask(b"PEXPIRETIME", b"k").number == at
    assert person.redo(3)[-1] == "Did DEL again: `l` and `k` are gone again."
    assert person.picture() == {}


def test_a_flush_and_a_move_and_a_copy_elsewhere(person: Person) -> None:
    person.types("MSET a 1 b 2", "EXPIRE b 1000", "SELECT 1", "SET c 3", "SELECT 0")
    before = person.picture()
    person.types("MOVE a 1", "COPY b x DB 1", "FLUSHALL")
    assert person.undo(3) == [
        "Undid FLUSHALL: 4 keys are back.",
        "Undid COPY: `x` is gone again.",
        "Undid MOVE: `a` is back; `a` is gone again.",
    ]
    assert person.picture() == before


def test_a_transaction_and_a_script_as_one(person: Person) -> None:
    person.types("SELECT 1", "SET a 1", "MULTI", "INCR a", "SELECT 0", "SET b 2", "EXEC")
    person.type(b"EVAL", b"redis.call('DEL', KEYS[1])", b"1", b"b")
    assert person.undo(2) == ["Undid EVAL: `b` is back.", "Undid EXEC: `b` is gone again; `a` is as before."]
    assert list(person.picture()) == [(1, b"a")]


def test_what_changed_nothing_is_not_kept(person: Person) -> None:
    person.types("SET k v", "SET k w NX", "GET k", "SADD s a", "SADD s a")
    assert person.undo(9) == ["Undid SADD: `s` is gone again.", "Undid SET: `k` is gone again."]


def test_a_key_that_another_client_has_changed_is_theirs(person: Person, other: Person) -> None:
    person.types("SET k 1", "SET k 2")
    other.types("SET k theirs")
    with pytest.raises(CannotUndo, match="Another client has changed `k` since SET"):
        person.undo()
    assert person.ask(b"GET", b"k") == bulk(b"theirs")


@pytest.mark.parametrize("line", ["EXPIRE k 500", "DEL k", "RENAME k j"])
def test_their_change_of_its_time_or_place_counts(person: Person, other: Person, line: str) -> None:
    person.types("SET k 1", "SET k 2")
    other.types(line)
    with pytest.raises(CannotUndo, match="Another client has changed `k`"):
        person.undo()


def test_a_write_between_the_look_and_the_undo_is_not_lost(
    person: Person, other: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.types("SET k 1", "SET k 2")
    write = ServerUndo._write

    def write_meanwhile(self: ServerUndo, change: Change, wanted: Versions) -> Versions:
        other.types("SET k theirs")
        return write(self, change, wanted)

    monkeypatch.setattr(ServerUndo, "_write", write_meanwhile)
    with pytest.raises(CannotUndo, match="Another client has changed `k`"):
        person.undo()
    assert person.ask(b"GET", b"k") == bulk(b"theirs")
    monkeypatch.undo()
    other.types("SET k 2")
    assert person.undo() == ["Undid SET: `k` is as before."]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([b"EVAL", b"return 0", b"0"], "a script that names no keys may change any"),
        ([b"SWAPDB", b"0", b"1"], "databases that changed places are not kept"),
        ([b"DEL", *(b"%d" % n for n in range(1_001))], "these are 1,001 keys, and 1,000 are kept"),
        ([b"FLUSHALL"], "these are 1,202 keys, and 1,000 are kept"),
        ([b"FLUSHDB"], "these are 1,202 keys, and 1,000 are kept"),
        ([b"APPEND", b"large", b"x"], r"these are \d\d MiB, and 16 MiB are kept"),
    ],
)
def test_what_cannot_be_kept_is_said_first_and_stops_undo(
    person: Person, words: list[bytes], reason: str
) -> None:
    person.ask(b"MSET", *(b"%d" % (number // 2) for number in range(2 * 1_200)))
    person.ask(b"SETRANGE", b"large", b"%d" % (20 << 20), b"x")
    person.types("SET before 1")
    assert re.fullmatch(reason, person.keeper.obstacle(words, 0))
    person.type(*words)
    with pytest.raises(CannotUndo, match=f"cannot be undone: {reason}"):
        person.undo()


def test_a_wait_in_which_others_wrote_is_not_undone(person: Person) -> None:
    person.types("RPUSH l a b")
    person.type(b"BLPOP", b"l", b"0", elapsed_s=0.1)
    assert person.undo() == ["Undid BLPOP: `l` is as before."]
    person.type(b"BLPOP", b"l", b"0", elapsed_s=2.0)
    with pytest.raises(CannotUndo, match="it took long, and others may have written meanwhile"):
        person.undo()


def test_a_command_without_an_answer_stops_undo(person: Person) -> None:
    person.types("SET k 1")
    before = person.keeper.before([b"SET", b"k", b"2"], 0)
    assert before is not None
    person.keeper.lost(before)
    with pytest.raises(CannotUndo, match="SET cannot be undone: its answer never came"):
        person.undo()


def test_a_key_whose_time_has_passed_stays_away(person: Person) -> None:
    person.types("SET k 1 PX 30", "MSET k 2 j 2")
    at_ms = person.keeper._done[-1].before[0, b"k"].deadline_ms
    while person.keeper._now_ms() <= at_ms:
        pass
    assert person.undo() == ["Undid MSET: `j` is gone again; `k` stays away, its time to live has passed."]


def test_that_it_has_expired_since_is_nobody_s_change(person: Person) -> None:
    person.types("SET k 1", "PEXPIRE k 30")
    while person.ask(b"EXISTS", b"k").number:
        pass
    assert person.undo() == ["Undid PEXPIRE: `k` is back."]


def test_so_much_is_kept(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_undo, "MOST_CHANGES", 3)
    for _ in range(5):
        person.types("INCR n")
    assert len(person.undo(9)) == 3
    assert person.ask(b"GET", b"n") == bulk(b"2")


def test_a_server_that_does_not_allow_dump(person: Person) -> None:
    person.ask(b"ACL", b"SETUSER", b"default", b"-dump")
    try:
        person.keeper.close()
        before = person.keeper.before([b"SET", b"k", b"v"], 0)
    finally:
        person.ask(b"ACL", b"SETUSER", b"default", b"+dump")
    assert before is not None
    assert before.obstacle.startswith("the server says: NOPERM")


LINES = [
    *("SET k v", "SET k w EX 1000", "APPEND k x", "INCR n", "MSET k 1 n 2", "GETDEL k", "RENAME k n"),
    *("RPUSH l a b c", "LPOP l", "LMOVE l m LEFT RIGHT", "LREM l 0 b", "SADD s a b 3", "SMOVE s t a"),
    *("SPOP s", "SUNIONSTORE u s t", "HSET h f v g w", "HINCRBY h n 5", "HDEL h f", "ZADD z 1 a 2 b"),
    *("ZINCRBY z 5 a", "ZPOPMIN z", "ZUNIONSTORE y 2 z x", "XADD x * f v", "XGROUP CREATE x g $ MKSTREAM"),
    *("XREADGROUP GROUP g c STREAMS x >", "PFADD p a b", "SETBIT b 9 1", "EXPIRE l 900", "PERSIST l"),
    *("DEL k l s", "FLUSHDB", "FLUSHALL", "MOVE k 1", "COPY z w DB 1", "SORT l ALPHA STORE sorted"),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(st.sampled_from(LINES), min_size=1, max_size=12), seed=st.integers(0, 1_000))
def test_any_lines_come_back_and_go_again(person: Person, chosen: list[str], seed: int) -> None:
    person.ask(b"FLUSHALL")
    person.keeper._done.clear()
    chance = random.Random(seed)
    states = [person.picture()]
    for line in chosen:
        person.type(*line.encode().split())
        if person.picture() != states[-1]:
            states.append(person.picture())
        if chance.random() < 0.2 and len(states) > 1:
            person.undo()
            assert person.picture() == states[-2]
            person.redo()
            assert person.picture() == states[-1]
    if len(states) > 1:
        assert len(person.undo(99)) == len(states) - 1
        assert person.picture() == states[0]
        assert len(person.redo(99)) == len(states) - 1
        assert person.picture() == states[-1]
