"""What became of keys ↔ bytes. A frame holds the records of one unit: all of them count, or none.

A record: what it is, the database, the kind of value, how Redis would keep it, when it expires (seconds
since 1970, NaN: never), the lengths of key and body; then those.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from redislab.engines.embedded.keeping.packing import Malformed, Reader

HEAD = struct.Struct("<BBBBdII")
NEVER = math.nan
NO_KEY = b""

# How OBJECT ENCODING is to be answered where the value alone does not tell; the place in this row is written.
ENCODINGS = (
    *(None, b"raw", b"embstr", b"int", b"listpack", b"hashtable", b"intset", b"skiplist"),
    *(b"quicklist", b"stream", b"ziplist", b"listpackex"),
)


class Op(IntEnum):
    """What a record says."""

    PUT = 1  # the key holds this value
    CHANGE = 2  # its value changed so; when it expires and how it is kept are given anew
    DELETE = 3
    EMPTY = 4  # the database has no keys any more
    SWAP = 5  # two databases changed places; `kind` is the number of the other
    LIBRARIES = 6  # all libraries of functions: their sources


class Record(NamedTuple):
    """One record; `body` is to be read by `values`."""

    op: int
    db: int
    kind: int
    encoding: bytes | None
    expireat: float | None  # seconds since 1970
    key: bytes
    body: Reader


def pack(
    op: Op,
    db: int,
    key: bytes = NO_KEY,
    *,
    kind: int = 0,
    body: bytes = b"",
    expireat: float | None = None,
    encoding: bytes | None = None,
) -> bytes:
    """The bytes of one record."""
    mark = ENCODINGS.index(encoding) if encoding in ENCODINGS else 0
    until = NEVER if expireat is None else expireat
    return HEAD.pack(op, db, kind, mark, until, len(key), len(body)) + key + body


def unpack(payload: bytes) -> Iterator[Record]:
    """The records of a frame. Raises Malformed."""
    at, end = 0, len(payload)
    while at < end:
        if at + HEAD.size > end:
            raise Malformed("a record ends too early")
        op, db, kind, mark, until, key_bytes, body_bytes = HEAD.unpack_from(payload, at)
        at += HEAD.size
        body_at = at + key_bytes
        body_end = body_at + body_bytes
        if body_end > end or mark >= len(ENCODINGS) or math.isinf(until):
            raise Malformed("a record that makes no sense")
        expireat = until if until == until else None
        body = Reader(payload, body_at, body_end)
        yield Record(op, db, kind, ENCODINGS[mark], expireat, payload[at:body_at], body)
        at = body_end
