"""What a person at a terminal waits for: the first prompt, an answer, a key on the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import termios
import time
from collections.abc import Mapping

import pyte

TYPED = ("GET key:12", "DEL key:999 key:5", "HGETALL nobody", "SET key:77 v EX 10", "LRANGE key:1 0 1")
KEY_EVERY_S = 0.05
MANY_KEYS = b"""EVAL "for i = 1, 100000 do redis.call('SET', 'key:' .. i, 'v') end" 0"""
NO_KEYS = b'EVAL "return nil" 0'  # what loads behind the first prompt is there
ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x1b\][^\x07]*\x07")


class Terminal:
    """A program on a pty; waits for what it shows, and answers the cursor question that prompts ask."""

    def __init__(self, args: list[str], environ: Mapping[str, str]) -> None:
        self.started_s = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(args[0], args, dict(environ))
        self.seen = b""

    def wait_for(self, text: bytes, timeout_s: float = 20.0) -> float:
        """Seconds from the start until `text` has been shown."""
        end_s = time.perf_counter() + timeout_s
        while text not in ESCAPES.sub(b"", self.seen):
            ready, _, _ = select.select([self.fd], [], [], max(0.0, end_s - time.perf_counter()))
            if not ready:
                raise TimeoutError(f"{text!r} not seen in {self.seen[-300:]!r}")
            data = os.read(self.fd, 1 << 16)
            if b"\x1b[6n" in data:
                os.write(self.fd, b"\x1b[1;1R")
            self.seen += data
        return time.perf_counter() - self.started_s

    def press(self, keys: bytes, *, until: bytes) -> float:
        """Seconds from these keys until `until` has been shown."""
        self.seen = b""
        began_s = time.perf_counter()
        os.write(self.fd, keys)
        self.wait_for(until)
        return time.perf_counter() - began_s

    def close(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def first_prompt(args: list[str], prompt: bytes, environ: Mapping[str, str]) -> float:
    terminal = Terminal(args, environ)
    try:
        return terminal.wait_for(prompt)
    finally:
        terminal.close()


def first_answer(args: list[str], prompt: bytes, environ: Mapping[str, str]) -> float:
    """From exec to the answer of a command that is typed as soon as the prompt stands."""
    terminal = Terminal(args, environ)
    try:
        terminal.wait_for(prompt)
        os.write(terminal.fd, b"PING\r")
        return terminal.wait_for(b"PONG")
    finally:
        terminal.close()


def typed_command(args: list[str], prompt: bytes, environ: Mapping[str, str]) -> float:
    """A command at the prompt: from Enter to its answer, the median of many."""
    terminal = Terminal(args, environ)
    try:
        terminal.wait_for(prompt)
        key = b"counter:%d" % terminal.pid
        times_s = []
        for number in range(1, 31):
            terminal.press(b"INCR %b" % key, until=key)
            times_s.append(terminal.press(b"\r", until=b"(integer) %d" % number))
            terminal.wait_for(prompt)
        return statistics.median(times_s)
    finally:
        terminal.close()


def typed_key(args: list[str], prompt: bytes, environ: Mapping[str, str], setup: bytes = b"") -> float:
    """A key of a fast typist, until the bytes that show it have come: the 99th percentile of 300.

    What pyte takes to read them is not counted: it is much slower than a terminal.
    """
    screen = pyte.Screen(100, 30)
    stream = pyte.ByteStream(screen)
    terminal = Terminal(args, environ)
    try:
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", screen.lines, screen.columns, 0, 0))
        terminal.wait_for(prompt)
        if setup:
            terminal.press(setup + b"\r", until=b"(nil)")
        stream.feed(terminal.seen[-300:])

        def look(timeout_s: float) -> float | None:
            """When bytes came; None if none did."""
            if not select.select([terminal.fd], [], [], timeout_s)[0]:
                return None
            seen = os.read(terminal.fd, 1 << 16)
            came_s = time.perf_counter()
            stream.feed(seen)
            return came_s

        times_s = []
        for line in TYPED * 4:
            for place, key in enumerate(line, 1):
                time.sleep(KEY_EVERY_S)
                while look(0):
                    pass
                began_s = came_s = time.perf_counter()
                os.write(terminal.fd, key.encode())
                while not screen.display[screen.cursor.y][: screen.cursor.x].endswith(f"> {line[:place]}"):
                    came_s = look(10) or 0
                    if not came_s:
                        raise TimeoutError(f"{line[:place]!r} is not on the screen")
                times_s.append(came_s - began_s)
            os.write(terminal.fd, b"\x15")  # Ctrl-U
            while look(KEY_EVERY_S):
                pass
        return sorted(times_s)[int(len(times_s) * 0.99)]
    finally:
        terminal.close()
