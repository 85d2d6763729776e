"""Streams in RDB: entries in listpacks, then IDs, then groups with what they wait to hear of."""

from __future__ import annotations

from typing import Any

from fakeredis.model import StreamEntryKey, StreamGroup, XStream
from fakeredis.model._stream import MAX_KEY, PelEntry

from redislab.engines.embedded.rdb.codec import BadData, Reader, Writer
from redislab.engines.embedded.rdb.packs import from_listpack, listpack

NODE_ENTRIES = 100
_DELETED, _SAME_FIELDS = 1, 2  # flags of an entry
_UNKNOWN = MAX_KEY.seq  # entries read: nobody knows
_PENDING_BYTES = 25  # an ID, a time, a number of deliveries


# -- writing ------------------------------------------------------------------------------------


def write(out: Writer, stream: XStream) -> None:
    ids = list(stream._ids)
    nodes = [ids[start : start + NODE_ENTRIES] for start in range(0, len(ids), NODE_ENTRIES)]
    out.length(len(nodes))
    for node in nodes:
        out.string(_raw(node[0]))
        out.string(_node(stream, node))
    out.length(len(ids))
    for entry in (stream.last_id, stream.first_id, stream.max_deleted_id):
        _write_id(out, entry)
    out.length(stream.entries_added)
    groups = list(stream._groups.values())
    out.length(len(groups))
    for group in groups:
        _write_group(out, group)


def _raw(entry: StreamEntryKey) -> bytes:
    return entry.ts.to_bytes(8, "big") + entry.seq.to_bytes(8, "big")


def _write_id(out: Writer, entry: StreamEntryKey) -> None:
    out.length(entry.ts)
    out.length(entry.seq)


def _node(stream: XStream, ids: list[StreamEntryKey]) -> bytes:
    """Entries as one listpack: the first one's fields, then what differs from it."""
    first = ids[0]
    fields = stream._values_dict[first][0::2]
    parts: list[bytes | int] = [len(ids), 0, len(fields), *fields, 0]
    for entry in ids:
        words = stream._values_dict[entry]
        same = words[0::2] == fields
        body: list[bytes | int] = list(words[1::2]) if same else [len(words) // 2, *words]
        flags = _SAME_FIELDS if same else 0
        parts += [flags, entry.ts - first.ts, entry.seq - first.seq, *body, len(body) + 3]
    return listpack(parts)


def _write_group(out: Writer, group: StreamGroup) -> None:
    out.string(group.name)
    _write_id(out, group.last_delivered_key)
    out.length(_UNKNOWN if group.entries_read is None else group.entries_read)
    out.length(len(group.pel))
    for entry, how in sorted(group.pel.items()):
        out.raw(_raw(entry))
        out.milliseconds(how.time_read)
        out.length(how.times_delivered)
    out.length(len(group.consumers))
    for name, consumer in group.consumers.items():
        own = sorted(entry for entry, how in group.pel.items() if how.consumer_name == name)
        out.string(name)
        out.milliseconds(consumer.last_attempt)
        out.length(len(own))
        for entry in own:
            out.raw(_raw(entry))


# -- reading ------------------------------------------------------------------------------------


def read(reader: Reader, version: int) -> XStream:
    """A stream; version 2 says more of what was deleted and read. Raises BadData."""
    stream = XStream()
    for _ in range(reader.count()):
        key, node = reader.string(), reader.string()
        if len(key) != 16:
            raise BadData
        _read_node(stream, _id(key), from_listpack(node))
    length, last = reader.length(), _read_id(reader)
    if length != len(stream) or last < stream.last_id:
        raise BadData
    deleted, added = StreamEntryKey(0, 0), length
    if version > 1:
        _read_id(reader)  # the first: it follows from the entries
        deleted, added = _read_id(reader), reader.length()
    stream._last_id, stream._max_deleted_id, stream._entries_added = last, deleted, added
    for _ in range(reader.count()):
        _read_group(reader, stream, version)
    return stream


def _id(raw: bytes) -> StreamEntryKey:
    return StreamEntryKey(int.from_bytes(raw[:8], "big"), int.from_bytes(raw[8:], "big"))


def _read_id(reader: Reader) -> StreamEntryKey:
    return StreamEntryKey(reader.length(), reader.length())


class _Parts:
    """The elements of a node, one after the other. Raises BadData."""

    def __init__(self, parts: list[bytes]) -> None:
        self._parts = parts
        self.at = 0

    @property
    def left(self) -> int:
        return len(self._parts) - self.at

    def take(self, count: int) -> list[bytes]:
        if not 0 <= count <= self.left:
            raise BadData
        self.at += count
        return self._parts[self.at - count : self.at]

    def number(self) -> int:
        try:
            return int(self.take(1)[0])
        except ValueError:
            raise BadData from None


def _read_node(stream: XStream, first: StreamEntryKey, listed: list[bytes]) -> None:
    parts = _Parts(listed)
    live, deleted = parts.number(), parts.number()
    fields = parts.take(parts.number())
    if parts.number() != 0 or not fields:
        raise BadData
    found_live = found_deleted = 0
    while parts.left:
        flags = parts.number()
        entry = StreamEntryKey(first.ts + parts.number(), first.seq + parts.number())
        start = parts.at
        if flags & _SAME_FIELDS:
            names, values = fields, parts.take(len(fields))
        else:
            words = parts.take(2 * parts.number())
            names, values = words[0::2], words[1::2]
        if parts.at - start + 3 != parts.number():
            raise BadData
        if flags & _DELETED:
            found_deleted += 1
            continue
        found_live += 1
        if not (stream.last_id < entry <= MAX_KEY and names):
            raise BadData
        stream.add([side for pair in zip(names, values, strict=True) for side in pair], entry)
    if (found_live, found_deleted) != (live, deleted):
        raise BadData


def _read_group(reader: Reader, stream: XStream, version: int) -> None:
    name, last = reader.string(), _read_id(reader)
    entries_read: int | None = None
    if version > 1:
        number = reader.length()
        entries_read = None if number == _UNKNOWN else number
    if stream.group_get(name) is not None:
        raise BadData
    stream.group_add(name, last, entries_read)
    group = stream.group_get(name)
    assert group is not None
    pending: dict[StreamEntryKey, tuple[int, int]] = {}
    for _ in range(reader.count(_PENDING_BYTES)):
        entry = _id(reader.raw(16))
        pending[entry] = reader.milliseconds(), reader.length()
    for _ in range(reader.count(10)):
        _read_consumer(reader, group, pending)
    if len(group.pel) != len(pending):
        raise BadData


def _read_consumer(reader: Reader, group: Any, pending: dict[StreamEntryKey, tuple[int, int]]) -> None:
    name, seen_ms = reader.string(), reader.milliseconds()
    if not group.add_consumer(name):
        raise BadData
    group.consumers[name].last_attempt = seen_ms
    for _ in range(reader.count(16)):
        entry = _id(reader.raw(16))
        if entry not in pending or entry in group.pel:
            raise BadData
        group.pel[entry] = PelEntry(name, *pending[entry])
