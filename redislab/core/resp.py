"""Redis's wire protocol without any I/O: commands → bytes, bytes → parts, parts → bytes.

RESP2 and RESP3 are read alike. The decoder accepts what hiredis accepts and refuses, with
`ProtocolError`, what it refuses; attributes (`|`), which hiredis 1.0 does not know, are read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from redislab.core.parts import Head, Nesting, Part, Run, parts_of
from redislab.core.reply import NIL, OK, Kind, Reply
from redislab.errors import ProtocolError

MAX_DEPTH = 1000  # levels of nesting; deeper is an attack on whoever prints it
MAX_BULK_BYTES = 1 << 40
MAX_LINE_BYTES = 1 << 20

_NIL_ARRAY = Reply(Kind.NIL_ARRAY, None)
_TRUE = Reply(Kind.BOOLEAN, True)
_FALSE = Reply(Kind.BOOLEAN, False)
_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,18}").fullmatch
_BIG_NUMBER = re.compile(rb"-?[0-9]+").fullmatch
_DOUBLE = re.compile(rb"(?i:[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|-?inf)").fullmatch
_AGGREGATES = {
    ord("*"): Kind.ARRAY,
    ord("%"): Kind.MAP,
    ord("~"): Kind.SET,
    ord(">"): Kind.PUSH,
    ord("|"): Kind.ATTRIBUTE,
}
_LINES = {
    ord("+"): Kind.STATUS,
    ord("-"): Kind.ERROR,
    ord(","): Kind.DOUBLE,
    ord("("): Kind.BIG_NUMBER,
}
_SIGILS = {kind: b"%c" % sigil for sigil, kind in {**_AGGREGATES, **_LINES}.items()}
_BULK_HEAD = b"$%d".__mod__
_RUN_BYTES_MIN, _RUN_BYTES_MAX = 1 << 11, 1 << 17


def encode(args: Sequence[bytes]) -> bytes:
    """One command as an array of bulk strings."""
    pieces = [b"*%d\r\n" % len(args)]
    for arg in args:
        pieces.append(b"$%d\r\n%b\r\n" % (len(arg), arg))
    return b"".join(pieces)


def encode_part(part: Part, resp: int = 3) -> bytes:
    """One part of a reply as a server sends it.

    For RESP2 (`resp` 2) maps, sets and pushes become arrays, a nil `$-1`, attributes nothing; other types
    of RESP3 are written as they are: who makes a reply for RESP2 makes it without them.
    """
    if type(part) is Run:
        return b"".join([b"$%d\r\n%b\r\n" % (len(value), value) for value in part.values])
    if type(part) is Head:
        if resp == 2:
            return b"*%d\r\n" % part.slots
        return b"%b%d\r\n" % (_SIGILS[part.kind], part.count)
    assert type(part) is Reply
    if part.attributes:
        whole = parts_of(part) if resp == 3 else [replace(part, attributes=())]
        return b"".join(encode_part(each, resp) for each in whole)
    kind, value = part.kind, part.value
    if kind is Kind.BULK:
        return b"$%d\r\n%b\r\n" % (len(part.text), part.text)
    if kind is Kind.INTEGER:
        return b":%d\r\n" % part.number
    if kind is Kind.NIL:
        return b"$-1\r\n" if resp == 2 else b"_\r\n"
    if kind is Kind.NIL_ARRAY:
        return b"*-1\r\n"
    if kind is Kind.BOOLEAN:
        return b"#t\r\n" if value else b"#f\r\n"
    if kind is Kind.VERBATIM:
        return b"=%d\r\n%b:%b\r\n" % (len(part.text) + 4, part.format, part.text)
    if kind.is_aggregate:
        return b"".join(encode_part(each, resp) for each in parts_of(part))
    return b"%b%b\r\n" % (_SIGILS[kind], part.text)


class Decoder:
    """Bytes in any slices → parts, as early as they are known. Broken for good after a ProtocolError."""

    def __init__(self) -> None:
        self._buffer = b""
        self._pos = 0
        self._chunks: list[bytes] = []  # arrived, not yet joined: `_missing` bytes must come first
        self._missing = 0
        self._nesting = Nesting()
        self._run_bytes = _RUN_BYTES_MIN
        self._singly = 0  # items to read one by one, where runs have been short
        self._fault: ProtocolError | None = None

    @property
    def between_replies(self) -> bool:
        """True when everything fed so far has been given out as whole replies."""
        return not self._nesting.depth and not self._chunks and self._pos == len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._chunks.append(data)
        self._missing -= len(data)

    def parts(self) -> Iterator[Part]:
        """What can be read of the bytes fed. May be dropped and called again."""
        if self._fault is not None:
            raise self._fault
        if self._chunks and self._missing <= 0:
            self._buffer = b"".join((self._buffer[self._pos :], *self._chunks))
            self._pos = 0
            self._chunks.clear()
            self._missing = 0
        try:
            while self._missing <= 0:
                part = self._next()
                if part is None:
                    return
                self._nesting.add(part)
                yield part
        except ProtocolError as fault:
            self._fault = fault
            raise

    def _next(self) -> Part | None:
        buffer, pos = self._buffer, self._pos
        if pos >= len(buffer):
            return None
        sigil = buffer[pos]
        if self._singly:
            self._singly -= 1
        elif sigil == 0x24 and self._nesting.remaining > 1:
            run = self._run(self._nesting.remaining)
            if run is not None:
                return run
        end = buffer.find(b"\r\n", pos + 1)
        if end < 0:
            self._line_missing(len(buffer) - pos)
            return None
        line = buffer[pos + 1 : end]
        if sigil == 0x24 or sigil == 0x3D:
            return self._bulk(sigil, line, end + 2)
        part = self._aggregate(sigil, line) if sigil in _AGGREGATES else _leaf(sigil, line)
        self._pos = end + 2
        return part

    def _line_missing(self, held: int) -> None:
        if self._buffer[self._pos] not in b"$=*%~>|+-:,_#(":
            _leaf(self._buffer[self._pos], b"")  # says what is wrong at once
        if held > MAX_LINE_BYTES:
            raise ProtocolError("Protocol error, a line of more than 1 MB")
        self._missing = held if held > 64 else 1  # doubling: a slow line is not searched again and again

    def _bulk(self, sigil: int, line: bytes, start: int) -> Part | None:
        size = _number(line, "Bad bulk string length")
        if size == -1:
            self._pos = start
            return NIL
        if not 0 <= size <= MAX_BULK_BYTES:
            raise ProtocolError("Protocol error, Bulk string length out of range")
        end = start + size
        if len(self._buffer) < end + 2:
            self._missing = end + 2 - len(self._buffer)
            return None
        if self._buffer[end : end + 2] != b"\r\n":
            raise ProtocolError("Protocol error, a bulk string is longer than it says")
        self._pos = end + 2
        if sigil == 0x24:
            return Reply(Kind.BULK, self._buffer[start:end])
        if size < 4 or self._buffer[start + 3] != 0x3A:
            raise ProtocolError("Protocol error, a verbatim string without its format")
        return Reply(Kind.VERBATIM, self._buffer[start + 4 : end], format=self._buffer[start : start + 3])

    def _aggregate(self, sigil: int, line: bytes) -> Part:
        count = _number(line, "Bad multi-bulk length")
        if count == -1:
            return _NIL_ARRAY if sigil == 0x2A else NIL
        if not 0 <= count < 1 << 32:
            raise ProtocolError("Protocol error, Multi-bulk length out of range")
        if count and self._nesting.depth >= MAX_DEPTH:
            raise ProtocolError(f"Protocol error, a reply nested deeper than {MAX_DEPTH} levels")
        return Head(_AGGREGATES[sigil], count)

    def _run(self, wanted: int) -> Run | None:
        """Bulk strings in a row, split by the C library's own means; None where that cannot be done.

        The window is split at every CRLF; where each length line fits the string after it, no
        string holds a CRLF and the split was right. Otherwise only what fits is taken.
        """
        window = self._buffer[self._pos : self._pos + self._run_bytes]
        lines = window.split(b"\r\n", 2 * wanted)
        whole = (len(lines) - 1) // 2
        heads, values = lines[0 : 2 * whole : 2], lines[1 : 2 * whole : 2]
        expected = list(map(_BULK_HEAD, map(len, values)))
        if heads != expected:
            whole = next(i for i, head in enumerate(heads) if head != expected[i])
            heads, values = heads[:whole], values[:whole]
            self._run_bytes = _RUN_BYTES_MIN
            self._singly = 0 if whole > 8 else 64
        else:
            self._run_bytes = min(self._run_bytes * 2, _RUN_BYTES_MAX)
        if not whole:
            return None
        self._pos += sum(map(len, heads)) + sum(map(len, values)) + 4 * whole
        return Run(values)


def _number(line: bytes, complaint: str) -> int:
    if not _INTEGER(line):
        raise ProtocolError(f"Protocol error, {complaint}")
    value = int(line)
    if not -(1 << 63) <= value < 1 << 63:
        raise ProtocolError(f"Protocol error, {complaint}")
    return value


def _leaf(sigil: int, line: bytes) -> Reply:
    if sigil == 0x2B and line == b"OK":
        return OK
    if sigil == 0x3A:
        return Reply(Kind.INTEGER, _number(line, "Bad integer value"))
    if sigil == 0x5F:
        if line:
            raise ProtocolError("Protocol error, Bad nil value")
        return NIL
    if sigil == 0x23:
        if len(line) != 1 or line not in b"tTfF":
            raise ProtocolError("Protocol error, Bad bool value")
        return _TRUE if line in b"tT" else _FALSE
    kind = _LINES.get(sigil)
    if kind is None:
        shown = chr(sigil) if 0x20 <= sigil < 0x7F else f"\\x{sigil:02x}"
        raise ProtocolError(f'Protocol error, got "{shown}" as reply type byte')
    if kind is Kind.DOUBLE and not _DOUBLE(line):
        raise ProtocolError("Protocol error, Bad double value")
    if kind is Kind.BIG_NUMBER and not _BIG_NUMBER(line):
        raise ProtocolError("Protocol error, Bad bignum value")
    if b"\r" in line or b"\n" in line:
        raise ProtocolError("Protocol error, Bad simple string value")
    return Reply(kind, line)
