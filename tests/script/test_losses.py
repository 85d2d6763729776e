"""Scripts that meet trouble: one clear line, a known exit code, nothing sent twice, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Certificates, DroppingProxy, NonsenseServer, RedisServer

REDISLAB = [sys.executable, "-m", "redislab", "repl"]


def redislab(*args: str, stdin: bytes = b"", **environ: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*REDISLAB, *args],
        input=stdin,
        capture_output=True,
        env=os.environ | environ,
        timeout=60,
        check=False,
    )


def test_unanswered_commands_are_counted_once_and_never_repeated(server: RedisServer) -> None:
    with DroppingProxy(server.port, drop_at=4) as proxy:
        done = redislab("-p", str(proxy.port), stdin=b"INCR n\n" * 4 + b"INCR m\n")
    assert done.returncode == 0
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("Error: Server closed the connection (5 commands were sent and have no answer")
    assert proxy.commands.count([b"INCR", b"n"]) == 4
    assert proxy.commands.count([b"INCR", b"m"]) <= 1
    assert server.cli("GET", "n").stdout == b"4\n"


def test_a_script_stops_inside_a_lost_transaction(server: RedisServer) -> None:
    with DroppingProxy(server.port, drop_at=3) as proxy:
        process = subprocess.Popen(
            [*REDISLAB, "-p", str(proxy.port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        for line, answer in ((b"MULTI\n", b"OK\n"), (b"SET a 1\n", b"QUEUED\n")):
            process.stdin.write(line)
            process.stdin.flush()
            assert process.stdout.readline() == answer  # an open pipe is answered line by line
        process.stdin.write(b"SET b 2\n")
        process.stdin.flush()
        process.wait(20)
        out, err = process.communicate(b"SET c 3\nEXEC\nSET d 4\n", timeout=20)
    assert out == b""
    assert b"inside MULTI: 1 queued command did not run. The rest of the input was not sent." in err
    assert process.returncode == 1
    assert server.cli("EXISTS", "a", "b", "c", "d").stdout == b"0\n"


def test_a_transaction_whose_multi_has_no_answer_is_lost_as_well(server: RedisServer) -> None:
    script = b"PING\nMULTI\n" + b"INCR n\n" * 9_000 + b"EXEC\nSET after 1\n"
    with DroppingProxy(server.port, drop_at=3) as proxy:
        done = redislab("-p", str(proxy.port), stdin=script)
    assert done.returncode == 1
    assert b"inside MULTI: what was queued did not run. The rest of the input was not sent." in done.stderr
    assert server.cli("EXISTS", "n", "after").stdout == b"0\n"


def test_the_database_is_selected_when_auth_comes_later(redis_server_path: str) -> None:
    with RedisServer("--requirepass", "pw") as server:
        done = redislab("-p", str(server.port), "-n", "2", stdin=b"AUTH pw\nSET x 1\nCLIENT INFO\n")
    assert b" db=2 " in done.stdout


def test_connect_keeps_the_selected_database(server: RedisServer) -> None:
    port = str(server.port)
    done = redislab(
        "-p", port, "-n", "3", stdin=f"SELECT 5\nCONNECT 127.0.0.1 {port}\nCLIENT INFO\n".encode()
    )
    assert b" db=5 " in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")
def test_a_full_disk_is_said(server: RedisServer) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*REDISLAB, "-p", str(server.port), "PING"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [b"The output cannot be written: No space left on device"]


def test_one_command_that_is_lost_ends_with_1(server: RedisServer) -> None:
    with DroppingProxy(server.port) as proxy:
        done = redislab("-p", str(proxy.port), "INCR", "n")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines() == [
        "Error: Server closed the connection (1 command was sent and has no answer: "
        "it is not known whether anything of it ran)"
    ]
    assert server.cli("GET", "n").stdout == b"1\n"


BAD_INPUT: list[tuple[list[str], str]] = [
    (["--nosuch"], "Unrecognized option or bad number of args for: '--nosuch'"),
    (["-p"], "-p needs a value"),
    (["-p", "many"], "a whole number is needed"),
    (["-p", "70000"], "a port is a number from 1 to 65535"),
    (["--bigkeys"], "redislab has no --bigkeys: that is a mode of redis-cli"),
    (["-i", "soon", "PING"], "a number of seconds is needed"),
    (["-u", "http://x"], "Invalid URI scheme"),
    (["-u", "redis://user:secret@[::1"], ""),
    (["-u", "redis://:%zz@h"], ""),
    (["-2", "-3"], "mutually exclusive"),
    (["-x", "-X", "t", "ECHO"], "mutually exclusive"),
    (["-c", "-s", "x"], "mutually exclusive"),
    (["-p", "1", "PING"], "Could not connect to Redis at 127.0.0.1:1: Connection refused"),
    (["-s", "/nonexistent", "PING"], "Could not connect to Redis at /nonexistent: No such file or directory"),
    (["-h", "no.such.host.invalid", "PING"], "Could not connect to Redis at no.such.host.invalid:6379"),
    (["--eval", "/nonexistent.lua"], "Can't open file '/nonexistent.lua': No such file or directory"),
    (["--tls", "--cacert", "/nonexistent", "PING"], "/nonexistent"),
    (["--engine", "bogus"], "the engines are"),
    (["--fresh", "-p", "6379"], "--fresh"),
]


@pytest.mark.parametrize(("args", "text"), BAD_INPUT, ids=[" ".join(args) for args, _ in BAD_INPUT])
def test_bad_input_gets_one_clear_line_and_exit_code_1(args: list[str], text: str) -> None:
    done = redislab(*args)
    assert done.returncode == 1
    assert done.stdout == b""
    (line,) = done.stderr.decode().splitlines()
    assert text in line
    assert "secret" not in line


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x1b]0;evil\x07\r\n", b"*1\r\n" * 2000, b"\x00" * 100]
)
def test_a_server_that_speaks_nonsense(answer: bytes) -> None:
    with NonsenseServer(answer) as server:
        done = redislab("-p", str(server.port), "PING")
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("Error: Protocol error")
    assert "\x1b" not in line


def test_a_wrong_password_is_said_without_it(redis_server_path: str) -> None:
    with RedisServer("--requirepass", "right") as server:
        words = ["-p", str(server.port), "-a", "secret-wrong", "--no-auth-warning", "PING"]
        done = redislab(*words)
        theirs = subprocess.run(["redis-cli", *words], capture_output=True, timeout=20, check=False)
    assert (done.stdout, done.stderr, done.returncode) == (theirs.stdout, theirs.stderr, theirs.returncode)
    assert done.stderr.startswith(b"AUTH failed: WRONGPASS")


def test_passwords_come_from_the_environment_too(redis_server_path: str) -> None:
    with RedisServer("--requirepass", "right") as server:
        assert redislab("-p", str(server.port), "PING", REDISCLI_AUTH="right").stdout == b"PONG\n"
        url = f"redis://:right@127.0.0.1:{server.port}"
        assert redislab("PING", REDISLAB_URL=url).stdout == b"PONG\n"
        assert b"NOAUTH" in redislab("-p", str(server.port), "PING", REDIS_URL=url).stdout


def test_a_tls_name_that_does_not_match(redis_server_path: str, tmp_path: Path) -> None:
    certificates = Certificates.make(tmp_path, "other.example")
    with RedisServer(certificates=certificates) as server:
        done = redislab("-p", str(server.port), "--tls", "--cacert", certificates.ca, "PING")
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert "other.example" in line
    assert "127.0.0.1" in line


def test_unbalanced_quotes_are_refused_and_the_script_goes_on(server: RedisServer) -> None:
    done = redislab("-p", str(server.port), stdin=b'SET a "b\nPING\n')
    assert (done.stdout, done.stderr, done.returncode) == (b"Invalid argument(s)\nPONG\n", b"", 0)


@pytest.fixture
def waiting(server: RedisServer) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*REDISLAB, "-p", str(server.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"PING\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"PONG\n"
    process.stdin.write(b"BLPOP nothing 0\n")
    process.stdin.flush()
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_waiting_script_quietly(
    waiting: subprocess.Popen[bytes], number: signal.Signals, code: int
) -> None:
    waiting.send_signal(number)
    _, err = waiting.communicate(timeout=10)
    assert (waiting.returncode, err) == (code, b"")


def test_a_reader_that_goes_away_ends_it_quietly(server: RedisServer) -> None:
    server.cli(
        "--pipe", stdin=b"RPUSH big " + b"x" * 500 + b"\r\n" + b"RPUSH big " + b"y " * 20_000 + b"\r\n"
    )
    process = subprocess.Popen(
        [*REDISLAB, "-p", str(server.port), "-r", "1000", "LRANGE", "big", "0", "-1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == b""
    assert process.wait(20) == 141
