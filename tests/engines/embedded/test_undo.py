"""Undo and redo: everything comes back as it was, and nobody else's change is lost."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from redislab.core.engine import Connection
from redislab.core.reply import Kind, bulk
from redislab.core.undo import sentence
from redislab.engines.embedded import EmbeddedEngine, journal, partial
from redislab.engines.embedded.connection import EmbeddedConnection
from redislab.errors import CannotUndo
from tests.engines.embedded.asking import ask, say, whole_replies
from tests.engines.embedded.pictures import Picture, picture
from tests.engines.embedded.test_random_lines import commands, made_line
from tests.engines.embedded.test_robust import prepare

LONG = bool(os.environ.get("REDISLAB_LONG"))


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine()
    made.remember()
    yield made
    made.close()


@pytest.fixture
def connection(engine: EmbeddedEngine) -> Connection:
    return engine.connect()


@pytest.fixture
def other(engine: EmbeddedEngine) -> Connection:
    """Another client of the same lab, not of this engine's person."""
    return EmbeddedConnection(engine.lab)


def undone(engine: EmbeddedEngine, count: int = 1) -> list[str]:
    return [sentence(each) for each in engine.undo(count)]


def redone(engine: EmbeddedEngine, count: int = 1) -> list[str]:
    return [sentence(each) for each in engine.redo(count)]


def say_all(connection: Connection, *lines: str) -> None:
    for line in lines:
        reply = say(connection, line)
        assert not reply.is_error, reply


class TestWhatComesBack:
    def test_a_value_and_its_time(self, engine: EmbeddedEngine, connection: Connection) -> None:
        say_all(connection, "SET k old EX 100", "SET k new")
        at = picture(engine.lab)
        assert undone(engine) == ["Undid SET: `k` is as before."]
        assert say(connection, "GET k") == bulk(b"old")
        assert 98 <= say(connection, "TTL k").number <= 100
        assert redone(engine) == ["Did SET again: `k` is changed again."]
        assert picture(engine.lab) == at

    def test_a_key_that_was_new(self, engine: EmbeddedEngine, connection: Connection) -> None:
        say_all(connection, "RPUSH l a b")
        assert undone(engine) == ["Undid RPUSH: `l` is gone again."]
        assert say(connection, "EXISTS l").value == 0
        assert redone(engine) == ["Did RPUSH again: `l` is there again."]

    def test_all_of_a_flush(self, engine: EmbeddedEngine, connection: Connection) -> None:
        for number in range(17):
            say(connection, f"SET k{number} {number} EX {100 + number}")
        say_all(connection, "SELECT 3", "LPUSH l a", "SELECT 0")
        before = picture(engine.lab)
        say(connection, "FLUSHALL")
        assert undone(engine) == ["Undid FLUSHALL: 18 keys are back."]
        assert picture(engine.lab) == before
        assert redone(engine) == ["Did FLUSHALL again: 18 keys are gone again."]
        assert picture(engine.lab) == {}
        assert undone(engine) == ["Undid FLUSHALL: 18 keys are back."]
        assert picture(engine.lab) == before

    def test_few_are_named_and_more_are_counted(self, engine: EmbeddedEngine, connection: Connection) -> None:
        say_all(connection, "MSET a 1 b 2", "SELECT 1", "MSET c 3 d 4", "FLUSHALL")
        assert undone(engine) == ["Undid FLUSHALL: 4 keys are back."]
        assert undone(engine) == ["Undid MSET: `c` and `d` are gone again."]

    def test_a_transaction_and_a_script_as_one(self, engine: EmbeddedEngine, connection: Connection) -> None:
        say_all(connection, "SET a 1", "MULTI", "INCR a", "SET b 2", "DEL a", "EXEC")
        ask(connection, b"EVAL", b"redis.call('DEL', 'b') redis.call('SET', 'c', 1)", b"0")
        assert undone(engine, 2) == [
            "Undid EVAL: `b` is back; `c` is gone again.",
            "Undid EXEC: `a` is back; `b` is gone again.",
        ]
        assert say(connection, "GET a") == bulk(b"1")

    def test_databases_that_changed_places(self, engine: EmbeddedEngine, connection: Connection) -> None:
        say_all(connection, "SET a 1 EX 100", "SWAPDB 0 5")
        assert undone(engine) == ["Undid SWAPDB: databases 0 and 5 have changed places again."]
        assert say(connection, "GET a") == bulk(b"1")

    def test_what_a_jump_of_the_clock_took(self, engine: EmbeddedEngine, connection: Connection) -> None:
        say_all(connection, "SET a 1 EX 60", "SET b 2 EX 90000", "SET c 3")
        assert engine.advance(86_400) == 1
        assert engine.label == "redislab(+1d)"
        assert undone(engine) == ["Undid :clock +1d: the clock went 1d back; `a` is back."]
        assert engine.label == "redislab"
        assert 58 <= say(connection, "TTL a").number <= 60
        assert redone(engine) == ["Did :clock +1d again: the clock went 1d ahead."]
        assert say(connection, "EXISTS a").value == 0

    def test_a_key_whose_time_has_passed_stays_away(
        self, engine: EmbeddedEngine, connection: Connection
    ) -> None:
        say_all(connection, "SET a 1 EX 60", "SET b 2", "MSET a 2 b 3")
        engine.advance(30)
        engine.advance(60)
        engine._kept()._done.pop()  # the two jumps are not to be undone here
        engine._kept()._done.pop()
        assert undone(engine) == [
            "Undid MSET: `b` is as before; `a` stays away, its time to live has passed.",
        ]
        assert say(connection, "EXISTS a").value == 0

    @pytest.mark.parametrize(
        ("made", "shrunk", "encoding"),
        [
            ("SADD k " + " ".join(map(str, range(600))), "SPOP k 590", b"hashtable"),
            ("APPEND k 12", "APPEND k 3", b"raw"),
            ("SET k 12", "SET k 12 KEEPTTL", b"int"),
        ],
    )
    def test_how_a_value_is_kept(
        self, engine: EmbeddedEngine, connection: Connection, made: str, shrunk: str, encoding: bytes
    ) -> None:
        say_all(connection, made, shrunk, "DEL k")
        undone(engine)
        assert say(connection, "OBJECT ENCODING k").text == encoding

    def test_commands_sent_together(self, engine: EmbeddedEngine, connection: Connection) -> None:
        connection.send([[b"SET", b"a", b"1"], [b"SET", b"b", b"1"]])
        assert undone(engine) == ["Undid 2 commands: `a` and `b` are gone again."]


