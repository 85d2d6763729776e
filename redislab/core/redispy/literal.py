"""Words as Python literals that redis-py sends as exactly these bytes."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}").fullmatch
_DEEPEST = 50  # Python reads no more than some 100 brackets within each other
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


def json_value(word: bytes) -> str | None:
    """The value that Python's `json` writes as exactly `word`; None: there is none."""
    try:
        value = json.loads(word, parse_constant=_refuse)
        return _value(value) if json.dumps(value).encode() == word else None
    except (ValueError, RecursionError):
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"Python has no literal for {constant}")


def _value(value: Any, depth: int = 0) -> str:
    if depth > _DEEPEST or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError("no literal")
    if isinstance(value, str):
        return text(value.encode())  # half a surrogate pair is a ValueError
    if isinstance(value, list):
        return f"[{', '.join(_value(one, depth + 1) for one in value)}]"
    if isinstance(value, dict):
        pairs = (f"{_value(key)}: {_value(held, depth + 1)}" for key, held in value.items())
        return f"{{{', '.join(pairs)}}}"
    return repr(value)


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
