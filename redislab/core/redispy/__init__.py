"""A command's words as the redis-py call that sends them: `SET k v EX 60` → `r.set("k", "v", ex=60)`.

What redis-py's methods are called, and what they take, is in `data/redispy.json`: for each command, patterns
of words (`pattern.py`), each with the call that sends such words (`template.py`); the first that fits is
shown. Where none does, `r.execute_command(…)` sends any words. The forms hold for redis-py 7.1 to 8.1.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from redislab.core.catalogue import Command
from redislab.core.redispy import literal
from redislab.core.redispy.connection import OWN_CONNECTION
from redislab.core.redispy.pattern import parse
from redislab.core.redispy.reader import read
from redislab.core.redispy.template import fill

Table = Mapping[str, Mapping[str, str]]  # command → pattern → template

UNSENDABLE = "# redis-py cannot send this: it splits a command's name at spaces"


def python_call(command: Command | None, args: Sequence[bytes], *, client: str = "r") -> str:
    """Python source that sends `args` through redis-py's client `client`.

    One line, mostly one expression. MULTI and WATCH make a pipeline named `pipe`: whoever shows the lines
    up to its EXEC passes `client="pipe"`. SUBSCRIBE and its like make and use a pub/sub object `p`. Only a
    name that is empty or holds a space cannot be sent: that is a comment.
    """
    name, words = _name(command, args)
    own = OWN_CONNECTION.get(name) or _OWN.get(name)
    shown = own(words, client) if own is not None else None
    if shown is not None:
        return shown
    for pattern, template in table().get(name, {}).items():
        bound = read(parse(pattern), words)
        filled = None if bound is None else fill(template, pattern, bound, client)
        if filled is not None:
            return filled
    return _fallback(command, name, args, words, client)


@cache
def table() -> Table:
    """The rows of `data/redispy.json`."""
    data = pkgutil.get_data("redislab.data", "redispy.json")
    assert data is not None
    rows: Table = json.loads(data)
    return rows


def _name(command: Command | None, args: Sequence[bytes]) -> tuple[str, Sequence[bytes]]:
    """The command's name, and the words after it."""
    if command is not None:
        return command.name, args[command.words :]
    for words in (2, 1):  # newer than the catalogue, perhaps
        name = b" ".join(args[:words]).decode("latin-1").upper()
        if len(args) >= words and name in table():
            return name, args[words:]
    return "", args


def _fallback(
    command: Command | None, name: str, args: Sequence[bytes], words: Sequence[bytes], client: str
) -> str:
    if name:
        shown = [f'"{name}"', *map(literal.text, words)]
    elif not args or args[0].split() != [args[0]]:
        return UNSENDABLE
    else:
        shown = list(map(literal.text, args))  # as typed: the server's error repeats it
    return f"{client}.execute_command({', '.join(shown)})"


def _bitfield(words: Sequence[bytes], client: str) -> str | None:
    """`BITFIELD`'s operations are calls in a chain, in their order."""
    if not words:
        return None
    shown = [f"{client}.bitfield({literal.text(words[0])})"]
    overflow = b"WRAP"
    place = 1
    while place < len(words):
        operation = words[place].upper()
        wanted = {b"GET": 2, b"SET": 3, b"INCRBY": 3, b"OVERFLOW": 1}.get(operation)
        values = words[place + 1 : place + 1 + (wanted or 0)]
        if wanted != len(values):
            return None
        if operation == b"OVERFLOW":
            if values[0].upper() not in (b"WRAP", b"SAT", b"FAIL") or values[0].upper() == overflow:
                return None  # redis-py leaves out what changes nothing
            overflow = values[0].upper()
        place += 1 + len(values)
        sources = [literal.number(value) or literal.text(value) for value in values]
        shown.append(f"{operation.decode().lower()}({', '.join(sources)})")
    return ".".join([*shown, "execute()"])


_OWN: Mapping[str, Callable[[Sequence[bytes], str], str | None]] = {"BITFIELD": _bitfield}
