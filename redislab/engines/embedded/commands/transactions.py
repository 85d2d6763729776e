"""MULTI, EXEC, DISCARD, WATCH, UNWATCH. Who watches what is kept by fakeredis's databases."""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.results import NIL_ARRAY, Fail, error
from redislab.engines.embedded.table import Entry


@handles("MULTI")
def multi(client: Client, args: list[bytes]) -> Any:
    if client.queued is not None:
        raise Fail(b"ERR MULTI calls can not be nested")
    client.queued = []
    return OK


@handles("DISCARD")
def discard(client: Client, args: list[bytes]) -> Any:
    if client.queued is None:
        raise Fail(b"ERR DISCARD without MULTI")
    client.forget_transaction()
    return OK


@handles("EXEC")
def exec_(client: Client, args: list[bytes]) -> Any:
    queued = client.queued
    if queued is None:
        raise Fail(b"ERR EXEC without MULTI")
    abort, changed = client.abort_exec, client.watched_changed or client.watched_expired
    client.forget_transaction()
    if abort:
        raise Fail(b"EXECABORT Transaction discarded because of previous errors.")
    if changed:
        return NIL_ARRAY
    client.in_exec = True
    try:
        return [_run(client, entry, words) for entry, words in queued]
    finally:
        client.in_exec = False


def _run(client: Client, entry: Entry, words: list[bytes]) -> Any:
    try:
        if not client.aside:
            client.lab.users.check(client, entry, words)  # rules may have changed since it was queued
    except Fail as fail:
        return error(fail.text)
    return client.call_shown(entry, words)


@handles("WATCH")
def watch(client: Client, args: list[bytes]) -> Any:
    if client.queued is not None:
        raise Fail(b"ERR WATCH inside MULTI is not allowed")
    client.watch_keys(args[1:])
    return OK


@handles("UNWATCH")
def unwatch(client: Client, args: list[bytes]) -> Any:
    client.forget_watches()
    return OK
