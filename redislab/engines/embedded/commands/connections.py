"""Commands about the connection itself: HELLO, SELECT, PING, QUIT, RESET."""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded.client import NOTHING, Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.engine import VERSION
from redislab.engines.embedded.lab import DATABASES
from redislab.engines.embedded.numbers import NOT_AN_INTEGER, integer
from redislab.engines.embedded.results import Fail, status

NO_PASSWORD = (
    b"ERR AUTH <password> called without any password configured for the default user. "
    b"Are you sure your configuration is correct?"
)
NO_AUTH_HELLO = (
    b"NOAUTH HELLO must be called with the client already authenticated, otherwise the "
    b"HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
    b"protocol version at the same time"
)
PONG = status(b"PONG")


@handles("PING")
def ping(client: Client, args: list[bytes]) -> Any:
    if len(args) > 2:
        raise Fail(b"ERR wrong number of arguments for 'ping' command")
    if client.resp == 2 and client.subscriptions:
        return [b"pong", args[1] if len(args) == 2 else b""]
    return args[1] if len(args) == 2 else PONG


@handles("ECHO")
def echo(client: Client, args: list[bytes]) -> Any:
    return args[1]


@handles("QUIT")
def quit_(client: Client, args: list[bytes]) -> Any:
    client.put(OK)
    client.hang_up()
    return NOTHING


@handles("SHUTDOWN")
def shutdown(client: Client, args: list[bytes]) -> Any:
    """Ends the lab as a server would end: every connection breaks, the caller's without a reply."""
    words = [word.upper() for word in args[1:]]
    if any(word not in (b"NOSAVE", b"SAVE", b"NOW", b"FORCE", b"ABORT") for word in words) or (
        b"SAVE" in words and b"NOSAVE" in words
    ):
        raise Fail(b"ERR syntax error")
    if b"ABORT" in words:
        if len(words) > 1:
            raise Fail(b"ERR syntax error")
        raise Fail(b"ERR No shutdown in progress.")
    client.lab.end()
    return NOTHING


@handles("RESET")
def reset(client: Client, args: list[bytes]) -> Any:
    client.reset_state()
    return status(b"RESET")


@handles("SELECT")
def select(client: Client, args: list[bytes]) -> Any:
    client.select(database(args[1], NOT_AN_INTEGER))
    return OK


def database(word: bytes, complaint: bytes) -> int:
    """The number of a database. Raises Fail: with `complaint` for what is no number."""
    number = integer(word, complaint)
    if complaint == NOT_AN_INTEGER and not -(1 << 31) <= number < 1 << 31:
        raise Fail(b"ERR value is out of range, value must between -2147483648 and 2147483647")
    if not 0 <= number < DATABASES:
        raise Fail(b"ERR DB index is out of range")
    return number


@handles("HELLO")
def hello(client: Client, args: list[bytes]) -> Any:
    resp, name = client.resp, None
    if len(args) > 1:
        resp = integer(args[1], b"ERR Protocol version is not an integer or out of range")
        if resp not in (2, 3):
            raise Fail(b"NOPROTO unsupported protocol version")
    place = 2
    while place < len(args):
        word, more = args[place].upper(), len(args) - place - 1
        if word == b"AUTH" and more >= 2:
            client.authenticate(args[place + 1], args[place + 2], b"HELLO")
            place += 3
        elif word == b"SETNAME" and more >= 1:
            name = args[place + 1]
            check_name(name)
            place += 2
        else:
            raise Fail(b"ERR Syntax error in HELLO option '%b'" % args[place])
    if not client.authenticated:
        raise Fail(NO_AUTH_HELLO)
    if name is not None:
        client.name = name
    client.resp = resp
    return {
        b"server": b"redis",
        b"version": ".".join(map(str, VERSION)).encode(),
        b"proto": resp,
        b"id": client.id,
        b"mode": b"standalone",
        b"role": b"master",
        b"modules": [],
    }


def check_name(name: bytes) -> None:
    if any(not 0x21 <= byte <= 0x7E for byte in name):
        raise Fail(b"ERR Client names cannot contain spaces, newlines or special characters.")


@handles("AUTH")
def auth(client: Client, args: list[bytes]) -> Any:
    if len(args) > 3:
        raise Fail(b"ERR syntax error")
    if len(args) == 2 and client.lab.users.default.nopass:
        raise Fail(NO_PASSWORD)
    user, password = (b"default", args[1]) if len(args) == 2 else (args[1], args[2])
    client.authenticate(user, password, b"AUTH")
    return OK
