"""Programs that write to a lab and are killed: what was answered must be there afterwards, and nothing half.

    python -m tests.engines.embedded.keeping.crashes [--kills 40] [--seed 0] [--sabotage NAME]

Each writer is a child of this process that runs batches of commands known beforehand and says after each
that it was answered. It is killed at a chosen call to the disk (before, halfway, after) or at any moment.
What is loaded then must be the state after the answered batches, or after one more. Then the lab is
written again, and loaded again. `--sabotage` puts a mistake into the writer that must be found.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from redislab.core.engine import Connection
from redislab.engines.embedded.keeping import header
from redislab.engines.embedded.keeping import keeper as keepers
from redislab.engines.embedded.keeping import log as logs
from redislab.engines.embedded.keeping.disk import Disk
from tests.engines.embedded.asking import whole_replies
from tests.engines.embedded.keeping.kept import KeptLab, picture_of_file
from tests.engines.embedded.pictures import Picture

BATCHES = 60  # of each writer
GROWTH_BYTES = 1_500  # so that a writer compacts many times

Batch = list[tuple[bytes, ...]]


def batches(seed: int) -> Iterator[Batch]:
    """Commands whose outcome neither time nor chance decides, on small and on large values."""
    chosen = random.Random(seed)
    number = 0
    while True:
        batch: Batch = []
        for _ in range(chosen.choice((1, 1, 1, 2, 4))):
            number += 1
            batch.append(tuple(_command(chosen, b"%d" % number)))
        if chosen.random() < 0.2:
            batch = [(b"MULTI",), *batch, (b"EXEC",)]
        yield [(b"SELECT", b"%d" % chosen.randrange(2)), *batch]  # another writer goes on in the same one


def _command(chosen: random.Random, number: bytes) -> list[bytes]:
    some = [b"%d" % chosen.randrange(60) for _ in range(chosen.choice((1, 2, 40)))]
    key = chosen.choice((b"a", b"b"))
    return chosen.choice((
        [b"SET", key, number * chosen.choice((1, 100))],
        [b"APPEND", b"string", number],
        [b"SETRANGE", b"string", b"%d" % chosen.randrange(400), number],
        [b"RPUSH", b"list", *some],
        [b"LPOP", b"list", b"3"],
        [b"LREM", b"list", b"0", some[0]],
        [b"SADD", b"set", *some],
        [b"SREM", b"set", *some],
        [b"HSET", b"hash", *(word for each in some for word in (each, number))],
        [b"HDEL", b"hash", *some],
        [b"ZADD", b"zset", *(word for each in some for word in (number, each))],
        [b"ZREM", b"zset", *some],
        [b"XADD", b"stream", number + b"-1", b"f", number],
        [b"XTRIM", b"stream", b"MAXLEN", b"5"],
        [b"XGROUP", b"CREATE", b"stream", b"g", b"0", b"MKSTREAM"],
        [b"PEXPIREAT", key, b"4102444800%03d" % (int(number) % 1000)],
        [b"DEL", chosen.choice((b"a", b"list", b"set", b"hash", b"zset", b"stream", b"string"))],
        [b"RENAME", b"a", b"b"],
        [b"SWAPDB", b"0", b"1"],
        [b"FLUSHDB"] if chosen.random() < 0.1 else [b"PERSIST", key],
    ))  # fmt: skip


def run(connection: Connection, batch: Batch) -> None:
    """Send a batch and read all of its answers."""
    connection.send(batch)
    answered = sum(1 for _ in islice(whole_replies(connection, None), len(batch)))
    assert answered == len(batch)


class KillingDisk(Disk):
    """Ends the process at the `at`th call: before it, after it, or after half of what is to be written."""

    def __init__(self, at: int, phase: str) -> None:
        self.calls = 0
        self._at = at
        self._phase = phase

    def _step(self, phase: str) -> None:
        if phase == "before":
            self.calls += 1
        if self.calls == self._at and phase == self._phase:
            os.kill(os.getpid(), signal.SIGKILL)

    def open_anew(self, path: Path) -> int:
        self._step("before")
        fd = super().open_anew(path)
        self._step("after")
        return fd

    def write(self, fd: int, data: bytes | memoryview) -> int:
        self._step("before")
        if self.calls == self._at and self._phase == "half":
            super().write(fd, data[: len(data) // 2])
        self._step("half")
        written = super().write(fd, data)
        self._step("after")
        return written

    def flush(self, fd: int) -> None:
        self._step("before")
        super().flush(fd)
        self._step("after")

    def cut(self, fd: int, size: int) -> None:
        self._step("before")
        super().cut(fd, size)
        self._step("after")

    def replace(self, new: Path, old: Path) -> None:
        self._step("before")
        super().replace(new, old)
        self._step("after")

    def flush_folder(self, folder: Path) -> None:
        self._step("before")
        super().flush_folder(folder)
        self._step("after")


class ShortDisk(Disk):
    """Takes half of what it is given now and then, as a system under strain may."""

    def __init__(self, seed: int) -> None:
        self._chosen = random.Random(seed)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        if len(data) > 1 and self._chosen.random() < 0.3:
            data = data[: len(data) // 2]
        return super().write(fd, data)


# -- mistakes that must be found --------------------------------------------------------------------


class AnswersFirst(keepers.Keeper):
    """Writes what a unit changed when the next one comes."""

    _late: object = None

    def _observe(self, unit: object) -> None:
        late, self._late = self._late, unit
        if late is not None:
            super()._observe(late)  # type: ignore[arg-type]


class CompactsInPlace(logs.Log):
    """Empties the file that is there and fills it again."""

    def rewrite(self, payloads: object) -> None:
        assert self._fd is not None
        self._disk.cut(self._fd, 0)
        self._write(self._fd, header.header())
        self.size, self._frames = header.HEADER_BYTES, 0
        for payload in payloads:  # type: ignore[attr-defined]
            self.append(payload)
        self.snapshot_bytes = self.size


class IgnoresShortWrites(logs.Log):
    """Believes that all was written."""

    def _write(self, fd: int, data: bytes) -> None:
        self._disk.write(fd, data)


def _leave_the_tail(path: Path, contents: logs.Contents, disk: Disk) -> Path:
    return path


SABOTAGE: dict[str, Callable[[], None]] = {
    "answer-first": lambda: setattr(keepers, "Keeper", AnswersFirst),
    "compact-in-place": lambda: setattr(logs, "Log", CompactsInPlace),
    "leave-the-tail": lambda: setattr(logs, "set_aside", _leave_the_tail),
    "ignore-short-writes": lambda: setattr(logs, "Log", IgnoresShortWrites),
}


# -- one case ---------------------------------------------------------------------------------------


def writer(home: Path, seed: int, skip: int, disk: Disk, answered: int) -> None:
    """Run the batches after the first `skip`; a byte to `answered` for each. For a child of its own."""
    lab = KeptLab(home, disk)
    connection = lab.connect()
    for batch in islice(batches(seed), skip, BATCHES):
        run(connection, batch)
        os.write(answered, b".")
    lab.close()


def fork(work: Callable[[int], None]) -> tuple[int, int]:
    """Run `work` in a child; its process and the pipe on which it says what was answered."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            work(writing)
        except BaseException as error:  # what the parent is to see is a state, not an exception
            print(f"the writer failed: {error!r}", file=sys.stderr)  # noqa: T201
            os._exit(1)
        os._exit(0)
    os.close(writing)
    return pid, reading


