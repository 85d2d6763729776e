r"""Bytes as redis-cli quotes them: `\\ \" \n \r \t \a \b`, and `\xhh` for all that is not ASCII print."""

from __future__ import annotations

import re
from collections.abc import Sequence

_UNPRINTABLE = re.compile(rb"[^ !#-\[\]-~]")
_NAMED = {0x5C: b"\\\\", 0x22: b'\\"', 0x0A: b"\\n", 0x0D: b"\\r", 0x09: b"\\t", 0x07: b"\\a", 0x08: b"\\b"}
_QUOTED = [
    _NAMED.get(byte, bytes([byte]) if 0x20 <= byte < 0x7F else b"\\x%02x" % byte) for byte in range(256)
]
_JSON_SPECIAL = re.compile(rb'[\x00-\x1f"\\]')
_JSON_NAMED = {byte: text for byte, text in _NAMED.items() if byte != 0x07} | {0x0C: b"\\f"}


def escaped(data: bytes) -> bytes:
    """The inside of `repr_bytes`: no quotes around it."""
    return _UNPRINTABLE.sub(lambda match: _QUOTED[match[0][0]], data) if _UNPRINTABLE.search(data) else data


def repr_bytes(data: bytes) -> bytes:
    """The quoted form; `words.split` reads it back as `data`."""
    return b'"%b"' % escaped(data)


def escaped_all(values: Sequence[bytes]) -> Sequence[bytes]:
    """`escaped` of each value, at once where none needs it."""
    return list(map(escaped, values)) if _UNPRINTABLE.search(b"".join(values)) else values


def json_string(data: bytes) -> bytes:
    """A JSON string as redis-cli --json writes it: bytes from 0x7f up stand as they are."""
    if _JSON_SPECIAL.search(data):
        data = _JSON_SPECIAL.sub(_json_escape, data)
    return b'"%b"' % data


def _json_escape(match: re.Match[bytes]) -> bytes:
    byte = match[0][0]
    return _JSON_NAMED.get(byte, b"\\u%04x" % byte)