class TestWhoIsTold:
    def test_a_watched_key_that_came_back_ends_the_transaction(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection
    ) -> None:
        say_all(connection, "SET k 1", "SET k 2")
        say_all(other, "WATCH k", "MULTI", "PING")
        undone(engine)
        assert say(other, "EXEC").kind is Kind.NIL_ARRAY

    def test_a_flush_undone_ends_the_transaction(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection
    ) -> None:
        say_all(connection, "SET k 1", "FLUSHALL")
        say_all(other, "WATCH k", "MULTI", "PING")
        undone(engine)
        assert say(other, "EXEC").kind is Kind.NIL_ARRAY

    def test_who_waits_for_a_list_is_served(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection
    ) -> None:
        say_all(connection, "RPUSH l a b", "DEL l")
        other.send([[b"BLPOP", b"l", b"0"]])
        undone(engine)
        [reply] = whole_replies(other, 0)
        assert reply.items[1] == bulk(b"a")
        assert say(connection, "LLEN l").value == 1

    @pytest.mark.parametrize("change", ["SET k 2", "FLUSHALL"])
    def test_who_caches_the_key_is_told(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection, change: str
    ) -> None:
        say_all(connection, "SET k 1", change)
        say_all(other, "HELLO 3", "CLIENT TRACKING ON", "GET k")
        undone(engine)
        [told] = whole_replies(other, 0)
        assert told.kind is Kind.PUSH
        assert told.items[0] == bulk(b"invalidate")

    def test_no_notification_is_made_up(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection
    ) -> None:
        say_all(connection, "CONFIG SET notify-keyspace-events KEA", "SET k 1", "DEL k")
        say(other, "PSUBSCRIBE *")
        undone(engine)
        assert list(whole_replies(other, 0)) == []


