"""A program of its own, which starts a server and ends it when the process that asked for it is gone.

    python -I -S keeper.py FOLDER PROGRAM

Configuration comes on standard input, up to an empty line; after that the asking process holds its end of
the pipe. A byte that it writes there means: kill the server and start it again on its files; the byte `GONE`
on standard output answers that the old one is no more. However the asking process ends, kill -9 too, the
system closes its end: then the server is killed and the folder removed. As the server's parent the keeper
knows that the process it kills is the one it started. A parent-death signal would do for Linux alone, and
follows the thread that started the child, not the process. What went wrong at the start is told on standard
output.

Imports nothing of redislab, for it must start quickly.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

CONFIGURATION = "server.conf"
LOG = "log"
TOLD_BYTES = 4_000  # of the end of the server's log
GONE = b"\n"  # said when the server has been killed and is to be started again


def main(folder: str, program: str) -> int:
    """The server's exit code, once it has ended."""
    signal.signal(signal.SIGTERM, _end)
    configuration = _configuration()
    if configuration is None:
        return 1  # the asking process is gone already
    try:
        os.mkdir(folder, 0o700)
    except OSError as error:
        _say(f"{folder}: {error.strerror}".encode("utf-8", "surrogateescape"))
        return 1
    server = _Server(folder, program)
    try:
        with open(os.path.join(folder, CONFIGURATION), "xb") as file:
            file.write(configuration)
        server.start()
        threading.Thread(target=_follow, args=[server], daemon=True).start()
        while server.wait():
            _say(GONE)
            server.start()
        _tell(folder)
        return server.code
    except OSError as error:
        _say(f"{program}: {error.strerror}".encode("utf-8", "surrogateescape"))
        return 1
    finally:
        server.end()
        _remove(folder)


class _Server:
    """The server's process, and those that come after it on the same files."""

    def __init__(self, folder: str, program: str) -> None:
        self._folder, self._program = folder, program
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._is_over = False
        self._again = 0  # how often it is still to be started
        self.code = 1

    def start(self) -> None:
        path = os.path.join(self._folder, CONFIGURATION)
        with self._lock, open(os.path.join(self._folder, LOG), "ab") as log:
            if not self._is_over:
                self._process = subprocess.Popen(
                    [self._program, path], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder
                )

    def wait(self) -> bool:
        """Until it has ended; whether it is to be started again."""
        if self._process is not None:
            self.code = self._process.wait()
        with self._lock:
            wanted, self._again = self._again > 0 and not self._is_over, 0
        return wanted

    def kill(self) -> None:
        """Kill -9, and start it again."""
        with self._lock:
            self._again += 1
            if self._process is not None:
                self._process.kill()

    def end(self) -> None:
        """Kill -9, for good."""
        with self._lock:
            self._is_over = True
            if self._process is not None:
                self._process.kill()
                self._process.wait()


def _configuration() -> bytes | None:
    """What stands before the empty line; None if there is no such line."""
    lines: list[bytes] = []
    while line := os.read(0, 1 << 16):
        lines.append(line)
        text = b"".join(lines)
        if text.endswith(b"\n\n"):
            return text
    return None


def _follow(server: _Server) -> None:
    """Do as the other end of standard input says, until nobody holds it."""
    while os.read(0, 1):
        server.kill()
    server.end()


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(1)  # through `finally`


def _tell(folder: str) -> None:
    with open(os.path.join(folder, LOG), "rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - TOLD_BYTES))
        _say(log.read())


def _say(text: bytes) -> None:
    try:
        os.write(1, text)
    except OSError:
        pass  # nobody listens any more


def _remove(folder: str) -> None:
    import shutil  # not before the server runs

    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
