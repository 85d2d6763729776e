"""Progress in lessons survives damage, a full disk, two shells and kill -9."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from redislab.core.reply import Kind, Reply
from redislab.course.evidence import Entry
from redislab.course.standing import Earned, Missed, Standing
from redislab.engines.embedded.keeping.disk import Disk
from redislab.progress import Progress

KILLS = 200 if os.environ.get("REDISLAB_LONG") else 12


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "of-progress"


class Told:
    """A progress, and what it has said."""

    def __init__(self, home: Path, disk: Disk | None = None) -> None:
        self.said: list[str] = []
        self.progress = Progress({"REDISLAB_HOME": str(home)}, self.said.append, disk)


def standing(**steps: Earned) -> Standing:
    return Standing(title="Ada\x1b[2J", total=3, steps=steps, at="b", typed={"a": ["SET name 'ada'"]})


def test_what_is_kept_is_read_again(home: Path) -> None:
    kept = standing(a=Earned.DONE, b=Earned.SKIPPED)
    kept.missed = [Missed("a", "quiz", 1)]
    nested = Reply(
        Kind.ARRAY, (Reply(Kind.BULK, b"\x00\xff"), Reply(Kind.NIL, None), Reply(Kind.INTEGER, -1))
    )
    mapped = Reply(Kind.MAP, ((Reply(Kind.BULK, b"f"), Reply(Kind.DOUBLE, b"1.5")),))
    kept.entries = [Entry((b"LRANGE", b"\x80"), "LRANGE", nested), Entry((b"X",), "X", mapped, "B")]
    Told(home).progress.save("ttl", kept)
    told = Told(home)
    assert told.progress.read() == {"ttl": kept}
    assert told.said == []
    assert (home / "progress").stat().st_mode & 0o777 == 0o600


def test_a_large_reply_and_a_password_are_not_kept(home: Path) -> None:
    kept = standing()
    large = Reply(Kind.ARRAY, tuple(Reply(Kind.INTEGER, number) for number in range(1_000)))
    kept.entries = [Entry((b"LRANGE", b"l"), "LRANGE", large)]
    kept.entries += [Entry((b"AUTH", b"hunter2"), "AUTH", Reply(Kind.STATUS, b"OK"))]
    Told(home).progress.save("ttl", kept)
    assert Told(home).progress.read()["ttl"].entries == []
    assert b"hunter2" not in (home / "progress").read_bytes()


def test_two_shells_keep_both(home: Path) -> None:
    one, other = Told(home), Told(home)
    one.progress.save("ttl", standing(a=Earned.DONE))
    other.progress.save("lists", standing(a=Earned.SHOWN))
    other.progress.save("ttl", standing(a=Earned.SKIPPED, b=Earned.DONE))
    found = Told(home).progress.read()
    assert found["lists"].steps == {"a": Earned.SHOWN}
    assert found["ttl"].steps == {"a": Earned.DONE, "b": Earned.DONE}


def test_a_lesson_begun_anew_forgets_what_was_earned(home: Path) -> None:
    Told(home).progress.save("ttl", standing(a=Earned.DONE))
    Told(home).progress.save("ttl", standing(), anew=True)
    assert Told(home).progress.read()["ttl"].steps == {}


def small(home: Path) -> bytes:
    told = Told(home)
    for lesson in ("ttl", "lists", "sets"):
        told.progress.save(lesson, standing(a=Earned.DONE))
    return (home / "progress").read_bytes()


def test_every_truncation_keeps_the_lines_that_are_whole(home: Path) -> None:
    data = small(home)
    ends = [place for place, byte in enumerate(data) if byte == 0x0A][1:-1]  # of the lessons
    for size in range(len(data)):
        (home / "progress").write_bytes(data[:size])
        told = Told(home)
        found = told.progress.read()
        assert len(found) == sum(end <= size for end in ends)
        assert told.said, size


def test_every_flipped_bit_costs_one_lesson_at_most_and_is_said(home: Path) -> None:
    data = small(home)
    whole = Told(home).progress.read()
    for place in range(0, len(data) * 8, 1 if os.environ.get("REDISLAB_LONG") else 7):
        flipped = bytearray(data)
        flipped[place // 8] ^= 1 << place % 8
        (home / "progress").write_bytes(flipped)
        told = Told(home)
        found = told.progress.read()
        assert told.said, place
        assert all(found[lesson] == whole[lesson] for lesson in found)
        lines_hit = 2 if data[place // 8] == 0x0A else 1
        assert len(found) >= 3 - lines_hit or "newer" in told.said[0]


def test_damage_is_set_aside_before_the_file_is_written(home: Path) -> None:
    data = small(home).replace(b"lists", b"lisps")
    (home / "progress").write_bytes(data)
    told = Told(home)
    told.progress.save("new", standing())
    assert set(Told(home).progress.read()) == {"ttl", "sets", "new"}
    (aside,) = home.glob("progress.damaged-*")
    assert aside.read_bytes() == data
    assert str(aside) in told.said[-1]


def test_a_newer_format_is_left_alone(home: Path) -> None:
    data = small(home).replace(b"progress 1\n", b"progress 2\n")
    (home / "progress").write_bytes(data)
    told = Told(home)
    told.progress.save("ttl", standing())
    assert "a newer redislab" in told.said[0]
    assert (home / "progress").read_bytes() == data
    assert set(told.progress.read()) == {"ttl"}  # in memory


class FullDisk(Disk):
    """Takes some bytes of each write, then none."""

    def write(self, fd: int, data: bytes | memoryview) -> int:
        if len(data) < 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(fd, data[:50])


def test_a_full_disk_leaves_the_old_file_and_is_said_once(home: Path) -> None:
    data = small(home)
    told = Told(home, FullDisk())
    told.progress.save("ttl", standing(b=Earned.DONE))
    told.progress.save("ttl", standing(b=Earned.DONE))
    assert (home / "progress").read_bytes() == data
    assert len(told.said) == 1
    assert "No space left" in told.said[0]


def test_a_home_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    told = Told(tmp_path / "file" / "home")
    told.progress.save("ttl", standing(a=Earned.DONE))
    assert told.progress.read()["ttl"].steps == {"a": Earned.DONE}
    assert len(told.said) == 1


WRITER = """
import sys
from redislab.course.standing import Earned, Standing
from redislab.progress import Progress
progress = Progress({"REDISLAB_HOME": sys.argv[1]}, print)
kept = Standing(total=100_000)
for number in range(100_000):
    kept.hints = number
    progress.save("ttl", kept)
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_what_was_kept_survives_kill_9(home: Path) -> None:
    for kill in range(KILLS):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(home)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(1 + kill % 5)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
        writer.wait()
        writer.stdout.close()
        told = Told(home)
        acknowledged = max(int(line) for line in said if line.endswith("\n"))
        assert told.progress.read()["ttl"].hints in (acknowledged, acknowledged + 1)
        assert told.said == []
