"""`redislab repl` and the installed redis-cli on one server: the same bytes, the same exit codes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import RedisServer

CORPUS = Path(__file__).parent / "corpus"
REDISLAB = [sys.executable, "-m", "redislab", "repl"]
FORMATS = ["--raw", "--no-raw", "--csv", "--json", "--quoted-json"]


@dataclass(frozen=True)
class Run:
    stdout: bytes
    stderr: bytes
    code: int


@pytest.fixture(scope="module")
def debug_server(redis_server_path: str, redis_cli: str) -> Iterator[RedisServer]:
    """A server that also answers DEBUG PROTOCOL: every RESP3 type on demand.

    On a busy machine any command may be slow: its log stays empty.
    """
    with RedisServer("--enable-debug-command", "yes", "--slowlog-log-slower-than", "-1") as server:
        yield server


def run(program: list[str], server: RedisServer, *args: str, stdin: bytes = b"", **environ: str) -> Run:
    """One process on an emptied server."""
    for words in (["FLUSHALL"], ["SCRIPT", "FLUSH"], ["SLOWLOG", "RESET"], ["CONFIG", "RESETSTAT"]):
        server.cli(*words)
    done = subprocess.run(
        [*program, "-s", server.socket_path, *args],
        input=stdin,
        capture_output=True,
        env=os.environ | environ,
        timeout=60,
        check=False,
    )
    return Run(done.stdout, done.stderr, done.returncode)


def corpus_lines() -> list[bytes]:
    return [line for path in sorted(CORPUS.glob("*.redis")) for line in path.read_bytes().splitlines()]


def test_the_corpus_is_large_enough() -> None:
    assert len(corpus_lines()) >= 400


@pytest.mark.parametrize("protocol", ["-2", "-3"])
@pytest.mark.parametrize("format", FORMATS)
def test_the_corpus_prints_the_same_bytes(debug_server: RedisServer, format: str, protocol: str) -> None:
    script = b"\n".join(corpus_lines()) + b"\n"
    theirs = run(["redis-cli"], debug_server, format, protocol, stdin=script)
    ours = run(REDISLAB, debug_server, format, protocol, stdin=script)
    assert ours.stdout.split(b"\n") == theirs.stdout.split(b"\n")
    assert (ours.code, ours.stderr) == (theirs.code, b"")


def test_faketty_prints_as_on_a_terminal(debug_server: RedisServer) -> None:
    script = b"\n".join(corpus_lines()[:80])
    theirs = run(["redis-cli"], debug_server, stdin=script, FAKETTY="1")
    ours = run(REDISLAB, debug_server, stdin=script, FAKETTY="1")
    assert b"(integer)" in ours.stdout
    assert ours == theirs


ONE_SHOTS: list[tuple[list[str], bytes]] = [
    (["PING"], b""),
    (["SET", "a", "b c"], b""),
    (["--no-raw", "GET", "missing"], b""),
    (["GET", "missing"], b""),
    (["GET"], b""),
    (["-e", "GET"], b""),
    (["-e", "--no-raw", "NOSUCH"], b""),
    (["-e", "PING"], b""),
    (["-e", "--json", "LPUSH"], b""),
    (["--no-raw", "NOSUCH", "x"], b""),
    (["-x", "SET", "k"], b"from stdin\n"),
    (["-x", "ECHO"], b"\x00\xff\r\n"),
    (["-X", "HERE", "SET", "HERE", "v"], b"key"),
    (["-X", "HERE", "ECHO", "nothing"], b"x"),
    (["-x", "-X", "T", "ECHO", "T"], b""),
    (["-r", "3", "INCR", "n"], b""),
    (["-r", "3", "-i", "0.01", "--no-raw", "INCR", "n"], b""),
    (["-r", "0", "INCR", "n"], b""),
    (["-r", "2", "-e", "NOSUCH"], b""),
    (["-n", "3", "SET", "k", "v"], b""),
    (["-n", "3", "--no-raw", "CLIENT", "GETNAME"], b""),
    (["--quoted-input", "SET", '"\\x00\\xff"', "'v'"], b""),
    (["--quoted-input", "ECHO", '"open'], b""),
    (["--quoted-input", "ECHO", "a b"], b""),
    (["-d", ", ", "COMMAND", "LIST", "FILTERBY", "PATTERN", "x*"], b""),
    (["-D", ";", "PING"], b""),
    (["-d", "|", "-D", "||", "-r", "2", "COMMAND", "LIST", "FILTERBY", "PATTERN", "g*"], b""),
    (["--csv", "COMMAND", "INFO", "get"], b""),
    (["--json", "CONFIG", "GET", "max*entries"], b""),
    (["-3", "--no-raw", "CONFIG", "GET", "databases"], b""),
    (["-2", "-3", "PING"], b""),
    (["--json", "-2", "CONFIG", "GET", "databases"], b""),
    (["INFO", "nosuch"], b""),
    (["--no-raw", "INFO", "keyspace"], b""),
    (["--no-raw", "SELECT", "7"], b""),
    (["quit"], b""),
    (["exit"], b""),
    (["--no-raw", "DEBUG", "SLEEP", "0"], b""),
    (["--scan"], b""),
    (["--scan", "--pattern", "x*"], b""),
    (["--eval", "/nonexistent.lua", "k"], b""),
    (["", "x"], b""),
    (["-c", "PING"], b""),
    (["--show-pushes", "no", "PING"], b""),
]


@pytest.mark.parametrize(("args", "stdin"), ONE_SHOTS, ids=[" ".join(args)[:40] for args, _ in ONE_SHOTS])
def test_one_command_prints_the_same_and_ends_with_the_same_code(
    debug_server: RedisServer, args: list[str], stdin: bytes
) -> None:
    if "-c" in args:  # redis-cli takes no socket with -c
        args = [*args[:1], "-p", str(debug_server.port), *args[1:]]
    theirs = run(["redis-cli"], debug_server, *args, stdin=stdin)
    ours = run(REDISLAB, debug_server, *args, stdin=stdin)
    assert (ours.stdout, ours.code) == (theirs.stdout, theirs.code)
    assert bool(ours.stderr) == bool(theirs.stderr)


def test_a_refused_connection_reads_and_ends_as_in_redis_cli(redis_cli: str) -> None:
    for args, stdin in ((["PING"], b""), ([], b"PING\nPING\n")):
        outcomes = []
        for program in (["redis-cli"], REDISLAB):
            done = subprocess.run(
                [*program, "-p", "1", *args], input=stdin, capture_output=True, timeout=30, check=False
            )
            outcomes.append((done.stdout, done.stderr, done.returncode))
        assert outcomes[0] == outcomes[1]


def test_eval_passes_keys_and_arguments(debug_server: RedisServer, tmp_path: Path) -> None:
    script = tmp_path / "script.lua"
    script.write_text("return {KEYS, ARGV}")
    for args in (["a", "b", ",", "c"], ["a"], [",", "x", ",", "y"], []):
        words = ["--no-raw", "--eval", str(script), *args]
        assert run(REDISLAB, debug_server, *words) == run(["redis-cli"], debug_server, *words)


def test_scan_lists_every_key(debug_server: RedisServer) -> None:
    debug_server.cli("FLUSHALL")
    debug_server.cli("--pipe", stdin=b"".join(b'SET "k:%d\\x01\\n" v\r\n' % index for index in range(300)))

    def listed(program: list[str], *args: str) -> list[bytes]:
        words = [*program, "-s", debug_server.socket_path, "--scan", *args]
        return subprocess.run(words, capture_output=True, timeout=30, check=True).stdout.split(b"\n")

    for args in ([], ["--no-raw"], ["--pattern", "k:1*"], ["--quoted-pattern", '"k:\\x31*"', "--no-raw"]):
        assert listed(REDISLAB, *args) == listed(["redis-cli"], *args)


PIPE_INPUT = b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\n\r\n\r\nSET b 1\r\n\r\nINCR b\r\nNOSUCH x\r\nGET 'b'\r\n"


@pytest.mark.parametrize("stdin", [PIPE_INPUT, b"", b"SET a 1\r\n" * 20_000])
def test_pipe_mode_counts_replies_and_errors(debug_server: RedisServer, stdin: bytes) -> None:
    theirs = run(["redis-cli"], debug_server, "--pipe", stdin=stdin)
    ours = run(REDISLAB, debug_server, "--pipe", stdin=stdin)
    assert ours == theirs


def test_a_line_of_a_megabyte_is_not_cut(debug_server: RedisServer) -> None:
    value = b"x" * (1 << 20)
    done = run(REDISLAB, debug_server, stdin=b"SET big " + value + b"\nSTRLEN big\nGET big")
    assert done.stdout == b"OK\n1048576\n" + value + b"\n"


def test_slow_lines_say_how_long_they_took(debug_server: RedisServer) -> None:
    script = b"PING\n2 DEBUG SLEEP 0.3\nPING\n"
    done = run(REDISLAB, debug_server, "--no-raw", stdin=script)
    lines = done.stdout.decode().splitlines()
    assert lines[:3] == ["PONG", "OK", "OK"]
    assert re.fullmatch(r"\([0-9]+\.[0-9]{2}s\)", lines[3])
    assert 0.6 <= float(lines[3][1:-2]) < 5  # of both runs together
    assert lines[4:] == ["PONG"]
