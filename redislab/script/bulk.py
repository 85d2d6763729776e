"""`--pipe`: Redis's protocol from standard input, sent as fast as it comes; replies are counted."""

from __future__ import annotations

from redislab.app import Place, open_engine
from redislab.core.link import Link
from redislab.core.reply import Reply
from redislab.core.requests import RequestReader
from redislab.errors import ConnectionLost, ExitCode, ProtocolError
from redislab.options import Options
from redislab.script.conversation import lost_line
from redislab.script.printer import Printer
from redislab.streams import Streams

READ_BYTES = 1 << 17


class _Tally:
    errors = 0
    replies = 0


def run_bulk(place: Place, options: Options, streams: Streams, printer: Printer) -> ExitCode:
    """Exit code 1 where any reply was an error, as redis-cli."""
    link = Link(open_engine(place, streams.say), db=place.db, notice=streams.say)
    tally = _Tally()
    link.connect()
    try:
        _send_all(link, streams, tally)
        printer.line("All data transferred. Waiting for the last reply...")
        printer.flush()
        if _drain(link, streams, tally, options.pipe_timeout_s or None):
            printer.line("Last reply received from server.")
        else:
            streams.say(f"No replies for {options.pipe_timeout_s} seconds: exiting.")
            tally.errors += 1
    except ConnectionLost as error:
        printer.flush()
        streams.say(lost_line(error))
        return ExitCode.FAILURE
    finally:
        link.drop()
        link.engine.close()
    printer.line(f"errors: {tally.errors}, replies: {tally.replies}")
    printer.flush()
    return ExitCode.FAILURE if tally.errors else ExitCode.OK


def _send_all(link: Link, streams: Streams, tally: _Tally) -> None:
    reader = RequestReader()
    read = getattr(streams.stdin, "read1", streams.stdin.read)
    try:
        while data := read(READ_BYTES):
            reader.feed(data)
            commands = list(reader.commands())
            if commands:
                link.send(commands)
                _drain(link, streams, tally, 0)
        if not reader.between_commands:
            raise ProtocolError("Protocol error: the input ends inside a command")
    except ProtocolError as error:  # what came before it has been sent and is answered
        streams.say(f"ERR {error.message}")
        tally.errors += 1


def _drain(link: Link, streams: Streams, tally: _Tally, timeout_s: float | None) -> bool:
    """Count replies until all have come (True) or none comes for so long (False)."""
    while link.unanswered:
        before = tally.replies
        for arrival in link.arrivals(timeout_s):
            if not arrival.complete or arrival.args is None:
                continue
            tally.replies += 1
            part = arrival.part
            if type(part) is Reply and part.is_error:
                tally.errors += 1
                streams.say(part.text.decode("utf-8", "surrogateescape"))
            if not link.unanswered:
                return True
        if link.unanswered and tally.replies == before:
            return False
    return True
