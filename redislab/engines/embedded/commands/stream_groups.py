"""XINFO. Ours: upstream shows fields of Redis 8."""

from __future__ import annotations

from typing import Any

from fakeredis.model import StreamGroup, XStream

from redislab.core.reply import NIL
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.stream_ids import ZERO
from redislab.engines.embedded.commands.stream_pending import find_stream
from redislab.engines.embedded.commands.streams import wrong_words
from redislab.engines.embedded.commands.words import NO_SUCH_KEY, c_string
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail

# -- XINFO --------------------------------------------------------------------------------------


@handles("XINFO STREAM")
def xinfo_stream(client: Client, args: list[bytes]) -> Any:
    stream = find_stream(client, args[2])
    full = len(args) > 3 and args[3].upper() == b"FULL"
    if stream is None:
        raise Fail(NO_SUCH_KEY)
    if len(args) > 3 and not (full and (len(args) == 4 or (len(args) == 6 and args[4].upper() == b"COUNT"))):
        raise wrong_words(args[1].decode("latin-1"), "XINFO")
    most = integer(args[5]) if len(args) == 6 else 10
    entries = list(stream)
    nodes = -(-len(entries) // 100)
    about: dict[bytes, Any] = {
        b"length": len(entries),
        b"radix-tree-keys": nodes,
        b"radix-tree-nodes": nodes + 1,
        b"last-generated-id": stream.last_id.encode(),
        b"max-deleted-entry-id": stream.max_deleted_id.encode(),
        b"entries-added": stream.entries_added,
        b"recorded-first-entry-id": entries[0][0] if entries else b"0-0",
    }
    groups = _groups(stream)
    if full:
        about[b"entries"] = entries[: most or None] if most >= 0 else entries
        about[b"groups"] = [_full_group(stream, group, most) for group in groups]
    else:
        about[b"groups"] = len(groups)
        about[b"first-entry"] = entries[0] if entries else NIL
        about[b"last-entry"] = entries[-1] if entries else NIL
    return about


def _groups(stream: XStream) -> list[StreamGroup]:
    found = (stream.group_get(info[b"name"]) for info in stream.groups_info(False))
    return sorted((group for group in found if group is not None), key=lambda group: group.name)


@handles("XINFO GROUPS")
def xinfo_groups(client: Client, args: list[bytes]) -> Any:
    stream = find_stream(client, args[2])
    if stream is None:
        raise Fail(NO_SUCH_KEY)
    return [
        {
            b"name": group.name,
            b"consumers": len(group.consumers),
            b"pending": len(group.pel),
            b"last-delivered-id": group.last_delivered_key.encode(),
            b"entries-read": group.entries_read,
            b"lag": _lag(stream, group),
        }
        for group in _groups(stream)
    ]


def _lag(stream: XStream, group: StreamGroup) -> int | None:
    """How much a group has still to read, as 7.0 reckons; None where deletions hide it."""
    if not stream.entries_added:
        return 0
    deleted, first = stream.max_deleted_id, stream.first_id
    is_gap = bool(len(stream)) and deleted != ZERO and first <= deleted
    hidden = is_gap and group.last_delivered_key <= deleted
    if group.entries_read is not None and not hidden:
        return int(stream.entries_added - group.entries_read)
    read = stream.estimate_entries_read(group.last_delivered_key)
    return None if read is None else int(stream.entries_added - read)


@handles("XINFO CONSUMERS")
def xinfo_consumers(client: Client, args: list[bytes]) -> Any:
    stream = find_stream(client, args[2])
    if stream is None:
        raise Fail(NO_SUCH_KEY)
    group = stream.group_get(args[3])
    if group is None:
        raise Fail(
            b"NOGROUP No such consumer group '%b' for key name '%b'" % (c_string(args[3]), c_string(args[2]))
        )
    return [
        {
            b"name": name,
            b"pending": sum(entry.consumer_name == name for entry in group.pel.values()),
            b"idle": max(0, client.now_ms - consumer.last_attempt),
        }
        for name, consumer in sorted(group.consumers.items())
    ]


def _full_group(stream: XStream, group: StreamGroup, most: int) -> dict[bytes, Any]:
    pending = sorted(group.pel.items())
    return {
        b"name": group.name,
        b"last-delivered-id": group.last_delivered_key.encode(),
        b"entries-read": group.entries_read,
        b"lag": _lag(stream, group),
        b"pel-count": len(pending),
        b"pending": [
            [key.encode(), entry.consumer_name, entry.time_read, entry.times_delivered]
            for key, entry in pending[: most or None]
        ],
        b"consumers": [
            {
                b"name": name,
                b"seen-time": consumer.last_attempt,
                b"pel-count": len(own),
                b"pending": [
                    [key.encode(), entry.time_read, entry.times_delivered]
                    for key, entry in own[: most or None]
                ],
            }
            for name, consumer in sorted(group.consumers.items())
            for own in [[(key, entry) for key, entry in pending if entry.consumer_name == name]]
        ],
    }
