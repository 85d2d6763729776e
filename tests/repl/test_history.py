"""The history on real files: shared, private, bounded, and never a reason to stop."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.history import FileHistory

from redislab.places import history_path
from redislab.repl import history as module
from redislab.repl.history import MOST_ENTRY_BYTES, TAIL_BYTES, SharedHistory

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes, links and pipes of POSIX")


class Notices(list[str]):
    """Collects what is said."""

    __call__ = list.append


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "redislab" / "history"


@pytest.fixture
def notices() -> Iterator[Notices]:
    """Nothing may be said unless a test takes it away."""
    said = Notices()
    yield said
    assert said == []


def loaded(history: SharedHistory) -> list[str]:
    """All entries, the oldest first."""

    async def gather() -> list[str]:
        return [entry async for entry in history.load()]

    return asyncio.run(gather())[::-1]


def read(path: Path) -> list[str]:
    """What a shell finds that starts now."""
    said = Notices()
    entries = loaded(SharedHistory(path, said))
    assert said == []
    return entries


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_lines_are_there_again_in_the_next_shell(path: Path, notices: Notices) -> None:
    history = SharedHistory(path, notices)
    for line in ("SET a 1", "GET a", "GET a", "  ", "SET a 1"):
        history.append_string(line)
    assert loaded(history) == history.get_strings() == ["SET a 1", "GET a", "SET a 1"]
    assert read(path) == ["SET a 1", "GET a", "SET a 1"]


def test_a_repetition_of_the_last_shells_line_is_not_stored_again(path: Path, notices: Notices) -> None:
    SharedHistory(path, notices).append_string("PING")
    SharedHistory(path, notices).append_string("PING")
    assert path.read_bytes().count(b"+PING") == 1


@pytest.mark.parametrize(
    "entry",
    [
        "EVAL \"return {\n'a',\n\n'b'}\" 0",
        "SET a \n+not a new entry\n# nor a time",
        "SET caf\u00e9 \u2615",
        "SET k \udcff\udc80",  # bytes that are not UTF-8
        "SET k \r\t\x1b[31m\x07",
        "SET k a\0b",
        " leading and trailing ",
    ],
)
def test_an_entry_comes_back_as_it_was(path: Path, notices: Notices, entry: str) -> None:
    history = SharedHistory(path, notices)
    for line in ("PING", entry, "ECHO x"):
        history.append_string(line)
    assert read(path) == ["PING", entry, "ECHO x"]


def test_bytes_are_stored_as_they_are(path: Path, notices: Notices) -> None:
    SharedHistory(path, notices).append_string("SET k \udcff\x00")
    assert path.read_bytes().endswith(b"+SET k \xff\x00\n")


def test_half_a_surrogate_pair_does_no_harm(path: Path, notices: Notices) -> None:
    SharedHistory(path, notices).append_string("SET k \ud800")
    assert read(path) == ["SET k ?"]


def test_prompt_toolkit_reads_the_file_and_the_other_way_round(path: Path, notices: Notices) -> None:
    history = SharedHistory(path, notices)
    theirs = FileHistory(path)
    history.append_string("SET a 1")
    theirs.store_string("GET a\nGET b")
    history.append_string("DEL a\nb")
    assert list(theirs.load_history_strings()) == ["DEL a\nb", "GET a\nGET b", "SET a 1"]
    assert read(path) == ["SET a 1", "GET a\nGET b", "DEL a\nb"]


SECRETS = ["AUTH hunter2", "ATUH hunter2", "HELLO 3 AUTH ada hunter2", "PING\nAUTH hunter2", 'auth "hunter2']


@pytest.mark.parametrize("line", SECRETS)
def test_a_secret_is_kept_nowhere(path: Path, notices: Notices, line: str) -> None:
    history = SharedHistory(path, notices)
    history.append_string("PING")
    history.append_string(line)
    assert history.get_strings() == loaded(history) == ["PING"]
    assert b"hunter2" not in path.read_bytes()


def test_a_secret_that_another_program_stored_is_not_given_out(path: Path, notices: Notices) -> None:
    SharedHistory(path, notices).append_string("PING")
    for line in SECRETS:
        FileHistory(path).store_string(line)
    assert read(path) == ["PING"]


# -- the file ---------------------------------------------------------------------------------------


@posix_only
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_file_and_folder_are_for_their_owner_alone(path: Path, umask: int, notices: Notices) -> None:
    before = os.umask(umask)
    try:
        SharedHistory(path, notices).append_string("PING")
    finally:
        os.umask(before)
    assert mode(path) == 0o600
    assert mode(path.parent) == mode(path.parent.parent) == 0o700
    assert read(path) == ["PING"]


@posix_only
def test_a_wider_mode_is_narrowed_and_the_folder_is_left_alone(tmp_path: Path, notices: Notices) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "history"
    path.write_bytes(b"\n# t\n+PING\n")
    path.chmod(0o666)
    assert loaded(SharedHistory(path, notices)) == ["PING"]
    assert (mode(path), mode(tmp_path)) == (0o600, 0o755)


def test_each_entry_is_one_write(path: Path, notices: Notices, monkeypatch: pytest.MonkeyPatch) -> None:
    history = SharedHistory(path, notices)
    written: list[bytes] = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: written.append(data) or write(fd, data))  # type: ignore[func-returns-value]
    history.append_string("EVAL 'a\nb' 0")
    (entry,) = written
    assert entry.startswith(b"\n# ")
    assert entry.endswith(b"\n+EVAL 'a\n+b' 0\n")


def test_a_damaged_entry_leaves_its_neighbours_whole(path: Path, notices: Notices) -> None:
    history = SharedHistory(path, notices)
    history.append_string("SET a 1")
    with path.open("ab") as file:
        file.write(b"\n# 20\x00\xff\n+SET b \n\x00rubbish\n+")  # cut short, as by a crash
    history.append_string("SET c 3")
    entries = read(path)
    assert entries[0] == "SET a 1"
    assert entries[-1] == "SET c 3"


WRITER = """
import sys
from pathlib import Path
from redislab.repl import history
history.TAIL_BYTES = int(sys.argv[4])
shell = history.SharedHistory(Path(sys.argv[1]), sys.exit)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    shell.append_string(f"SET {sys.argv[2]}:{number} " + "x" * (number % 50) + "\\nsecond line")
"""


def written_by_two_shells(path: Path, count: int, tail_bytes: int) -> list[str]:
    """Two processes that append at the same time; what a third then finds."""
    shells = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name, str(count), str(tail_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for name in ("a", "b")
    ]
    for shell in shells:
        assert shell.stdout is not None
        assert shell.stdout.readline() == b"ready\n"
    for shell in shells:
        assert shell.stdin is not None
        shell.stdin.write(b"go\n")
        shell.stdin.flush()
    for shell in shells:
        shell.communicate(timeout=60)
        assert shell.returncode == 0
    return read(path)


def test_two_shells_keep_both_their_lines(path: Path) -> None:
    entries = written_by_two_shells(path, 500, TAIL_BYTES)
    assert len(entries) == 1000
    for name in ("a", "b"):
        own = [entry for entry in entries if entry.startswith(f"SET {name}:")]
        assert own == [f"SET {name}:{n} " + "x" * (n % 50) + "\nsecond line" for n in range(500)]


@posix_only
def test_two_shells_lose_nothing_when_the_file_is_cut(path: Path) -> None:
    tail = 20_000
    entries = written_by_two_shells(path, 1000, tail)
    size = path.stat().st_size
    assert size <= 2 * tail + 300
    # Each cut keeps the latest: in what is left no number of either shell is missing.
    for name in ("a", "b"):
        numbers = [int(entry.split()[1][2:]) for entry in entries if entry.startswith(f"SET {name}:")]
        assert numbers == list(range(1000 - len(numbers), 1000))
    assert len(entries) > 100
    assert mode(path) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_of_a_large_file_the_end_is_read(path: Path, notices: Notices) -> None:
    path.parent.mkdir(parents=True)
    entry = b"\n# t\n+SET key:%07d x\n"
    count = TAIL_BYTES // len(entry % 0) + 5_000
    path.write_bytes(b"".join(entry % number for number in range(count)))
    entries = loaded(SharedHistory(path, notices))
    assert len(entries) == module.MOST_ENTRIES
    assert entries[-1] == f"SET key:{count - 1:07d} x"
    assert entries[0] == f"SET key:{count - module.MOST_ENTRIES:07d} x"


def test_an_entry_that_the_tail_cuts_is_left_out(
    path: Path, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TAIL_BYTES", 60)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\n# t\n+SET a 1\n+and more\n" * 3 + b"\n# t\n+GET a\n")
    entries = loaded(SharedHistory(path, notices))
    assert entries[-1] == "GET a"
    assert set(entries[:-1]) == {"SET a 1\nand more"}


def test_a_paste_of_data_stays_in_memory(path: Path, notices: Notices) -> None:
    history = SharedHistory(path, notices)
    line = "SET big " + "x" * MOST_ENTRY_BYTES
    history.append_string(line)
    history.append_string("PING")
    assert history.get_strings() == [line, "PING"]
    assert read(path) == ["PING"]


def test_memory_is_bounded(notices: Notices, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 10)
    history = SharedHistory(Path(os.devnull), notices)
    for number in range(100):
        history.append_string(f"SET k {number}")
    assert 10 <= len(history.get_strings()) <= 20
    assert history.get_strings()[-1] == "SET k 99"


# -- where no file can be ---------------------------------------------------------------------------


def in_memory_after_one_notice(path: Path | None) -> str:
    """Everything works, and one line says that nothing is kept; that line."""
    said = Notices()
    history = SharedHistory(path, said)
    for line in ("SET a 1", "GET a"):
        history.append_string(line)
    assert loaded(history) == ["SET a 1", "GET a"]
    (notice,) = said
    assert notice.startswith("The history is not kept")
    assert "\n" not in notice
    return notice


def test_no_home_at_all() -> None:
    assert "no home folder" in in_memory_after_one_notice(None)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    assert str(tmp_path) in in_memory_after_one_notice(tmp_path)


def test_a_file_in_the_place_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"")
    in_memory_after_one_notice(tmp_path / "state" / "history")


@posix_only
def test_a_named_pipe_does_not_hold_the_shell_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "history")
    assert "no ordinary file" in in_memory_after_one_notice(tmp_path / "history")


@posix_only
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    assert "Permission denied" in in_memory_after_one_notice(tmp_path / "new" / "history")


@posix_only
def test_a_file_system_that_takes_no_files() -> None:
    """The same for root too: /proc has no room for new folders."""
    if not os.path.isdir("/proc/self"):
        pytest.skip("there is no /proc")
    in_memory_after_one_notice(Path("/proc/redislab/history"))


@posix_only
def test_a_symbolic_link_is_followed_and_stays_one(
    tmp_path: Path, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TAIL_BYTES", 200)
    target, link = tmp_path / "dotfiles" / "history", tmp_path / "history"
    target.parent.mkdir()
    link.symlink_to(target)
    history = SharedHistory(link, notices)
    for number in range(50):
        history.append_string(f"SET k {number}")
    assert link.is_symlink()
    assert read(link)[-1] == "SET k 49"
    assert target.stat().st_size < 600  # it was cut


@posix_only
def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "history").symlink_to(tmp_path / "history")
    in_memory_after_one_notice(tmp_path / "history")


@posix_only
def test_the_null_device_is_a_wish_and_no_fault(tmp_path: Path, notices: Notices) -> None:
    link = tmp_path / "history"
    link.symlink_to(os.devnull)
    before = os.stat(os.devnull)
    for path in (Path(os.devnull), link):
        history = SharedHistory(path, notices)
        history.append_string("PING")
        assert loaded(history) == ["PING"]
    assert mode(Path(os.devnull)) == stat.S_IMODE(before.st_mode)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from redislab.repl.history import SharedHistory
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
said = []
history = SharedHistory(Path(sys.argv[1]), said.append)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for number in range(100):
    history.append_string(f"SET key:{number} value")
assert len(history.get_strings()) == 100
(notice,) = said
print(notice)
"""


