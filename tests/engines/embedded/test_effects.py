"""What each command changed is told to those who observe: every key, as it was, and no other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from redislab.core.engine import Connection
from redislab.core.reply import bulk
from redislab.engines.embedded import EmbeddedEngine, kept, partial
from redislab.engines.embedded.effects import Before, Emptied, Keys, Refilled, Swapped, Unit
from redislab.engines.embedded.lab import Lab
from tests.engines.embedded.asking import ask, say, whole_replies
from tests.engines.embedded.pictures import picture, value_picture
from tests.engines.embedded.test_random_lines import commands, made_line
from tests.engines.embedded.test_robust import prepare

LINES = 3_000


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    made = EmbeddedEngine()
    yield made
    made.close()


@pytest.fixture
def connection(engine: EmbeddedEngine) -> Connection:
    return engine.connect()


@pytest.fixture
def units(engine: EmbeddedEngine) -> list[Unit]:
    seen: list[Unit] = []
    lab_of(engine).effects.observe(seen.append)
    return seen


def lab_of(engine: EmbeddedEngine) -> Lab:
    return engine.lab


def changed(unit: Unit) -> dict[bytes, Any]:
    """Keys of database 0, each with its value before."""
    return {key: before.value for (number, key), before in unit.keys.items() if number == 0}


def test_a_command_names_the_keys_it_changed(connection: Connection, units: list[Unit]) -> None:
    say(connection, "MSET a 1 b 2")
    say(connection, "DEL a nothing")
    say(connection, "RENAME b c")
    assert [changed(unit) for unit in units] == [
        {b"a": None, b"b": None},
        {b"a": b"1"},
        {b"b": b"2", b"c": None},
    ]
    assert [unit.words[0] for unit in units] == [b"MSET", b"DEL", b"RENAME"]


@pytest.mark.parametrize(
    "line", ["SET k v NX", "GET k", "SADD s a", "PERSIST k", "LPUSHX none v", "SET k v", "XREAD STREAMS x 0"]
)
def test_what_changed_nothing_is_no_unit(connection: Connection, units: list[Unit], line: str) -> None:
    for made in ("SET k v", "SADD s a", "XADD x 1-1 f v"):
        say(connection, made)
    units.clear()
    say(connection, line)
    assert units == []


def test_a_transaction_and_a_script_are_one_unit_each(connection: Connection, units: list[Unit]) -> None:
    for line in ("MULTI", "RPUSH l a", "RPUSH l b", "DEL l", "SET k v", "EXEC"):
        say(connection, line)
    script = b"redis.call('SET', 'k', 'w') redis.call('HSET', 'h', 'f', 'v')"
    ask(connection, b"EVAL", script, b"0")
    assert [changed(unit) for unit in units] == [{b"k": None}, {b"k": b"v", b"h": None}]
    assert [unit.words[0] for unit in units] == [b"EXEC", b"EVAL"]


def test_whom_a_command_wakes_belongs_to_it(engine: EmbeddedEngine, units: list[Unit]) -> None:
    waiter, pusher = engine.connect(), engine.connect()
    waiter.send([[b"BLMOVE", b"from", b"to", b"LEFT", b"LEFT", b"0"]])
    say(pusher, "RPUSH from a b")
    assert next(whole_replies(waiter, 0)) == bulk(b"a")
    assert [changed(unit) for unit in units] == [{b"from": None, b"to": None}]


def test_commands_sent_together_are_one_unit(connection: Connection, units: list[Unit]) -> None:
    connection.send([[b"SET", b"k", b"1"], [b"PING"], [b"INCR", b"k"], [b"SET", b"other", b"x"]])
    assert [(changed(unit), unit.commands) for unit in units] == [({b"k": None, b"other": None}, 4)]


def test_another_client_s_command_parts_a_batch(engine: EmbeddedEngine, units: list[Unit]) -> None:
    """While one thread sends many commands, another's are units of their own."""
    sender, other, lab = engine.connect(), engine.connect(), lab_of(engine)
    client = next(iter(lab.members.values()))
    lab.effects.batch_of = client
    with lab.lock:
        client.take([b"SET", b"a", b"1"])
    say(other, "SET b 1")
    assert [changed(unit) for unit in units] == [{b"a": None}, {b"b": None}]
    say(sender, "SET c 1")
    assert [changed(unit) for unit in units] == [{b"a": None}, {b"b": None}, {b"c": None}]


