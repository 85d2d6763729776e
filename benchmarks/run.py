"""Measure redislab against its peers in one run, and print the table of benchmarks/README.md.

    python benchmarks/run.py [--rounds 7] [--iredis PATH]

Every figure is a median over rounds in which the programs take turns, so that a busy machine slows all
of them alike. Needs redis-server and redis-cli; iredis is measured where it is found.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import pyte

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.servers import RedisServer  # noqa: E402 - needs the path above

REDISLAB = [sys.executable, "-m", "redislab"]
BARE_PROMPT = [
    sys.executable,
    "-c",
    "from prompt_toolkit import PromptSession\n"
    "session, count = PromptSession(), 0\n"
    "while True: session.prompt('bare> '); count += 1; print('(integer)', count)",
]
ONE_COMMAND = """
import timeit
{setup}
for run in ({set}, {get}):
    run()
    print(min(timeit.repeat(run, number=2000, repeat=5)) / 2000)
"""
NOTEBOOK = """
import time, redislab
from traitlets.config import Config
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.display_pub = CapturingDisplayPublisher()
began_s = time.perf_counter()
shell.run_cell("%load_ext redislab")
loaded_s = time.perf_counter() - began_s
client = redislab.connect()
cell = "%%redis\\n" + "SET key value\\nGET key\\n" * 50
def in_python():
    for _ in range(50):
        client.set("key", "value")
        client.get("key")
def spent_s(run):
    run()
    times_s = []
    for _ in range(10):
        began_s = time.perf_counter()
        run()
        times_s.append((time.perf_counter() - began_s) / 100)
    return min(times_s)
print(loaded_s, spent_s(lambda: shell.run_cell(cell)), spent_s(in_python))
"""
SHELL_OF_IPYTHON = """
import time
began_s = time.perf_counter()
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance()
print(time.perf_counter() - began_s)
"""
EMBEDDED = ONE_COMMAND.format(
    setup="from redislab.engines.embedded import EmbeddedEngine\n"
    "connection = EmbeddedEngine().connect()\n"
    "def ask(*args):\n    connection.send([args])\n    return list(connection.replies(0))",
    set="lambda: ask(b'SET', b'key', b'value')",
    get="lambda: ask(b'GET', b'key')",
)
KEPT = """
import itertools, tempfile, timeit
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.embedded.keeping.claim import claim
home = tempfile.TemporaryDirectory()
engine = EmbeddedEngine(claim=claim("bench", {{"REDISLAB_HOME": home.name}}) if {kept} else None)
connection = engine.connect()
connection.send([[b"SET", b"key:%d" % n, b"value:%d" % n] for n in range(10_000)])
list(connection.replies(0))
numbers = itertools.count()  # a value that stays the same is not written
def run():
    connection.send([[b"SET", b"key:5000", b"value:%d" % next(numbers)]])
    return list(connection.replies(0))
print(min(timeit.repeat(run, number=2000, repeat=5)) / 2000)
engine.close()
"""
UNDO = """
import statistics, time
from redislab.engines.embedded import EmbeddedEngine
engine = EmbeddedEngine()
engine.remember()
connection = engine.connect()
def ask(*args):
    connection.send([args])
    return list(connection.replies(0))
