"""`redislab check`: bugs that authors make are caught, with file and line, on both engines."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import RedisServer

TEXT = (Path(__file__).parent / "ttl.md").read_text("utf-8")


def check(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "redislab", "check", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
    )


def checked(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    path = folder / "lesson.md"
    path.write_text(text, "utf-8")
    return check(path)


def test_a_good_lesson_is_proved_on_both_engines(tmp_path: Path, redis_server_path: str) -> None:
    done = checked(tmp_path, TEXT)
    assert done.returncode == 0
    assert done.stdout == (
        "1 lesson, 2 steps, 4 solutions, 2 mistakes, 0 faults, on the built-in engine and redis-server\n"
    )


def test_a_new_lesson_passes_and_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "my.md"
    for code in (0, 1):
        done = subprocess.run(
            [sys.executable, "-m", "redislab", "new", str(path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == code
    assert "is there already" in done.stderr
    assert check(path).returncode == 0


# ruff: noqa: E501
# what is replaced, by what → the line and the message
BUGS = {
    "solved on entry": ("```check\nGET", '```seed\nSET session:42 ada EX 600\n```\n```check\nGET', 9, "solved before"),
    "a solution that does not solve": ("ada EX 600\n", "ada EX 60\n", 29, "TTL session:42 → 60, wanted 590..600"),
    "a second solution that does not": ("EXPIRE session:42 600", "EXPIRE session:43 600", 32, "TTL session:42 → -1"),
    "a Python solution that does not": ("ex=600", "px=600", 36, "this solution does not pass"),
    "a Python solution that is none": ("r.set(", "os.system(", 37, "made of calls like"),
    "a Python method that is none": ("r.set(", "r.sett(", 37, "no command r.sett"),
    "Python that redis-py refuses": ("ex=600", "ex=600, px=1", 37, "redis-py refuses this"),
    "an unreachable check": ('== "ada"', '== "adam"', 29, 'GET session:42 → ada, wanted "adam"'),
    "a mistake that is right": ("try: SET session:42 ada\n", "try: SET session:42 ada EX 600\n", 15, "solves the step"),
    "a mistake not recognised": ("mistake TTL session:42 == -1", "mistake TTL session:42 == -2", 15, "not recognised"),
    "a mistake that is there from the start": (
        "mistake TTL session:42 == -1", "mistake TTL session:42 == -2", 15, "before anything was done",
    ),
    "a mistake shadowed": ('error "syntax error"', "TTL session:42 == -1", 19, "not recognised"),
    "a mistake taken for another": (
        "try: SET session:42 ada 600", "try: SET session:42 ada", 19, "taken for the mistake of line 15",
    ),
    "a mistake that a right answer triggers": (
        "mistake TTL session:42 == -1", 'mistake GET session:42 == "ada"', 15, "is taken for this mistake",
    ),
    "a write in a check": ('GET session:42 == "ada"', 'GETDEL session:42 == "ada"', 12, "a check only reads"),
    "no hint": ("```hint\nShort for", "```text\nShort for", 40, "it has no hint"),
    "no solution": ("```solution\nTTL", "```text\nTTL", 40, "it has no solution"),
    "a command that lessons may not run": ("```check\nGET", "```seed\nFLUSHALL\n```\n```check\nGET", 12, "not allowed"),
    "an unknown command that is taught": ("needs: strings", "teaches: GETT", 5, "GETT is no command"),
    "a solution that never answers": ("SET session:42 ada EX 600", "SUBSCRIBE a", 29, "does not pass"),
    "a wait that is too long": ("```wait 9m", "```wait 11m", 50, "TTL session:42 → -2, wanted 50..60"),
    "time that races": ("in 50..60", "== 60", 45, "time goes on"),
    "time that leaves no room": ("in 590..600", "in 599..600", 13, "time goes on"),
    "used before it is typed": ("reply TTL session:42 in 50..60", "not used GET", 40, "solved before"),
}  # fmt: skip


@pytest.mark.parametrize("bug", BUGS)
def test_an_authors_bug_is_caught(tmp_path: Path, bug: str) -> None:
    old, new, line, message = BUGS[bug]
    assert old in TEXT
    done = checked(tmp_path, TEXT.replace(old, new, 1))
    assert done.returncode == 1
    assert re.search(rf"lesson\.md:{line}: .*{re.escape(message)}", done.stdout), done.stdout


def test_a_server_that_is_named_must_be_empty(tmp_path: Path, server: RedisServer) -> None:
    path = tmp_path / "lesson.md"
    path.write_text(TEXT, "utf-8")
    done = check("-p", str(server.port), path)
    assert done.returncode == 0
    assert "on the built-in engine and the server" in done.stdout
    assert server.cli("DBSIZE").stdout == b"0\n"
    server.cli("SET", "precious", "1")
    done = check("-p", str(server.port), path)
    assert done.returncode == 1
    assert "holds 1 key" in done.stderr
    assert server.cli("GET", "precious").stdout == b"1\n"
    assert check("-p", str(server.port), "-n", "5", path).returncode == 0
    assert server.cli("GET", "precious").stdout == b"1\n"
    path.write_text(TEXT.replace("```check\nGET", "```seed\nSELECT 0\n```\n```check\nGET", 1), "utf-8")
    done = check("-p", str(server.port), "-n", "5", path)
    assert "lesson.md:12: SELECT 0 reaches beyond the database" in done.stdout
    assert server.cli("GET", "precious").stdout == b"1\n"


def test_a_file_that_is_not_there() -> None:
    done = check("nosuch.md")
    assert done.returncode == 1
    assert "nosuch.md:1: the file cannot be read" in done.stdout


def test_a_client_that_quits_connects_anew(tmp_path: Path) -> None:
    step = (
        "---\nformat: 1\nid: anew\ntitle: Anew\n---\n## Quit {#quit}\n"
        "```check\nused QUIT\nreply CLIENT GETNAME == null\n```\n```hint\nQUIT\n```\n"
        "```solution\nB: CLIENT SETNAME ada\nB: QUIT\nB: CLIENT GETNAME\n```\n"
    )
    done = checked(tmp_path, step)
    assert done.returncode == 0, done.stdout


def test_an_answer_that_comes_late_belongs_to_the_step_before(tmp_path: Path) -> None:
    text = (
        "---\nformat: 1\nid: late\ntitle: Late\n---\n## Wait {#wait}\n"
        "```check\nused RPUSH\n```\n```hint\nRPUSH\n```\n```solution\nB: BLPOP q 10\nRPUSH q x\n```\n"
        '## Fail {#fail}\n```check\nused SET\n```\n```mistake error "wrong number"\ntry: GET\nOf what?\n```\n'
        "```hint\nSET\n```\n```solution\nSET a 1\n```\n"
    )
    done = checked(tmp_path, text)
    assert done.returncode == 0, done.stdout
