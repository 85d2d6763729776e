"""`redislab serve` as a process, and `serve.start` inside one."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from redislab.engines.embedded import EmbeddedEngine
from redislab.errors import CannotListen, UsageError
from redislab.serve import start
from redislab.serve.front import is_loopback
from tests.engines.embedded.asking import ask, whole_replies
from tests.serve.serving import PATIENCE_S, Served, asked, read_exactly

unix_only = pytest.mark.skipif(sys.platform == "win32", reason="no unix sockets, no SIGTERM on Windows")


@contextmanager
def command(*args: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the first line that it says."""
    words = [sys.executable, "-m", "redislab", "serve", *args]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.kill()


def refused(*args: str) -> str:
    words = [sys.executable, "-m", "redislab", "serve", *args]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


@unix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_says_where_it_is_and_ends_politely(number: int) -> None:
    with command("-p", "0", "--fresh") as (process, banner):
        found = re.match(r"redislab serves at 127\.0\.0\.1:(\d+): ", banner)
        assert found is not None
        with redis.Redis(port=int(found[1])) as client:
            assert client.ping()
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        assert process.stdout is not None
        assert process.stdout.read().splitlines() == [
            f"  redislab repl -p {found[1]}",
            f"  redis-cli -p {found[1]}",
        ]


@unix_only
def test_a_lab_is_kept_and_a_shell_that_opens_it_joins(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(tempfile.mkdtemp(prefix="rl"))  # the path of a socket must be short
    monkeypatch.setenv("REDISLAB_HOME", str(folder))
    shell = [sys.executable, "-m", "redislab", "repl", "--lab", "class"]
    try:
        with command("-p", "0", "--lab", "class") as (process, banner):
            assert "the lab 'class', kept" in banner
            with redis.Redis(port=int(banner.split(":")[1]), decode_responses=True) as client:
                client.set("name", "ada")
                joined = subprocess.run([*shell, "GET", "name"], capture_output=True, text=True, timeout=30)
                assert joined.stdout == "ada\n"
                subprocess.run([*shell, "APPEND", "name", " lovelace"], timeout=30, check=True)
                assert client.get("name") == "ada lovelace"
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
        alone = subprocess.run([*shell, "GET", "name"], capture_output=True, text=True, timeout=30)
        assert alone.stdout == "ada lovelace\n"
    finally:
        shutil.rmtree(folder)


@unix_only
def test_shutdown_ends_the_process() -> None:
    with command("-p", "0", "--fresh") as (process, banner):
        port = int(banner.split(":")[1])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"SHUTDOWN\r\n")
            assert client.recv(10) == b""
        assert process.wait(PATIENCE_S) == 0


@unix_only
def test_a_unix_socket_is_its_owners_alone_and_goes_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "lab.sock"
    with command("--fresh", "--socket", str(path)) as (process, banner):
        assert str(path) in banner
        assert stat.S_IMODE(os.lstat(path).st_mode) == 0o600
        done = subprocess.run(
            [sys.executable, "-m", "redislab", "repl", "-s", str(path), "CLIENT", "INFO"],
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert f"addr={path}:0 laddr={path}:0 " in done.stdout
        assert "flags=U " in done.stdout
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert list(tmp_path.iterdir()) == []


@unix_only
def test_the_socket_of_a_server_that_died_is_taken_over_and_that_of_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "lab.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    lab = EmbeddedEngine().lab
    with start(lab, socket_path=str(path)), pytest.raises(CannotListen, match="Somebody listens"):
        start(lab, socket_path=str(path))
    path.write_text("a letter")
    with pytest.raises(CannotListen, match="is no socket"):
        start(lab, socket_path=str(path))
    assert path.read_text() == "a letter"


def test_wrong_options_are_told_in_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    assert refused("--sockt", "x").count("\n") == 1
    assert "0.0.0.0 can be reached from other machines" in refused("--bind", "0.0.0.0", "-p", "0", "--fresh")
    assert "first line is empty" in refused("--requirepass-file", str(empty))
    assert "no such file" in refused("--requirepass-file", str(tmp_path / "missing"))
    assert "takes no word 'here'" in refused("here")
    assert "one of them, not both" in refused("--fresh", "--lab", "class")
    assert "a port is a number" in refused("-p", "70000")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refused("--fresh", "-p", str(port)) == (
            f"Cannot listen at 127.0.0.1:{port}: something else does already\n"
        )


def test_other_addresses_take_a_password(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    with command("--bind", "0.0.0.0", "-p", "0", "--fresh", "--requirepass-file", str(secret)) as (
        process,
        banner,
    ):
        port = int(banner.split(":")[1])
        assert process.stdout is not None
        assert process.stdout.readline() == f"  redislab repl -p {port} --askpass\n"
        with redis.Redis(port=port, password="hunter2") as client:
            assert client.ping()
    with pytest.raises(UsageError, match="takes a password"):
        start(EmbeddedEngine().lab, host="0.0.0.0", port=0)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "::ffff:127.0.0.1"])