class TestOthers:
    def test_their_changes_are_not_undone(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection
    ) -> None:
        say(connection, "SET mine 1")
        say(other, "SET theirs 1")
        assert undone(engine) == ["Undid SET: `mine` is gone again."]
        with pytest.raises(CannotUndo, match="nothing to undo"):
            engine.undo(1)
        assert say(connection, "EXISTS theirs").value == 1

    @pytest.mark.parametrize("theirs", ["SET k x", "FLUSHALL", "SWAPDB 0 1", "APPEND k x"])
    def test_a_key_they_changed_since_stays_theirs(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection, theirs: str
    ) -> None:
        say_all(connection, "SET k 1", "SET other 1")
        say(other, theirs)
        if theirs == "FLUSHALL":
            with pytest.raises(CannotUndo, match="Another client has changed `other` since SET"):
                engine.undo(2)
            return
        if theirs.endswith("x"):
            assert undone(engine, 2) == ["Undid SET: `other` is gone again."]
        with pytest.raises(CannotUndo, match=r"Another client has changed `(k|other)` since SET"):
            engine.undo(1)

    def test_a_flush_comes_back_around_their_new_keys(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection
    ) -> None:
        say_all(connection, "MSET a 1 b 2", "EXPIRE a 100", "FLUSHALL")
        say(other, "SET theirs 3 EX 50")
        assert undone(engine) == ["Undid FLUSHALL: `a` and `b` are back."]
        assert sorted(item.text for item in say(connection, "KEYS *").items) == [b"a", b"b", b"theirs"]
        with pytest.raises(CannotUndo, match="Another client has changed the same database since FLUSHALL"):
            engine.redo(1)

    def test_a_flush_does_not_cover_their_key(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection
    ) -> None:
        say_all(connection, "MSET a 1 b 2", "FLUSHALL")
        say(other, "SET a 3")
        with pytest.raises(CannotUndo, match="Another client has changed `a` since FLUSHALL"):
            engine.undo(1)

    def test_what_happened_while_waiting_ones_went_on_is_theirs(
        self, engine: EmbeddedEngine, connection: Connection, other: Connection
    ) -> None:
        say_all(connection, "SET k 1", "RPUSH l a", "DEL l")
        other.send([[b"BLPOP", b"l", b"0"], [b"SET", b"k", b"theirs"]])
        assert undone(engine, 3) == ["Undid DEL: `l` is back.", "Undid RPUSH: nothing had to change."]
        with pytest.raises(CannotUndo, match="Another client"):
            engine.undo(2)
        assert say(connection, "GET k") == bulk(b"theirs")


