"""DUMP, RESTORE, FUNCTION DUMP and RESTORE. Ours: upstream's is Python's pickle, which runs what it reads."""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded import rdb
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail

BAD_PAYLOAD = b"ERR DUMP payload version or checksum are wrong"
_FUNCTION = 245  # what stands before a library


@handles("DUMP")
def dump(client: Client, args: list[bytes]) -> Any:
    stored = client.db.get(args[1])
    return None if stored is None else rdb.sealed(rdb.dumped(stored.value))


class _Options:
    """Raises Fail."""

    def __init__(self, words: list[bytes]) -> None:
        self.replace = self.absolute = False
        self.idle_s: int | None = None
        self._frequency: int | None = None
        place = 0
        while place < len(words):
            word, more = words[place].upper(), place + 1 < len(words)
            if word == b"REPLACE":
                self.replace = True
            elif word == b"ABSTTL":
                self.absolute = True
            elif word == b"IDLETIME" and more and self._frequency is None:
                place += 1
                self.idle_s = integer(words[place])
                if self.idle_s < 0:
                    raise Fail(b"ERR Invalid IDLETIME value, must be >= 0")
            elif word == b"FREQ" and more and self.idle_s is None:
                place += 1
                self._frequency = integer(words[place])
                if not 0 <= self._frequency <= 255:
                    raise Fail(b"ERR Invalid FREQ value, must be >= 0 and <= 255")
            else:
                raise syntax_error()
            place += 1


@handles("RESTORE", "RESTORE-ASKING")
def restore(client: Client, args: list[bytes]) -> Any:
    key = args[1]
    options = _Options(args[4:])
    if not options.replace and client.db.get(key) is not None:
        raise Fail(b"BUSYKEY Target key name already exists.")
    ttl_ms = integer(args[2])
    if ttl_ms < 0:
        raise Fail(b"ERR Invalid TTL value, must be >= 0")
    body = rdb.opened(args[3])
    if body is None:
        raise Fail(BAD_PAYLOAD)
    try:
        value = rdb.restored(body)
    except rdb.BadData:
        raise Fail(b"ERR Bad data format") from None
    at_ms = ttl_ms if options.absolute or not ttl_ms else client.now_ms + ttl_ms
    item = client.open(key)
    if at_ms and at_ms <= client.now_ms:
        if item.value is not None:
            item.value = None
        return OK
    item.value = value
    item.expireat = at_ms / 1000 if at_ms else None
    client.db.made_anew(key)
    if options.idle_s is not None:
        client.db.used_s[key] = client.db.time - options.idle_s
    return OK


@handles("MIGRATE")
def migrate(client: Client, args: list[bytes]) -> Any:
    raise Fail(b"ERR redislab's built-in engine sends no keys to other servers; a Redis server does")


@handles("FUNCTION DUMP")
def function_dump(client: Client, args: list[bytes]) -> Any:
    out = rdb.Writer()
    for library in client.lab.functions.libraries.values():
        out.byte(_FUNCTION)
        out.string(library.code)
    return rdb.sealed(out.content())


@handles("FUNCTION RESTORE")
def function_restore(client: Client, args: list[bytes]) -> Any:
    if len(args) > 4:
        raise Fail(
            "ERR unknown subcommand or wrong number of arguments for "
            f"'{args[1].decode('latin-1')}'. Try FUNCTION HELP."
        )
    policy = args[3].upper() if len(args) == 4 else b"APPEND"
    if policy not in (b"APPEND", b"REPLACE", b"FLUSH"):
        raise Fail(b"ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.")
    body = rdb.opened(args[2])
    if body is None:
        raise Fail(BAD_PAYLOAD)
    client.lab.functions.restore(client, _codes(body), policy)
    client.lab.libraries_changed()
    return OK


def _codes(body: bytes) -> list[bytes]:
    codes = []
    reader = rdb.Reader(body)
    while reader.left:
        if reader.byte() != _FUNCTION:
            raise Fail(b"ERR given type is not a function")
        try:
            codes.append(reader.string())
        except rdb.BadData:
            raise Fail(b"ERR failed loading the given functions payload") from None
    return codes