@posix_only
def test_a_full_disk_is_said_once_and_leaves_no_half_entry(path: Path) -> None:
    command = [sys.executable, "-B", "-c", FULL_DISK, str(path)]  # bytecode would be cut off too
    done = subprocess.run(command, capture_output=True, timeout=30)
    assert done.stderr == b""
    assert b"No space left" in done.stdout or b"File too large" in done.stdout
    entries = read(path)
    assert 10 < len(entries) < 100
    assert entries == [f"SET key:{number} value" for number in range(len(entries))]
    assert path.read_bytes().endswith(b" value\n")


def test_a_file_that_vanishes_is_made_again(path: Path, notices: Notices) -> None:
    history = SharedHistory(path, notices)
    history.append_string("SET a 1")
    path.unlink()
    path.parent.rmdir()
    history.append_string("SET b 2")
    assert read(path) == ["SET b 2"]


# -- where the file is ------------------------------------------------------------------------------


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert history_path({"REDISLAB_HISTORY": "/x/y"}) == Path("/x/y")
    assert history_path({"REDISLAB_HISTORY": "~/y"}) == tmp_path / "y"
    assert history_path({"REDISLAB_HISTORY": ""}) == Path(os.devnull)


@posix_only
def test_without_a_name_it_lies_with_the_users_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    assert history_path({}) == tmp_path / "elsewhere" / "redislab" / "history"
    monkeypatch.delenv("XDG_STATE_HOME")
    found = history_path({})
    assert found is not None
    assert tmp_path in found.parents
    assert found.name == "history"


@posix_only
def test_a_home_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "gone"))
    assert history_path({}) is None
    assert not (tmp_path / "gone").exists()
