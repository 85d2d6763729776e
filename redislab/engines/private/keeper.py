"""A program of its own, which starts a server and ends it when the process that asked for it is gone.

    python -I -S keeper.py FOLDER PROGRAM

Configuration comes on standard input, up to an empty line; after that the asking process holds its end of
the pipe and writes nothing. However it ends, kill -9 too, the system closes that end: then the server is
killed and the folder removed. As the server's parent the keeper knows that the process it kills is the one
it started. A parent-death signal would do for Linux alone, and follows the thread that started the child,
not the process. What went wrong at the start is told on standard output.

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
    server: subprocess.Popen[bytes] | None = None
    try:
        path = os.path.join(folder, CONFIGURATION)
        with open(path, "xb") as file:
            file.write(configuration)
        with open(os.path.join(folder, LOG), "xb") as log:
            server = subprocess.Popen(
                [program, path], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder
            )
        threading.Thread(target=_follow, args=[server], daemon=True).start()
        code = server.wait()
        _tell(folder)
        return code
    except OSError as error:
        _say(f"{program}: {error.strerror}".encode("utf-8", "surrogateescape"))
        return 1
    finally:
        if server is not None:
            server.kill()
            server.wait()
        _remove(folder)


def _configuration() -> bytes | None:
    """What stands before the empty line; None if there is no such line."""
    lines: list[bytes] = []
    while line := os.read(0, 1 << 16):
        lines.append(line)
        text = b"".join(lines)
        if text.endswith(b"\n\n"):
            return text
    return None


def _follow(server: subprocess.Popen[bytes]) -> None:
    """Wait until nobody holds the other end of standard input."""
    while os.read(0, 1 << 10):
        pass
    server.kill()


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
