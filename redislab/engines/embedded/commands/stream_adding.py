"""XADD and XTRIM. Ours: upstream takes the time of an ID from the machine's clock instead of the lab's."""

from __future__ import annotations

from typing import Any

from fakeredis.model import StreamEntryKey, XStream
from fakeredis.model._stream import MAX_KEY

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.stream_ids import ZERO, after, entry_id
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail

_MOST_LOOKED_AT, _USUAL_LOOKED_AT = 1_000_000, 10_000  # entries that `~` trims at most, without LIMIT


class _Asked:
    """The options of XADD and XTRIM; for XADD the ID too, at `place` of `args`. Raises Fail."""

    def __init__(self, client: Client, args: list[bytes], *, adding: bool) -> None:
        self._adding = adding
        self.maxlen: int | None = None
        self.minid: StreamEntryKey | None = None
        self.approximate = self.nomkstream = False
        self.limit: int | None = None
        self.entry: StreamEntryKey | None = None  # None: by the clock
        self.next_in_ms = False  # `ms-*`
        self.place = 2
        while self.place < len(args) and self._option(args):
            self.place += 1
        self._check(client.lab.settings.number("stream-node-max-entries"))

    def _option(self, args: list[bytes]) -> bool:
        """Read the option at `place`; False at the ID."""
        word, more = args[self.place].upper(), len(args) - self.place - 1
        if self._adding and word == b"*":
            return False
        if word in (b"MAXLEN", b"MINID") and more:
            self._threshold(word, args)
        elif word == b"LIMIT" and more:
            self.place += 1
            self.limit = integer(args[self.place])
            if self.limit < 0:
                raise Fail(b"ERR The LIMIT argument must be >= 0.")
        elif self._adding and word == b"NOMKSTREAM":
            self.nomkstream = True
        elif self._adding:
            self._read_id(args[self.place])
            return False
        else:
            raise syntax_error()
        return True

    def _threshold(self, word: bytes, args: list[bytes]) -> None:
        if self._trims:
            raise Fail(b"ERR syntax error, MAXLEN and MINID options at the same time are not compatible")
        if args[self.place + 1] in (b"~", b"=") and len(args) - self.place > 2:
            self.approximate = args[self.place + 1] == b"~"
            self.place += 1
        self.place += 1
        if word == b"MINID":
            self.minid = entry_id(args[self.place])
            return
        self.maxlen = integer(args[self.place])
        if self.maxlen < 0:
            raise Fail(b"ERR The MAXLEN argument must be >= 0.")

    def _read_id(self, word: bytes) -> None:
        self.next_in_ms = word.endswith(b"-*") and len(word) > 2
        self.entry = entry_id(word[:-2] if self.next_in_ms else word)

    @property
    def _trims(self) -> bool:
        return self.maxlen is not None or self.minid is not None

    def _check(self, node_entries: int) -> None:
        if self.limit and not self._trims:
            raise Fail(b"ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")
        if not self._adding and not self._trims:
            raise Fail(b"ERR syntax error, XTRIM must be called with a trimming strategy")
        if self.limit is not None and not self.approximate:
            raise Fail(b"ERR syntax error, LIMIT cannot be used without the special ~ option")
        if self.limit is None and self.approximate:
            self.limit = min(100 * node_entries or _USUAL_LOOKED_AT, _MOST_LOOKED_AT)

    def trim(self, stream: XStream) -> int:
        if not self._trims:
            return 0
        return stream.trim(self.maxlen, self.minid, self.approximate, self.limit or 0)

    def next_id(self, client: Client, stream: XStream) -> StreamEntryKey:
        """The ID of the new entry. Raises Fail."""
        last = stream.last_id
        if last == MAX_KEY:
            raise Fail(b"ERR The stream has exhausted the last possible ID, unable to add more items")
        if self.entry is None:
            return StreamEntryKey(client.now_ms, 0) if client.now_ms > last.ts else after(last)
        follows = self.next_in_ms and self.entry.ts == last.ts and last.seq < MAX_KEY.seq
        entry = after(last) if follows else self.entry
        if self.next_in_ms and entry == ZERO:
            entry = after(ZERO)
        if entry <= last:
            raise Fail(b"ERR The ID specified in XADD is equal or smaller than the target stream top item")
        return entry


@handles("XADD")
def xadd(client: Client, args: list[bytes]) -> Any:
    asked = _Asked(client, args, adding=True)
    fields = args[asked.place + 1 :]
    if not fields or len(fields) % 2:
        raise Fail(b"ERR wrong number of arguments for 'xadd' command")
    if asked.entry == ZERO and not asked.next_in_ms:
        raise Fail(b"ERR The ID specified in XADD must be greater than 0-0")
    item = client.open(args[1], XStream)
    if item.value is None and asked.nomkstream:
        return None
    stream = XStream() if item.value is None else item.value
    entry = asked.next_id(client, stream)
    settings = client.lab.settings
    stream.add(
        fields, entry, settings.number("stream-node-max-entries"), settings.number("stream-node-max-bytes")
    )
    asked.trim(stream)
    item.update(stream)
    return entry.encode()


@handles("XTRIM")
def xtrim(client: Client, args: list[bytes]) -> Any:
    asked = _Asked(client, args, adding=False)
    item = client.open(args[1], XStream)
    trimmed = 0 if item.value is None else asked.trim(item.value)
    if trimmed:
        item.updated()
    return trimmed
