"""CONFIG GET, SET, RESETSTAT, REWRITE. Ours: upstream has only a SET that checks nothing."""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.results import Fail


@handles("CONFIG GET")
def config_get(client: Client, args: list[bytes]) -> Any:
    return client.lab.settings.matching(args[2:])


@handles("CONFIG SET")
def config_set(client: Client, args: list[bytes]) -> Any:
    if len(args) % 2:
        raise syntax_error()
    client.lab.settings.change(list(zip(args[2::2], args[3::2], strict=True)))
    return OK


@handles("CONFIG RESETSTAT")
def config_resetstat(client: Client, args: list[bytes]) -> Any:
    counts = client.lab.counts
    changes = counts["changes"]  # since the last save: nothing that is reset
    counts.clear()
    counts["changes"] = changes
    client.lab.stats.clear()
    return OK


@handles("CONFIG REWRITE")
def config_rewrite(client: Client, args: list[bytes]) -> Any:
    raise Fail(b"ERR The server is running without a config file")
