"""Which words of a command line are keys, and what the other words are.

Keys come from the key specs, as Redis itself finds them; SORT and MIGRATE, whose specs are incomplete,
have a rule each. A line that is still being typed shows the keys it has so far.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from redislab.core.catalogue import Argument, Command, KeySpec
from redislab.core.roles import Role

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

_COUNT = re.compile(rb"0|[1-9][0-9]{0,18}").fullmatch
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|inf)", re.IGNORECASE).fullmatch


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


def roles(command: Command | None, args: Words) -> list[Role]:
    """What each word is. None: the first word names no command.

    A first reading, from left to right: the name, the keys, option words where the syntax allows any,
    and for the rest whether it looks like a number. It does not check the line.
    """
    if command is None:
        return [Role.UNKNOWN, *map(_plain_role, args[1:])] if args else []
    found = _name_roles(command, args)
    keys = frozenset(key_positions(command, args))
    tokens = dict(_tokens(command.arguments))
    values_end = command.words + _plain_words(command.arguments)  # no option word stands before here
    for place in range(len(found), len(args)):
        word = args[place].upper()
        if place in keys:
            found.append(Role.KEY)
        elif place >= values_end and word in tokens:
            found.append(Role.TOKEN)
            values_end = place + 1 + tokens[word]
        else:
            found.append(_plain_role(word))
    return found


def _name_roles(command: Command, args: Words) -> list[Role]:
    named = [Role.COMMAND, Role.SUBCOMMAND][: command.words]
    if command.is_container and len(args) > 1:
        named.append(Role.UNKNOWN)  # had the second word been a subcommand, it would be `command`
    return named


def _plain_role(word: bytes) -> Role:
    return Role.NUMBER if _NUMBER(word) else Role.VALUE


def _tokens(arguments: Sequence[Argument]) -> Iterator[tuple[bytes, int]]:
    """Every option word, and how many words after it are its values for certain."""
    for argument in arguments:
        if argument.token is not None:
            yield argument.token.upper().encode(), _values_after(argument)
        yield from _tokens(argument.arguments)


def _values_after(argument: Argument) -> int:
    if argument.type == "block":
        return _plain_words(argument.arguments)
    return 0 if argument.type in ("pure-token", "oneof") else 1


def _plain_words(arguments: Sequence[Argument]) -> int:
    """How many words must come first, each a value: up to the first option, choice or repetition."""
    count = 0
    for argument in arguments:
        if argument.token is not None or argument.optional or argument.type == "oneof":
            break
        count += _plain_words(argument.arguments) if argument.type == "block" else 1
        if argument.multiple:
            break
    return count
