"""A file that was cut or changed: all before the damage is there, the rest is set aside, and that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from redislab.engines.embedded.keeping import header, log
from redislab.engines.embedded.keeping.image import Image
from redislab.errors import LabUnavailable
from tests.engines.embedded.asking import say
from tests.engines.embedded.keeping.kept import KeptLab, picture_of_file
from tests.engines.embedded.pictures import Picture

LINES = (
    *("SET k v", "RPUSH list a b", "SET n 1 PX 100000000", "HSET h f v", "XADD x 1-1 f v"),
    *("ZADD z 1 a", "SADD s a", "DEL k", "LPUSH list c"),
)


@pytest.fixture
def written(tmp_path: Path) -> tuple[bytes, list[tuple[int, Picture]]]:
    """A small file, and the size and the state after each of its frames."""
    lab = KeptLab(tmp_path)
    connection = lab.connect()
    states = [(header.HEADER_BYTES, lab.picture)]
    for line in LINES:
        say(connection, line)
        states.append((lab.keeper.size, lab.picture))
    data = lab.file.read_bytes()
    lab.close()
    assert states[-1][0] == len(data) < 1_000
    return data, states


def last_before(states: list[tuple[int, Picture]], offset: int) -> tuple[int, Picture]:
    """The end and the state of the frames that lie before an offset."""
    return next((found for found in reversed(states) if found[0] <= offset), (0, {}))


def test_every_truncation_keeps_what_is_whole(written: tuple[bytes, list[tuple[int, Picture]]]) -> None:
    data, states = written
    for length in range(len(data)):
        size, state = last_before(states, length)
        image, contents = Image.read(data[:length])
        assert picture_of_file(data[:length]) == state, length
        assert (contents.sound_bytes, contents.damaged) == (size, data[size:length]), length
        assert image is not None


def test_every_flipped_bit_loses_only_what_stands_behind_it(
    written: tuple[bytes, list[tuple[int, Picture]]],
) -> None:
    data, states = written
    for offset in range(len(data)):
        size, state = last_before(states, offset)
        expected = state if size else {}
        for bit in range(8):
            changed = bytearray(data)
            changed[offset] ^= 1 << bit
            _, contents = Image.read(bytes(changed))
            assert (contents.sound_bytes, contents.damaged) == (size, bytes(changed[size:])), (offset, bit)
        assert picture_of_file(bytes(changed)) == expected, offset


def test_a_damaged_end_is_set_aside_and_said(
    tmp_path: Path, written: tuple[bytes, list[tuple[int, Picture]]]
) -> None:
    data, states = written
    file = tmp_path / "labs" / "default" / "data.lab"
    for length in range(0, len(data), 7):
        size, state = last_before(states, length)
        file.write_bytes(data[:length])
        lab = KeptLab(tmp_path)
        aside = [path for path in file.parent.iterdir() if ".damaged-" in path.name]
        assert lab.picture == state
        assert [path.read_bytes() for path in aside] == ([data[size:length]] if length > size else [])
        assert [str(path) in notice for path, notice in zip(aside, lab.claim.notices, strict=True)] == (
            [True] * len(aside)
        )
        say(lab.connect(), "SET after 1")
        lab.close()
        after = KeptLab(tmp_path)
        assert after.picture == {**state, (0, b"after"): (bytes, b"1", None, None)}
        assert after.claim.notices == []
        after.close()
        for path in aside:
            path.unlink()


def test_frames_that_changed_places_are_no_frames(written: tuple[bytes, list[tuple[int, Picture]]]) -> None:
    data, states = written
    first, second, third = (size for size, _ in states[:3])
    swapped = data[:first] + data[second:third] + data[first:second] + data[third:]
    assert Image.read(swapped)[1].sound_bytes == first
    twice = data[:second] + data[first:]
    assert Image.read(twice)[1].sound_bytes == second


def test_a_frame_that_makes_no_sense_counts_for_nothing(
    written: tuple[bytes, list[tuple[int, Picture]]],
) -> None:
    """Its checksum fits, its first record does, its second does not: neither is there."""
    data, states = written
    from redislab.engines.embedded.keeping.records import Op, pack

    payload = pack(Op.DELETE, 0, b"list") + pack(Op.CHANGE, 0, b"no such key", kind=1)
    found = data + log.frame(len(LINES), payload) + log.frame(len(LINES) + 1, pack(Op.EMPTY, 0))
    assert picture_of_file(found) == states[-1][1]
    assert Image.read(found)[1].sound_bytes == len(data)


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    lab = KeptLab(tmp_path)
    lab.close()
    newer = header.header(header.FORMAT + 1) + b"whatever comes then"
    lab.file.write_bytes(newer)
    with pytest.raises(LabUnavailable, match="newer redislab") as refused:
        KeptLab(tmp_path)
    assert "\n" not in refused.value.message
    assert lab.file.read_bytes() == newer
