"""Point a checked-out Redis test suite at `redislab serve`: `run_redis_suite.py ~/src/redis-7.0.15`.

The suite is Redis's own (its sources, `tests/` and `src/`; `apt-get source redis` has 7.0.15); nothing of
it is kept here, and the checkout is not written to. It needs `tclsh`. Each unit runs in the suite's external
mode against a server of its own; a unit that does not end, or that the suite gives up, is told apart from
tests that fail. `--server HOST:PORT` runs it against any server, which is emptied.

Exit code 0: every test passed, or as many as `--least` asks for, with no hang and no abort. Else 1.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

DATA_TYPES = (
    *("unit/type/string", "unit/type/incr", "unit/type/list", "unit/type/list-2", "unit/type/list-3"),
    *("unit/type/set", "unit/type/zset", "unit/type/hash", "unit/type/stream", "unit/type/stream-cgroups"),
    *("unit/keyspace", "unit/scan", "unit/expire", "unit/sort", "unit/bitops", "unit/bitfield", "unit/geo"),
    "unit/hyperloglog",
)
MORE = (
    *("unit/multi", "unit/pubsub", "unit/scripting", "unit/functions", "unit/protocol", "unit/quit"),
    *("unit/querybuf", "unit/info-command", "unit/introspection", "unit/introspection-2", "unit/other"),
    *("unit/pause", "unit/slowlog", "unit/dump", "unit/tracking", "unit/latency-monitor", "unit/lazyfree"),
)
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"\[(ok|err|exception|ignore|skip|TIMEOUT)\]: (.*)")


@dataclass
class Outcome:
    """What became of one unit."""

    unit: str
    passed: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)  # the test, the first line of why
    left_out: int = 0
    end: str = ""  # "hang", "abort", or empty: it ran to its end
    why: str = ""
    seconds: float = 0.0


def main() -> int:
    args = _arguments()
    suite: Path = args.suite.resolve()
    tclsh = shutil.which("tclsh") or shutil.which("tclsh8.6")
    if tclsh is None:
        sys.exit("tclsh is not on the PATH; Debian's package is called tcl")
    if not (suite / "tests" / "test_helper.tcl").is_file():
        sys.exit(f"{suite} holds no Redis sources: there is no tests/test_helper.tcl")
    units = args.unit or (DATA_TYPES + MORE if args.all else DATA_TYPES)
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="redis-suite-") as folder:
        place = Path(folder)
        shutil.copytree(suite / "tests", place / "tests", ignore=shutil.ignore_patterns("tmp"))
        (place / "tests" / "tmp").mkdir()
        (place / "src").symlink_to(suite / "src")
        for unit in units:
            with _server(args.server) as (host, port):
                outcome = run_unit(unit, place, tclsh, host, port, _chosen(args), args.timeout)
            outcomes.append(outcome)
            _print_unit(outcome)
    return _judge(outcomes, args.least)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("suite", type=Path, help="a folder with Redis's sources")
    parser.add_argument(
        "--unit", action="append", help="only this unit, e.g. unit/type/list; may be repeated"
    )
    parser.add_argument("--all", action="store_true", help="scripting, pub/sub, MULTI and others as well")
    parser.add_argument("--server", help="HOST:PORT of a server that runs already, and is emptied")
    parser.add_argument("--deny", action="append", default=[], help="leave out tests with this tag (slow)")
    parser.add_argument("--skip", action="append", default=[], help="leave out the test of this name")
    parser.add_argument("--timeout", type=float, default=600, help="seconds for one unit (600)")
    parser.add_argument("--least", type=int, help="so many passed tests are enough for exit code 0")
    return parser.parse_args()


def _chosen(args: argparse.Namespace) -> list[str]:
    """The suite's own options for what is left out."""
    words = [word for test in args.skip for word in ("--skiptest", test)]
    return [*words, "--tags", " ".join(f"-{tag}" for tag in args.deny)] if args.deny else words


@contextmanager
def _server(given: str | None) -> Iterator[tuple[str, int]]:
    """The address of the given server, or of a `redislab serve`; kept, because some tests reload data."""
    if given is not None:
        host, _, port = given.rpartition(":")
        yield host or "127.0.0.1", int(port)
        return
    command = [sys.executable, "-m", "redislab", "serve", "-p", "0", "--lab", "suite"]
    with (
        tempfile.TemporaryDirectory(prefix="redis-suite-lab-") as home,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "REDISLAB_HOME": home}
        ) as process,
    ):
        try:
            assert process.stdout is not None
            banner = process.stdout.readline()
            found = re.search(r" at (.+):(\d+): ", banner)
            if found is None:
                sys.exit(f"redislab serve did not start: {banner}")
            yield found[1], int(found[2])
        finally:
            process.terminate()
            process.wait()


def run_unit(
    unit: str, place: Path, tclsh: str, host: str, port: int, options: Sequence[str], timeout_s: float
) -> Outcome:
    """Run one unit of the suite that lies in `place`."""
    command = [tclsh, "tests/test_helper.tcl", "--host", host, "--port", str(port), "--single", unit]
    command += ["--durable", "--timeout", str(int(timeout_s)), "--baseport", str(_free_port() + 32)]
    command += options
    outcome = Outcome(unit)
    began_s = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        process = subprocess.Popen(command, cwd=place, stdout=log, stderr=log, start_new_session=True)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            outcome.end, outcome.why = "hang", f"no end after {timeout_s:.0f} s"
        finally:
            _end_all_of(process)
        log.seek(0)
        said = _ESCAPES.sub("", log.read())
    outcome.seconds = time.monotonic() - began_s
    read_log(said, outcome)
    if not outcome.end and f"done]: {unit}" not in said:
        outcome.end = "abort"
        found = re.search(r"^\[exception\]: (.*)", said, re.MULTILINE)
        outcome.why = found[1] if found else (said.strip().splitlines() or ["nothing was said"])[-1]
    return outcome


def _free_port() -> int:
    """For the suite's own processes, which talk at the base port less 32."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _end_all_of(process: subprocess.Popen[bytes]) -> None:
    """The suite's processes are in a session of their own; what is left of them goes."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def read_log(said: str, outcome: Outcome) -> None:
    """Count what the suite says of each test."""
    lines = said.splitlines()
    for number, line in enumerate(lines):
        found = _LINE.match(line)
        if found is None:
            continue
        word, rest = found.groups()
        if word == "ok":
            outcome.passed += 1
        elif word == "err":
            why = lines[number + 1] if number + 1 < len(lines) else ""
            outcome.failures.append((rest.rpartition(" in ")[0] or rest, why))
        elif word in ("ignore", "skip"):
            outcome.left_out += 1


def _print_unit(outcome: Outcome) -> None:
    counts = f"{outcome.passed:5d} passed {len(outcome.failures):4d} failed {outcome.left_out:3d} left out"
    print(f"{outcome.unit:28s}{counts} {outcome.seconds:6.1f} s  {outcome.end.upper()}", flush=True)
    if outcome.end:
        print(f"    {outcome.end}: {outcome.why[:160]}")
    for test, why in outcome.failures:
        print(f"    {test}\n        {why[:160]}")


def _judge(outcomes: Sequence[Outcome], least: int | None) -> int:
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(len(outcome.failures) for outcome in outcomes)
    broken = [outcome.unit for outcome in outcomes if outcome.end]
    print(f"{passed} of {passed + failed} passed; hung or aborted: {', '.join(broken) or 'none'}")
    enough = failed == 0 if least is None else passed >= least
    return 0 if enough and not broken else 1


if __name__ == "__main__":
    sys.exit(main())
