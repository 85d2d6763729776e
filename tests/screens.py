"""redislab in a real terminal: a pty, and a screen (pyte) that reads what is written to it."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from types import TracebackType

import pyte

if sys.platform != "win32":
    import fcntl
    import pty
    import struct
    import termios

TIMEOUT_S = 20.0
COLUMNS, LINES = 100, 24


class Terminal:
    """One process in a terminal of its own, ended with the `with` block."""

    def __init__(self, *args: str, environ: dict[str, str] | None = None, lines: int = LINES) -> None:
        self.screen = pyte.HistoryScreen(COLUMNS, lines, history=10_000)
        self.screen.write_process_input = self._answer  # type: ignore[method-assign]
        self.received = b""
        self._stream = pyte.ByteStream(self.screen)
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        given = {**inherited, "TERM": "xterm-256color", "REDISLAB_HISTORY": os.devnull, **(environ or {})}
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, COLUMNS, 0, 0))
            os.execve(sys.executable, [sys.executable, "-m", "redislab", *args], given)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._fd)

    def resize(self, columns: int, lines: int) -> None:
        """The window's new size, and the signal that tells of it."""
        self.screen.resize(lines, columns)
        self.screen.cursor.y = min(self.screen.cursor.y, lines - 1)  # pyte leaves it below the window
        self.screen.cursor.x = min(self.screen.cursor.x, columns - 1)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, text: str) -> None:
        """Press these keys; what the program writes meanwhile is read, or both would wait for ever."""
        data = text.encode()
        while data:
            readable, writable, _ = select.select([self._fd], [self._fd], [], TIMEOUT_S)
            if readable:
                self._read(0)
            if writable:
                data = data[os.write(self._fd, data[:256]) :]
            assert readable or writable, "the program takes no keys"

    def send(self, line: str) -> None:
        """Type a line and Enter; gives back when the line has been taken."""
        end = line[-20:]
        self.type(line)
        self.wait_for(lambda lines: self._before_cursor().endswith(end), f"{line!r} at the prompt")
        self.type("\r")
        self.wait_for(lambda lines: not self._before_cursor().endswith(end), f"{line!r} taken")

    def enter(self, *lines: str) -> None:
        """Type lines, each with Enter, waiting for the prompt in between."""
        for line in lines:
            self.send(line)
            self.wait_for_prompt()

    def kill(self, number: int) -> None:
        os.kill(self.pid, number)

    @property
    def is_cooked(self) -> bool:
        """Whether the terminal echoes, edits lines and turns Ctrl-C into a signal, as it does for a shell."""
        wanted = termios.ECHO | termios.ICANON | termios.ISIG
        return bool(termios.tcgetattr(self._fd)[3] & wanted == wanted)

    @property
    def lines(self) -> list[str]:
        """What is on the screen, without trailing blanks."""
        shown = [line.rstrip() for line in self.screen.display]
        while shown and not shown[-1]:
            shown.pop()
        return shown

    def wait_for(self, condition: Callable[[list[str]], bool], what: str = "that") -> None:
        """Read what is written until the screen's lines are so. Fails with what is on the screen."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while not condition(self.lines):
            alive = self._read(0.1)
            if not condition(self.lines) and (not alive or time.monotonic() > deadline_s):
                raise AssertionError("\n".join([f"{what} did not come about; the screen:", *self.lines]))

    def wait_for_line(self, line: str) -> None:
        self.wait_for(lambda lines: line in lines, repr(line))

    def wait_for_last_line(self, beginning: str) -> None:
        """Until the last line begins so; a hint or a suggestion may stand behind it."""
        self.wait_for(lambda lines: lines[-1:] != [] and lines[-1].startswith(beginning), beginning)

    def wait_for_prompt(self, prompt: str = "> ") -> None:
        """Until the cursor stands behind an empty prompt that ends so."""
        self.wait_for(lambda lines: self._before_cursor().endswith(prompt), f"the prompt {prompt!r}")

    def wait_until_running(self) -> None:
        """Until a command runs: the terminal turns Ctrl-C into a signal, which it does not at the prompt."""
        self.wait_for(lambda lines: bool(termios.tcgetattr(self._fd)[3] & termios.ISIG), "a running command")

    def ended(self) -> int:
        """Wait until the process has ended; its exit code."""
        deadline_s = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline_s:
            self._read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
        raise AssertionError("the process goes on")

    def _answer(self, data: str) -> None:
        """Where the cursor is, when the program asks for it."""
        os.write(self._fd, data.replace("\x9b", "\x1b[").encode())

    def _before_cursor(self) -> str:
        cursor = self.screen.cursor
        row = self.screen.buffer[cursor.y]
        return "".join(row[column].data for column in range(cursor.x))

    def _read(self, timeout_s: float) -> bool:
        """Take what is there; False when the process has closed its side."""
        ready, _, _ = select.select([self._fd], [], [], timeout_s)
        if not ready:
            return True
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            return False
        self.received += data
        self._stream.feed(data)
        return bool(data)