for start in range(0, {keys}, 1000):
    ask(b"MSET", *[b"key:%d" % (n // 2) for n in range(2 * start, 2 * start + 2000)])
for change in ([b"SET", b"key:7", b"other"], [b"FLUSHALL"]):
    times_s = []
    for _ in range(200):
        began_s = time.perf_counter()
        ask(*change)
        engine.undo(1)
        times_s.append(time.perf_counter() - began_s)
    print(statistics.median(times_s))
"""
FAKEREDIS = ONE_COMMAND.format(
    setup="import fakeredis\nclient = fakeredis.FakeRedis()",
    set="lambda: client.set('key', 'value')",
    get="lambda: client.get('key')",
)
PRIVATE = """
import time
import redislab.engines.transport  # redis-py, loaded before any engine
from redislab.engines.private import PrivateEngine
engine = PrivateEngine()
began_s = time.perf_counter()
engine.connect()
print(time.perf_counter() - began_s)
engine.close()
"""
BARE_SERVER = """
import os, socket, subprocess, sys, tempfile, time
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "s")
    began_s = time.perf_counter()
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", path, "--save", ""],
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    while True:
        try:
            socket.socket(socket.AF_UNIX).connect(path)
            break
        except OSError:
            time.sleep(0.001)
    print(time.perf_counter() - began_s)
    server.kill()
    server.wait()
"""
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


def one_command(program: str, place: int, environ: Mapping[str, str]) -> float:
    """In a process of its own, without a screen: the figure in seconds that it prints at `place`."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, env=dict(environ), check=True, cwd=ROOT
    )
    return float(done.stdout.split()[place])


def timed(args: list[str], environ: Mapping[str, str], stdin: Path | None = None) -> float:
    began_s = time.perf_counter()
    with open(stdin or os.devnull, "rb") as source:
        subprocess.run(args, stdin=source, stdout=subprocess.DEVNULL, env=dict(environ), check=True)
    return time.perf_counter() - began_s


def connections(port: int, count: int = 200) -> float:
    """Connect so many clients, each of which asks for something, and read all answers."""
    began_s = time.perf_counter()
    with ExitStack() as scope:
        clients = [scope.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(count)]
        for client in clients:
            client.sendall(b"PING\r\n")
        assert all(client.recv(7) == b"+PONG\r\n" for client in clients)
        return time.perf_counter() - began_s


def pipelined(port: int) -> float:
    """Let redis-benchmark set 20,000 keys, 16 at a time from each of 50 clients."""
    flags = ["-q", "-n", "20000", "-P", "16", "-r", "20000", "-t", "set"]
    return timed(["redis-benchmark", "-p", str(port), *flags], os.environ)


def while_serving(measure: Callable[[int], float], environ: Mapping[str, str]) -> float:
    """Measure a `redislab serve` that is there already."""
    command = [*REDISLAB, "serve", "--fresh", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(environ), cwd=ROOT) as process:
        assert process.stdout is not None
        try:
            return measure(int(process.stdout.readline().split(b":")[1]))
        finally:
            process.terminate()


def peak_mb(args: list[str], environ: Mapping[str, str]) -> float:
    """Peak memory of one run, by a child of its own so that the figure is not another's."""
    program = (
        "import resource, subprocess, sys;"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *args], capture_output=True, env=dict(environ), check=True
    )
    return int(done.stdout) / 1024


def medians(programs: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    results: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, measure in programs.items():
            results[name].append(measure())
    return {name: statistics.median(times) for name, times in results.items()}


def shown(value: float, unit: str) -> str:
    if unit == "MB":
        return f"{value:.0f} MB"
    if value < 0.001:
        return f"{value * 1e6:.1f} µs"
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--iredis", default=shutil.which("iredis"))
    options = parser.parse_args()
    with RedisServer() as server, tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "HOME": home, "XDG_STATE_HOME": home, "TERM": "xterm-256color"}
        print("| what | redislab | peers |\n|---|---|---|")
        for title, unit, rounds, programs in rows(server, environ, Path(home), options.iredis):
            figures = medians(programs, min(rounds, options.rounds))
            ours = figures.pop("redislab")
            peers = ", ".join(
                f"{name} {shown(value, unit)} ({ours / value:.2f} ×)" for name, value in figures.items()
            )
            print(f"| {title} | {shown(ours, unit)} | {peers} |", flush=True)


Row = tuple[str, str, int, dict[str, Callable[[], float]]]