def read_answers(pid: int, reading: int, kill_after: int | None) -> int:
    """How many batches were answered; kills the child once so many were."""
    count = 0
    while data := os.read(reading, 1):
        count += len(data)
        if count == kill_after:
            os.kill(pid, signal.SIGKILL)
    os.close(reading)
    os.waitpid(pid, 0)
    return count


def states(seed: int) -> list[Picture]:
    """The state before and after each batch, of a lab that is kept nowhere and never killed."""
    from redislab.engines.embedded import EmbeddedEngine
    from tests.engines.embedded.pictures import picture

    engine = EmbeddedEngine()
    connection = engine.connect()
    found = [picture(engine.lab)]
    for batch in islice(batches(seed), BATCHES):
        run(connection, batch)
        found.append(picture(engine.lab))
    engine.close()
    return found


def case(seed: int, known: list[Picture]) -> str:
    """Kill a writer twice, the second where the first one left off. What is wrong; empty: all is well."""
    chosen = random.Random(seed)
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        home, done = Path(folder), 0
        for _ in range(2):
            phase = chosen.choice(("before", "half", "after", "any", "short"))
            disk = Disk()
            if phase == "short":
                disk = ShortDisk(seed)
            elif phase != "any":
                disk = KillingDisk(chosen.randrange(1, chosen.choice((8, 2 * BATCHES))), phase)
            kill_after = chosen.randrange(1, BATCHES) if phase in ("any", "short") else None
            skip = done

            def work(answered: int, skip: int = skip, disk: Disk = disk) -> None:
                writer(home, seed % SCRIPTS, skip, disk, answered)

            done += read_answers(*fork(work), kill_after)
            lab = KeptLab(home)
            loaded, notices = lab.picture, lab.claim.notices
            lab.close()
            places = [at for at in (done, done + 1) if at < len(known) and known[at] == loaded]
            if not places:
                lost = next((at for at in range(done, -1, -1) if known[at] == loaded), None)
                return f"{phase}: {done} batches were answered, the state is that after {lost}; {notices}"
            done = places[-1]
            if lab_again(home) != loaded:
                return f"{phase}: loaded again, it is another state"
    return ""


