"""DEBUG: what tests, of programs and of Redis itself, ask a server for; and a reply of every type.

Ours: upstream has none. What would crash a server, or shows its memory, is not here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from fakeredis._core import Item
from fakeredis.model import ExpiringMembersSet, Hash, XStream, ZSet

from redislab.core.reply import OK, Kind, Reply
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import NO_SUCH_KEY
from redislab.engines.embedded.numbers import as_float, as_integer, integer
from redislab.engines.embedded.results import Fail, Typed, double_text, error, push, status, verbatim
from redislab.engines.embedded.sizes import encoding, memory_bytes

NO_DIGEST = bytes(20)
NOT_POSITIVE = b"ERR value is out of range, must be positive"
MOST_KEYS, MOST_BYTES = 10_000_000, 512 << 20  # that POPULATE makes


@handles("DEBUG")
def debug(client: Client, args: list[bytes]) -> Any:
    name = args[1].upper()
    if name in _NOT_HERE:
        raise Fail(b"ERR redislab's built-in engine has no DEBUG %b" % name)
    found = _SUBCOMMANDS.get(name)
    if found is None or not found[1] <= len(args) <= found[2]:
        raise Fail(b"ERR unknown subcommand or wrong number of arguments for '%b'. Try DEBUG HELP." % args[1])
    return found[0](client, args)


def _help(client: Client, args: list[bytes]) -> Any:
    names = ", ".join(sorted(name.decode() for name in _SUBCOMMANDS if name != b"HELP"))
    return [status(f"redislab's built-in engine has these of DEBUG's subcommands: {names}".encode())]


def _sleep(client: Client, args: list[bytes]) -> Any:
    seconds = as_float(args[2]) or 0.0
    if seconds <= 0:
        return OK

    def woken() -> Any:
        client.lab.slow.note(client, args, seconds)
        return OK

    client.lab.pause.sleep(client, seconds)
    return client.park(lambda: None, seconds, empty=woken)


def _object(client: Client, args: list[bytes]) -> Any:
    key = args[2]
    stored = client.db.get(key)
    if stored is None:
        raise Fail(NO_SUCH_KEY)
    place = client.db, client.lab.settings, key
    kept, size = encoding(*place, stored.value), memory_bytes(*place, stored)
    shown = b"Value at:0x0 refcount:1 encoding:%b serializedlength:%d lru:0 lru_seconds_idle:%d"
    return status(shown % (kept, size, client.db.idle_s(key)))


def _error(client: Client, args: list[bytes]) -> Any:
    return error(args[2])


def _set_active_expire(client: Client, args: list[bytes]) -> Any:
    """Off, a key whose time is up stays until somebody asks for it."""
    client.lab.expires_actively = bool(as_integer(args[2]))
    return OK


def _reload(client: Client, args: list[bytes]) -> Any:
    """All values stay; how they were made is forgotten, as after a server's restart."""
    if args[1].upper() == b"RELOAD" and any(
        word.upper() not in (b"MERGE", b"NOFLUSH", b"NOSAVE") for word in args[2:]
    ):
        raise Fail(b"ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")
    for db in client.lab.dbs.values():
        db.forget_making()
    return OK


def _nothing_to_change(client: Client, args: list[bytes]) -> Any:
    """About nodes of lists and the like, which are not here: no answer depends on it."""
    return OK


def _change_repl_id(client: Client, args: list[bytes]) -> Any:
    client.lab.change_run_id()
    return OK


def _populate(client: Client, args: list[bytes]) -> Any:
    """Keys `key:0`, `key:1` …, those that are missing; with a size, values filled up with zero bytes."""
    count = integer(args[2], NOT_POSITIVE)
    prefix = args[3] if len(args) > 3 else b"key"
    size = integer(args[4], NOT_POSITIVE) if len(args) > 4 else 0
    if count < 0 or size < 0:
        raise Fail(NOT_POSITIVE)
    if count > MOST_KEYS or size > MOST_BYTES or count * size > MOST_BYTES:
        raise Fail(b"ERR redislab's built-in engine populates with 10,000,000 keys and 512 MB at most")
    for number in range(count):
        key, value = b"%b:%d" % (prefix, number), b"value:%d" % number
        if client.db.get(key) is None:
            client.db[key] = Item(value[:size].ljust(size, b"\0") if size else value)
    return OK


# -- a reply of every type --------------------------------------------------------------------------


def _protocol(client: Client, args: list[bytes]) -> Any:
    name = args[2].lower()
    if name == b"push":
        if client.resp == 2:
            raise Fail(b"ERR RESP2 is not supported by this command")
        client.confirm(push(b"server-cpu-usage", 42))
        return b"Some real reply following the push reply"
    make = _REPLIES.get(name)
    if make is None:
        names = "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"
        raise Fail(f"ERR Wrong protocol type name. Please use one of the following: {names}")
    return make()


def _attributed() -> Reply:
    popularity = (Reply(Kind.BULK, b"key:123"), Reply(Kind.INTEGER, 90))
    return Reply(
        Kind.BULK,
        b"Some real reply following the attribute",
        attributes=((Reply(Kind.BULK, b"key-popularity"), Reply(Kind.ARRAY, popularity)),),
    )


