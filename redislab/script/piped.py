"""Lines from a pipe or a file: read ahead, sent together, answered in order.

What has arrived is sent in batches; a line is never kept waiting for the next one. A line that
changes how replies come (SUBSCRIBE, MONITOR, CONNECT …) is run alone, after all before it.
"""

from __future__ import annotations

import time
from collections import deque

from redislab.app import Place, open_engine
from redislab.core.line import Ask, Line, read_line
from redislab.core.link import Args, Link
from redislab.errors import (
    ConnectionLost,
    ExitCode,
    ProtocolError,
    TransactionLost,
    Unreachable,
)
from redislab.options import Options
from redislab.script.conversation import ENDS_PIPELINING, Conversation, lost_line
from redislab.script.lines import LineReader
from redislab.script.oneshot import print_help
from redislab.script.printer import Printer
from redislab.streams import Streams

BATCH_COMMANDS = 4_000
BATCH_BYTES = 1 << 17
SLOW_S = 0.5  # redis-cli prints how long a command took from here on


def run_lines(place: Place, options: Options, streams: Streams, printer: Printer) -> ExitCode:
    """`… | redislab repl`. Ends with 0 whatever the replies say, as redis-cli does."""
    script = _Script(place, options, streams, printer)
    try:
        script.open()
        for group in LineReader(streams.stdin).groups():
            for text in group:
                if not script.line(read_line(text)):
                    return ExitCode.OK
            script.flush()
        return ExitCode.OK
    except TransactionLost as lost:
        printer.flush()
        streams.say(f"Error: {lost.message} The rest of the input was not sent.")
        return ExitCode.FAILURE
    finally:
        script.close()


class _Script:
    """The lines read so far that are not sent yet, and where they go."""

    def __init__(self, place: Place, options: Options, streams: Streams, printer: Printer) -> None:
        self._place = place
        self._streams = streams
        self._printer = printer
        self._interval_s = options.interval_s
        self._singly = options.cluster or options.interval_s > 0
        self._waiting: list[Args] = []
        self._waiting_bytes = 0
        self._clock = _LineClock(printer)
        self._go_to(place)

    def _go_to(self, place: Place) -> None:
        self._place = place
        self._link = Link(open_engine(place), db=place.db, notice=self._streams.say)
        timed = self._clock.answered if self._printer.standard else None
        self._conversation = Conversation(self._link, self._printer, answered=timed)

    def open(self) -> None:
        """Connect before the first line, so that a server that is not there is named at once."""
        try:
            self._link.connect()
        except Unreachable as error:
            self._streams.say(error.message)

    def close(self) -> None:
        self._link.drop()
        self._printer.flush()

    def line(self, line: Line) -> bool:
        """Take one line; False when it ends the script."""
        if line.ask is Ask.COMMAND:
            self._take(line)
        elif line.ask is not Ask.NOTHING:
            self.flush()
            return self._local(line)
        return True

    def flush(self) -> None:
        """Send what waits and print the answers."""
        if self._waiting:
            batch, self._waiting, self._waiting_bytes = self._waiting, [], 0
            self._guarded(batch)
        self._printer.flush()

    def _take(self, line: Line) -> None:
        args = line.args
        alone = self._singly or args[0].lower() in ENDS_PIPELINING
        size = sum(map(len, args))
        self._clock.expect(line.repeat)
        for _ in range(line.repeat):
            if alone:
                self.flush()
            self._waiting.append(args)
            self._waiting_bytes += size
            if alone or len(self._waiting) >= BATCH_COMMANDS or self._waiting_bytes >= BATCH_BYTES:
                self.flush()

    def _local(self, line: Line) -> bool:
        if line.ask is Ask.QUIT:
            return False
        if line.ask is Ask.REFUSED:
            self._printer.line(line.message)
        elif line.ask is Ask.HELP:
            print_help(line.args, self._printer)
        elif line.ask is Ask.CONNECT:
            self._connect(*line.args)
        elif line.ask is Ask.OURS:
            name = line.args[0].decode("utf-8", "surrogateescape")
            self._streams.say(f"{name} is for the interactive shell; a script sends commands only.")
        self._printer.flush()
        return True

    def _connect(self, host: bytes, port: bytes) -> None:
        self._link.drop()
        if not port.isdigit():
            self._streams.say("CONNECT needs a host and a port: CONNECT 127.0.0.1 6379")
            return
        self._go_to(self._place.at(host.decode("utf-8", "surrogateescape"), int(port)))
        self.open()

    def _guarded(self, batch: list[Args]) -> None:
        """Run a batch. A lost connection is said; the next line tries again, nothing is sent twice."""
        self._clock.start()
        try:
            if len(batch) == 1:
                self._conversation.command(batch[0])
            else:
                self._conversation.batch(batch)
        except Unreachable as error:
            self._clock.forget()
            for _ in batch:  # as redis-cli: each command that could not be sent says so
                self._say(error.message)
        except (ConnectionLost, ProtocolError) as error:
            if batch[-1][0].lower() != b"shutdown":
                self._say(lost_line(error))
            if self._link.lost_transaction is not None:
                raise self._link.lost_transaction from error
            self._clock.forget()
        if self._interval_s:
            time.sleep(self._interval_s)

    def _say(self, line: str) -> None:
        self._printer.flush()
        self._streams.say(line)


class _LineClock:
    """Prints `(0.60s)` after the last reply of a slow line, where redis-cli does."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._started_s: float | None = None
        self._expected: deque[int] = deque()  # replies still to come, a number for each line sent

    def expect(self, replies: int) -> None:
        self._expected.append(replies)

    def start(self) -> None:
        if self._started_s is None:
            self._started_s = time.monotonic()

    def answered(self) -> None:
        if not self._expected:
            return
        self._expected[0] -= 1
        if self._expected[0]:
            return
        self._expected.popleft()
        now_s = time.monotonic()
        if self._started_s is not None and now_s - self._started_s >= SLOW_S:
            self._printer.line(f"({now_s - self._started_s:.2f}s)")
        self._started_s = now_s if self._expected else None

    def forget(self) -> None:
        """The replies expected will not come."""
        self._expected.clear()
        self._started_s = None
