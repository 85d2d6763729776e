"""A disk that takes no more: what is not kept is not answered, and it goes on when there is room again."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from redislab.core.reply import OK
from redislab.engines.embedded.keeping import keeper as keepers
from redislab.engines.embedded.keeping.disk import Disk
from redislab.errors import ConnectionLost
from tests.engines.embedded.asking import ask, say
from tests.engines.embedded.keeping.kept import KeptLab, picture_of_file
from tests.servers import wait_until


class SmallDisk(Disk):
    """Has room for so many bytes; what does not fit is written in part, as a real one does."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.flush_error: int | None = None

    def write(self, fd: int, data: bytes | memoryview) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = super().write(fd, data[: self.room])
        self.room -= written
        return written

    def flush(self, fd: int) -> None:
        if self.flush_error is not None:
            raise OSError(self.flush_error, os.strerror(self.flush_error))
        super().flush(fd)


@pytest.fixture
def disk() -> SmallDisk:
    return SmallDisk(1 << 20)


@pytest.fixture
def lab(tmp_path: Path, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch) -> KeptLab:
    monkeypatch.setattr(keepers, "RETRY_S", 0.0)
    return KeptLab(tmp_path, disk)


@pytest.mark.parametrize("room", [0, 1, 8, 29])
def test_what_cannot_be_written_is_not_answered(lab: KeptLab, disk: SmallDisk, room: int) -> None:
    connection, other = lab.connect(), lab.connect()
    say(connection, "SET a 1")
    kept = lab.picture
    disk.room = room
    with pytest.raises(ConnectionLost, match="The lab 'default' cannot be written: No space left on device"):
        say(connection, "SET b 2")
    with pytest.raises(ConnectionLost):
        say(other, "PING")
    assert picture_of_file(lab.file.read_bytes()) == kept


def test_until_there_is_room_writes_are_refused_and_reads_answered(lab: KeptLab, disk: SmallDisk) -> None:
    say(lab.connect(), "SET a 1")
    disk.room = 0
    with pytest.raises(ConnectionLost):
        say(lab.connect(), "RPUSH list x")
    connection = lab.connect()
    assert say(connection, "GET a").text == b"1"
    script = b"return redis.call('SET', 'c', '3')"
    for args in ((b"SET", b"b", b"2"), (b"EVAL", script, b"0"), (b"DEL", b"a")):
        assert ask(connection, *args).text.startswith(
            b"MISCONF redislab cannot write this lab to the disk (No"
        )
    say(connection, "MULTI")
    say(connection, "SET b 2")
    assert say(connection, "EXEC").text.startswith(b"EXECABORT")
    disk.room = 1 << 20
    assert say(connection, "SET b 2") == OK
    assert picture_of_file(lab.file.read_bytes()) == lab.picture
    assert lab.keeper.problem is None


def test_who_waits_is_not_given_what_is_not_kept(lab: KeptLab, disk: SmallDisk) -> None:
    waiter, pusher = lab.connect(), lab.connect()
    waiter.send([[b"BLPOP", b"list", b"0"]])
    disk.room = 0
    with pytest.raises(ConnectionLost):
        ask(pusher, b"RPUSH", b"list", b"a", b"b")
    with pytest.raises(ConnectionLost):
        list(waiter.replies(0))


def test_of_a_batch_all_is_kept_or_nothing_is_answered(lab: KeptLab, disk: SmallDisk) -> None:
    connection = lab.connect()
    disk.room = 100
    connection.send([[b"SET", b"key:%d" % number, b"v"] for number in range(100)])
    with pytest.raises(ConnectionLost):
        list(connection.replies(0))
    assert picture_of_file(lab.file.read_bytes()) == {}


def test_compacting_without_room_leaves_the_file_that_is_there(lab: KeptLab, disk: SmallDisk) -> None:
    connection = lab.connect()
    say(connection, "SET a 1")
    disk.room = 40
    lab.keeper.compact()
    assert lab.keeper.problem is None
    assert sorted(path.name for path in lab.file.parent.iterdir()) == ["data.lab", "lock"]
    disk.room = 1 << 20
    assert say(connection, "SET b 2") == OK
    assert picture_of_file(lab.file.read_bytes()) == lab.picture


def test_a_disk_that_does_not_flush_is_noticed(
    lab: KeptLab, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "FLUSH_S", 0.0)
    connection = lab.connect()
    disk.flush_error = errno.EIO
    assert say(connection, "SET a 1") == OK  # flushed soon afterwards, as with `appendfsync everysec`
    wait_until(lambda: lab.keeper.problem is not None)
    with pytest.raises(ConnectionLost, match="Input/output error"):
        say(connection, "SET b 2")
    assert say(lab.connect(), "SAVE").text.startswith(b"ERR")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
def test_a_command_whose_write_the_system_refuses_fails(tmp_path: Path) -> None:
    """The kernel's own refusal: a file may have so many bytes and no more."""
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000));"
        "from redislab.cli import main; sys.exit(main())"
    )

    def run(program: str, *args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-B", "-c", program, "repl", *args],  # bytecode would be cut off too
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    assert run(limited, "SET", "a", "1").stdout == "OK\n"
    refused = run(limited, "SET", "b", "x" * 5_000)
    assert (refused.stdout, refused.returncode) == ("", 1)
    assert "The lab 'default' cannot be written: File too large" in refused.stderr
    unlimited = "import sys; from redislab.cli import main; sys.exit(main())"
    assert run(unlimited, "MGET", "a", "b").stdout == "1\n\n"
