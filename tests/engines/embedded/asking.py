"""What the tests of the embedded engine share: ask a connection, read whole replies."""

from __future__ import annotations

from collections.abc import Iterator

from redislab.core.engine import Connection
from redislab.core.parts import Assembler
from redislab.core.reply import Reply


def ask(connection: Connection, *args: bytes, timeout_s: float | None = None) -> Reply:
    connection.send([args])
    return next(whole_replies(connection, timeout_s))


def whole_replies(connection: Connection, timeout_s: float | None = None) -> Iterator[Reply]:
    assembler = Assembler()
    for part in connection.replies(timeout_s):
        reply = assembler.add(part)
        if reply is not None:
            yield reply


def say(connection: Connection, line: str) -> Reply:
    """Ask by a line of plain words."""
    return ask(connection, *line.encode().split())