class TestBounds:
    def test_a_new_change_clears_redo(self, engine: EmbeddedEngine, connection: Connection) -> None:
        say_all(connection, "SET k 1")
        engine.undo(1)
        say(connection, "SET k 2")
        with pytest.raises(CannotUndo, match="nothing to do again"):
            engine.redo(1)

    def test_so_many_changes_are_kept(self, engine: EmbeddedEngine, connection: Connection) -> None:
        for _ in range(journal.MOST_UNITS + 5):
            say(connection, "INCR n")
        assert len(engine.undo(10_000)) == journal.MOST_UNITS
        assert say(connection, "GET n") == bulk(b"5")
        assert len(engine.redo(10_000)) == journal.MOST_UNITS
        assert engine._kept()._size_bytes == sum(entry.size_bytes for entry in engine._kept()._done)

    def test_old_changes_go_when_memory_is_full(self, engine: EmbeddedEngine, connection: Connection) -> None:
        value = b"x" * (journal.MOST_BYTES // 4)
        for number in range(9):
            ask(connection, b"SET", b"k", value + b"%d" % number)
        assert len(engine._kept()._done) == 3
        assert engine._kept()._size_bytes <= journal.MOST_BYTES

    def test_the_latest_is_kept_whatever_its_size(
        self, engine: EmbeddedEngine, connection: Connection
    ) -> None:
        value = b"x" * (journal.MOST_BYTES // 2)
        for key in (b"a", b"b", b"c"):
            ask(connection, b"SET", key, value)
        say(connection, "FLUSHALL")
        assert undone(engine) == ["Undid FLUSHALL: `a`, `b` and `c` are back."]

    def test_nothing_to_undo(self, engine: EmbeddedEngine, connection: Connection) -> None:
        say_all(connection, "GET k", "SELECT 2", "PING")
        with pytest.raises(CannotUndo, match="nothing to undo"):
            engine.undo(1)

    def test_an_engine_that_was_not_asked_remembers_nothing(self) -> None:
        engine = EmbeddedEngine()
        say(engine.connect(), "SET k v")
        with pytest.raises(CannotUndo):
            engine.undo(1)


class Everything(RuleBasedStateMachine):
    """Any commands, undone and done again in any order, lead through the same states."""

    large = partial.LARGE

    def __init__(self) -> None:
        super().__init__()
        self._large, partial.LARGE = partial.LARGE, self.large
        self.engine = EmbeddedEngine()
        self.engine.remember()
        self.connection = self.engine.connect()
        prepare(self.connection)
        self.engine._kept()._done.clear()
        self.states: list[Picture] = [self.picture()]
        self.place = 0

    def picture(self) -> Picture:
        return picture(self.engine.lab, ordered=bool(self.large))

    def teardown(self) -> None:
        try:
            self.there_and_back()
        finally:
            partial.LARGE = self._large
            self.engine.close()

    def there_and_back(self) -> None:
        if self.place:
            assert len(self.engine.undo(10_000)) == self.place
        assert self.picture() == self.states[0]
        if len(self.states) > 1:
            assert len(self.engine.redo(10_000)) == len(self.states) - 1
        assert self.picture() == self.states[-1]

    def changed(self) -> None:
        """One unit, if anything changed; a transaction may also leave things as they were."""
        if len(self.engine._kept()._done) > self.place:
            del self.states[self.place + 1 :]
            self.states.append(self.picture())
            self.place += 1
        assert self.picture() == self.states[self.place]

    @rule(seed=st.integers(0, 10_000), count=st.integers(1, 4))
    def lines(self, seed: int, count: int) -> None:
        chosen = random.Random(seed)
        for _ in range(count):
            ask(self.connection, *made_line(chosen, chosen.choice(WRITING)))
            self.changed()

    @rule(seed=st.integers(0, 10_000), count=st.integers(2, 6), flush=st.booleans())
    def transaction(self, seed: int, count: int, flush: bool) -> None:
        chosen = random.Random(seed)
        say(self.connection, "MULTI")
        for _ in range(count):
            ask(self.connection, *made_line(chosen, chosen.choice(WRITING)))
        if flush:
            say(self.connection, chosen.choice(["FLUSHDB", "FLUSHALL", "SWAPDB 0 1"]))
            ask(self.connection, *made_line(chosen, chosen.choice(WRITING)))
        if say(self.connection, "EXEC").is_error:  # a line that could not be queued
            say(self.connection, "DISCARD")
        self.changed()

    @rule(line=st.sampled_from(WHOLE := (
        *("FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "SWAPDB 1 2", "MOVE k 1", "COPY zset z DB 1 REPLACE"),
        *("SELECT 1", "SELECT 0", "RENAME stream s", "DEL hash list k", "EXPIRE set 500", "PERSIST set"),
        *("SET fresh v EX 100", "RESTORE x 0 bad", "SPOP set 2", "XREADGROUP GROUP g c STREAMS stream >"),
    )))  # fmt: skip
    def whole(self, line: str) -> None:
        say(self.connection, line)
        self.changed()

    @rule(keys=st.permutations(["k", "list", "hash", "zset"]))
    def script(self, keys: list[str]) -> None:
        source = b"for _, key in ipairs(KEYS) do redis.call('RENAME', key, KEYS[1]) end"
        ask(self.connection, b"EVAL", source, b"4", *[key.encode() for key in keys])
        self.changed()

    @rule(by_s=st.sampled_from([0.5, 50, 200, 5_000]))
    def later(self, by_s: float) -> None:
        self.engine.advance(by_s)
        self.changed()

    @rule(count=st.integers(1, 4))
    def undo(self, count: int) -> None:
        if self.place:
            self.place -= len(self.engine.undo(count))
        assert self.picture() == self.states[self.place]

    @rule(count=st.integers(1, 4))
    def redo(self, count: int) -> None:
        if self.place < len(self.states) - 1:
            self.place += len(self.engine.redo(count))
        assert self.picture() == self.states[self.place]


WRITING = [each for each in commands() if "write" in each.flags]
Everything.TestCase.settings = settings(
    max_examples=1_000 if LONG else 60, stateful_step_count=30, deadline=None
)
TestEverything = Everything.TestCase


class EverythingInParts(Everything):
    """The same, with every value taken for a large one: of those the parts are kept that commands name."""

    large = 0


EverythingInParts.TestCase.settings = Everything.TestCase.settings
TestEverythingInParts = EverythingInParts.TestCase
