"""SORT. fakeredis's; upstream looks at the key before the options, and stores without telling anybody."""

from __future__ import annotations

from typing import Any

from fakeredis.model import ZSet

from redislab.core.keys import key_positions
from redislab.engines.embedded import notices
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles, theirs
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.kinds import LARGE
from redislab.engines.embedded.numbers import integer

THEIRS = theirs(["SORT", "SORT_RO"])

_VALUES = {b"ASC": 0, b"DESC": 0, b"ALPHA": 0, b"LIMIT": 2, b"BY": 1, b"GET": 1, b"STORE": 1}


def _check(args: list[bytes]) -> None:
    place = 2
    while place < len(args):
        word = args[place].upper()
        values = _VALUES.get(word)
        is_store_of_ro = word == b"STORE" and args[0].upper() == b"SORT_RO"
        if values is None or is_store_of_ro or place + values >= len(args):
            raise syntax_error()
        if word == b"LIMIT":
            integer(args[place + 1])
            integer(args[place + 2])
        place += 1 + values


def _unpack(client: Client, key: bytes) -> None:
    """Redis turns a small sorted set into a large one's form to sort it, and leaves it so."""
    stored = client.db.get(key)
    if stored is not None and isinstance(stored.value, ZSet):
        client.db.made(key, stored.value, LARGE[ZSet])


@handles("SORT_RO")
def sort_ro(client: Client, args: list[bytes]) -> Any:
    _check(args)
    _unpack(client, args[1])
    return THEIRS["SORT_RO"](client, args)


@handles("SORT")
def sort(client: Client, args: list[bytes]) -> Any:
    _check(args)
    _unpack(client, args[1])
    command = client.lab.table.catalogue.get("SORT")
    assert command is not None
    places = key_positions(command, args)
    target = args[places[1]] if len(places) > 1 else None
    there = target is not None and client.db.get(target) is not None
    result = THEIRS["SORT"](client, args)
    if target is not None and client.lab.settings["notify-keyspace-events"]:
        if result:
            notices.publish(client.lab, "l", "sortstore", target, client.db_number)
        elif there:
            notices.publish(client.lab, "g", "del", target, client.db_number)
    return result
