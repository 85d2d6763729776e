"""Which words of a command line are keys.

Keys come from the key specs, as Redis itself finds them; SORT and MIGRATE, whose specs are incomplete,
have a rule each. A line that is still being typed shows the keys it has so far.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from redislab.core.catalogue import Command, KeySpec

Words = Sequence[bytes]

# What TYPE answers for the keys that a group's commands work on; commands of other groups take any key.
TYPE_OF_GROUP: Mapping[str, str] = {
    "bitmap": "string",
    "geo": "zset",
    "hash": "hash",
    "hyperloglog": "string",
    "list": "list",
    "set": "set",
    "sorted-set": "zset",
    "stream": "stream",
    "string": "string",
}

_ONLY_WITH_REPLACE = frozenset({"COPY", "RESTORE"})
# Redis's key specs call these writes that depend on options, or on the value that is there.
_REPLACES_THE_FIRST = frozenset({"SET", "SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"})
_COUNT = re.compile(rb"0|[1-9][0-9]{0,18}").fullmatch


def key_positions(command: Command, args: Words) -> list[int]:
    """The places of the keys in `args` (the command's name is word 0), in `COMMAND GETKEYS`'s order.

    Equal to what the server answers for every line that it accepts.
    """
    own_rule = _OWN_RULES.get(command.name)
    if own_rule is not None:
        return own_rule(args)
    return [
        position
        for spec in command.key_specs
        if "not_key" not in spec.flags  # a sharded channel: it has a slot, and is no key
        for position in _found_by(spec, args)
    ]


def overwritten_positions(command: Command, args: Words) -> list[int]:
    """The places of the keys whose values the command replaces, whatever type they have."""
    if command.name in _ONLY_WITH_REPLACE and b"REPLACE" not in [word.upper() for word in args]:
        return []
    if command.name in _REPLACES_THE_FIRST:
        return key_positions(command, args)[:1]
    if command.name == "SORT":
        return _sort_keys(args)[1:]
    specs = [spec for spec in command.key_specs if {"OW", "update"} <= spec.flags]
    return [position for spec in specs for position in _found_by(spec, args)]


def _found_by(spec: KeySpec, args: Words) -> range:
    begin = _begin(spec, args)
    if begin is None:
        return range(0)
    if spec.count_at is not None:
        return _counted(spec, begin, args)
    if spec.last >= 0:
        last = begin + spec.last
    elif spec.limit:
        last = begin + (len(args) - begin) // spec.limit + spec.last
    else:
        last = len(args) + spec.last
    return range(begin, min(last + 1, len(args)), spec.step)


def _begin(spec: KeySpec, args: Words) -> int | None:
    if spec.index is not None or spec.keyword is None:
        return spec.index
    keyword = spec.keyword.upper().encode()
    forward = range(spec.start, len(args))
    places = forward if spec.start > 0 else range(len(args) + spec.start, 0, -1)
    return next((place + 1 for place in places if args[place].upper() == keyword), None)


def _counted(spec: KeySpec, begin: int, args: Words) -> range:
    """As many keys as a word says (`EVAL script 2 a b`)."""
    assert spec.count_at is not None
    place = begin + spec.count_at
    if place >= len(args) or not _COUNT(args[place]):
        return range(0)
    first = begin + spec.first
    return range(first, min(first + int(args[place]) * spec.step, len(args)), spec.step)


def _sort_keys(args: Words) -> list[int]:
    """`SORT key … STORE destination`: the last STORE counts, and a pattern may be spelt `store`."""
    values_of = {b"LIMIT": 2, b"GET": 1, b"BY": 1}
    store: list[int] = []
    place = 2
    while place < len(args):
        word = args[place].upper()
        if word == b"STORE" and place + 1 < len(args):
            store = [place + 1]
        place += 1 + values_of.get(word, 0)
    return [1, *store] if len(args) > 1 else []


def _migrate_keys(args: Words) -> list[int]:
    """`MIGRATE host port key …`, or with an empty word there: the words after KEYS."""
    values_of = {b"AUTH": 1, b"AUTH2": 2}
    place = 6
    while place < len(args):
        word = args[place].upper()
        if word == b"KEYS" and not args[3]:
            return list(range(place + 1, len(args)))
        place += 1 + values_of.get(word, 0)
    return [3] if len(args) > 3 else []


_OWN_RULES: Mapping[str, Callable[[Words], list[int]]] = {"SORT": _sort_keys, "MIGRATE": _migrate_keys}
