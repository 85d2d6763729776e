"""SORT. fakeredis's; what it stores is told of here, since it stores it by itself."""

from __future__ import annotations

from typing import Any

from redislab.core.keys import key_positions
from redislab.engines.embedded import notices
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles, theirs

THEIRS = theirs(["SORT"])


@handles("SORT")
def sort(client: Client, args: list[bytes]) -> Any:
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
