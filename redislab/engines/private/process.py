"""One server process with its keeper, from start to end."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from redislab.engines.private.programs import find_server
from redislab.engines.target import Target
from redislab.errors import RedislabError, Unreachable

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
POLL_S = 0.001  # between two tries to reach a server that starts; nothing else tells that it listens
MOST_PATH_BYTES = 100  # of a socket's path; systems take 104 or more
HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX") and sys.platform != "win32"

_KEEPER = str(Path(__file__).with_name("keeper.py"))
_SETTINGS = (
    'save ""',
    "appendonly no",
    "daemonize no",
    "protected-mode yes",
    "loglevel warning",
    "enable-debug-command local",  # lessons look inside with DEBUG; nobody else can connect
)
_DATA = ("dump.rdb", "appendonlydir", "appendonly.aof")  # the last one is that of 6.2 and older
_SINCE_7 = "enable-debug-command"  # before, DEBUG is always there and the setting is not


@dataclass(frozen=True)
class _Address:
    """Where the server is to listen, and what its configuration says about that."""

    target: Target
    settings: tuple[str, ...]


class ServerProcess:
    """A running server. `start` gives one that answers; nothing of it is left after `stop`."""

    def __init__(self, keeper: subprocess.Popen[bytes], folder: str, target: Target) -> None:
        self._keeper = keeper
        self._folder = folder
        self.target = target

    @classmethod
    def start(cls, *, unix_socket: bool = HAS_UNIX_SOCKETS) -> ServerProcess:
        """Start a server and wait until it takes connections. Raises Unreachable."""
        program = find_server()
        process, told = cls._try(program, _SETTINGS, unix_socket)
        if _SINCE_7 in told:
            before_7 = tuple(each for each in _SETTINGS if not each.startswith(_SINCE_7))
            process, told = cls._try(program, before_7, unix_socket)
        if process is None:
            raise Unreachable(f"{program} did not start: {_last_line(told)}")
        return process

    @property
    def running(self) -> bool:
        return self._keeper.poll() is None

    @property
    def has_written(self) -> bool:
        """Whether there are files of data: a snapshot, or an append-only file."""
        return any(os.path.exists(os.path.join(self._folder, name)) for name in _DATA)

    def restart(self) -> None:
        """Kill it, and start it again on its files. Raises Unreachable where it does not come back."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        try:
            self._keeper.stdin.write(b"\n")
            gone = self._keeper.stdout.read(1)
        except OSError:
            gone = b""
        if not gone or not self._comes_up():
            raise Unreachable(f"The private server did not start again: {_last_line(self._last_words())}")

    def stop(self) -> None:
        """End it and remove its folder; may be called twice."""
        for pipe in (self._keeper.stdin, self._keeper.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._keeper.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._keeper.kill()
            self._keeper.wait()
        if os.path.exists(self._folder):  # the keeper was killed, and the server lives on
            _shut_down(self.target)
            shutil.rmtree(self._folder, ignore_errors=True)

    # -- inside ---------------------------------------------------------------------------------

    @classmethod
    def _try(
        cls, program: str, settings: tuple[str, ...], unix_socket: bool
    ) -> tuple[ServerProcess | None, str]:
        """A server that takes connections, or None and what it said before it ended."""
        folder = _new_folder()
        address = _on_socket(folder) if unix_socket else _on_loopback()
        process = cls(_keep(folder, program, (*address.settings, *settings)), folder, address.target)
        return (process, "") if process._comes_up() else (None, process._last_words())

    def _comes_up(self) -> bool:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s and self.running:
            if _takes_connections(self.target):
                return True
            time.sleep(POLL_S)
        return False

    def _last_words(self) -> str:
        told = b""
        if self.running:
            told = b"no answer within %d s" % START_TIMEOUT_S
        elif self._keeper.stdout is not None:
            told = self._keeper.stdout.read()
        self.stop()
        return told.decode("utf-8", "replace")


def _new_folder() -> str:
    """The name of a folder that does not exist; the keeper makes it, for the keeper removes it."""
    name = f"redislab-{secrets.token_hex(8)}"
    folder = os.path.join(tempfile.gettempdir(), name)
    too_long = HAS_UNIX_SOCKETS and len(os.fsencode(_socket_path(folder))) > MOST_PATH_BYTES
    return os.path.join("/tmp", name) if too_long else folder


def _socket_path(folder: str) -> str:
    return os.path.join(folder, "redis.sock")


def _on_socket(folder: str) -> _Address:
    path = _socket_path(folder)
    return _Address(Target(socket_path=path), ("port 0", f"unixsocket {_quoted(path)}", "unixsocketperm 700"))


def _on_loopback() -> _Address:
    """A port of 127.0.0.1, which others on the machine can reach too: so a password."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    password = secrets.token_hex(32)
    return _Address(
        Target(port=port, password=password), ("bind 127.0.0.1", f"port {port}", f"requirepass {password}")
    )


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _keep(folder: str, program: str, settings: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Start a keeper and tell it the configuration. Raises Unreachable.

    It gets a session of its own: Ctrl-C at the terminal is for what runs in the shell, not for the server.
    """
    try:
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", _KEEPER, folder, program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=os.path.dirname(folder),
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise Unreachable(f"{program} cannot be started from {folder}: {error.strerror}") from error
    assert keeper.stdin is not None
    text = "\n".join((*settings, f"dir {_quoted(folder)}", "", ""))
    try:
        keeper.stdin.write(text.encode("utf-8", "surrogateescape"))
    except OSError:
        pass  # it has ended: what it said is read where it is waited for
    return keeper


def _takes_connections(target: Target) -> bool:
    try:
        if target.socket_path is None:
            socket.create_connection((target.host, target.port), POLL_S * 100).close()
            return True
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(target.socket_path)
            return True
    except OSError:
        return False


def _shut_down(target: Target) -> None:
    from redislab.engines.transport import connect

    try:
        connection = connect(target)
        login = [(b"AUTH", target.password.encode())] if target.password is not None else []
        connection.send([*login, (b"SHUTDOWN", b"NOSAVE")])
        for _ in connection.replies(STOP_TIMEOUT_S):
            pass
    except RedislabError:
        pass  # it is gone


def _last_line(text: str) -> str:
    lines = [each.strip() for each in text.splitlines() if each.strip()]
    return lines[-1] if lines else "it ended without a word"