def lab_again(home: Path) -> Picture:
    lab = KeptLab(home)
    found = lab.picture
    lab.close()
    return found


MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # a kill, unlike a power cut, needs no disk


class Interrupted(BaseException):
    """What Ctrl-C raises here."""


def interrupt_at_random(seconds: int, seed: int) -> str:
    """Ctrl-C in the middle of commands, at any moment. What is wrong afterwards; empty: all is well."""
    chosen = random.Random(seed)

    armed = False

    def interrupt(number: int, frame: object) -> None:
        if armed:
            raise Interrupted

    signal.signal(signal.SIGALRM, interrupt)
    until_s = time.monotonic() + seconds
    count = 0
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        lab = KeptLab(Path(folder))
        commands = batches(seed)
        while time.monotonic() < until_s:
            connection = lab.connect()
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, chosen.uniform(0.00002, 0.003))
                while True:
                    run(connection, next(commands))
            except Interrupted:
                count += 1
            except StopIteration:  # the generator was what was interrupted
                commands = batches(seed + count)
            finally:
                armed = False
                signal.setitimer(signal.ITIMER_REAL, 0)
            connection.close()
            connection = lab.connect()
            run(connection, [(b"INCR", b"after")])
            if lab.keeper.problem is not None:
                return f"after {count} interruptions: {lab.keeper.problem}"
            if picture_of_file(lab.file.read_bytes()) != lab.picture:
                return f"after {count} interruptions the file holds something else"
            connection.close()
        lab.close()
    return "" if count > 10 else f"only {count} interruptions"


SCRIPTS = 8  # as many different sequences of batches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sabotage", choices=SABOTAGE)
    parser.add_argument("--interrupt", type=int, metavar="SECONDS", help="Ctrl-C instead of kill -9")
    options = parser.parse_args()
    keepers.LEAST_GROWTH_BYTES, keepers.GROWTH = GROWTH_BYTES, 1
    if options.interrupt:
        what = interrupt_at_random(options.interrupt, options.seed)
        print(what or "no wrong state")  # noqa: T201
        sys.exit(1 if what else 0)
    if options.sabotage:
        SABOTAGE[options.sabotage]()
    known = [states(script) for script in range(SCRIPTS)]
    wrong = 0
    for seed in range(options.seed, options.seed + options.kills // 2):
        what = case(seed, known[seed % SCRIPTS])
        if what:
            wrong += 1
            print(f"case {seed}: {what}", flush=True)  # noqa: T201
            if options.sabotage:  # one is enough
                break
    print(f"{options.kills // 2 * 2} kills, {wrong} wrong")  # noqa: T201
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