def test_addresses_of_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "::ffff:10.0.0.1", "fe80::1%eth0"]
)
def test_addresses_that_others_reach(host: str) -> None:
    assert not is_loopback(host)


def test_a_shell_and_a_client_from_outside_share_one_lab(lab: Served) -> None:
    local = lab.engine.connect()
    with lab.dial() as outside:
        ask(local, b"SET", b"from", b"inside")
        asked(outside, b"GET from\r\n", b"$6\r\ninside\r\n")
        asked(outside, b"SET from outside\r\n", b"+OK\r\n")
        assert ask(local, b"GET", b"from").text == b"outside"

        asked(outside, b"SUBSCRIBE news\r\n", b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
        assert ask(local, b"PUBLISH", b"news", b"hi").number == 1
        asked(outside, b"", b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n")
    with lab.dial() as outside:
        ask(local, b"SUBSCRIBE", b"back")
        asked(outside, b"PUBLISH back there\r\n", b":1\r\n")
        [message] = whole_replies(local, 0)
        assert [item.text for item in message.items] == [b"message", b"back", b"there"]


def test_a_local_command_serves_who_waits_outside_and_the_other_way_round(lab: Served) -> None:
    local = lab.engine.connect()
    with lab.dial() as outside:
        outside.sendall(b"BLPOP q 0\r\n")
        while ask(local, b"LPUSH", b"other", b"x").number and not _blocked(lab):
            pass
        ask(local, b"RPUSH", b"q", b"a")
        assert read_exactly(outside, 18) == b"*2\r\n$1\r\nq\r\n$1\r\na\r\n"
        local.send([[b"BLPOP", b"q", b"0"]])
        asked(outside, b"RPUSH q b\r\n", b":1\r\n")
        assert [item.text for item in next(whole_replies(local, PATIENCE_S)).items] == [b"q", b"b"]


def _blocked(lab: Served) -> bool:
    return bool(lab.engine.lab.parked)


def test_a_deadline_of_a_local_command_is_kept_for_those_outside(lab: Served) -> None:
    """The timer is set anew when another thread's command brings a key that expires sooner."""
    local = lab.engine.connect()
    ask(local, b"CONFIG", b"SET", b"notify-keyspace-events", b"Ex")
    with lab.dial() as outside:
        asked(outside, b"PSUBSCRIBE *\r\n", b"*3\r\n$10\r\npsubscribe\r\n$1\r\n*\r\n:1\r\n")
        ask(local, b"SET", b"k", b"v", b"PX", b"30")
        assert read_exactly(outside, 13) == b"*4\r\n$8\r\npmess"


def test_a_handle_may_be_closed_twice_and_the_lab_served_again(lab: Served) -> None:
    first = start(lab.engine.lab, port=0)
    first.close()
    first.close()
    with start(lab.engine.lab, port=0) as second, redis.Redis(port=second.address.port) as client:
        assert client.ping()
