"""Measure redislab against its peers in one run, and print the table of benchmarks/README.md.

    python benchmarks/run.py [--rounds 7] [--iredis PATH]

Every figure is a median over rounds in which the programs take turns, so that a busy machine slows all
of them alike. Needs redis-server and redis-cli; iredis is measured where it is found.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.programs import (  # noqa: E402 - these need the path above
    BARE_PROMPT,
    BARE_SERVER,
    EMBEDDED,
    FAKEREDIS,
    KEPT,
    NOTEBOOK,
    PRIVATE,
    REDISLAB,
    SHELL_OF_IPYTHON,
    UNDO,
)
from benchmarks.terminal import (  # noqa: E402
    MANY_KEYS,
    NO_KEYS,
    first_answer,
    first_prompt,
    typed_command,
    typed_key,
)
from tests.servers import RedisServer  # noqa: E402


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
