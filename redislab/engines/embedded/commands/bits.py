"""Bits of strings. fakeredis's, which looks at keys before words and knows no BITFIELD_RO.

What is written into, OBJECT ENCODING calls raw afterwards.
"""

from __future__ import annotations

from typing import Any

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles, theirs
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail

THEIRS = theirs(["SETBIT", "BITFIELD", "BITOP", "BITCOUNT", "BITPOS"])
_OPERATIONS = (b"AND", b"OR", b"XOR", b"NOT")


@handles("SETBIT")
def setbit(client: Client, args: list[bytes]) -> Any:
    return _raw(client, args[1], THEIRS["SETBIT"](client, args))


_BITFIELD_WORDS = {b"GET": 2, b"SET": 3, b"INCRBY": 3, b"OVERFLOW": 1}


@handles("BITFIELD", "BITFIELD_RO")
def bitfield(client: Client, args: list[bytes]) -> Any:
    only_reads = True
    place = 2
    while place < len(args):
        word = args[place].upper()
        values = _BITFIELD_WORDS.get(word)
        if values is None or place + values >= len(args):
            raise syntax_error()
        if word == b"OVERFLOW" and args[place + 1].upper() not in (b"WRAP", b"SAT", b"FAIL"):
            raise Fail(b"ERR Invalid OVERFLOW type specified")
        only_reads = only_reads and word == b"GET"
        place += 1 + values
    if not only_reads and args[0].upper() == b"BITFIELD_RO":
        raise Fail(b"ERR BITFIELD_RO only supports the GET subcommand")
    return _raw(client, args[1], THEIRS["BITFIELD"](client, args))


@handles("BITCOUNT")
def bitcount(client: Client, args: list[bytes]) -> Any:
    if client.value(args[1], bytes) is None:
        return 0
    for word in args[2:4] if len(args) > 3 else ():
        integer(word)
    return THEIRS["BITCOUNT"](client, args)


@handles("BITPOS")
def bitpos(client: Client, args: list[bytes]) -> Any:
    bit = integer(args[2])
    if bit not in (0, 1):
        raise Fail(b"ERR The bit argument must be 1 or 0.")
    if client.value(args[1], bytes) is None:
        return -1 if bit else 0
    for word in args[3:4]:
        integer(word)
    return THEIRS["BITPOS"](client, args)


@handles("BITOP")
def bitop(client: Client, args: list[bytes]) -> Any:
    operation = args[1].upper()
    if operation not in _OPERATIONS:
        raise syntax_error()
    if operation == b"NOT" and len(args) > 4:
        raise Fail(b"ERR BITOP NOT must be called with a single source key.")
    return _raw(client, args[2], THEIRS["BITOP"](client, args))


def _raw(client: Client, key: bytes, result: Any) -> Any:
    """Remember that the string of an open key is one that was written into."""
    for item in client.opened(key):
        if item.is_modified and isinstance(item.value, bytes):
            client.db.made(key, item.value, b"raw")
    return result
