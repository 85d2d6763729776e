"""A lab as commands that make the same data on any Redis: lines to be read, or Redis's own protocol.

Lines stay below 16 KiB where single words do: a server reads a line of up to 64 KiB (`redis-cli --pipe`).
What cannot be said by commands is left out: entries that are pending in a group but deleted from their
stream, and how long ago a consumer was seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from fakeredis.model import ExpiringMembersSet, Hash, StreamEntryKey, StreamGroup, ZSet
from fakeredis.model import XStream as Stream

from redislab.core.words import quote

if TYPE_CHECKING:
    from redislab.engines.embedded.lab import Lab

MOST_WORDS, MOST_BYTES = 1_000, 1 << 12  # of one command; a byte may be written in four

Command = Sequence[bytes]


def lines(commands: Iterable[Command]) -> Iterator[bytes]:
    """As redis-cli and `redislab repl` read them."""
    for command in commands:
        yield quote(command) + b"\n"


def protocol(commands: Iterable[Command]) -> Iterator[bytes]:
    """As `--pipe` reads them, whatever their size."""
    for command in commands:
        words = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in command)
        yield b"*%d\r\n%b" % (len(command), words)


def commands(lab: Lab) -> Iterator[Command]:
    """All of a lab that lives now. The lab's lock is held, or nobody else works on it."""
    for library in lab.functions.libraries.values():
        yield b"FUNCTION", b"LOAD", b"REPLACE", library.code
    now_s = lab.clock.time()
    for number, db in sorted(lab.dbs.items()):
        items = [(key, db.stored(key)) for key in db.stored_keys()]
        living = [(key, item) for key, item in items if item.expireat is None or item.expireat >= now_s]
        if living:
            yield b"SELECT", b"%d" % number
        for key, item in living:
            yield from _key(key, item.value)
            if item.expireat is not None:
                yield b"PEXPIREAT", key, b"%d" % round(item.expireat * 1000)


def _key(key: bytes, value: Any) -> Iterator[Command]:
    if isinstance(value, bytes):
        yield from _string(key, value)
    elif isinstance(value, list):
        yield from _in_parts(b"RPUSH", key, [[element] for element in value])
    elif isinstance(value, ExpiringMembersSet):
        yield from _in_parts(b"SADD", key, [[member] for member in value._values])
    elif isinstance(value, Hash):
        yield from _in_parts(b"HSET", key, [list(pair) for pair in value._values.items()])
    elif isinstance(value, ZSet):
        pairs = [[repr(score).encode(), member] for score, member in value._byscore]
        yield from _in_parts(b"ZADD", key, pairs)
    elif isinstance(value, Stream):
        yield from _stream(key, value)


def _string(key: bytes, value: bytes) -> Iterator[Command]:
    yield b"SET", key, value[:MOST_BYTES]
    for start in range(MOST_BYTES, len(value), MOST_BYTES):
        yield b"APPEND", key, value[start : start + MOST_BYTES]


def _in_parts(name: bytes, key: bytes, parts: Iterable[list[bytes]]) -> Iterator[Command]:
    """One command, or several where there is much to say."""
    words, size = [name, key], 0
    for part in parts:
        if len(words) > 2 and (len(words) >= MOST_WORDS or size + sum(map(len, part)) > MOST_BYTES):
            yield words
            words, size = [name, key], 0
        words += part
        size += sum(map(len, part))
    yield words


# -- streams ------------------------------------------------------------------------------------


def _stream(key: bytes, stream: Stream) -> Iterator[Command]:
    for entry in stream._ids:
        yield b"XADD", key, _id(entry), *stream._values_dict[entry]
    if not stream._ids:
        first = _id(max(stream._last_id, StreamEntryKey(0, 1)))
        yield b"XADD", key, b"MAXLEN", b"0", first, b"f", b"v"
    numbers = b"ENTRIESADDED", b"%d" % stream._entries_added, b"MAXDELETEDID", _id(stream._max_deleted_id)
    yield b"XSETID", key, _id(stream._last_id), *numbers
    for group in stream._groups.values():
        yield from _group(key, stream, group)


def _group(key: bytes, stream: Stream, group: StreamGroup) -> Iterator[Command]:
    read = () if group.entries_read is None else (b"ENTRIESREAD", b"%d" % group.entries_read)
    yield b"XGROUP", b"CREATE", key, group.name, _id(group.last_delivered_key), *read
    for name in group.consumers:
        yield b"XGROUP", b"CREATECONSUMER", key, group.name, name
    for entry, pending in sorted(group.pel.items()):
        if entry in stream._values_dict:
            yield (
                *(b"XCLAIM", key, group.name, pending.consumer_name, b"0", _id(entry)),
                *(b"TIME", b"%d" % pending.time_read, b"RETRYCOUNT", b"%d" % pending.times_delivered),
                *(b"FORCE", b"JUSTID"),
            )


def _id(entry: StreamEntryKey) -> bytes:
    return b"%d-%d" % entry
