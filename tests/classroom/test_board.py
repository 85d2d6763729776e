"""The teacher's board: what Jupyters tell, and what hostile ones tell in vain."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from redislab.classroom import board
from redislab.course.library import course, load
from redislab.course.standing import Earned, Standing
from redislab.progress import Progress
from tests.classroom.folders import run, write_class
from tests.servers import wait_until

STEPS = {title.id: [step.id for step in load(title.path).steps] for title in course()}


@contextmanager
def answering(*parts: bytes, endless: bool = False, hold: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """A student's server that says these bytes to whoever comes; gives its port, and what it was asked."""
    asked: list[bytes] = []
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                try:
                    asked.append(client.recv(65536))
                    for part in parts:
                        client.sendall(part)
                    while endless and not stop.is_set():
                        client.sendall(parts[-1])
                    while hold and not stop.wait(0.2):
                        client.sendall(b"x")
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], asked
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def http_answer(content: object, status: str = "200 OK", more: str = "") -> bytes:
    body = json.dumps({"content": content}).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def progress_text(tmp_path: Path, **lessons: Standing) -> str:
    """As a student's redislab keeps it."""
    progress = Progress({"REDISLAB_HOME": str(tmp_path / "student")}, lambda notice: None)
    for lesson, standing in lessons.items():
        progress.save(lesson.replace("_", "-"), standing)
    return (tmp_path / "student" / "progress").read_text("utf-8")


def show(folder: Path, *ports: int) -> list[str]:
    """The board's lines, with the students' Jupyters at these ports."""
    state = json.loads((folder / "class.json").read_text())
    for student, port in zip(state["students"], ports, strict=True):
        student["port"] = port
    (folder / "class.json").write_text(json.dumps(state))
    said = run("classroom", "board", str(folder))
    assert (said.code, said.errors) == (0, "")
    return said.out.splitlines()


def test_who_is_there_and_how_far(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["Ada", "Bob", "Cy"])
    first, second = list(STEPS)[:2]
    text = progress_text(
        tmp_path,
        **{
            first.replace("-", "_"): Standing(steps=dict.fromkeys(STEPS[first], Earned.DONE)),
            second: Standing(steps={STEPS[second][0]: Earned.SHOWN, STEPS[second][1]: Earned.SKIPPED}),
        },
    )
    with ExitStack() as stack:
        ada, asked = stack.enter_context(answering(http_answer(text)))
        bob, _ = stack.enter_context(answering(http_answer(None, "404 Not Found")))
        with answering() as (cy, _):
            pass  # gone again: nobody listens there
        lines = show(folder, ada, bob, cy)
    total = sum(map(len, STEPS.values()))
    rows = [re.split(r"\s{2,}", row.strip()) for row in lines[1:4]]
    assert rows[0] == ["Ada", "there", f"1 of {len(STEPS)}", f"{len(STEPS[first]) + 1} of {total}", second]
    assert rows[1] == ["Bob", "there", f"0 of {len(STEPS)}", f"0 of {total}"]
    assert rows[2] == ["Cy", "no answer"]
    assert lines[5].startswith("2 of 3 are there.")
    key = json.loads((folder / "class.json").read_text())["students"][0]["key"]
    token = (folder / "tokens" / f"{key}.jupyter").read_bytes()
    assert b"GET /api/contents/.redislab/progress?" in asked[0]
    assert b"Authorization: token " + token in asked[0]


def forged(tmp_path: Path) -> str:
    """A progress of lessons and steps that the course has not, with escapes in every text."""
    evil = "\x1b]0;title\x07\u202eevil"
    many = {f"{evil}{number}": Earned.DONE for number in range(1000)}
    first = next(iter(STEPS))
    return progress_text(
        tmp_path,
        evil_lesson=Standing(title=evil, total=-1, steps=many, at=evil),
        **{first.replace("-", "_"): Standing(title=evil, total=10**9, steps=many, at=evil)},
    )


@pytest.mark.parametrize(
    ("make", "there"),
    [
        (lambda path: [http_answer(forged(path))], "there"),
        (lambda path: [http_answer("\x1b[2J" * 1000)], "there"),
        (lambda path: [http_answer(None)], "unreadable"),
        (lambda path: [http_answer([1, {"a": None}])], "unreadable"),
        (lambda path: [http_answer("redislab progress 99\nend 0\n")], "unreadable"),
        (lambda path: [b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000], "unreadable"),
        (lambda path: [b"HTTP/1.1 200 OK\r\n\r\n\x1b]0;x\x07"], "unreadable"),
        (lambda path: [b"\x1b]0;x\x07\r\n\r\n"], "no answer"),
        (
            lambda path: [b"HTTP/1.1 200 \x1b[31mOK\r\nX: \x1b[2J\r\nContent-Length: 2\r\n\r\n{}"],
            "unreadable",
        ),
        (lambda path: [http_answer("x", "403 Forbidden")], "other token"),
        (lambda path: [http_answer("x", "302 Found", "Location: http://127.0.0.1:1/\r\n")], "status 302"),
        (lambda path: [http_answer("x", "500 \u202eoh")], "status 500"),
    ],
)
def test_hostile_answers_show_nothing_of_theirs(
    tmp_path: Path, make: Callable[[Path], list[bytes]], there: str
) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["Ada"])
    with answering(*make(tmp_path)) as (port, _):
        lines = show(folder, port)
    assert all(line.isprintable() for line in lines)
    assert lines[1].split(maxsplit=1)[1].startswith(there)
    assert not any("evil" in line for line in lines)
    if there == "there":
        assert f" 0 of {len(STEPS)} " in lines[1]


def test_answers_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes without end, and a byte now and then: both are given up, the second after a set time."""
    monkeypatch.setattr(board, "ANSWER_S", 1.0)
    folder = tmp_path / "class"
    write_class(folder, ["Ada", "Bob", "Cy"])
    began_s = time.monotonic()
    with (
        answering(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536, endless=True) as (much, _),
        answering(b"HTTP/1.1 200 OK\r\nX: ", hold=True) as (slow, asked),
        answering(b"HTTP/1.1 200 OK\r\n\r\n", hold=True) as (dripping, _),
    ):
        lines = show(folder, much, slow, dripping)
        wait_until(lambda: bool(asked))
    assert time.monotonic() - began_s < 60, "each drips for ever"
    assert all(re.search("no answer|unreadable", line) for line in lines[1:4])


def test_names_reach_no_terminal_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["علی\u200cرضا"])
    with answering(http_answer("")) as (port, _):
        lines = show(folder, port)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("mode", ["--shared", "--jupyterhub"])
def test_where_there_is_no_board(tmp_path: Path, mode: str) -> None:
    write_class(tmp_path / "class", ["Ada"], mode)
    said = run("classroom", "board", str(tmp_path / "class"))
    assert said.code == 1
    assert said.errors.count("\n") == 1


def test_it_needs_a_class(tmp_path: Path) -> None:
    assert "holds no class" in run("classroom", "board", str(tmp_path)).errors
    assert "needs the folder" in run("classroom", "board").errors
