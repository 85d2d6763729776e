"""Labs in the shell: kept, shown, changed, copied, deleted, exported, and held by one shell at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from redislab.app import Place, open_lab
from redislab.engines.embedded.keeping.disk import Disk
from tests.repl.shells import Shell

if sys.platform != "win32":
    from tests.screens import Terminal


@pytest.fixture
def home(tmp_path: Path) -> str:
    return str(tmp_path / "home")


@pytest.fixture
def shell(home: str) -> Shell:
    return Shell(Place(lab="default", home=home))


def test_the_first_line_says_where_the_data_is(shell: Shell) -> None:
    assert "; the lab `default` keeps its data. Try SET name ada" in shell.type().shown
    assert "; nothing is kept. Try SET name ada" in Shell().type().shown


def test_a_shell_goes_on_where_the_last_one_left_off(shell: Shell) -> None:
    assert shell.answers("SET name ada", "SELECT 2", "RPUSH l a b") == ["OK", "OK", "(integer) 2"]
    assert shell.answers("GET name", "SELECT 2", "LLEN l") == ['"ada"', "OK", "(integer) 2"]


def test_lab_tells_of_itself(shell: Shell, home: str) -> None:
    shown = shell.type("SET a 1", ":lab").shown
    for words in (["lab", "default"], ["keys", "1"], ["size"], ["path"], ["open", "since"]):
        assert any(line.split()[: len(words)] == words for line in shown.splitlines()), words
    assert f"{home}/labs/default/data.lab" in "".join(shown.split())
    assert "nowhere" in Shell().type(":lab").shown


def test_a_shell_changes_to_another_lab_and_back(shell: Shell) -> None:
    assert shell.answers("SET a 1", ":lab other", "GET a", "SET a 2", ":lab default", "GET a") == [
        *("OK", "You are in the lab `other`.", "(nil)", "OK", "You are in the lab `default`.", '"1"'),
    ]
    assert shell.answers(":lab other", "GET a") == ["You are in the lab `other`.", '"2"']
    assert shell.answers(":lab default") == ["You are in the lab `default`."]
    assert "a lab's name is" in shell.type(":lab ../x").shown


def test_labs_are_copied_listed_and_deleted(shell: Shell) -> None:
    shown = shell.answers("SET a 1", ":lab copy other", "SET a 2", ":lab other", "GET a")
    assert shown[-1] == '"1"'
    assert "there is a lab 'other' already" in shell.type(":lab copy other").shown
    assert [line.split()[0] for line in shell.answers(":lab list")] == ["default", "other"]
    assert "is open elsewhere" in shell.type(":lab delete default").shown
    shell.type(":lab delete other", "n")
    assert len(shell.answers(":lab list")) == 2
    assert "The lab `other` is deleted." in shell.type(":lab delete other", "y").shown
    assert len(shell.answers(":lab list")) == 1
    assert "this is how it is written" in shell.type(":lab copy").shown


def test_the_data_can_be_exported(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "mine.redis"
    shown = shell.answers("SET a 'b c'", f":export {path}", f":export {path}", ":export")
    assert path.read_bytes() == b'SELECT 0\nSET a "b c"\n'
    assert shown[1].startswith("2 commands in ")
    assert f"thereisafile'{path}'already" in "".join("".join(shown).split())
    assert "this is how it is written: :export FILE.redis" in shown[-1]


def test_a_second_shell_is_told_and_has_a_copy(shell: Shell, home: str) -> None:
    shell.type("SET a 1")
    holder = open_lab(Place(lab="default", home=home))
    told = shell.type("GET a", "SET a 2", ":lab").shown
    assert f"The lab 'default' is open elsewhere (process {os.getpid()}, since " in told
    assert "kept nowhere" in told.replace("\n", " ").replace("  ", " ")
    assert '"1"' in told
    assert "; nothing is kept." in told
    holder.close()
    assert shell.answers("GET a") == ['"1"']


@pytest.mark.skipif(sys.platform == "win32", reason="Python has no unix sockets on Windows")
def test_a_second_shell_joins_one_that_serves() -> None:
    with Terminal() as first:
        first.wait_for_prompt("redislab> ")
        first.enter("SET a 1", ":lab serve")
        second = Terminal()
        with second:
            second.wait_for(lambda lines: any("You work in it there." in line for line in lines), "joined")
            second.wait_for_prompt("redislab default> ")
            second.send("APPEND a 2")
            second.wait_for(lambda lines: any("(integer) 2" in line for line in lines), "an answer")
            first.enter("GET a")
            assert '"12"' in first.lines
        one = subprocess.run(
            [sys.executable, "-m", "redislab", "repl", "GET", "a"],
            capture_output=True,
            timeout=60,
            check=True,
        )
        assert one.stdout == b"12\n"
        first.enter(":lab other")
        with Terminal() as third:
            third.wait_for_prompt("redislab> ")
            third.enter("GET a")
            assert '"12"' in third.lines


def test_a_newer_lab_is_refused_in_one_line(shell: Shell, home: str) -> None:
    from redislab.engines.embedded.keeping import header

    shell.type("SET a 1")
    Path(home, "labs", "default", "data.lab").write_bytes(header.header(99))
    other = Shell(Place(lab="other", home=home))
    assert "format 99; this one reads 1" in other.type(":lab default", "SET b 1").shown
    assert other.answers("GET b") == ['"1"']


def test_what_was_damaged_is_said_before_the_first_answer(shell: Shell, home: str) -> None:
    shell.type("SET a 1", "SET b 2")
    path = Path(home, "labs", "default", "data.lab")
    path.write_bytes(path.read_bytes()[:-1])
    shown = shell.type("MGET a b").shown
    assert "The end of the lab 'default' is damaged: " in shown
    assert shown.index("damaged") < shown.index('1) "1"')
    assert "2) (nil)" in shown


def test_a_full_disk_is_said_at_once_and_writes_are_refused(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(disk: Disk, fd: int, data: bytes) -> int:
        if b"too much" in bytes(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return os.write(fd, data)

    shell.type("SET a 1")
    monkeypatch.setattr(Disk, "write", write)
    shown = " ".join(shell.type("SET a 'too much'", "GET a", "SET b 2").shown.split())
    assert "error: The lab 'default' cannot be written: No space left on device" in shown
    assert "Whether it ran is not known." in shown
    assert "(error) MISCONF redislab cannot write this lab to the disk (No space left on device)" in shown
    monkeypatch.undo()
    assert shell.answers("GET a") == ['"1"']
