"""What a typed line asks for, before any server is involved: redis-cli's local words and repeat counts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from redislab.core import words
from redislab.errors import InvalidLine

_LONG_MAX = (1 << 63) - 1
_MAY_BEGIN_A_NUMBER = b"0123456789+- \t\n\v\f\r"
_INTEGER = re.compile(rb"[ \t\n\v\f\r]*[+-]?[0-9]+").fullmatch
_CLIENT = re.compile(rb"\s*([AB]):\s+(?=\S)")


class Ask(Enum):
    """What to do with a line."""

    NOTHING = "nothing"  # blank
    COMMAND = "command"  # for the server
    REFUSED = "refused"  # `message` says why; the shell goes on
    QUIT = "quit"
    CONNECT = "connect"  # args: host, port
    CLEAR = "clear"
    HELP = "help"  # args: the words after HELP
    OURS = "ours"  # args[0] begins with `:`


@dataclass(frozen=True, slots=True)
class Line:
    """One line, read."""

    ask: Ask
    args: list[bytes]
    repeat: int = 1
    message: str = ""


_NOTHING = Line(Ask.NOTHING, [])


def read_line(text: bytes) -> Line:
    """Read one line as redis-cli 7.0 does, in its order: words, repeat count, local words, command."""
    try:
        args = words.split(text)
    except InvalidLine as fault:
        return Line(Ask.REFUSED, [], message=fault.message)
    if not args:
        return _NOTHING
    count = _repeat_count(args)
    if count is not None and not 0 < count <= _LONG_MAX:
        return Line(Ask.REFUSED, [], message="Invalid redis-cli repeat command option value.")
    local = _local(args)
    if local is not None:
        return local
    if count is not None:
        args = args[1:]
    if args[0].lower() in (b"help", b"?"):
        return Line(Ask.HELP, args[1:])
    return Line(Ask.COMMAND, args, 1 if count is None else count)


def _repeat_count(args: list[bytes]) -> int | None:
    """The leading integer of a line of two words or more; an empty word counts as 0, as C reads it."""
    first = args[0]
    if len(args) < 2 or (first and first[0] not in _MAY_BEGIN_A_NUMBER):
        return None
    if not first:
        return 0
    return int(first) if _INTEGER(first) else None


def _local(args: list[bytes]) -> Line | None:
    """The line, if its first word is for the shell itself; a repeat count does not hide a server's word."""
    first = args[0].lower()
    if first in (b"quit", b"exit"):
        return Line(Ask.QUIT, args)
    if first.startswith(b":"):
        return Line(Ask.OURS, args)
    if first == b"restart":
        return Line(Ask.REFUSED, [], message="Use 'restart' only in Lua debugging mode.")
    if first == b"connect" and len(args) == 3:
        return Line(Ask.CONNECT, args[1:])
    if first == b"clear" and len(args) == 1:
        return Line(Ask.CLEAR, args)
    return None


def split_prefix(command: bytes) -> tuple[str, bytes]:
    """`B: SET a 1` → the client of two that is to send the line, and the line; "" where none is named."""
    found = _CLIENT.match(command)
    return ("", command) if found is None else (found[1].decode(), command[found.end() :])


def commands_of(text: bytes, *, comments: bool = False) -> list[bytes]:
    """The lines of a text of several (pasted, or typed with Alt-Enter), blank ones left out.

    A newline inside quotes that are closed further down belongs to its word, so a script can be typed
    over several lines. Where the quotes do not close properly, each line stands for itself. With
    `comments`, lines that begin with # are left out too, but for those inside such a word.
    """
    lines = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    found: list[bytes] = []
    place = 0
    while place < len(lines):
        if comments and lines[place].lstrip().startswith(b"#"):
            place += 1
            continue
        end = _end_of_command(lines, place)
        command = b"\n".join(lines[place:end])
        if command.strip():
            found.append(command)
        place = end
    return found


def _end_of_command(lines: list[bytes], start: int) -> int:
    """Where the command that begins in line `start` ends: the line after its last."""
    quote = _open_quote(lines[start])
    end = start + 1
    while quote:
        while end < len(lines) and quote not in lines[end]:
            end += 1
        if end == len(lines):
            return start + 1
        end += 1
        found, fault = words.scan(b"\n".join(lines[start:end]))
        if fault is None:
            return end
        quote = found[-1].quote if found and not found[-1].closed else b""
    return start + 1


def _open_quote(line: bytes) -> bytes:
    """The quote that is still open at the end of a line, b"" if none is."""
    if b'"' not in line and b"'" not in line:
        return b""
    found, _ = words.scan(line)
    return found[-1].quote if found and not found[-1].closed else b""
