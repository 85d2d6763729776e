"""CLIENT and MONITOR. Ours: upstream CLIENT LIST shows other fields, and CLIENT KILL is noticed too late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded.client import NOTHING, Client
from redislab.engines.embedded.commands.connections import check_name
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.numbers import as_integer, integer
from redislab.engines.embedded.results import Fail, verbatim

TYPES = (b"normal", b"master", b"replica", b"slave", b"pubsub")


@handles("MONITOR")
def monitor(client: Client, args: list[bytes]) -> Any:
    client.lab.monitors[client] = None
    return OK


@handles("CLIENT ID")
def client_id(client: Client, args: list[bytes]) -> Any:
    return client.id


@handles("CLIENT GETNAME")
def client_getname(client: Client, args: list[bytes]) -> Any:
    return client.name or None


@handles("CLIENT SETNAME")
def client_setname(client: Client, args: list[bytes]) -> Any:
    check_name(args[2])
    client.name = args[2]
    return OK


@handles("CLIENT INFO")
def client_info(client: Client, args: list[bytes]) -> Any:
    return verbatim(describe(client) + b"\n")


@handles("CLIENT LIST")
def client_list(client: Client, args: list[bytes]) -> Any:
    chosen = list(client.lab.visible.values())
    if len(args) == 4 and args[2].upper() == b"TYPE":
        wanted = _type(args[3])
        chosen = [each for each in chosen if type_of(each) == wanted]
    elif len(args) > 3 and args[2].upper() == b"ID":
        ids = [integer(word, b"ERR Invalid client ID") for word in args[3:]]
        chosen = [client.lab.visible[number] for number in ids if number in client.lab.visible]
    elif len(args) != 2:
        raise syntax_error()
    return verbatim(b"".join(describe(each) + b"\n" for each in chosen))


def _type(word: bytes) -> bytes:
    name = word.lower()
    if name not in TYPES:
        raise Fail(b"ERR Unknown client type '%b'" % word)
    return b"replica" if name == b"slave" else name


def type_of(client: Client) -> bytes:
    return b"pubsub" if client.subscriptions or client.shards else b"normal"


def describe(client: Client) -> bytes:
    """A line of CLIENT LIST. What has no meaning without a network is 0."""
    now_s = client.lab.clock.time()
    fields: list[tuple[str, object]] = [
        ("id", client.id),
        ("addr", client.address.decode("latin-1")),
        ("laddr", client.local_address.decode("latin-1")),
        ("fd", client.id),
        ("name", client.name.decode("latin-1")),
        ("age", int(now_s - client.since_s)),
        ("idle", int(now_s - client.active_s)),
        ("flags", _flags(client)),
        ("db", client.db_number),
        ("sub", len(client.channels)),
        ("psub", len(client.patterns)),
        ("ssub", len(client.shards)),
        ("multi", -1 if client.queued is None else len(client.queued)),
        *((name, 0) for name in ("qbuf", "qbuf-free", "argv-mem", "multi-mem", "rbs", "rbp", "obl")),
        *((name, 0) for name in ("oll", "omem", "tot-mem")),
        ("events", "r"),
        ("cmd", client.last_command or "NULL"),
        ("user", client.user.decode("utf-8", "replace")),
        ("redir", -1 if client.tracking is None else client.tracking.redirect),
        ("resp", client.resp),
    ]
    return " ".join(f"{name}={value}" for name, value in fields).encode("latin-1", "replace")


def _flags(client: Client) -> str:
    flags = "O" if client in client.lab.monitors else ""
    flags += "P" if client.subscriptions or client.shards else ""
    flags += "x" if client.queued is not None else ""
    flags += "b" if client.wait is not None else ""
    flags += "d" if client.watched_changed else ""
    if client.tracking is not None:
        flags += "t" + "R" * client.tracking.broken + "B" * client.tracking.broadcast
    flags += "U" if client.address == client.local_address else ""  # a unix socket has one path for both
    flags += "e" if client.no_evict else ""
    return flags or "N"


@handles("CLIENT REPLY")
def client_reply(client: Client, args: list[bytes]) -> Any:
    mode = args[2].upper()
    if mode == b"ON":
        client.muted = client.skip_next = client.skipping = False
        return OK
    if mode not in (b"OFF", b"SKIP"):
        raise syntax_error()
    if mode == b"OFF":
        client.muted = True
    elif not client.muted:
        client.skip_next = True
    return NOTHING


@handles("CLIENT NO-EVICT")
def client_no_evict(client: Client, args: list[bytes]) -> Any:
    client.no_evict = _on_off(args[2])
    return OK


def _on_off(word: bytes) -> bool:
    if word.upper() not in (b"ON", b"OFF"):
        raise syntax_error()
    return word.upper() == b"ON"


@handles("CLIENT KILL")
def client_kill(client: Client, args: list[bytes]) -> Any:
    if len(args) == 3:
        found = [each for each in client.lab.visible.values() if each.address == args[2]]
        if not found:
            raise Fail(b"ERR No such client")
        _kill(found[:1])
        return OK
    tests, skip_me = _filters(client, args[2:])
    found = [each for each in client.lab.visible.values() if all(test(each) for test in tests)]
    return _kill([each for each in found if not (skip_me and each is client)])


def _filters(client: Client, words: list[bytes]) -> tuple[list[Callable[[Client], bool]], bool]:
    tests: list[Callable[[Client], bool]] = []
    skip_me = True
    for place in range(0, len(words), 2):
        name = words[place].upper()
        if place + 1 >= len(words):
            raise syntax_error()
        value = words[place + 1]
        if name == b"ID":
            number = as_integer(value)
            if number is None or number < 1:
                raise Fail(b"ERR client-id should be greater than 0")
            tests.append(lambda each, number=number: each.id == number)  # type: ignore[misc]
        elif name == b"TYPE":
            wanted = _type(value)
            tests.append(lambda each, wanted=wanted: type_of(each) == wanted)  # type: ignore[misc]
        elif name in (b"ADDR", b"LADDR"):
            tests.append(lambda each, name=name, value=value: _address(each, name) == value)  # type: ignore[misc]
        elif name == b"USER":
            if client.lab.users.find(value) is None:
                raise Fail(b"ERR No such user '%b'" % value)
            tests.append(lambda each, value=value: each.user == value)  # type: ignore[misc]
        elif name == b"SKIPME" and value.upper() in (b"YES", b"NO"):
            skip_me = value.upper() == b"YES"
        else:
            raise syntax_error()
    return tests, skip_me


def _address(client: Client, name: bytes) -> bytes:
    return client.address if name == b"ADDR" else client.local_address


def _kill(clients: list[Client]) -> int:
    for each in clients:
        each.hang_up_after_reply()
    return len(clients)


@handles("CLIENT UNBLOCK")
def client_unblock(client: Client, args: list[bytes]) -> Any:
    with_error = False
    if len(args) == 4:
        if args[3].upper() not in (b"TIMEOUT", b"ERROR"):
            raise Fail(b"ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
        with_error = args[3].upper() == b"ERROR"
    other = client.lab.visible.get(integer(args[2]))
    if other is None or other.wait is None:
        return 0
    if with_error:
        other.wake(Fail(b"UNBLOCKED client unblocked via CLIENT UNBLOCK"))
    else:
        other.wake(other.wait.empty())
    return 1


@handles("CLIENT PAUSE")
def client_pause(client: Client, args: list[bytes]) -> Any:
    mode = args[3].upper() if len(args) == 4 else b"ALL"
    if mode not in (b"ALL", b"WRITE"):
        raise Fail(b"ERR CLIENT PAUSE mode must be WRITE or ALL")
    milliseconds = as_integer(args[2])
    if milliseconds is None:
        raise Fail(b"ERR timeout is not an integer or out of range")
    if milliseconds < 0:
        raise Fail(b"ERR timeout is negative")
    client.lab.pause.begin(milliseconds / 1000, writes_only=mode == b"WRITE")
    return OK


@handles("CLIENT UNPAUSE")
def client_unpause(client: Client, args: list[bytes]) -> Any:
    client.lab.pause.begin(0)
    return OK
