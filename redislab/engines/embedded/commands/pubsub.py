"""SUBSCRIBE and its kin, PUBLISH, PUBSUB.

Ours: upstream UNSUBSCRIBE without a subscription says nothing, which leaves the caller waiting; messages
are no pushes there; subscriptions to shards are counted with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redislab.engines.embedded import glob
from redislab.engines.embedded.client import NOTHING, Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.lab import Listeners
from redislab.engines.embedded.results import Fail, Typed, push


def _mine(client: Client, name: bytes) -> tuple[dict[bytes, None], Listeners]:
    """What this client listens to, and everybody's, of the kind that a command is about."""
    if name.startswith(b"P"):
        return client.patterns, client.lab.patterns
    if name.startswith(b"SS") or name.startswith(b"SUN"):
        return client.shards, client.lab.shards
    return client.channels, client.lab.channels


def _count(client: Client, name: bytes) -> int:
    sharded = name.startswith((b"SS", b"SUN"))
    return len(client.shards) if sharded else client.subscriptions


def _say(client: Client, answers: list[Typed]) -> Any:
    """One confirmation for each channel. In EXEC there is one place, so all but one channel are refused."""
    if client.in_exec:
        return answers[0]
    for answer in answers:
        client.confirm(answer)
    return NOTHING


@handles("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE")
def subscribe(client: Client, args: list[bytes]) -> Any:
    if client.in_exec and len(args) > 2:
        raise Fail(b"ERR redislab's built-in engine takes one channel for each command in a transaction")
    name = args[0].upper()
    mine, everybody = _mine(client, name)
    answers = []
    for channel in args[1:]:
        mine[channel] = None
        everybody.setdefault(channel, {})[client] = None
        answers.append(push(name.lower(), channel, _count(client, name)))
    return _say(client, answers)


@handles("UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE")
def unsubscribe(client: Client, args: list[bytes]) -> Any:
    name = args[0].upper()
    mine, everybody = _mine(client, name)
    answers = []
    for channel in args[1:] or list(mine):
        forget(client, channel, mine, everybody)
        answers.append(push(name.lower(), channel, _count(client, name)))
    return _say(client, answers or [push(name.lower(), None, _count(client, name))])


def forget(client: Client, channel: bytes, mine: dict[bytes, None], everybody: Listeners) -> None:
    mine.pop(channel, None)
    listeners = everybody.get(channel, {})
    listeners.pop(client, None)
    if not listeners:
        everybody.pop(channel, None)


@handles("PUBLISH")
def publish_(client: Client, args: list[bytes]) -> Any:
    return client.lab.publish(args[1], args[2])


@handles("SPUBLISH")
def spublish(client: Client, args: list[bytes]) -> Any:
    listeners = list(client.lab.shards.get(args[1], ()))
    for each in listeners:
        each.put(push(b"smessage", args[1], args[2]))
    return len(listeners)


def _names(listeners: Listeners, patterns: Sequence[bytes]) -> list[bytes]:
    return glob.matching(patterns[0], listeners) if patterns else list(listeners)


def _pattern(args: list[bytes]) -> list[bytes]:
    if len(args) > 3:
        name = args[1].decode("latin-1")
        raise Fail(f"ERR unknown subcommand or wrong number of arguments for '{name}'. Try PUBSUB HELP.")
    return args[2:]


def _numbers(listeners: Listeners, channels: Sequence[bytes]) -> list[Any]:
    return [side for channel in channels for side in (channel, len(listeners.get(channel, ())))]


@handles("PUBSUB CHANNELS")
def pubsub_channels(client: Client, args: list[bytes]) -> Any:
    return _names(client.lab.channels, _pattern(args))


@handles("PUBSUB SHARDCHANNELS")
def pubsub_shardchannels(client: Client, args: list[bytes]) -> Any:
    return _names(client.lab.shards, _pattern(args))


@handles("PUBSUB NUMSUB")
def pubsub_numsub(client: Client, args: list[bytes]) -> Any:
    return _numbers(client.lab.channels, args[2:])


@handles("PUBSUB SHARDNUMSUB")
def pubsub_shardnumsub(client: Client, args: list[bytes]) -> Any:
    return _numbers(client.lab.shards, args[2:])


@handles("PUBSUB NUMPAT")
def pubsub_numpat(client: Client, args: list[bytes]) -> Any:
    return len(client.lab.patterns)
