"""Every exception that redislab raises on purpose, and the exit codes it ends with.

::

    RedislabError
    ├── UsageError            the command line asks for something that does not exist
    ├── InvalidLine           a typed line that cannot be split into words
    ├── ProtocolError         the other side does not speak Redis's protocol
    ├── Unreachable           no connection could be made
    ├── CannotListen          the address to serve at cannot be had
    ├── ConnectionLost        a connection ended with commands unanswered
    ├── Cancelled             `Connection.cancel()` ended the wait
    ├── TransactionLost       the connection broke between MULTI and EXEC
    ├── CommandFailed         an error reply, where one was asked to raise (a strict cell)
    ├── CannotUndo            there is nothing to undo, or undoing would lose another client's change
    ├── LabUnavailable        a lab's data cannot be opened
    └── ClassRefused          a class cannot be written as asked: its roster, its folder

An error *reply* is data (`Reply(Kind.ERROR, …)`) and raises nothing unasked. Libraries' own
exceptions are mapped to this tree in `redislab.engines` and nowhere else.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a redislab process ends with. Part of the public promise (SemVer)."""

    OK = 0
    FAILURE = 1  # redis-cli's only failure code: usage, connection, an error reply under -e
    INTERRUPTED = 130  # Ctrl-C in a script or a one-shot command
    BROKEN_PIPE = 141  # the reader of our output went away (`| head`)
    TERMINATED = 143  # SIGTERM or SIGHUP


class RedislabError(Exception):
    """What happened, in one line; `remedy` says what to do about it, where something can be done."""

    exit_code = ExitCode.FAILURE

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(RedislabError):
    """The command line asks for something that does not exist."""


class InvalidLine(RedislabError):
    """A typed line that redis-cli refuses to split: unbalanced quotes, text right after a quote."""

    def __init__(self, position: int = 0) -> None:
        super().__init__("Invalid argument(s)")
        self.position = position  # byte offset of the quote that is wrong


class ProtocolError(RedislabError):
    """Bytes that are not the Redis protocol. The connection they came from is of no use any more."""


class Unreachable(RedislabError):
    """No connection could be made: refused, no such host, TLS not agreed, no such socket."""


class CannotListen(RedislabError):
    """The port or the socket to serve at cannot be had: taken, not allowed, no such folder."""


class ConnectionLost(RedislabError):
    """A connection ended. `unanswered` commands were sent and have no reply: they may have run or not."""

    def __init__(self, message: str, *, unanswered: int = 0, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.unanswered = unanswered


class Cancelled(RedislabError):
    """The wait was ended by `cancel()`; the connection is closed."""

    exit_code = ExitCode.INTERRUPTED


class TransactionLost(RedislabError):
    """The connection broke inside MULTI: nothing queued has run, nothing goes on until that is known."""


class CommandFailed(RedislabError):
    """A command was answered with an error; the message is what the server said."""


class CannotUndo(RedislabError):
    """There is nothing to undo or do again, or doing so would lose what another client changed since."""


class LabUnavailable(RedislabError):
    """A lab's data cannot be opened: another process holds it, or a newer redislab has written it."""


class ClassRefused(RedislabError):
    """A class cannot be written as it was asked for. The folder is as it was before."""
