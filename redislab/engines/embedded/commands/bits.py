"""Bits of strings. fakeredis's, but for BITOP's errors, BITFIELD_RO, and what OBJECT ENCODING says after."""

from __future__ import annotations

from typing import Any

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles, theirs
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.results import Fail

THEIRS = theirs(["SETBIT", "BITFIELD", "BITOP"])
_OPERATIONS = (b"AND", b"OR", b"XOR", b"NOT")


@handles("SETBIT", "BITFIELD")
def change(client: Client, args: list[bytes]) -> Any:
    return _raw(client, args[1], THEIRS[args[0].upper().decode()](client, args))


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


@handles("BITFIELD_RO")
def bitfield_ro(client: Client, args: list[bytes]) -> Any:
    place = 2
    while place < len(args):
        if args[place].upper() != b"GET":
            if args[place].upper() in (b"SET", b"INCRBY", b"OVERFLOW"):
                raise Fail(b"ERR BITFIELD_RO only supports the GET subcommand")
            raise syntax_error()
        place += 3
    return THEIRS["BITFIELD"](client, args)