def _boolean(value: bool) -> Reply:
    return Reply(Kind.BOOLEAN, value)


_REPLIES: dict[bytes, Callable[[], Any]] = {
    b"string": lambda: b"Hello World",
    b"integer": lambda: 12345,
    b"double": lambda: 3.141,
    b"bignum": lambda: Reply(Kind.BIG_NUMBER, b"1234567999999999999999999999999999999"),
    b"null": lambda: None,
    b"array": lambda: [0, 1, 2],
    b"set": lambda: Typed(Kind.SET, [0, 1, 2]),
    b"map": lambda: {number: _boolean(number == 1) for number in range(3)},
    b"attrib": _attributed,
    b"verbatim": lambda: verbatim(b"This is a verbatim\nstring"),
    b"true": lambda: _boolean(True),
    b"false": lambda: _boolean(False),
}


# -- digests: equal data, equal digest; the same as a server's ---------------------------------------


def _digest(client: Client, args: list[bytes]) -> Any:
    total = NO_DIGEST
    for number, db in sorted(client.lab.dbs.items()):
        keys = db.stored_keys()
        if not keys:
            continue
        total = _mixed(total, number.to_bytes(4, "big"))
        for key in keys:
            total = _crossed(total, _digest_of(db.stored(key), _mixed(NO_DIGEST, key)))
    return status(total.hex().encode())


def _digest_value(client: Client, args: list[bytes]) -> Any:
    items = [client.db.get(key) for key in args[2:]]
    return [
        status((NO_DIGEST if item is None else _digest_of(item, NO_DIGEST)).hex().encode()) for item in items
    ]


def _digest_of(item: Any, digest: bytes) -> bytes:
    value = item.value
    digest = _mixed(digest, _TYPE_NUMBERS[type(value)].to_bytes(4, "big"))
    if isinstance(value, ExpiringMembersSet):
        for member in value:
            digest = _crossed(digest, member)
    elif isinstance(value, Hash | ZSet):
        for name, held in _pairs(value):
            digest = _crossed(digest, _mixed(_mixed(NO_DIGEST, name), held))
    else:
        for piece in _pieces(value):
            digest = _mixed(digest, piece)
    return digest if item.expireat is None else _crossed(digest, b"!!expire!!")


_TYPE_NUMBERS = {bytes: 0, list: 1, ExpiringMembersSet: 2, ZSet: 3, Hash: 4, XStream: 6}


def _pairs(value: Any) -> Iterator[tuple[bytes, bytes]]:
    for name, held in value.items():
        yield name, double_text(held) if isinstance(held, float) else held


def _pieces(value: Any) -> Iterator[bytes]:
    if isinstance(value, XStream):
        for number in value._ids:
            yield b"%d.%d" % (number.ts, number.seq)
            yield from value._values_dict[number]
    elif isinstance(value, list):
        yield from value
    else:
        yield value


def _crossed(digest: bytes, data: bytes) -> bytes:
    added = hashlib.sha1(data, usedforsecurity=False).digest()
    return bytes(a ^ b for a, b in zip(digest, added, strict=True))


def _mixed(digest: bytes, data: bytes) -> bytes:
    return hashlib.sha1(_crossed(digest, data), usedforsecurity=False).digest()


# What Redis 7.0 has beyond these: crashes, its memory, its files, its replicas.
_NOT_HERE = frozenset(
    b"AOF-FLUSH-SLEEP ASSERT CLIENT-EVICTION CLUSTERLINK CONFIG-REWRITE-FORCE-ALL CRASH-AND-RECOVER "
    b"DROP-CLUSTER-PACKET-FILTER HTSTATS HTSTATS-KEY LEAK LISTPACK LOG MALLCTL MALLCTL-STR OOM PANIC "
    b"PAUSE-CRON QUICKLIST REPLICATE REPLYBUFFER RESTART SDSLEN SEGFAULT SET-DISABLE-DENY-SCRIPTS "
    b"SET-SKIP-CHECKSUM-VALIDATION STRINGMATCH-TEST STRUCTSIZE".split()
)

# Name → what it does, and how many words it takes, `DEBUG` and the name counted.
_SUBCOMMANDS: dict[bytes, tuple[Callable[[Client, list[bytes]], Any], int, int]] = {
    b"HELP": (_help, 2, 2),
    b"SLEEP": (_sleep, 3, 3),
    b"OBJECT": (_object, 3, 4),
    b"ERROR": (_error, 3, 3),
    b"PROTOCOL": (_protocol, 3, 3),
    b"POPULATE": (_populate, 3, 5),
    b"DIGEST": (_digest, 2, 2),
    b"DIGEST-VALUE": (_digest_value, 2, 1 << 20),
    b"RELOAD": (_reload, 2, 5),
    b"LOADAOF": (_reload, 2, 2),
    b"SET-ACTIVE-EXPIRE": (_set_active_expire, 3, 3),
    b"CHANGE-REPL-ID": (_change_repl_id, 2, 2),
    b"QUICKLIST-PACKED-THRESHOLD": (_nothing_to_change, 3, 3),
}
