"""Words as Python literals that redis-py sends as exactly these bytes."""

from __future__ import annotations

import math
import re

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}").fullmatch
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def text(word: bytes) -> str:
    r"""`"ada"`, in UTF-8 readable; `b"\xff"` where it is not UTF-8. Control characters are escaped."""
    try:
        decoded = word.decode()
    except UnicodeDecodeError:
        return f'b"{"".join(map(_byte, word))}"'
    return f'"{"".join(map(_character, decoded))}"'


def number(word: bytes) -> str | None:
    """The number that redis-py, which sends `repr(number)`, turns back into `word`; None: there is none.

    `60` and `1.5` have one; `007`, `+1`, `1e3`, `inf` have none.
    """
    try:
        spelt = word.decode("ascii")
        if _INTEGER(spelt):
            return spelt
        value = float(spelt)
    except ValueError:
        return None
    return spelt if math.isfinite(value) and repr(value) == spelt else None


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _byte(byte: int) -> str:
    character = chr(byte)
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"
