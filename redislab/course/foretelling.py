"""Whether what a person foretold is what came: `3`, `(integer) 3` and `"3"` are one guess."""

from __future__ import annotations

import re

from redislab.core.reply import Kind, Reply
from redislab.course.conditions import plain

_TYPE = re.compile(r"\((?:integer|double|status)\)\s*", re.IGNORECASE)
_NUMBERING = re.compile(r"(?:(?<=\s)|^)\d+\)\s+")  # as redis-cli numbers elements
_NOTHING = frozenset({"nil", "none", "null", "nothing"})
_EMPTY = frozenset({"", "empty", "empty array", "empty list", "empty set", "empty hash", *_NOTHING})


def is_foretold(guess: str, reply: Reply) -> bool:
    """Whether a guess says what the reply says; quotes, brackets and commas do not matter."""
    said = _TYPE.sub("", guess.strip()).strip().lower()
    bare = said.strip("()[]{} ")
    if reply.is_error:
        code = reply.code.lower()
        return bare.startswith("err") or code in bare.split()
    if reply.is_nil:
        return bare in _NOTHING
    if reply.kind.is_aggregate:
        if not reply.items:
            return bare in _EMPTY and bool(said)
        return _words(_NUMBERING.sub("", bare)) == _words(plain(reply).strip("[]").lower())
    wanted = plain(reply).lower()
    if reply.kind is Kind.BULK and not wanted:
        return said in ('""', "''", "empty", "empty string")
    return wanted in (said, said.strip("\"'"))


def _words(text: str) -> list[str]:
    return [word.strip("\"'") for word in re.split(r"[\s,]+", text) if word.strip("\"'[]()")]
