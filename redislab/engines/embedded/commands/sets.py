"""Sets.

Ours: upstream gives members in an order that differs from run to run (Redis keeps sets of numbers
sorted), does not say SET to RESP3, and SRANDMEMBER with a huge negative count hangs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fakeredis.model import ExpiringMembersSet

from redislab.core.reply import Kind
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.hashes import out_of_range, pick
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import NOT_POSITIVE, count, syntax_error
from redislab.engines.embedded.kinds import MAX_INTSET, members
from redislab.engines.embedded.numbers import LOWEST, as_integer, integer
from redislab.engines.embedded.results import Fail, Typed


def _members(client: Client, key: bytes) -> list[bytes]:
    value = client.value(key, ExpiringMembersSet)
    return [] if value is None else members(value)


def _in_order(found: Iterable[bytes]) -> list[bytes]:
    """As Redis would keep a set of these: numbers sorted, as long as there are few and nothing else."""
    listed = list(found)
    if len(listed) <= MAX_INTSET and all(as_integer(member) is not None for member in listed):
        listed.sort(key=int)
    return listed


@handles("SADD")
def sadd(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], ExpiringMembersSet, create=True)
    before = len(item.value)
    item.value.update(args[2:])
    if len(item.value) > before:
        item.updated()
    return len(item.value) - before


@handles("SREM")
def srem(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], ExpiringMembersSet)
    removed = 0
    for member in args[2:] if item.value is not None else ():
        if member in item.value:
            item.value.discard(member)
            item.updated()
            removed += 1
    return removed


@handles("SMEMBERS")
def smembers(client: Client, args: list[bytes]) -> Any:
    return Typed(Kind.SET, _members(client, args[1]))


@handles("SCARD")
def scard(client: Client, args: list[bytes]) -> Any:
    return len(client.value(args[1], ExpiringMembersSet) or ())


@handles("SISMEMBER")
def sismember(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], ExpiringMembersSet)
    return 0 if value is None else int(args[2] in value)


@handles("SMISMEMBER")
def smismember(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], ExpiringMembersSet)
    return [0 if value is None else int(member in value) for member in args[2:]]


@handles("SMOVE")
def smove(client: Client, args: list[bytes]) -> Any:
    if client.db.get(args[1]) is None:
        return 0
    source = client.open(args[1], ExpiringMembersSet)
    if args[1] == args[2]:
        return int(args[3] in source.value)
    target = client.open(args[2], ExpiringMembersSet, create=True)
    if args[3] not in source.value:
        return 0
    source.value.discard(args[3])
    source.updated()
    if args[3] not in target.value:
        target.value.add(args[3])
        target.updated()
    return 1


@handles("SPOP")
def spop(client: Client, args: list[bytes]) -> Any:
    if len(args) > 3:
        raise syntax_error()
    wanted = count(args[2], NOT_POSITIVE) if len(args) == 3 else None
    item = client.open(args[1], ExpiringMembersSet)
    if item.value is None:
        return None if wanted is None else Typed(Kind.SET, [])
    taken = [item.value.pop_random() for _ in range(min(1 if wanted is None else wanted, len(item.value)))]
    if taken:
        item.updated()
    return taken[0] if wanted is None else Typed(Kind.SET, taken)


@handles("SRANDMEMBER")
def srandmember(client: Client, args: list[bytes]) -> Any:
    if len(args) > 3:
        raise syntax_error()
    wanted = integer(args[2], out_of_range(args[2]), LOWEST + 1) if len(args) == 3 else None
    found = _members(client, args[1])
    if wanted is None:
        return pick(found, 1)[0] if found else None
    return found if wanted >= len(found) else pick(found, wanted)


# -- of several sets ----------------------------------------------------------------------------


def _sets(client: Client, keys: Iterable[bytes]) -> list[dict[bytes, None]]:
    """Each as a dict, for its order. Raises Fail if one is no set, wherever it stands."""
    return [dict.fromkeys(_members(client, key)) for key in keys]


def _intersection(sets: list[dict[bytes, None]]) -> list[bytes]:
    smallest = min(sets, key=len)
    return [member for member in smallest if all(member in each for each in sets)]


def _union(sets: list[dict[bytes, None]]) -> list[bytes]:
    return list({member: None for each in sets for member in each})


def _difference(sets: list[dict[bytes, None]]) -> list[bytes]:
    return [member for member in sets[0] if not any(member in each for each in sets[1:])]


_OPERATIONS = {b"SINTER": _intersection, b"SUNION": _union, b"SDIFF": _difference}


@handles("SINTER", "SUNION", "SDIFF")
def combine(client: Client, args: list[bytes]) -> Any:
    found = _OPERATIONS[args[0].upper()](_sets(client, args[1:]))
    return Typed(Kind.SET, _in_order(found))


@handles("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE")
def combine_and_store(client: Client, args: list[bytes]) -> Any:
    found = _OPERATIONS[args[0].upper().removesuffix(b"STORE")](_sets(client, args[2:]))
    item = client.open(args[1])
    if found or item.value is not None:
        item.value = ExpiringMembersSet(dict.fromkeys(found)) if found else None
    return len(found)


@handles("SINTERCARD")
def sintercard(client: Client, args: list[bytes]) -> Any:
    number = count(args[1], b"ERR numkeys should be greater than 0", 1)
    if number > len(args) - 2:
        raise Fail(b"ERR Number of keys can't be greater than number of args")
    limit, place = 0, 2 + number
    while place < len(args):
        if args[place].upper() != b"LIMIT" or place + 1 >= len(args):
            raise syntax_error()
        limit = count(args[place + 1], b"ERR LIMIT can't be negative")
        place += 2
    found = len(_intersection(_sets(client, args[2 : 2 + number])))
    return min(found, limit) if limit else found
