"""What is written is what is read: random commands on values of every type, whole and as changes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redislab.core.engine import Connection
from redislab.engines.embedded.keeping import changes, values
from redislab.engines.embedded.keeping.image import Image
from redislab.engines.embedded.keeping.packing import Malformed
from redislab.engines.embedded.keeping.records import Op, pack
from tests.engines.embedded.asking import ask, say
from tests.engines.embedded.keeping.kept import KeptLab, picture_of_file
from tests.engines.embedded.test_random_lines import commands, made_line
from tests.engines.embedded.test_robust import prepare

LINES = 1_200
READ_EVERY = 20


def make_large(connection: Connection) -> None:
    """The keys of `prepare`, each with many parts."""
    prepare(connection)
    numbers = [b"%d" % number for number in range(100)]
    ask(connection, b"SET", b"k", b"0123456789" * 40)
    ask(connection, b"RPUSH", b"list", *numbers)
    ask(connection, b"SADD", b"set", *numbers)
    for name, key in ((b"HSET", b"hash"), (b"ZADD", b"zset")):
        ask(connection, name, key, *(word for number in numbers for word in (number, number)))
    for number in numbers:
        ask(connection, b"XADD", b"stream", b"2-" + number if number != b"0" else b"1-7", b"f", number)
    say(connection, "XREADGROUP GROUP g c COUNT 60 STREAMS stream >")


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("always_changes", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_a_file_holds_what_the_lab_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, always_changes: bool, large: bool
) -> None:
    if always_changes:
        monkeypatch.setattr(values, "LEAST_PARTS", 0)
        monkeypatch.setattr(values, "LEAST_BYTES", 0)
    chosen, kept = random.Random(seed), KeptLab(tmp_path)
    connection = kept.connect()
    names = [each for each in commands() if "write" in each.flags]
    for number in range(LINES):
        if number % 300 == 0:
            (make_large if large else prepare)(connection)
        ask(connection, *made_line(chosen, chosen.choice(names)))
        if number % READ_EVERY == 0:
            assert picture_of_file(kept.file.read_bytes()) == kept.picture
    before = kept.picture
    kept.keeper.compact()
    assert picture_of_file(kept.file.read_bytes()) == before
    kept.close()
    again = KeptLab(tmp_path)
    assert again.picture == before
    assert again.claim.notices == []
    again.close()


def test_a_push_to_a_long_list_writes_little(tmp_path: Path) -> None:
    kept = KeptLab(tmp_path)
    connection = kept.connect()
    many = [b"element %d" % number for number in range(10_000)]
    say(connection, "XADD stream 1-1 f v")
    ask(connection, b"RPUSH", b"list", *many)
    ask(connection, b"SADD", b"set", *many)
    ask(connection, b"SET", b"string", b"x" * 100_000)
    pairs = [word for element in many for word in (element, b"1")]
    ask(connection, b"HSET", b"hash", *pairs)
    ask(connection, b"ZADD", b"zset", *(word for element in many for word in (b"1", element)))
    for line in (
        *("LPUSH list a", "RPUSH list a", "LSET list 5000 a", "RPOP list", "SADD set new", "SREM set new"),
        *("HSET hash new 1", "HDEL hash new", "ZADD zset 3 new", "ZINCRBY zset 1 new", "ZREM zset new"),
        *("APPEND string y", "SETRANGE string 500 abc", "EXPIRE list 100", "PERSIST list"),
    ):
        before = kept.keeper.size
        say(connection, line)
        assert 0 < kept.keeper.size - before < 150, line
    assert picture_of_file(kept.file.read_bytes()) == kept.picture
    kept.close()


@given(st.lists(st.integers(0, 2), max_size=300), st.lists(st.integers(0, 2), max_size=300))
def test_a_splice_makes_one_sequence_of_the_other(before: list[int], after: list[int]) -> None:
    start, removed, end = changes.splice(before, after)
    assert before[:start] + after[start:end] + before[start + removed :] == after


@given(st.data(), st.lists(st.integers(0, 9), max_size=200))
def test_a_splice_is_short_where_little_changed(data: st.DataObject, before: list[int]) -> None:
    at = data.draw(st.integers(0, len(before)))
    after = [*before[:at], 10, *before[at:]]
    assert changes.splice(before, after) == (at, 0, at + 1)


names = st.binary(max_size=4)


@given(st.dictionaries(names, st.integers(0, 3)), st.dictionaries(names, st.integers(0, 3)))
def test_a_mapping_is_changed_or_written_whole(before: dict[bytes, int], after: dict[bytes, int]) -> None:
    found = changes.of_mapping(before, after)
    if found is None:
        return
    removed, changed = found
    made = {key: value for key, value in before.items() if key not in removed}
    made.update({key: after[key] for key in changed})
    assert list(made.items()) == list(after.items())


def a_frame(seed: int) -> bytes:
    """Records of every kind of value, as a frame holds them."""
    from redislab.engines.embedded import EmbeddedEngine

    engine = EmbeddedEngine()
    connection = engine.connect()
    (make_large if seed % 2 else prepare)(connection)
    from redislab.engines.embedded.keeping.keeper import snapshot

    payload = b"".join(snapshot(engine.lab))
    engine.close()
    return payload + pack(Op.SWAP, 0, kind=3) + pack(Op.EMPTY, 3)


FRAMES = [a_frame(0), a_frame(1)]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_malformed(payload: bytes) -> None:
    apply_or_refuse(payload)


@settings(max_examples=400)
@given(st.sampled_from(FRAMES), st.data())
def test_a_changed_frame_is_read_or_malformed(payload: bytes, data: st.DataObject) -> None:
    made = bytearray(payload)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(made) - 1))
        made[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    apply_or_refuse(bytes(made))


def apply_or_refuse(payload: bytes) -> None:
    image = Image()
    try:
        image.apply(payload)
    except Malformed:
        return
