"""ACL of a lab that has the default user only.

Ours: upstream takes users and rules and does not hold commands to them, and ACL SAVE writes to any file.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Any

from redislab.core.reply import OK, Kind
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.introspect import CATEGORIES, in_category
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail, Typed

NO_FILE = (
    b"ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the "
    b"ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file "
    b"set) in order to store users in the Redis configuration."
)
BAD_BITS = (
    b"ERR ACL GENPASS argument must be the number of bits for the output password, "
    b"a positive number up to 4096"
)


def _wrong(name: str) -> Fail:
    return Fail(f"ERR unknown subcommand or wrong number of arguments for '{name}'. Try ACL HELP.")


def _password_rule(client: Client) -> str:
    return "#" + sha256(client.lab.password).hexdigest() if client.lab.password else "nopass"


@handles("ACL WHOAMI")
def whoami(client: Client, args: list[bytes]) -> Any:
    return client.user


@handles("ACL USERS")
def users(client: Client, args: list[bytes]) -> Any:
    return [b"default"]


@handles("ACL LIST")
def list_(client: Client, args: list[bytes]) -> Any:
    return [f"user default on {_password_rule(client)} ~* &* +@all".encode()]


@handles("ACL GETUSER")
def getuser(client: Client, args: list[bytes]) -> Any:
    if args[2] != b"default":
        return None
    rule = _password_rule(client).encode()
    is_open = rule == b"nopass"
    return {
        b"flags": _set([b"on", b"nopass"] if is_open else [b"on"]),
        b"passwords": [] if is_open else [rule[1:]],
        b"commands": b"+@all",
        b"keys": b"~*",
        b"channels": b"&*",
        b"selectors": [],
    }


def _set(words: list[bytes]) -> Any:
    return Typed(Kind.SET, words)


@handles("ACL CAT")
def cat(client: Client, args: list[bytes]) -> Any:
    if len(args) > 3:
        raise _wrong("CAT")
    if len(args) == 2:
        return [name.encode() for name in CATEGORIES]
    if args[2].lower().decode("latin-1") not in CATEGORIES:
        raise Fail(b"ERR Unknown category '%b'" % args[2])
    return in_category(client, args[2])


@handles("ACL GENPASS")
def genpass(client: Client, args: list[bytes]) -> Any:
    if len(args) > 3:
        raise _wrong("GENPASS")
    bits = integer(args[2]) if len(args) == 3 else 256
    if not 0 < bits <= 4096:
        raise Fail(BAD_BITS)
    digits = (bits + 3) // 4
    return secrets.token_hex((digits + 1) // 2)[:digits].encode()


@handles("ACL LOG")
def log(client: Client, args: list[bytes]) -> Any:
    if len(args) > 3:
        raise _wrong("LOG")
    if len(args) == 3:
        if args[2].upper() == b"RESET":
            return OK
        integer(args[2])
    return []


@handles("ACL DRYRUN")
def dryrun(client: Client, args: list[bytes]) -> Any:
    if args[2] != b"default":
        raise Fail(b"ERR User '%b' not found" % args[2])
    try:
        client.lab.table.find(args[3:])
    except Fail as fail:
        if b"wrong number" in fail.text:
            raise
        raise Fail(b"ERR Command '%b' not found" % args[3]) from None
    return OK


@handles("ACL SAVE", "ACL LOAD")
def no_file(client: Client, args: list[bytes]) -> Any:
    raise Fail(NO_FILE)


@handles("ACL DELUSER")
def deluser(client: Client, args: list[bytes]) -> Any:
    if b"default" in args[2:]:
        raise Fail(b"ERR The 'default' user cannot be removed")
    return 0


@handles("ACL SETUSER")
def setuser(client: Client, args: list[bytes]) -> Any:
    raise Fail(b"ERR redislab's built-in engine has the default user only; a Redis server has others")
