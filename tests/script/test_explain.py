"""`redislab explain`: words explained, nothing run."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.servers import RedisServer, free_port
from tests.wire import WireServer


def explain(*args: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "redislab", "explain", *args],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environ or {})},
    )


def test_each_word_of_a_line_is_explained() -> None:
    done = explain("LPUSH", "queue", "a", "b")
    assert done.returncode == 0
    assert done.stdout.startswith("LPUSH queue a b\n\nLPUSH")
    assert "\nqueue  The key of the list" in done.stdout
    assert "\na b    What to put in" in done.stdout
    assert 'Python  r.lpush("queue", "a", "b")' in done.stdout


def test_options_of_the_same_name_are_told_apart() -> None:
    shown = explain("SORT l BY w_* GET obj_*").stdout
    assert "\nBY w_*     Order by other keys" in shown
    assert "\nGET obj_*  " in shown
    assert shown.count("Order by other keys") == 1


def test_one_argument_with_spaces_is_a_line() -> None:
    assert explain("LPUSH queue 'a b'").stdout == explain("LPUSH", "queue", "a b").stdout


def test_a_name_alone_is_answered_with_the_commands_page() -> None:
    done = explain("hset")
    assert done.returncode == 0
    assert "HSET key field value [field value ...]" in done.stdout
    assert "Arguments\n" in done.stdout
    assert "> HSET" in done.stdout  # an example


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["SET", "a", "b", "FOO"], "not an option of SET"),
        (["LRANGE", "l", "zero", "1"], "zero"),
        (["GET", "a", "b"], "nothing may follow"),
    ],
)
def test_what_is_wrong_is_said_with_exit_code_1(words: list[str], reason: str) -> None:
    done = explain(*words)
    assert done.returncode == 1
    assert f"error: {reason}" in done.stdout or reason in done.stdout


def test_an_unknown_command_gets_the_nearest_ones() -> None:
    done = explain("LRAGNE", "l", "0", "1")
    assert done.returncode == 1
    assert "nearest: LRANGE" in done.stdout


def test_an_unfinished_line_is_no_fault() -> None:
    done = explain("ZADD", "z", "1")
    assert done.returncode == 0
    assert "not complete" in done.stdout


def test_hints_are_redis_clis() -> None:
    assert explain("--hint", "XRANGE k 4 2 ").stdout == "[COUNT count]\n"


def test_the_redis_py_call() -> None:
    assert explain("--python", "SET", "name", "ada", "EX", "60").stdout == 'r.set("name", "ada", ex=60)\n'


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--hint"], "--hint takes one line"),
        (["--nosuch", "SET"], "redislab explain has no option --nosuch"),
        (["--python"], "which command?"),
        (["SET 'a"], "Invalid argument(s)"),
    ],
)
def test_bad_input_gets_one_line(args: list[str], message: str) -> None:
    done = explain(*args)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(message)


def test_a_hostile_word_is_made_harmless() -> None:
    assert "\x1b" not in explain("SET", "a\x1b[2J", "\x1b]0;x\x07").stdout


@pytest.mark.parametrize(
    ("line", "meaning", "origin"),
    [
        ("HEXPIRE user:1 60 NX FIELDS 1 name", "60 How long the fields stay", "came with Redis 7.4"),
        ("JSON.SET doc $ 1 NX", "NX Only if nothing is at this place", "comes with the module RedisJSON"),
    ],
)
def test_what_newer_servers_and_modules_have_is_explained_and_said_to_be_theirs(
    line: str, meaning: str, origin: str
) -> None:
    done = explain(line)
    assert done.returncode == 0
    assert meaning in " ".join(done.stdout.split())
    assert f"{line.split()[0]} {origin}" in done.stdout
    page = explain(line.split()[0])
    assert page.returncode == 0
    assert origin in page.stdout
    assert "> HSET user:1" in page.stdout or "> JSON.SET user:1" in page.stdout


def test_a_wrong_word_of_a_later_command_is_said_with_exit_code_1() -> None:
    done = explain("HEXPIRE user:1 soon FIELDS 1 name")
    assert done.returncode == 1
    assert "seconds needs a number of seconds" in done.stdout


def test_hints_and_python_of_later_commands() -> None:
    assert explain("--hint", "HEXPIRE k 60 ").stdout == "[NX|XX|GT|LT] FIELDS numfields field [field ...]\n"
    assert explain("--python", "HTTL", "k", "FIELDS", "1", "a").stdout == 'r.httl("k", "a")\n'


def test_a_target_option_looks_at_the_data(server: RedisServer) -> None:
    server.cli("HSET", "user:1", "name", "ada", "born", "1815")
    server.cli("EXPIRE", "user:1", "600")
    done = explain("-p", str(server.port), "HGETALL", "user:1")
    assert done.returncode == 0
    assert "user:1 is a hash of 2 fields, and disappears in" in done.stdout
    assert "Here: 2 fields of user:1." in done.stdout
    assert "it would fail (WRONGTYPE)" in explain("-p", str(server.port), "GET", "user:1").stdout
    shown = explain("-p", str(server.port), "SET user:1 x").stdout
    assert "SET replaces it and its time to live." in " ".join(shown.split())
    assert server.cli("HLEN", "user:1").stdout == b"2\n"


def test_without_a_target_option_no_server_is_asked(server: RedisServer) -> None:
    server.cli("SET", "name", "ada")
    before = connections(server)
    done = explain("GET", "name", environ={"REDISLAB_URL": f"redis://127.0.0.1:{server.port}"})
    assert "name is a string" not in done.stdout
    assert connections(server) == before + 1  # of redis-cli, which counts them


def connections(server: RedisServer) -> int:
    stats = server.cli("INFO", "stats").stdout
    return int(stats.split(b"total_connections_received:")[1].split()[0])


def test_a_target_that_is_not_there_is_said_in_one_line() -> None:
    done = explain("-p", str(free_port()), "GET", "name")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Could not connect" in done.stderr
    assert done.stderr.count("\n") == 1


def test_options_of_the_shell_that_name_no_place_are_refused() -> None:
    done = explain("--raw", "GET", "name")
    assert done.returncode == 1
    assert "See redislab explain --help" in done.stderr


def test_a_command_that_only_the_server_knows_is_explained_with_its_words(newer_server: RedisServer) -> None:
    at = ("-p", str(newer_server.port))
    done = explain(*at, "HGETEX", "user:1", "EX", "60", "FIELDS", "1", "name")
    assert done.returncode == 0
    assert "user:1 does not exist." in done.stdout
    assert "came with" not in done.stdout  # it is here
    done = explain(*at, "VADD", "v", "VALUES", "1", "2", "x")
    assert ("The server says: " in done.stdout) == (b"vadd" in newer_server.cli("COMMAND", "LIST").stdout)


@pytest.mark.parametrize("answer", [b"*1\r\n*1\r\n$8\r\n\x1b]0;x\x07y\x1b\r\n", b"*1\r\n$9999\r\n", b"?"])
def test_a_hostile_server_teaches_nothing_and_holds_nobody_up(answer: bytes) -> None:
    with WireServer(lambda command: answer) as server:
        done = explain("-p", str(server.port), "FT.SEARCH", "idx")
    assert done.returncode == 1
    assert "no such command: FT.SEARCH" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
