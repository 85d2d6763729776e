"""Servers for tests: real ones, a cluster, and two that misbehave. Each is stopped by its own handle.

All listen on loopback, on free ports and in folders of their own, from `with` to its end.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from redislab.core.requests import RequestReader

START_TIMEOUT_S = 10.0
POLL_S = 0.005  # between two looks at a process that starts; nothing else tells that it listens

Self = TypeVar("Self", bound="_Scoped")


def find_redis_server() -> str | None:
    return shutil.which("redis-server")


def find_newer_redis_server() -> str | None:
    """A redis-server of version 8 or later: what REDISLAB_NEWER_REDIS names, or the one on the PATH."""
    path = os.environ.get("REDISLAB_NEWER_REDIS") or find_redis_server()
    if path is None:
        return None
    told = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
    version = re.search(r"\bv=(\d+)\.", told)
    return path if version is not None and int(version[1]) >= 8 else None


def find_redis_cli() -> str | None:
    return shutil.which("redis-cli")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], bool], timeout_s: float = START_TIMEOUT_S) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"still not so after {timeout_s} s")
        time.sleep(POLL_S)


class _Scoped:
    """Starts with `with` and stops at its end, or by `stop()`, which may be called twice."""

    def __enter__(self: Self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Certificates:
    """PEM files: an authority, a server's certificate for `names` and a client's, both signed by it."""

    ca: str
    server_cert: str
    server_key: str
    client_cert: str
    client_key: str

    @classmethod
    def make(cls, folder: Path, *names: str) -> Certificates:
        import trustme

        authority = trustme.CA()
        server, client = authority.issue_cert(*names), authority.issue_cert("client@example.org")
        files = {
            "ca.crt": [authority.cert_pem],
            "server.crt": server.cert_chain_pems,
            "server.key": [server.private_key_pem],
            "client.crt": client.cert_chain_pems,
            "client.key": [client.private_key_pem],
        }
        for name, blobs in files.items():
            (folder / name).write_bytes(b"".join(blob.bytes() for blob in blobs))
        return cls(*(str(folder / name) for name in files))


class RedisServer(_Scoped):
    """A redis-server on a free port and a unix socket. `args` are more of its options, `program` its path.

    With `certificates` the port speaks TLS only; the unix socket stays plain. A password or users:
    `RedisServer("--requirepass", "pw")`, `RedisServer("--user", "ada", "on", ">pw", "~*", "+@all")`.
    """

    def __init__(
        self, *args: str, certificates: Certificates | None = None, program: str = "redis-server"
    ) -> None:
        self._args = args
        self._program = program
        self._certificates = certificates
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.folder = Path()

    @property
    def socket_path(self) -> str:
        return str(self.folder / "redis.sock")

    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="redislab-test-"))
        for _ in range(5):  # another process may take the free port first
            self.port = free_port()
            if self._launch():
                return
        log = (self.folder / "log").read_text()
        self.stop()
        raise RuntimeError(log)

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """End the process as a crash would: connections break, nothing is said."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """After `kill`: come back at the same port, empty."""
        assert self._launch(), (self.folder / "log").read_text()

    def cli(
        self, *args: str | bytes, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """The installed redis-cli on this server, over its unix socket."""
        return subprocess.run(
            ["redis-cli", "-s", self.socket_path, *args],
            input=stdin,
            capture_output=True,
            env={**os.environ, **(env or {})},
            timeout=60,
            check=False,
        )

    def _launch(self) -> bool:
        with open(self.folder / "log", "wb") as log:
            self._process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s and self._process.poll() is None:
            if self._answers():
                return True
            time.sleep(POLL_S)
        self.kill()
        return False

    def _answers(self) -> bool:
        """Asked over the socket, which nobody else can own; it opens after the port."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.socket_path)
                probe.sendall(b"PING\r\n")
                return probe.recv(1) in (b"+", b"-")  # -NOAUTH is an answer too
            except OSError:
                return False

    def _command(self) -> list[str]:
        return [
            *[self._program, *self._listen(), "--bind", "127.0.0.1"],
            *["--unixsocket", self.socket_path, "--dir", str(self.folder)],
            *["--save", "", "--appendonly", "no", *self._args],
        ]

    def _listen(self) -> Sequence[str]:
        if self._certificates is None:
            return ["--port", str(self.port)]
        made = self._certificates
        return [
            *["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no"],
            *["--tls-ca-cert-file", made.ca],
            *["--tls-cert-file", made.server_cert, "--tls-key-file", made.server_key],
        ]