def rows(server: RedisServer, environ: Mapping[str, str], home: Path, iredis: str | None) -> list[Row]:
    port = str(server.port)
    cli, lab = ["redis-cli", "-p", port], [*REDISLAB, "repl", "-p", port]
    other = [iredis, "-p", port] if iredis else None
    big = ["LRANGE", "million", "0", "-1"]
    prompt = f"127.0.0.1:{port}".encode()
    sets, ping, look = home / "sets", home / "ping", home / "look"
    sets.write_text("".join(f"SET key:{index} value:{index}\n" for index in range(100_000)))
    ping.write_text("PING\n")
    look.write_text(" ".join(big) + "\n")
    pushes = []
    for start in range(0, 1_000_000, 1_000):  # an inline request may have 64 KB
        pushes.append("RPUSH million " + " ".join(f"element:{n}" for n in range(start, start + 1_000)))
    server.cli("--pipe", stdin="\r\n".join([*pushes, ""]).encode())

    def with_iredis(measure: Callable[[list[str]], float]) -> dict[str, Callable[[], float]]:
        return {"iredis": lambda: measure(other)} if other else {}

    return [
        (
            "start to first prompt, embedded", "s", 15,
            {
                "redislab": lambda: first_prompt([*REDISLAB, "repl"], b"redislab>", environ),
                "bare prompt_toolkit": lambda: first_prompt(BARE_PROMPT, b"bare>", environ),
                "redis-cli": lambda: first_prompt(cli, prompt, environ),
                **with_iredis(lambda args: first_prompt(args, prompt, environ)),
            },
        ),
        (
            "start to first answer, embedded, typed at once", "s", 15,
            {
                "redislab": lambda: first_answer([*REDISLAB, "repl"], b"redislab>", environ),
                **with_iredis(lambda args: first_answer(args, prompt, environ)),
            },
        ),
        (
            "a command at the prompt", "s", 3,
            {
                "redislab": lambda: typed_command(lab, prompt, environ),
                "bare prompt_toolkit": lambda: typed_command(BARE_PROMPT, b"bare>", environ),
                **with_iredis(lambda args: typed_command(args, prompt, environ)),
            },
        ),
        (
            "a key at the prompt, 100,000 keys in the database (99th percentile)", "s", 3,
            {
                "redislab": lambda: typed_key([*REDISLAB, "repl"], b"redislab>", environ, MANY_KEYS),
                "redislab, empty": lambda: typed_key([*REDISLAB, "repl"], b"redislab>", environ, NO_KEYS),
                "bare prompt_toolkit": lambda: typed_key(BARE_PROMPT, b"bare>", environ),
                **({"iredis": lambda: typed_key(other, prompt, environ)} if other else {}),
            },
        ),
        *[
            (
                f"{name} on the embedded engine, without a screen", "s", 3,
                {
                    "redislab": lambda place=place: one_command(EMBEDDED, place, environ),
                    "fakeredis's own client": lambda place=place: one_command(FAKEREDIS, place, environ),
                },
            )
            for place, name in enumerate(("SET", "GET"))
        ],
        (
            "SET in a kept lab of 10,000 keys, without a screen", "s", 5,
            {
                "redislab": lambda: one_command(KEPT.format(kept=True), 0, environ),
                "redislab --fresh": lambda: one_command(KEPT.format(kept=False), 0, environ),
            },
        ),
        *[
            (
                f"{name} and its undo, 100,000 keys", "s", 3,
                {
                    "redislab": lambda place=place: one_command(UNDO.format(keys=100_000), place, environ),
                    "redislab, 1,000 keys": lambda place=place: one_command(
                        UNDO.format(keys=1_000), place, environ
                    ),
                },
            )
            for place, name in enumerate(("SET", "FLUSHALL"))
        ],
        (
            "a private server, from nothing to its first connection", "s", 9,
            {
                "redislab": lambda: one_command(PRIVATE, 0, environ),
                "redis-server alone": lambda: one_command(BARE_SERVER, 0, environ),
            },
        ),
        (
            "`--help`", "s", 15,
            {
                "redislab": lambda: timed([*REDISLAB, "--help"], environ),
                **({"iredis": lambda: timed([iredis, "--help"], environ)} if iredis else {}),
            },
        ),
        (
            "one piped PING to a server", "s", 15,
            {
                "redislab": lambda: timed(lab, environ, ping),
                "redis-cli": lambda: timed(cli, environ, ping),
                **with_iredis(lambda args: timed(args, environ, ping)),
            },
        ),
        (
            "100,000 piped SETs", "s", 3,
            {
                "redislab": lambda: timed(lab, environ, sets),
                "redis-cli": lambda: timed(cli, environ, sets),
            },
        ),
        (
            "`%load_ext redislab`", "s", 7,
            {
                "redislab": lambda: one_command(NOTEBOOK, 0, environ),
                "IPython's own start": lambda: one_command(SHELL_OF_IPYTHON, 0, environ),
            },
        ),
        *[
            (
                f"a command in a `%%redis` cell, {name}", "s", 5,
                {
                    "redislab": lambda there=there: one_command(NOTEBOOK, 1, {**environ, **there}),
                    "redis-py": lambda there=there: one_command(NOTEBOOK, 2, {**environ, **there}),
                },
            )
            for name, there in (
                ("embedded", {"REDISLAB_URL": ""}),
                ("on a server", {"REDISLAB_URL": f"redis://127.0.0.1:{port}"}),
            )
        ],
        *[
            (
                name, "s", 5,
                {
                    "redislab serve": lambda measure=measure: while_serving(measure, environ),
                    "redis-server": lambda measure=measure: measure(server.port),
                },
            )
            for name, measure in (
                ("200 connections to `serve`, each answered", connections),
                ("20,000 pipelined SETs to `serve`", pipelined),
            )
        ],
        *[
            (
                f"LRANGE of 1,000,000, {name}", "s", 5,
                {
                    "redislab": lambda flag=flag: timed([*lab, flag, *big], environ),
                    "redis-cli": lambda flag=flag: timed([*cli, flag, *big], environ),
                    **({"iredis": lambda flag=flag: timed([*other, flag], environ, look)}
                       if other and flag == "--raw" else {}),
                },
            )
            for name, flag in (("raw", "--raw"), ("standard", "--no-raw"))
        ],
        *[
            (
                f"its peak memory, {name}", "MB", 1,
                {
                    "redislab": lambda flag=flag: peak_mb([*lab, flag, *big], environ),
                    "redis-cli": lambda flag=flag: peak_mb([*cli, flag, *big], environ),
                },
            )
            for name, flag in (("raw", "--raw"), ("standard", "--no-raw"))
        ],
    ]  # fmt: skip


if __name__ == "__main__":
    main()
