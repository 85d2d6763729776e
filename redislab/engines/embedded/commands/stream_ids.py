"""IDs of stream entries: words → IDs, as Redis 7.0 reads them, and the neighbours of an ID."""

from __future__ import annotations

from fakeredis.model import StreamEntryKey
from fakeredis.model._stream import MAX_KEY

from redislab.engines.embedded.numbers import as_unsigned
from redislab.engines.embedded.results import Fail

BAD_ID = b"ERR Invalid stream ID specified as stream command argument"
ZERO = StreamEntryKey(0, 0)
_MOST = MAX_KEY.seq
_MOST_BYTES = 127


def entry_id(word: bytes, missing_seq: int = 0) -> StreamEntryKey:
    """`ms-seq`, or `ms` alone. Raises Fail."""
    first, dash, second = _text(word).partition(b"-")
    ms, seq = as_unsigned(first), as_unsigned(second) if dash else missing_seq
    if ms is None or seq is None or word in (b"-", b"+"):
        raise Fail(BAD_ID)
    return StreamEntryKey(ms, seq)


def interval_id(word: bytes, missing_seq: int) -> tuple[StreamEntryKey, bool]:
    """An end of a range: `-`, `+`, an ID, or `(` and an ID; and whether the ID itself is left out."""
    if word[:1] == b"(" and len(word) > 1:
        return entry_id(word[1:], missing_seq), True
    if word in (b"-", b"+"):
        return (ZERO if word == b"-" else MAX_KEY), False
    return entry_id(word, missing_seq), False


def after(entry: StreamEntryKey) -> StreamEntryKey:
    """The next ID that there can be. Raises Fail."""
    if entry == MAX_KEY:
        raise Fail(b"ERR invalid start ID for the interval")
    return StreamEntryKey(entry.ts, entry.seq + 1) if entry.seq < _MOST else StreamEntryKey(entry.ts + 1, 0)


def before(entry: StreamEntryKey) -> StreamEntryKey:
    """The ID before. Raises Fail."""
    if entry == ZERO:
        raise Fail(b"ERR invalid end ID for the interval")
    return StreamEntryKey(entry.ts, entry.seq - 1) if entry.seq else StreamEntryKey(entry.ts - 1, _MOST)


def _text(word: bytes) -> bytes:
    """A string of C: up to its first NUL. Raises Fail for one that is too long for an ID."""
    if len(word) > _MOST_BYTES:
        raise Fail(BAD_ID)
    return word.split(b"\0", 1)[0]
