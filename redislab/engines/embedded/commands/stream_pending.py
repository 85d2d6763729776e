"""What consumer groups deliver and wait to hear of: reading in a group, XACK, XPENDING, XCLAIM, XAUTOCLAIM.

Ours: upstream creates consumers that claim nothing, forgets ENTRIESREAD at the first read, moves idle times
of consumers when others claim, and reads the machine's clock instead of the lab's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fakeredis.model import StreamEntryKey, StreamGroup, XStream
from fakeredis.model._stream import MAX_KEY, PelEntry, StreamConsumerInfo

from redislab.engines.embedded import notices
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.stream_ids import ZERO, after, before, entry_id, interval_id
from redislab.engines.embedded.commands.words import c_string, syntax_error
from redislab.engines.embedded.numbers import HIGHEST, as_integer, integer
from redislab.engines.embedded.results import NIL_ARRAY, Fail

_MOST_CLAIMS = HIGHEST // 16
_LOOKS_PER_CLAIM = 10  # XAUTOCLAIM looks at so many entries for each that it may claim


def find_stream(client: Client, key: bytes) -> XStream | None:
    return client.value(key, XStream)


def group_or_fail(client: Client, args: list[bytes]) -> StreamGroup:
    stream = find_stream(client, args[1])
    group = stream.group_get(args[2]) if stream is not None else None
    if group is None:
        names = c_string(args[1]), c_string(args[2])
        raise Fail(b"NOGROUP No such key '%b' or consumer group '%b'" % names)
    return group


def tell(client: Client, name: str, key: bytes) -> None:
    """Publish what happened to a group, to those who asked for it."""
    if client.lab.settings["notify-keyspace-events"]:
        notices.publish(client.lab, "t", name, key, client.db_number)


def seen(client: Client, group: StreamGroup, key: bytes, name: bytes) -> StreamConsumerInfo:
    """The consumer, who has said something just now; a new one if there was none."""
    if name not in group.consumers:
        create_consumer(client, group, key, name)
    consumer = group.consumers[name]
    consumer.last_attempt = client.now_ms
    return consumer


def create_consumer(client: Client, group: StreamGroup, key: bytes, name: bytes) -> int:
    created = group.add_consumer(name)
    if created:
        group.consumers[name].last_attempt = client.now_ms
        tell(client, "xgroup-createconsumer", key)
    return created


# -- reading ------------------------------------------------------------------------------------


def read_new(
    client: Client, group: StreamGroup, key: bytes, name: bytes, most: int | None, *, noack: bool
) -> list[Any]:
    """Entries that nobody in the group has been given yet; without any the consumer is not made either."""
    stream = group.stream
    found = stream.stream_read(group.last_delivered_key, most)
    if found:
        seen(client, group, key, name)
    for entry in found:
        if not noack:
            group.pel[entry] = PelEntry(name, client.now_ms, 1)
        if group.entries_read is not None and not _has_gap(stream, entry):
            group.entries_read += 1
        elif stream.entries_added:
            group.entries_read = stream.estimate_entries_read(entry)
        group.last_delivered_key = entry
    return [stream.format_record(entry) for entry in found]


def read_own(
    client: Client, group: StreamGroup, key: bytes, name: bytes, start: StreamEntryKey, most: int | None
) -> list[Any]:
    """What the consumer was given and has not acknowledged, behind `start`."""
    seen(client, group, key, name)
    rows: list[Any] = []
    own = sorted(entry for entry, how in group.pel.items() if how.consumer_name == name and entry > start)
    for entry in own[:most]:
        if entry not in group.stream:
            rows.append([entry.encode(), NIL_ARRAY])
            continue
        group.pel[entry] = PelEntry(name, client.now_ms, group.pel[entry].times_delivered + 1)
        rows.append(group.stream.format_record(entry))
    return rows


def _has_gap(stream: XStream, start: StreamEntryKey) -> bool:
    """Whether an entry from here on has been deleted from the middle."""
    deleted = stream.max_deleted_id
    if not len(stream) or deleted == ZERO or stream.first_id > deleted:
        return False
    return start <= deleted


# -- XACK, XPENDING -----------------------------------------------------------------------------


@handles("XACK")
def xack(client: Client, args: list[bytes]) -> Any:
    stream = find_stream(client, args[1])
    group = stream.group_get(args[2]) if stream is not None else None
    if group is None:
        return 0
    return sum(group.pel.pop(entry, None) is not None for entry in [entry_id(word) for word in args[3:]])


@handles("XPENDING")
def xpending(client: Client, args: list[bytes]) -> Any:
    if len(args) == 3:
        return _summary(group_or_fail(client, args))
    if not 6 <= len(args) <= 9:
        raise syntax_error()
    least_ms, place = 0, 3
    if args[3].upper() == b"IDLE":
        least_ms, place = integer(args[4]), 5
        if len(args) < 8:
            raise syntax_error()
    most = max(0, integer(args[place + 2]))
    first, last = _interval(args[place], args[place + 1])
    group = group_or_fail(client, args)
    consumer = args[place + 3] if place + 3 < len(args) else None
    rows: list[Any] = []
    for entry in sorted(group.pel):
        how = group.pel[entry]
        idle_ms = client.now_ms - how.time_read
        if (
            len(rows) < most
            and first <= entry <= last
            and consumer in (None, how.consumer_name)
            and not (least_ms and idle_ms < least_ms)
        ):
            rows.append([entry.encode(), how.consumer_name, max(0, idle_ms), how.times_delivered])
    return rows


def _interval(first: bytes, last: bytes) -> tuple[StreamEntryKey, StreamEntryKey]:
    start, without_start = interval_id(first, 0)
    if without_start:
        start = after(start)
    end, without_end = interval_id(last, MAX_KEY.seq)
    return start, before(end) if without_end else end


def _summary(group: StreamGroup) -> list[Any]:
    if not group.pel:
        return [0, None, None, NIL_ARRAY]
    owned: dict[bytes, int] = {}
    for how in group.pel.values():
        owned[how.consumer_name] = owned.get(how.consumer_name, 0) + 1
    counts = [[name, b"%d" % number] for name, number in sorted(owned.items())]
    return [len(group.pel), min(group.pel).encode(), max(group.pel).encode(), counts]


# -- claiming -----------------------------------------------------------------------------------


class _Claim:
    """The options of XCLAIM. Raises Fail."""

    def __init__(self, now_ms: int, args: list[bytes]) -> None:
        self.entries: list[StreamEntryKey] = []
        self.force = self.only_ids = False
        self._given_ms = -1  # -1 means to Redis, too, that nothing was said
        self.deliveries = -1
        self.last = ZERO
        place = 5
        while place < len(args):
            try:
                self.entries.append(entry_id(args[place]))
            except Fail:
                break
            place += 1
        while place < len(args):
            place += self._option(now_ms, args[place:])
        self.delivered_ms = self._given_ms if 0 <= self._given_ms <= now_ms else now_ms

    def _option(self, now_ms: int, words: list[bytes]) -> int:
        """Read one option; how many words it has."""
        word = words[0].upper()
        if word in (b"FORCE", b"JUSTID"):
            self.force = self.force or word == b"FORCE"
            self.only_ids = self.only_ids or word == b"JUSTID"
            return 1
        if word not in (b"IDLE", b"TIME", b"RETRYCOUNT", b"LASTID") or len(words) < 2:
            raise Fail(b"ERR Unrecognized XCLAIM option '%b'" % c_string(words[0]))
        if word == b"LASTID":
            self.last = entry_id(words[1])
            return 2
        number = integer(words[1], b"ERR Invalid %b option argument for XCLAIM" % word)
        if word == b"RETRYCOUNT":
            self.deliveries = number
        else:
            self._given_ms = now_ms - number if word == b"IDLE" else number
        return 2


@handles("XCLAIM")
def xclaim(client: Client, args: list[bytes]) -> Any:
    group = group_or_fail(client, args)
    least_ms = max(0, integer(args[4], b"ERR Invalid min-idle-time argument for XCLAIM"))
    asked = _Claim(client.now_ms, args)
    group.last_delivered_key = max(group.last_delivered_key, asked.last)
    rows: list[Any] = []
    for entry in asked.entries:
        if entry not in group.stream:
            group.pel.pop(entry, None)
            continue
        how = group.pel.get(entry)
        if how is None and not asked.force:
            continue
        if how is not None and client.now_ms - how.time_read < least_ms:
            continue
        seen_once(client, group, args, rows)
        deliveries = how.times_delivered if how is not None else 1
        if asked.deliveries >= 0:
            deliveries = asked.deliveries
        elif not asked.only_ids:
            deliveries += 1
        group.pel[entry] = PelEntry(args[3], asked.delivered_ms, deliveries)
        rows.append(entry.encode() if asked.only_ids else group.stream.format_record(entry))
    return rows


def seen_once(client: Client, group: StreamGroup, args: list[bytes], rows: list[Any]) -> None:
    """The one who claims is noticed with the first entry that it gets."""
    if not rows:
        seen(client, group, args[1], args[3])


@handles("XAUTOCLAIM")
def xautoclaim(client: Client, args: list[bytes]) -> Any:
    least_ms = max(0, integer(args[4], b"ERR Invalid min-idle-time argument for XAUTOCLAIM"))
    start, without_start = interval_id(args[5], 0)
    if without_start:
        start = after(start)
    most, only_ids = _autoclaim_options(args[6:])
    group = group_or_fail(client, args)
    rows: list[Any] = []
    gone: list[bytes] = []
    looks = most * _LOOKS_PER_CLAIM
    waiting = iter(sorted(entry for entry in group.pel if entry >= start))
    for entry in _some(waiting, looks):
        how = group.pel[entry]
        if entry not in group.stream:
            del group.pel[entry]
            gone.append(entry.encode())
        elif client.now_ms - how.time_read < least_ms:
            continue
        else:
            seen_once(client, group, args, rows)
            group.pel[entry] = PelEntry(args[3], client.now_ms, how.times_delivered + (not only_ids))
            rows.append(entry.encode() if only_ids else group.stream.format_record(entry))
        if len(rows) + len(gone) == most:
            break
    return [next(waiting, ZERO).encode(), rows, gone]


def _some(entries: Iterator[StreamEntryKey], most: int) -> Iterator[StreamEntryKey]:
    """Up to so many; the next one is left in `entries`."""
    for _ in range(most):
        entry = next(entries, None)
        if entry is None:
            return
        yield entry


def _autoclaim_options(words: list[bytes]) -> tuple[int, bool]:
    most, only_ids, place = 100, False, 0
    while place < len(words):
        word = words[place].upper()
        if word == b"COUNT" and place + 1 < len(words):
            most = as_integer(words[place + 1]) or 0
            if not 1 <= most <= _MOST_CLAIMS:
                raise Fail(b"ERR COUNT must be > 0")
            place += 1
        elif word == b"JUSTID":
            only_ids = True
        else:
            raise syntax_error()
        place += 1
    return most, only_ids
