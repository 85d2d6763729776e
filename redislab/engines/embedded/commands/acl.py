"""ACL. Ours: upstream does not hold commands to users and rules, and ACL SAVE writes to any file."""

from __future__ import annotations

import secrets
from typing import Any

from redislab.core.reply import OK, Kind
from redislab.engines.embedded import acl_text
from redislab.engines.embedded.acl import Denied, Selector
from redislab.engines.embedded.acl_text import CATEGORIES
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.introspect import in_category
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import c_string
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail, Typed
from redislab.engines.embedded.users import DEFAULT

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


@handles("ACL WHOAMI")
def whoami(client: Client, args: list[bytes]) -> Any:
    return client.user


@handles("ACL USERS")
def users(client: Client, args: list[bytes]) -> Any:
    return [user.name for user in client.lab.users.all()]


@handles("ACL LIST")
def list_(client: Client, args: list[bytes]) -> Any:
    known = client.lab.users
    return [b"user " + acl_text.user_text(user, known.names) for user in known.all()]


@handles("ACL GETUSER")
def getuser(client: Client, args: list[bytes]) -> Any:
    user = client.lab.users.find(args[2])
    if user is None:
        return None
    return {
        b"flags": Typed(Kind.SET, [flag.encode() for flag in user.flags]),
        b"passwords": list(user.passwords),
        **_selector(client, user.root),
        b"selectors": [_selector(client, each) for each in user.selectors],
    }


def _selector(client: Client, selector: Selector) -> dict[bytes, Any]:
    return {
        b"commands": acl_text.commands_text(selector, client.lab.users.names),
        b"keys": acl_text.keys_text(selector),
        b"channels": acl_text.channels_text(selector),
    }


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
    entries, most = client.lab.users.log, 10
    if len(args) == 3:
        if args[2].upper() == b"RESET":
            entries.clear()
            return OK
        most = max(0, integer(args[2]))
    now_s = client.lab.clock.time()
    return [
        {
            b"count": entry.count,
            b"reason": entry.reason,
            b"context": entry.context,
            b"object": entry.target,
            b"username": entry.user,
            b"age-seconds": round(now_s - entry.at_s, 3),
            b"client-info": entry.client,
        }
        for entry in list(entries)[:most]
    ]


@handles("ACL DRYRUN")
def dryrun(client: Client, args: list[bytes]) -> Any:
    user = client.lab.users.find(args[2])
    if user is None:
        raise Fail(b"ERR User '%b' not found" % c_string(args[2]))
    words = args[3:]
    try:
        entry = client.lab.table.find(words)
    except Fail as fail:
        if b"wrong number" in fail.text:
            raise
        raise Fail(b"ERR Command '%b' not found" % c_string(args[3])) from None
    refusal = user.refusal(entry, words)
    if refusal is None:
        return OK
    if refusal.reason is Denied.COMMAND:
        return f"This user has no permissions to run the '{entry.full_name}' command".encode()
    kind = b"key" if refusal.reason is Denied.KEY else b"channel"
    used = c_string(words[refusal.place])
    return b"This user has no permissions to access the '%b' %b" % (used, kind)


@handles("ACL SAVE", "ACL LOAD")
def no_file(client: Client, args: list[bytes]) -> Any:
    raise Fail(NO_FILE)


@handles("ACL DELUSER")
def deluser(client: Client, args: list[bytes]) -> Any:
    if DEFAULT in args[2:]:
        raise Fail(b"ERR The 'default' user cannot be removed")
    gone = [client.lab.users.remove(name) for name in args[2:]]
    for user in gone:
        if user is not None:
            for each in list(client.lab.members.values()):
                if each.account is user:
                    each.hang_up_after_reply()
    return sum(user is not None for user in gone)


@handles("ACL SETUSER")
def setuser(client: Client, args: list[bytes]) -> Any:
    if any(byte in b" \t\n\v\f\r\0" for byte in args[2]):
        raise Fail(b"ERR Usernames can't contain spaces or null characters")
    client.lab.users.change(args[2], args[3:])
    return OK
