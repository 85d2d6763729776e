"""DUMP, RESTORE, FUNCTION DUMP and RESTORE. Ours: upstream's is Python's pickle, which runs what it reads."""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded import rdb
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail, status

BAD_PAYLOAD = b"ERR DUMP payload version or checksum are wrong"
_FUNCTION, _OLD_FUNCTION = 245, 246  # what stands before a library; the second in 7.0's release candidates


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
    """Nothing is sent from here; that there is nothing to send is seen as a server sees it."""
    keys = _keys_to_migrate(args)
    for word in (args[5], args[4]):
        integer(word)
    if all(client.db.get(key) is None for key in keys):
        return status(b"NOKEY")
    raise Fail(b"ERR redislab's built-in engine sends no keys to other servers; a Redis server does")


def _keys_to_migrate(args: list[bytes]) -> list[bytes]:
    place = 6
    while place < len(args):
        word = args[place].upper()
        if word == b"KEYS":
            if args[3]:
                raise Fail(
                    b"ERR When using MIGRATE KEYS option, the key argument must be set to the empty string"
                )
            return args[place + 1 :]
        values = {b"COPY": 0, b"REPLACE": 0, b"AUTH": 1, b"AUTH2": 2}.get(word)
        if values is None or place + values >= len(args):
            raise syntax_error()
        place += 1 + values
    return [args[3]]


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
        kind = reader.byte()
        if kind not in (_FUNCTION, _OLD_FUNCTION):
            raise Fail(b"ERR given type is not a function")
        codes.append(_old_code(reader) if kind == _OLD_FUNCTION else _piece(reader, b"payload"))
    return codes


def _old_code(reader: rdb.Reader) -> bytes:
    """Name and engine stood apart from the code once, and a description that nobody needs."""
    name, engine = _piece(reader, b"name"), _piece(reader, b"name", of=b"engine")
    try:
        described = reader.length()
    except rdb.BadData:
        raise Fail(b"ERR Failed loading library description indicator") from None
    if described:
        _piece(reader, b"description")
    return b"#!%b name=%b\n%b" % (engine, name, _piece(reader, b"blob"))


def _piece(reader: rdb.Reader, what: bytes, of: bytes = b"library") -> bytes:
    try:
        return reader.string()
    except rdb.BadData:
        raise Fail(b"ERR Failed loading %b %b" % (of, what)) from None