class RedisCluster(_Scoped):
    """Three masters that share the slots. It takes about two seconds until a cluster answers."""

    def __init__(self) -> None:
        self._scope = ExitStack()
        self.nodes: list[RedisServer] = []

    def start(self) -> None:
        with ExitStack() as scope:
            for _ in range(3):
                node = RedisServer("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
                self.nodes.append(scope.enter_context(node))
            self._join()
            self._scope = scope.pop_all()

    def stop(self) -> None:
        self._scope.close()

    def _join(self) -> None:
        for index, (first, last) in enumerate([(0, 5460), (5461, 10922), (10923, 16383)]):
            node = self.nodes[index]
            node.cli("CLUSTER", "SET-CONFIG-EPOCH", str(index + 1))
            node.cli("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
        for node in self.nodes[1:]:
            bus = node.cli("CONFIG", "GET", "cluster-port").stdout.split()[-1].decode()
            self.nodes[0].cli("CLUSTER", "MEET", "127.0.0.1", str(node.port), bus)
        wait_until(
            lambda: all(b"cluster_state:ok" in node.cli("CLUSTER", "INFO").stdout for node in self.nodes)
        )


class _Listener(_Scoped):
    """A server of threads: `_serve` gets each client's socket, which is closed after it."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = [self._listener]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        self._spawn(self._accept)

    def stop(self) -> None:
        for each in self._sockets:
            _hang_up(each)
            each.close()
        for thread in self._threads:
            thread.join(5)

    def _spawn(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            self._spawn(lambda client=client: self._guarded(client))  # type: ignore[misc]

    def _guarded(self, client: socket.socket) -> None:
        try:
            self._serve(client)
        except OSError:
            pass  # the other side, or `stop`, ended it
        finally:
            _hang_up(client)

    def _serve(self, client: socket.socket) -> None:
        raise NotImplementedError


class NonsenseServer(_Listener):
    """Says `answer` whenever it hears something (`greet`: on connecting too), then closes unless `stay`."""

    def __init__(self, answer: bytes, *, greet: bool = False, stay: bool = True) -> None:
        super().__init__()
        self._answer, self._greet, self._stay = answer, greet, stay
        self.received = b""

    def _serve(self, client: socket.socket) -> None:
        if self._greet:
            client.sendall(self._answer)
        while self._stay or not self._greet:
            data = client.recv(1 << 16)
            if not data:
                return
            self.received += data
            client.sendall(self._answer)
            if not self._stay:
                return


class DroppingProxy(_Listener):
    """Stands between a client and a server, and drops the connection where a test says so.

    `commands` holds what was passed on to the server, over all connections. The drop comes once in
    the proxy's life: when `drop_at` commands or more were passed on and the server answers, so that
    it has run them, `let_through` bytes of that answer are given and the connection ends.
    """

    def __init__(self, upstream_port: int, *, drop_at: int = 1, let_through: int = 0) -> None:
        super().__init__()
        self._upstream_port = upstream_port
        self._drop_at, self._let_through = drop_at, let_through
        self._dropped = False
        self.connections = 0
        self.commands: list[list[bytes]] = []

    def _serve(self, client: socket.socket) -> None:
        self.connections += 1
        upstream = socket.create_connection(("127.0.0.1", self._upstream_port))
        self._sockets.append(upstream)
        self._spawn(lambda: self._answers(upstream, client))
        reader = RequestReader()
        try:
            while data := client.recv(1 << 16):
                reader.feed(data)
                self.commands += reader.commands()
                upstream.sendall(data)
        finally:
            _hang_up(upstream)

    def _answers(self, upstream: socket.socket, client: socket.socket) -> None:
        try:
            while data := upstream.recv(1 << 16):
                if not self._dropped and len(self.commands) >= self._drop_at:
                    self._dropped = True
                    client.sendall(data[: self._let_through])
                    return
                client.sendall(data)
        except OSError:
            pass
        finally:
            _hang_up(client)


def _hang_up(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it was over already
