"""Streams ↔ bytes: entries, the nodes that approximate trimming goes by, groups and what is pending."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any

from fakeredis.model import StreamEntryKey, StreamGroup
from fakeredis.model import XStream as Stream
from fakeredis.model._stream import PelEntry, StreamConsumerInfo, _StreamNode

from redislab.engines.embedded.keeping import changes
from redislab.engines.embedded.keeping.packing import Malformed, Reader, integers, signed, strings

UNKNOWN = -(1 << 63)  # how many entries a group has read, where nobody knows


def change(before: Stream, value: Stream) -> bytes | None:
    """What makes `before` this stream; None: write it whole."""
    start, removed, end = changes.splice(before._ids, value._ids)
    if not _rest_is_untouched(before, value, start, end):
        return None
    groups = _groups_change(before._groups, value._groups)
    if groups is None:
        return None
    new_ids = value._ids[start:end]
    entries = [value._values_dict[key] for key in new_ids]
    return b"".join([
        struct.pack("<5Q", *value._last_id, *value._max_deleted_id, value._entries_added),
        struct.pack("<II", start, removed),
        integers(list(chain.from_iterable(new_ids))),
        integers([len(fields) for fields in entries]),
        strings(list(chain.from_iterable(entries))),
        _nodes_change(before._nodes, value._nodes),
        groups,
    ])  # fmt: skip


def apply(value: Stream, reader: Reader) -> Stream:
    """The stream with a change applied. Raises Malformed."""
    last_ms, last_seq, deleted_ms, deleted_seq, added = reader.unpack("<5Q")
    _apply_entries(value, reader)
    value._last_id = StreamEntryKey(last_ms, last_seq)
    value._max_deleted_id = StreamEntryKey(deleted_ms, deleted_seq)
    value._entries_added = added
    _apply_nodes(value._nodes, reader)
    for name in reader.strings():
        value._groups.pop(name, None)
    for name in reader.strings():
        _apply_group(value, name, reader)
    return value


# -- entries ------------------------------------------------------------------------------------


def _rest_is_untouched(before: Stream, value: Stream, start: int, end: int) -> bool:
    """Whether entries that kept their ID kept their fields: an ID may be given twice (XSETID)."""
    old, new = before._values_dict, value._values_dict
    return all(old[key] is new[key] for key in chain(value._ids[:start], value._ids[end:]))


def _apply_entries(value: Stream, reader: Reader) -> None:
    start, removed = reader.unpack("<II")
    if start + removed > len(value._ids):
        raise Malformed("a change outside of its stream")
    numbers, counts, fields = reader.integers(), reader.integers(), reader.strings()
    if len(numbers) != 2 * len(counts) or sum(counts) != len(fields):
        raise Malformed("entries and fields that are not as many")
    gone = value._ids[start : start + removed]
    ids = _ids(numbers)
    value._ids[start : start + removed] = ids
    for key in gone:
        value._values_dict.pop(key, None)
    at = 0
    for key, count in zip(ids, counts, strict=True):
        value._values_dict[key] = fields[at : at + count]
        at += count
    if len(value._values_dict) != len(value._ids):
        raise Malformed("two entries of one ID")


def _ids(numbers: Sequence[int]) -> list[StreamEntryKey]:
    if len(numbers) % 2:
        raise Malformed("half an ID")
    return [StreamEntryKey(*pair) for pair in zip(numbers[0::2], numbers[1::2], strict=True)]


# -- nodes --------------------------------------------------------------------------------------


def _nodes_change(before: Sequence[_StreamNode], after: Sequence[_StreamNode]) -> bytes:
    start, removed, end = changes.splice(before, after)
    nodes = after[start:end]
    numbers = [
        (*node.master_id, *node.last_id, node.live, node.deleted, node.lp_bytes, len(node.master_fields))
        for node in nodes
    ]
    return (
        struct.pack("<II", start, removed)
        + integers(list(chain.from_iterable(numbers)))
        + strings(list(chain.from_iterable(node.master_fields for node in nodes)))
    )


def _apply_nodes(nodes: list[_StreamNode], reader: Reader) -> None:
    start, removed = reader.unpack("<II")
    numbers, names = reader.integers(), reader.strings()
    if start + removed > len(nodes) or len(numbers) % 8:
        raise Malformed("a change outside of its stream's nodes")
    new, at = [], 0
    for place in range(0, len(numbers), 8):
        first_ms, first_seq, last_ms, last_seq, live, deleted, size, count = numbers[place : place + 8]
        master, last = StreamEntryKey(first_ms, first_seq), StreamEntryKey(last_ms, last_seq)
        new.append(_StreamNode(master, names[at : at + count], last, live, deleted, size))
        at += count
    if at != len(names):
        raise Malformed("nodes and field names that are not as many")
    nodes[start : start + removed] = new


# -- groups -------------------------------------------------------------------------------------


def _groups_change(before: dict[bytes, StreamGroup], after: dict[bytes, StreamGroup]) -> bytes | None:
    """The groups that went, then those that came or are not the same."""
    old, new = list(before), list(after)
    removed = [name for name in old if name not in after]
    survivors = [name for name in old if name in after]
    if new[: len(survivors)] != survivors:
        return None
    names, bodies = [], []
    for name, group in after.items():
        was = before.get(name)
        body = _group_change(was, group)
        if body is None:
            return None
        if was is None or body != _group_change(was, was):  # the latter: nothing changed
            names.append(name)
            bodies.append(body)
    return strings(removed) + strings(names) + b"".join(bodies)


def _group_change(before: StreamGroup | None, group: StreamGroup) -> bytes | None:
    """All of a group but what is pending, and what changed of that."""
    found = changes.of_mapping(before.pel if before is not None else {}, group.pel)
    if found is None:
        return None
    removed, changed = found
    consumers = list(group.consumers.values())
    pending = [group.pel[key] for key in changed]
    read = group.entries_read
    return b"".join([
        struct.pack("<2Qq", *group.last_delivered_key, UNKNOWN if read is None else read),
        strings([consumer.name for consumer in consumers]),
        signed(list(chain.from_iterable(
            (each.pending, each.last_attempt, each.last_success) for each in consumers
        ))),
        integers(list(chain.from_iterable(removed))),
        integers(list(chain.from_iterable(changed))),
        strings([each.consumer_name for each in pending]),
        signed(list(chain.from_iterable((each.time_read, each.times_delivered) for each in pending))),
    ])  # fmt: skip


def _apply_group(stream: Stream, name: bytes, reader: Reader) -> None:
    last_ms, last_seq, read = reader.unpack("<2Qq")
    last, entries_read = StreamEntryKey(last_ms, last_seq), None if read == UNKNOWN else read
    group = stream._groups.get(name)
    if group is None:
        group = stream._groups[name] = StreamGroup(stream, name, last, entries_read)
    group.set_id(last, entries_read)
    group.consumers = _consumers(reader.strings(), reader.signed())
    for key in _ids(reader.integers()):
        group.pel.pop(key, None)
    ids, names, numbers = _ids(reader.integers()), reader.strings(), reader.signed()
    if len(numbers) != 2 * len(ids) or len(names) != len(ids):
        raise Malformed("pending entries and their consumers are not as many")
    for place, (key, consumer) in enumerate(zip(ids, names, strict=True)):
        group.pel[key] = PelEntry(consumer, *numbers[2 * place : 2 * place + 2])


def _consumers(names: Sequence[bytes], numbers: Sequence[int]) -> dict[bytes, Any]:
    if len(numbers) != 3 * len(names):
        raise Malformed("consumers and their times are not as many")
    found = {}
    for place, name in enumerate(names):
        consumer = found[name] = StreamConsumerInfo(name)
        consumer.pending, consumer.last_attempt, consumer.last_success = numbers[3 * place : 3 * place + 3]
    return found