def test_observers_know_before_any_answer_can_be_read(engine: EmbeddedEngine) -> None:
    waiter, pusher = engine.connect(), engine.connect()
    readable: list[int] = []

    def look(unit: Unit) -> None:
        clients = lab_of(engine).members.values()
        readable.append(sum(len(client.output) for client in clients))

    waiter.send([[b"BLPOP", b"l", b"0"], [b"SET", b"after", b"x"]])
    lab_of(engine).effects.observe(look)
    pusher.send([[b"SET", b"k", b"v"], [b"RPUSH", b"l", b"a", b"b"]])
    # The sender's own two, which it reads when all is done; then what the first unit gave the waiter.
    assert readable == [2, 3]
    assert len(list(whole_replies(waiter, 0))) == 2


def test_flushing_moves_what_was_there(connection: Connection, units: list[Unit]) -> None:
    say(connection, "SET a 1")
    say(connection, "RPUSH l x")
    units.clear()
    for line in ("MULTI", "RPUSH l y", "FLUSHALL", "SET a 2", "EXEC"):
        say(connection, line)
    [unit] = units
    first, emptied, last = unit.steps
    assert isinstance(first, Keys)
    assert first.before == {(0, b"l"): Before([b"x"])}
    assert isinstance(emptied, Emptied)
    assert {key: item.value for key, item in emptied.contents.items.items()} == {
        b"a": b"1",
        b"l": [b"x", b"y"],
    }
    assert isinstance(last, Keys)
    assert last.before == {(0, b"a"): Before(None)}
    assert unit.anew == {0}
    assert unit.keys == {}


def test_swapping_names_both_databases(connection: Connection, units: list[Unit]) -> None:
    say(connection, "SET a 1")
    say(connection, "SWAPDB 0 3")
    assert units[-1].steps == [Swapped(0, 3)]
    assert units[-1].anew == {0, 3}


def test_what_expires_is_a_unit_of_its_own(connection: Connection, units: list[Unit]) -> None:
    say(connection, "SET k v PX 1")
    while say(connection, "EXISTS k").number:
        pass
    assert [(unit.client is None, changed(unit)) for unit in units] == [
        (False, {b"k": None}),
        (True, {b"k": b"v"}),
    ]


