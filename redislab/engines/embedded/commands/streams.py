"""Streams: reading them, alone and in groups, and making groups.

Ours: upstream XREAD checks neither types nor `$` and `>`, says an empty array for nothing, and its BLOCK
takes text; BUSYGROUP has a prefix too many.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fakeredis._helpers import SimpleError
from fakeredis.model import StreamEntryKey, StreamGroup, StreamRangeTest, XStream
from fakeredis.model._stream import MAX_KEY

from redislab.core.reply import OK, Kind
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles, theirs
from redislab.engines.embedded.commands.stream_ids import ZERO, after, before, entry_id, interval_id
from redislab.engines.embedded.commands.stream_pending import (
    create_consumer,
    find_stream,
    read_new,
    read_own,
    tell,
)
from redislab.engines.embedded.commands.words import NO_SUCH_KEY, c_string, syntax_error, timeout_ms
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import NIL_ARRAY, Fail, Typed

THEIRS = theirs(["XGROUP CREATE", "XGROUP SETID", "XGROUP DESTROY"])


# -- XREAD and XREADGROUP -----------------------------------------------------------------------


class _Read:
    """What XREAD and XREADGROUP were asked. Raises Fail."""

    def __init__(self, client: Client, args: list[bytes]) -> None:
        self.name = args[0].upper().decode()
        self.count: int | None = None
        self.block_s: float | None = None
        self.noack = False
        self.group = self.consumer = b""
        place = self._options(client, args)
        names = args[place:]
        if len(names) % 2:
            raise Fail(
                b"ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."
            )
        if self.name == "XREADGROUP" and not self.group:
            raise Fail(b"ERR Missing GROUP option for XREADGROUP")
        half = len(names) // 2
        self.keys = names[:half]
        self.starts = [self._start(client, *pair) for pair in zip(self.keys, names[half:], strict=True)]

    def _options(self, client: Client, args: list[bytes]) -> int:
        """Read the words before the keys; where the keys begin."""
        place = 1
        while place < len(args):
            word, more = args[place].upper(), len(args) - place - 1
            if word == b"BLOCK" and more:
                if client.in_script:
                    name = args[0].decode("latin-1")
                    raise Fail(f"ERR {name} command is not allowed with BLOCK option from scripts")
                self.block_s = timeout_ms(args[place + 1])
                place += 1
            elif word == b"COUNT" and more:
                self.count = integer(args[place + 1])
                place += 1
            elif word == b"STREAMS" and more:
                return place + 1
            elif word == b"GROUP" and more >= 2:
                self._only_for_groups("GROUP")
                self.group, self.consumer = args[place + 1], args[place + 2]
                place += 2
            elif word == b"NOACK":
                self._only_for_groups("NOACK")
                self.noack = True
            else:
                break
            place += 1
        raise syntax_error()

    def _only_for_groups(self, option: str) -> None:
        if self.name == "XREAD":
            raise Fail(f"ERR The {option} option is only supported by XREADGROUP. You called XREAD instead.")

    def _start(self, client: Client, key: bytes, word: bytes) -> StreamEntryKey | None:
        """The last ID that is not wanted any more; None for `>`."""
        stream = find_stream(client, key)
        if self.name == "XREADGROUP":
            self.find_group(client, key)
        if word == b"$":
            if self.name == "XREADGROUP":
                raise Fail(
                    b"ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history "
                    b"of this consumer by specifying a proper ID, or use the > ID to get new messages. "
                    b"The $ ID would just return an empty result set."
                )
            return ZERO if stream is None else stream.last_id
        if word == b">":
            if self.name == "XREAD":
                raise Fail(
                    b"ERR The > ID can be specified only when calling XREADGROUP using the "
                    b"GROUP <group> <consumer> option."
                )
            return None
        return entry_id(word)

    def find_group(self, client: Client, key: bytes) -> StreamGroup:
        stream = find_stream(client, key)
        group = stream.group_get(self.group) if stream is not None else None
        if group is None:
            raise Fail(
                b"NOGROUP No such key '%b' or consumer group '%b' in XREADGROUP with GROUP option"
                % (c_string(key), c_string(self.group))
            )
        return group

    @property
    def limit(self) -> int | None:
        return self.count if self.count is not None and self.count > 0 else None


@handles("XREAD", "XREADGROUP")
def xread(client: Client, args: list[bytes]) -> Any:
    asked = _Read(client, args)
    attempt = _read_group if asked.name == "XREADGROUP" else _read
    if asked.block_s is None:
        return attempt(client, asked, waiting=False) or NIL_ARRAY
    first = attempt(client, asked, waiting=False)
    if first is not None:
        return first
    return client.park(lambda: attempt(client, asked, waiting=True), asked.block_s)


def _read(client: Client, asked: _Read, *, waiting: bool) -> Any:
    found: list[tuple[bytes, Any]] = []
    for key, start in zip(asked.keys, asked.starts, strict=True):
        stored = client.db.get(key)
        if stored is None or not isinstance(stored.value, XStream):
            continue
        after = StreamRangeTest(start or ZERO, True)
        entries = stored.value.irange(after, StreamRangeTest.decode(b"+"), count=asked.limit)
        if entries:
            found.append((key, entries))
    return _by_stream(client, found)


def _read_group(client: Client, asked: _Read, *, waiting: bool) -> Any:
    found: list[tuple[bytes, Any]] = []
    for key, start in zip(asked.keys, asked.starts, strict=True):
        group = _group_waited_for(client, asked, key) if waiting else asked.find_group(client, key)
        if start is None:
            entries = read_new(client, group, key, asked.consumer, asked.limit, noack=asked.noack)
        else:
            entries = read_own(client, group, key, asked.consumer, start, asked.limit)
        if entries or start is not None:
            found.append((key, entries))
    return _by_stream(client, found)


def _group_waited_for(client: Client, asked: _Read, key: bytes) -> StreamGroup:
    stored = client.db.get(key)
    if stored is None or not isinstance(stored.value, XStream):
        raise Fail(b"UNBLOCKED the stream key no longer exists")
    if stored.value.group_get(asked.group) is None:
        raise Fail(b"NOGROUP the consumer group this client was blocked on no longer exists")
    return asked.find_group(client, key)


def _by_stream(client: Client, found: list[tuple[bytes, Any]]) -> Any:
    """A stream may be named twice."""
    if not found:
        return None
    if client.resp == 2:
        return [[key, entries] for key, entries in found]
    by_key = dict(found)
    return by_key if len(by_key) == len(found) else Typed(Kind.MAP, [side for pair in found for side in pair])


# -- ranges and groups --------------------------------------------------------------------------


@handles("XRANGE", "XREVRANGE")
def xrange_(client: Client, args: list[bytes]) -> Any:
    backwards = args[0].upper() == b"XREVRANGE"
    first, last = (args[3], args[2]) if backwards else (args[2], args[3])
    start, without_start = interval_id(first, 0)
    end, without_end = interval_id(last, MAX_KEY.seq)
    start, end = after(start) if without_start else start, before(end) if without_end else end
    most = _most(args[4:])
    stream = find_stream(client, args[1])
    if stream is None:
        return []
    if most == 0:
        return NIL_ARRAY
    ends = StreamRangeTest(start, False), StreamRangeTest(end, False)
    return stream.irange(*ends, reverse=backwards, count=most)


def _most(words: list[bytes]) -> int | None:
    """COUNT, as often as it is said: the last one counts."""
    most = None
    for place in range(0, len(words), 2):
        if words[place].upper() != b"COUNT" or place + 1 >= len(words):
            raise syntax_error()
        most = max(0, integer(words[place + 1]))
    return most


@handles("XDEL")
def xdel(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], XStream)
    if item.value is None:
        return 0
    deleted = item.value.delete([entry_id(word).encode() for word in args[2:]])
    if deleted:
        client.db.notify_watch(args[1])  # not stored anew: an empty stream stays
    return deleted


def wrong_words(subcommand: str, container: str = "XGROUP") -> Fail:
    return Fail(
        f"ERR unknown subcommand or wrong number of arguments for '{subcommand}'. Try {container} HELP."
    )


@handles("XGROUP CREATE", "XGROUP SETID")
def xgroup_create(client: Client, args: list[bytes]) -> Any:
    name = args[1].upper().decode()
    place = 5
    while place < len(args):
        word = args[place].upper()
        if word == b"ENTRIESREAD" and place + 1 < len(args):
            if integer(args[place + 1]) < -1:
                raise Fail(b"ERR value for ENTRIESREAD must be positive or -1")
            place += 1
        elif not (word == b"MKSTREAM" and name == "CREATE"):
            raise wrong_words(args[1].decode("latin-1"))
        place += 1
    if len(args) > (8 if name == "CREATE" else 7):
        raise wrong_words(args[1].decode("latin-1"))
    if name == "SETID":
        _group_of_stream(client, args)
    with suppress(Fail):  # upstream says what is wrong with it, after it has looked at the key
        args = [*args[:4], entry_id(args[4]).encode(), *args[5:]]
    result = _theirs_group(client, f"XGROUP {name}", args)
    client.db.wake_all()
    return result


def _theirs_group(client: Client, name: str, args: list[bytes]) -> Any:
    try:
        return THEIRS[name](client, args)
    except SimpleError as error:
        raise Fail(error.value.removeprefix("ERR ") if "BUSYGROUP" in error.value else error.value) from None


def _group_of_stream(client: Client, args: list[bytes]) -> StreamGroup:
    stream = find_stream(client, args[2])
    if stream is None:
        raise Fail(
            b"ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
            b"the MKSTREAM option to create an empty stream automatically."
        )
    group = stream.group_get(args[3])
    if group is None:
        raise Fail(
            b"NOGROUP No such consumer group '%b' for key name '%b'" % (c_string(args[3]), c_string(args[2]))
        )
    return group


@handles("XGROUP CREATECONSUMER")
def xgroup_createconsumer(client: Client, args: list[bytes]) -> Any:
    return create_consumer(client, _group_of_stream(client, args), args[2], args[4])


@handles("XGROUP DELCONSUMER")
def xgroup_delconsumer(client: Client, args: list[bytes]) -> Any:
    group = _group_of_stream(client, args)
    was_there = args[4] in group.consumers
    pending = group.del_consumer(args[4])
    if was_there:
        tell(client, "xgroup-delconsumer", args[2])
    return pending


@handles("XGROUP DESTROY")
def xgroup_destroy(client: Client, args: list[bytes]) -> Any:
    result = THEIRS["XGROUP DESTROY"](client, args)
    client.db.wake_all()  # those that read the group learn that it is gone
    if result == 1:
        tell(client, "xgroup-destroy", args[2])
    return result


@handles("XSETID")
def xsetid(client: Client, args: list[bytes]) -> Any:
    last = entry_id(args[2])
    added: int | None = None
    deleted: StreamEntryKey | None = None
    place = 3
    while place < len(args):
        word = args[place].upper()
        if word == b"ENTRIESADDED" and place + 1 < len(args):
            added = integer(args[place + 1])
            if added < 0:
                raise Fail(b"ERR entries_added must be positive")
        elif word == b"MAXDELETEDID" and place + 1 < len(args):
            deleted = entry_id(args[place + 1])
            if last < deleted:
                raise Fail(
                    b"ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
                )
        else:
            raise syntax_error()
        place += 2
    item = client.open(args[1], XStream)
    stream = item.value
    if stream is None:
        raise Fail(NO_SUCH_KEY)
    if len(stream) and last < StreamEntryKey.parse_str(stream.last_item_key()):
        raise Fail(b"ERR The ID specified in XSETID is smaller than the target stream top item")
    if added is not None and added < len(stream):
        raise Fail(b"ERR The entries_added specified in XSETID is smaller than the target stream length")
    stream._last_id = last
    stream._entries_added = stream.entries_added if added is None else added
    if deleted is not None and deleted != ZERO:
        stream._max_deleted_id = deleted
    item.updated()
    return OK
