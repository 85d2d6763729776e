"""Every command: ours first, then fakeredis's. Importing this loads fakeredis."""

from __future__ import annotations

from redislab.core.catalogue import Catalogue
from redislab.engines.embedded.commands import (
    acl,
    approximate,
    bits,
    clients,
    config,
    connections,
    debug,
    dumps,
    expiry,
    functions,
    geo,
    hashes,
    introspect,
    keyspace,
    lists,
    objects,
    pubsub,
    scripts,
    server,
    sets,
    sorting,
    stream_adding,
    stream_groups,
    stream_pending,
    streams,
    strings,
    tracking,
    transactions,
    zset_sets,
    zsets,
)
from redislab.engines.embedded.commands.registry import OWN, theirs
from redislab.engines.embedded.engine import VERSION
from redislab.engines.embedded.table import Table

__all__ = [
    "acl",
    "approximate",
    "bits",
    "clients",
    "config",
    "connections",
    "debug",
    "dumps",
    "expiry",
    "functions",
    "geo",
    "hashes",
    "introspect",
    "keyspace",
    "lists",
    "objects",
    "pubsub",
    "scripts",
    "server",
    "sets",
    "sorting",
    "stream_adding",
    "stream_groups",
    "stream_pending",
    "streams",
    "strings",
    "table",
    "tracking",
    "transactions",
    "zset_sets",
    "zsets",
]


def table() -> Table:
    """The table of the version that this engine answers as."""
    catalogue = Catalogue.load(".".join(map(str, VERSION[:2])))
    return Table(catalogue, {**theirs(catalogue.names()), **OWN})