@pytest.mark.parametrize("large", [partial.LARGE, 0])
@pytest.mark.parametrize("seed", range(4))
def test_every_change_of_random_commands_is_seen(
    engine: EmbeddedEngine, seed: int, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `pictures` finds different is what the unit names, and it was as the unit says."""
    monkeypatch.setattr(partial, "LARGE", large)
    chosen, connection, seen = random.Random(seed), engine.connect(), list[Unit]()
    lab = lab_of(engine)
    lab.effects.observe(seen.append)
    names = [each for each in commands() if {"write", "fast", "admin"} & each.flags]
    for number in range(LINES // 8):
        if number % 100 == 0:
            say(connection, "FLUSHALL")
            prepare(connection)
        before = picture(lab, ordered=bool(large))
        seen.clear()
        together = [made_line(chosen, chosen.choice(names)) for _ in range(chosen.choice([1, 1, 5]))]
        connection.send(together)
        list(whole_replies(connection, 0))
        after = picture(lab, ordered=bool(large))
        found = {place for place in before.keys() | after.keys() if before.get(place) != after.get(place)}
        assert len(seen) == bool(found), together
        for unit in seen:
            if not unit.anew:
                assert set(unit.keys) == found, together
            for place, was in unit.keys.items():
                assert as_picture(lab, place, was, bool(large)) == before.get(place), together


QUEUE = ["LPUSH l a b c", "RPUSH l x y", "LPOP l", "RPOP l", "RPOP l", "LPOP l 2", "LSET l 0 z", "LPUSHX l q"]
NAMED = ["HSET h f 1 g 2", "HDEL h f", "HDEL h g e", "HINCRBY h f 3", "HSETNX h e 1", "DEL h", "HSET h e odd"]
SCORED = [
    "ZADD z 1 a 2 b",
    "ZADD z XX GT 9 a",
    "ZREM z a",
    "ZREM z b c",
    "ZINCRBY z 2 c",
    "ZPOPMIN z",
    "DEL z",
]


@pytest.mark.parametrize("lines", [QUEUE, NAMED, SCORED])
def test_parts_of_large_values_make_the_whole(
    engine: EmbeddedEngine, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial, "LARGE", 0)
    chosen, connection, seen = random.Random(7), engine.connect(), list[Unit]()
    lab = lab_of(engine)
    lab.effects.observe(seen.append)
    parts = 0
    for _ in range(600):
        before = picture(lab, ordered=False)
        seen.clear()
        batch = [line.encode().split() for line in chosen.choices(lines, k=chosen.randint(1, 6))]
        connection.send(batch)
        list(whole_replies(connection, 0))
        assert len(seen) == (before != picture(lab, ordered=False)), batch
        for unit in seen:
            for place, was in unit.keys.items():
                parts += isinstance(was.value, partial.Fields | partial.Ends)
                assert as_picture(lab, place, was, ordered=False) == before.get(place), batch
    assert parts > 30


def test_a_large_value_is_not_copied_for_a_few_of_its_parts(
    connection: Connection, units: list[Unit]
) -> None:
    """Sizes, not times: what a unit holds does not grow with the value."""
    numbers = b" ".join(b"%d" % number for number in range(4 * partial.LARGE)).split()
    for words in ([b"RPUSH", b"l"], [b"HSET", b"h"], [b"SADD", b"s"], [b"ZADD", b"z"]):
        ask(connection, *words, *numbers)
    units.clear()
    for line in ("LPUSH l x", "LPOP l", "RPOP l", "HSET h 0 x", "HDEL h 2", "SADD s x", "SREM s 5"):
        say(connection, line)
    for line in ("ZADD z 7 1", "ZREM z 3", "ZINCRBY z 1 5"):
        say(connection, line)
    values = [before.value for unit in units for before in unit.keys.values()]
    assert len(values) == 10
    assert all(partial.size_bytes(value) < 1_000 for value in values)


def as_picture(lab: Lab, place: tuple[int, bytes], before: Before, ordered: bool) -> tuple[Any, ...] | None:
    value = before.value
    if value is None:
        return None
    if isinstance(value, partial.Fields | partial.Ends):
        item = lab.dbs[place[0]].stored(place[1])
        value = partial.whole(value, None if item is None else item.value)
    encoding = before.encoding if isinstance(value, bytes) else None
    return *value_picture(kept.revive(value), ordered=ordered), before.expireat, encoding


def test_a_kept_value_is_reached_by_nothing(engine: EmbeddedEngine, connection: Connection) -> None:
    """Keep, change the live value, revive: what was kept has not changed, and comes back as it was."""
    prepare(connection)
    lab = lab_of(engine)
    held = {key: kept.keep(item.value) for key, item in lab.dbs[0]._dict.items()}
    was = {key: value_picture(item.value) for key, item in lab.dbs[0]._dict.items()}
    assert {pictured[0] for pictured in was.values()} >= {bytes, list}
    assert len({pictured[0] for pictured in was.values()}) == 6
    for key, value in held.items():
        assert kept.is_same(value, lab.dbs[0]._dict[key].value)
        assert kept.size_bytes(value) > 0
    chosen = random.Random(1)
    writing = [each for each in commands() if "write" in each.flags]
    for _ in range(1_000):
        ask(connection, *made_line(chosen, chosen.choice(writing)))
    for key, value in held.items():
        revived = kept.revive(value)
        assert value_picture(revived) == was[key]
        assert value_picture(kept.revive(value)) == was[key]
        assert kept.is_same(value, revived)


def test_nobody_observes_nothing_is_kept(engine: EmbeddedEngine, connection: Connection) -> None:
    say(connection, "SET k v")
    effects = lab_of(engine).effects
    assert not effects.active
    assert effects._keys == {}


def test_a_refill_is_anew() -> None:
    assert Unit(None, [], 0, [Refilled(2)]).anew == {2}
