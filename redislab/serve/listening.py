"""Sockets to listen at: a TCP port, or a unix socket that only its owner may open."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import socket
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from redislab.errors import CannotListen

BACKLOG = 511  # as redis-server's tcp-backlog
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """Where a lab can be reached: a host and a port, or the path of a unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def options(self) -> str:
        """The words behind `redislab repl` or `redis-cli` that lead here."""
        if self.path:
            return f"-s {shlex.quote(self.path)}"
        host = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(self.host, self.host)  # all addresses: ours too
        return f"-p {self.port}" if host == LOOPBACK else f"-h {host} -p {self.port}"


@dataclass
class Listener:
    """A bound socket, and the file that goes with it."""

    socket: socket.socket
    address: Address
    _inode: int = 0

    def close(self) -> None:
        """Stop listening; a unix socket's file goes, if it is still ours."""
        self.socket.close()
        if self.address.path:
            with contextlib.suppress(OSError):
                if os.lstat(self.address.path).st_ino == self._inode:
                    os.unlink(self.address.path)


def listen_tcp(host: str, port: int) -> Listener:
    """Port 0: one that is free. Raises CannotListen."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, name = found[0]
        bound = socket.create_server(name[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise _cannot(f"{host}:{port}", error, "another port: -p PORT; -p 0 takes a free one") from None
    bound.setblocking(False)
    host, port = bound.getsockname()[:2]
    return Listener(bound, Address(host, port))


def listen_unix(path: str) -> Listener:
    """A socket with mode 0600 from its first moment. One that nobody answers at is replaced.

    It is made in a folder that only we may enter, then moved to its place: between `bind` and
    `chmod` no other user can open it, and the process's umask stays alone. Raises CannotListen.
    """
    if sys.platform == "win32" or not hasattr(socket, "AF_UNIX"):
        raise CannotListen("Unix sockets are not available here", remedy="-p PORT listens at a TCP port")
    place = Path(os.path.abspath(path))
    _check_free(place)
    bound = socket.socket(socket.AF_UNIX)
    try:
        with tempfile.TemporaryDirectory(prefix=".rl-", dir=place.parent) as folder:
            young = os.path.join(folder, "s")
            bound.bind(young)
            os.chmod(young, 0o600)
            inode = os.lstat(young).st_ino
            os.rename(young, place)
        bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        raise _cannot(str(place), error, "a folder of yours, and a path of less than 90 bytes") from None
    bound.setblocking(False)
    return Listener(bound, Address(path=str(place)), inode)


def _check_free(place: Path) -> None:
    """Raises CannotListen where something lives at that path."""
    try:
        mode = os.lstat(place).st_mode
    except OSError:
        return
    if not stat.S_ISSOCK(mode):
        raise CannotListen(f"{place} is there already and is no socket", remedy="another path: --socket PATH")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1.0)
        with contextlib.suppress(OSError):
            probe.connect(str(place))
            raise CannotListen(
                f"Somebody listens at {place} already", remedy=f"join it: redislab repl -s {place}"
            )


def _cannot(where: str, error: OSError, remedy: str) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        return CannotListen(f"Cannot listen at {where}: something else does already", remedy=remedy)
    reason = (error.strerror or str(error)).lower()
    return CannotListen(f"Cannot listen at {where}: {reason}", remedy=remedy)
