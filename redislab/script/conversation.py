"""Commands sent over a link and their replies printed, shared by every way a script comes in."""

from __future__ import annotations

from redislab.core.link import Args, Arrival, Link
from redislab.core.reply import Reply
from redislab.core.state import SUBSCRIBING
from redislab.errors import ConnectionLost, RedislabError
from redislab.render.plain import Format
from redislab.script.printer import Printer

# Commands that nothing is sent behind: they wait, or change what the next one means or how it is answered.
RUN_ALONE = SUBSCRIBING | {
    b"auth", b"blmove", b"blmpop", b"blpop", b"brpop", b"brpoplpush", b"bzmpop", b"bzpopmax", b"bzpopmin",
    b"debug", b"hello", b"monitor", b"quit", b"shutdown", b"wait", b"xread", b"xreadgroup",
}  # fmt: skip


class ErrorReply(Exception):
    """Under -e: an error reply, which ends the run."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text.decode("utf-8", "surrogateescape"))


class Conversation:
    """One link, one printer. Raises what `Link` raises; what was printed so far stays printed."""

    def __init__(self, link: Link, printer: Printer, *, stop_at_error: bool = False) -> None:
        self.link = link
        self.printer = printer
        self._stop_at_error = stop_at_error

    def command(self, args: Args) -> None:
        """Send one command and print its reply; after SUBSCRIBE or MONITOR all that comes, for ever."""
        name = args[0].lower()
        self.link.connect()
        if name in SUBSCRIBING and self.printer.layout.format is not Format.RAW:
            self.printer.line("Reading messages... (press Ctrl-C to quit)")
            self.printer.flush()
        for arrival in self.link.request(args):
            self._print(arrival)
        self.printer.flush()
        if self.link.state.listening:
            self._listen()

    def batch(self, commands: list[Args]) -> None:
        """Send commands together; print their replies in order."""
        self.link.send(commands)
        while self.link.unanswered:
            for arrival in self.link.arrivals():
                self._print(arrival)
                if arrival.complete and not self.link.unanswered:
                    break

    def _listen(self) -> None:
        while self.link.state.listening:
            for arrival in self.link.arrivals():
                self.printer.message(arrival)
                if arrival.complete:
                    self.printer.flush()

    def _print(self, arrival: Arrival) -> None:
        part = arrival.part
        if self._stop_at_error and arrival.complete and type(part) is Reply and part.is_error:
            raise ErrorReply(part)
        self.printer.arrival(arrival)


def lost_line(error: RedislabError) -> str:
    """One line for a connection that ended, with what was left unanswered."""
    unanswered = error.unanswered if isinstance(error, ConnectionLost) else 0
    if not unanswered:
        return f"Error: {error.message}"
    which = "1 command was sent and has" if unanswered == 1 else f"{unanswered} commands were sent and have"
    return f"Error: {error.message} ({which} no answer: it is not known whether anything of it ran)"
