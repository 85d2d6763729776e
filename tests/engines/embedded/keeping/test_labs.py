"""What a person sees of labs: data that is there again, one holder at a time, names, folders, clocks."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from redislab.core.reply import OK
from redislab.engines.embedded.keeping.claim import claim, copy, delete
from redislab.engines.embedded.keeping.lock import Holder, LabInUse, read_holder
from redislab.engines.embedded.keeping.place import labs_in
from redislab.errors import ConnectionLost, UsageError
from tests.engines.embedded.asking import ask, say
from tests.engines.embedded.keeping.kept import KeptLab, kept_engine


def redislab(*args: str, stdin: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "redislab", "repl", *args],
        input=stdin, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environ},
    )  # fmt: skip


def test_what_one_run_writes_the_next_one_reads() -> None:
    assert redislab("SET", "name", "ada").stdout == "OK\n"
    assert redislab(stdin="APPEND name !\nGET name\n").stdout == "4\nada!\n"
    assert redislab("--lab", "default", "GET", "name").stdout == "ada!\n"
    assert redislab("--lab", "other", "GET", "name").stdout == "\n"
    assert redislab("--fresh", "GET", "name").stdout == "\n"
    assert redislab("--fresh", "SET", "name", "bob").stdout == "OK\n"
    assert redislab("GET", "name").stdout == "ada!\n"


def test_fresh_leaves_no_trace(tmp_path: Path) -> None:
    assert redislab("--fresh", "SET", "a", "1", REDISLAB_HOME=str(tmp_path / "none")).stdout == "OK\n"
    assert not (tmp_path / "none").exists()


def test_everything_is_for_its_owner_alone(tmp_path: Path) -> None:
    lab = KeptLab(tmp_path / "new")
    say(lab.connect(), "SET a 1")
    lab.close()
    paths = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths} == {
        (True, 0o700),
        (False, 0o600),
    }


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../a", "a\\b", "A", "con", "-a", "ä", "a\n", "x" * 65]
)
def test_a_name_is_never_a_path(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a lab's name is"):
        claim(name, {"REDISLAB_HOME": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_words_of_the_shell_are_no_names(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'list' is a word of :lab"):
        claim("list", {"REDISLAB_HOME": str(tmp_path)})


def test_one_process_at_a_time_holds_a_lab(tmp_path: Path) -> None:
    lab = KeptLab(tmp_path)
    say(lab.connect(), "SET a 1")
    refused = redislab("GET", "a", REDISLAB_HOME=str(tmp_path))
    assert (refused.stdout, refused.returncode) == ("", 1)
    assert refused.stderr.startswith(f"the lab 'default' is open elsewhere (process {os.getpid()}, since ")
    assert refused.stderr.count("\n") == 1
    piped = redislab(stdin="SET a 2\n", REDISLAB_HOME=str(tmp_path))
    assert (piped.stdout, piped.returncode) == ("", 1)
    with pytest.raises(LabInUse):
        delete("default", {"REDISLAB_HOME": str(tmp_path)}, really=True)
    assert redislab("--lab", "other", "SET", "a", "3", REDISLAB_HOME=str(tmp_path)).stdout == "OK\n"
    lab.close()
    assert redislab("GET", "a", REDISLAB_HOME=str(tmp_path)).stdout == "1\n"


def test_a_copy_has_the_data_and_changes_nothing(tmp_path: Path) -> None:
    lab = KeptLab(tmp_path)
    connection = lab.connect()
    say(connection, "SET a 1")
    from redislab.engines.embedded import EmbeddedEngine

    engine = EmbeddedEngine(claim=copy("default", {"REDISLAB_HOME": str(tmp_path)}))
    other = engine.connect()
    assert say(other, "GET a").text == b"1"
    assert say(other, "SET a 2") == OK
    engine.close()
    assert say(connection, "GET a").text == b"1"
    lab.close()
    assert KeptLab(tmp_path).picture == {(0, b"a"): (bytes, b"1", None, None)}


@pytest.mark.parametrize(
    "said",
    [b"", b"\xff\xfe", b"process x\nsince y\n", b"process 1\nsince 1e999\n", b"process 1\nsince nan\n"],
)
def test_whatever_a_lock_says_is_read(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "lock").write_bytes(said)
    assert read_holder(tmp_path / "lock") == Holder()
    assert Holder().words == "another process"
    assert read_holder(tmp_path / "no such file") == Holder()


@pytest.mark.parametrize(
    "environ",
    [{"REDISLAB_HOME": "/dev/null"}, {"HOME": "/nonexistent", "XDG_DATA_HOME": "", "REDISLAB_HOME": ""}],
)
@pytest.mark.skipif(sys.platform == "win32", reason="these are paths of POSIX")
def test_without_a_home_everything_works_and_one_line_says_so(environ: Mapping[str, str]) -> None:
    done = redislab(stdin="SET a 1\nGET a\n", **environ)
    assert (done.stdout, done.returncode) == ("OK\n1\n", 0)
    assert done.stderr.startswith("The lab 'default' is not kept: ")
    assert done.stderr.count("\n") == 1


def test_what_expired_meanwhile_is_not_there(tmp_path: Path) -> None:
    lab = KeptLab(tmp_path)
    connection = lab.connect()
    now_ms = int(lab.lab.clock.time() * 1000)
    say(connection, f"SET soon v PXAT {now_ms + 1}")
    say(connection, f"SET late v PXAT {now_ms + 100_000_000}")
    lab.close()
    while time.time() * 1000 <= now_ms + 2:
        pass
    again = KeptLab(tmp_path)
    assert set(again.picture) == {(0, b"late")}
    assert say(again.connect(), "PEXPIRETIME late").number == now_ms + 100_000_000
    again.close()


def test_shutdown_keeps_the_data(tmp_path: Path) -> None:
    engine = kept_engine(tmp_path)
    connection = engine.connect()
    say(connection, "SET a 1")
    with pytest.raises(ConnectionLost):
        say(connection, "SHUTDOWN NOSAVE")
    assert say(engine.connect(), "GET a").text == b"1"
    engine.close()
    assert set(KeptLab(tmp_path).picture) == {(0, b"a")}


def test_saving_answers_as_a_server_does(tmp_path: Path) -> None:
    lab = KeptLab(tmp_path)
    connection = lab.connect()
    assert say(connection, "SET a 1") == OK
    assert say(connection, "SAVE") == OK
    assert say(connection, "BGSAVE").text == b"Background saving started"
    assert say(connection, "BGREWRITEAOF").text == b"Background append only file rewriting started"
    assert say(connection, "LASTSAVE").number == int(lab.keeper.saved_s)
    assert b"aof_enabled:1" in say(connection, "INFO persistence").text
    lab.close()


def test_a_lab_that_is_written_again_and_again_stays_small(tmp_path: Path) -> None:
    lab = KeptLab(tmp_path)
    connection = lab.connect()
    for _ in range(40):
        ask(connection, b"SET", b"k", os.urandom(100_000))
    assert lab.keeper.size < 2_000_000
    lab.close()
    assert lab.file.stat().st_size < 1_000_000


def test_labs_are_listed_and_deleted(tmp_path: Path) -> None:
    home = {"REDISLAB_HOME": str(tmp_path)}
    for name in ("b", "a"):
        KeptLab(tmp_path, name=name).close()
    assert [found.name for found in labs_in(tmp_path / "labs")] == ["a", "b"]
    assert delete("a", home, really=False) == 32
    assert delete("a", home, really=True) == 32
    assert [found.name for found in labs_in(tmp_path / "labs")] == ["b"]
    with pytest.raises(UsageError, match="there is no lab 'a'"):
        delete("a", home, really=True)
    assert labs_in(tmp_path / "nowhere") == []


def test_functions_are_kept_as_well(tmp_path: Path) -> None:
    code = b"#!lua name=%b\nredis.register_function('%b', function() return '%b' end)"
    lab = KeptLab(tmp_path)
    connection = lab.connect()
    for name in (b"one", b"two", b"three"):
        ask(connection, b"FUNCTION", b"LOAD", code.replace(b"%b", name))
    say(connection, "FUNCTION DELETE two")
    lab.close()
    for _ in range(2):  # as a change, and from a compacted file
        lab = KeptLab(tmp_path)
        connection = lab.connect()
        assert say(connection, "FCALL one 0").text == b"one"
        assert say(connection, "FCALL three 0").text == b"three"
        assert say(connection, "FCALL two 0").text == b"ERR Function not found"
        lab.keeper.compact()
        lab.close()
    lab = KeptLab(tmp_path)
    say(lab.connect(), "FUNCTION FLUSH")
    lab.close()
    lab = KeptLab(tmp_path)
    assert say(lab.connect(), "FUNCTION LIST").items == ()
    lab.close()
