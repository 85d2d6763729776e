"""Lines from a pipe or a file: read ahead, sent together, answered in order.

What has arrived is sent in batches; a line is never kept waiting for the next one. A line that
changes how replies come (SUBSCRIBE, MONITOR, CONNECT …) is run alone, after all before it.
"""

from __future__ import annotations

import time
from dataclasses import replace

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
from redislab.render.plain import Format
from redislab.script.conversation import RUN_ALONE, Conversation, lost_line
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
                if not script.line(read_line(text), alone=len(group) == 1):
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
        self._go_to(place)

    def _go_to(self, place: Place) -> None:
        self._place = place
        self._link = Link(open_engine(place, self._streams.say), db=place.db, notice=self._streams.say)
        self._conversation = Conversation(self._link, self._printer)

    def open(self) -> None:
        """Connect before the first line, so that a server that is not there is named at once."""
        try:
            self._link.connect()
        except Unreachable as error:
            self._streams.say(error.message)

    def close(self) -> None:
        self._link.drop()
        self._link.engine.close()
        self._printer.flush()

    def line(self, line: Line, *, alone: bool = False) -> bool:
        """Take one line; False when it ends the script. `alone`: no other has arrived with it."""
        if line.ask is Ask.COMMAND and (alone or line.args[0].lower() in RUN_ALONE):
            self._run_alone(line)
        elif line.ask is Ask.COMMAND:
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

    def _run_alone(self, line: Line) -> None:
        """A line by itself, so that its time is its own; slow ones say how long they took."""
        self.flush()
        started_s = time.monotonic()
        self._take(line)
        self.flush()
        elapsed_s = time.monotonic() - started_s
        if elapsed_s >= SLOW_S and self._printer.layout.format is Format.STANDARD:
            self._printer.line(f"({elapsed_s:.2f}s)")

    def _take(self, line: Line) -> None:
        args = line.args
        singly = self._singly or args[0].lower() in RUN_ALONE
        size = sum(map(len, args))
        for _ in range(line.repeat):
            self._waiting.append(args)
            self._waiting_bytes += size
            if singly or len(self._waiting) >= BATCH_COMMANDS or self._waiting_bytes >= BATCH_BYTES:
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
            self._preference(line.args)
        self._printer.flush()
        return True

    def _preference(self, args: list[bytes]) -> None:
        """redis-cli's own words for `:set`, which does nothing in a script, and for any other."""
        if args[0].lower() != b":set" or len(args) < 2:
            self._printer.write(b"unknown redis-cli internal command '%b'\n" % args[0])
        elif args[1].lower() not in (b"hints", b"nohints"):
            self._printer.write(b"unknown redis-cli preference '%b'\n" % args[1])

    def _connect(self, host: bytes, port: bytes) -> None:
        self._link.drop()
        if not port.isdigit():
            self._streams.say("CONNECT needs a host and a port: CONNECT 127.0.0.1 6379")
            return
        self._link.engine.close()  # a script never comes back
        place = self._place.at(host.decode("utf-8", "surrogateescape"), int(port))
        self._go_to(replace(place, db=self._link.state.wanted_db))
        self.open()

    def _guarded(self, batch: list[Args]) -> None:
        """Run a batch. A lost connection is said; the next line tries again, nothing is sent twice."""
        try:
            if len(batch) == 1:
                self._conversation.command(batch[0])
            else:
                self._conversation.batch(batch)
        except Unreachable as error:
            for _ in batch:  # as redis-cli: each command that could not be sent says so
                self._say(error.message)
        except (ConnectionLost, ProtocolError) as error:
            if batch[-1][0].lower() != b"shutdown":
                self._say(lost_line(error))
            if self._link.lost_transaction is not None:
                raise self._link.lost_transaction from error
        if self._interval_s:
            time.sleep(self._interval_s)

    def _say(self, line: str) -> None:
        self._printer.flush()
        self._streams.say(line)
