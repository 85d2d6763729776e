"""Sorted sets, several at a time: union, intersection, difference, and popping from the ends.

Ours: upstream ZINTERCARD, ZDIFF and the STORE forms read options that they do not have, and ZMPOP and
BZMPOP answer what they cannot do with other errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Any

from fakeredis.model import ExpiringMembersSet, ZSet

from redislab.engines.embedded.access import WRONG_TYPE
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import NOT_POSITIVE, count, pop_count, syntax_error, timeout_s
from redislab.engines.embedded.commands.zsets import in_order, shown, store
from redislab.engines.embedded.kinds import members
from redislab.engines.embedded.numbers import floating, integer
from redislab.engines.embedded.results import NIL_ARRAY, Fail


def _sum(left: float, right: float) -> float:
    total = left + right
    return 0.0 if math.isnan(total) else total


_AGGREGATES: dict[bytes, Callable[[float, float], float]] = {b"SUM": _sum, b"MIN": min, b"MAX": max}


class _Combination:
    """numkeys, keys, and the options that a command of this family has."""

    def __init__(self, client: Client, name: str, words: list[bytes], *, storing: bool) -> None:
        self.operation = name.removesuffix("store").removesuffix("card").removeprefix("z")
        number = integer(words[0])
        if number < 1:
            raise Fail(f"ERR at least 1 input key is needed for '{name}' command")
        if number > len(words) - 1:
            raise syntax_error()
        self.sources = [_source(client, key) for key in words[1 : 1 + number]]
        self.weights = [1.0] * number
        self.aggregate = _AGGREGATES[b"SUM"]
        self.with_scores = False
        self.limit = 0
        self._read(words[1 + number :], counting=name == "zintercard", storing=storing)

    def _read(self, words: list[bytes], *, counting: bool, storing: bool) -> None:
        weighs = self.operation != "diff" and not counting
        place = 0
        while place < len(words):
            word, left = words[place].upper(), len(words) - place - 1
            if word == b"WEIGHTS" and weighs and left >= len(self.sources):
                values = words[place + 1 : place + 1 + len(self.sources)]
                self.weights = [floating(value, b"ERR weight value is not a float") for value in values]
                place += len(values)
            elif word == b"AGGREGATE" and weighs and left:
                if words[place + 1].upper() not in _AGGREGATES:
                    raise syntax_error()
                self.aggregate = _AGGREGATES[words[place + 1].upper()]
                place += 1
            elif word == b"WITHSCORES" and not storing and not counting:
                self.with_scores = True
            elif word == b"LIMIT" and counting and left:
                self.limit = count(words[place + 1], b"ERR LIMIT can't be negative")
                place += 1
            else:
                raise syntax_error()
            place += 1

    def result(self) -> list[tuple[bytes, float]]:
        """Members and scores in order."""
        if self.operation == "diff":
            first, *others = self.sources
            found = {m: score for m, score in first.items() if not any(m in other for other in others)}
        else:
            found = self._aggregated()
            if self.operation == "inter":
                found = {m: s for m, s in found.items() if all(m in source for source in self.sources)}
        return sorted(found.items(), key=lambda pair: (pair[1], pair[0]))

    def _aggregated(self) -> dict[bytes, float]:
        """Smallest first, as Redis goes: of floating-point sums the order shows."""
        found: dict[bytes, float] = {}
        weighted = zip(self.sources, self.weights, strict=True)
        for source, weight in sorted(weighted, key=lambda one: len(one[0])):
            for member, score in source.items():
                weighed = score * weight
                weighed = 0.0 if math.isnan(weighed) else weighed
                found[member] = self.aggregate(found[member], weighed) if member in found else weighed
        return found


def _source(client: Client, key: bytes) -> dict[bytes, float]:
    """A sorted set, or a set, whose members count 1 each."""
    stored = client.db.get(key)
    if stored is None:
        return {}
    if isinstance(stored.value, ExpiringMembersSet):
        return dict.fromkeys(members(stored.value), 1.0)
    if not isinstance(stored.value, ZSet):
        raise Fail(WRONG_TYPE)
    return dict(in_order(stored.value))


@handles("ZUNION", "ZINTER", "ZDIFF")
def combine(client: Client, args: list[bytes]) -> Any:
    combination = _Combination(client, args[0].decode().lower(), args[1:], storing=False)
    return shown(client, combination.result(), combination.with_scores)


@handles("ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE")
def combine_and_store(client: Client, args: list[bytes]) -> Any:
    combination = _Combination(client, args[0].decode().lower(), args[2:], storing=True)
    return store(client, args[1], combination.result())


@handles("ZINTERCARD")
def zintercard(client: Client, args: list[bytes]) -> Any:
    combination = _Combination(client, "zintercard", args[1:], storing=False)
    found = len(combination.result())
    return min(found, combination.limit) if combination.limit else found


# -- popping ------------------------------------------------------------------------------------


def _pop(client: Client, key: bytes, most: int, *, highest: bool) -> list[tuple[bytes, float]]:
    item = client.open(key, ZSet)
    ends = item.value.islice_score(0, len(item.value), reverse=highest)
    taken = [(member, score) for score, member in islice(ends, most)]
    for member, _ in taken:
        item.value.discard(member)
    if taken:
        item.updated()
    return taken


@handles("ZPOPMIN", "ZPOPMAX")
def zpop(client: Client, args: list[bytes]) -> Any:
    if len(args) > 3:
        raise syntax_error()
    most = count(args[2], NOT_POSITIVE) if len(args) == 3 else None
    if client.value(args[1], ZSet) is None:
        return []
    taken = _pop(client, args[1], 1 if most is None else most, highest=args[0].upper() == b"ZPOPMAX")
    if most is None:
        return [side for pair in taken for side in pair]
    return shown(client, taken, True)


@handles("BZPOPMIN", "BZPOPMAX")
def bzpop(client: Client, args: list[bytes]) -> Any:
    wait_s = timeout_s(args[-1])
    highest = args[0].upper() == b"BZPOPMAX"
    _refuse_other_types(client, args[1:-1])

    def attempt() -> Any:
        for key in args[1:-1]:
            if _is_zset(client, key):
                (member, score), *_ = _pop(client, key, 1, highest=highest)
                return [key, member, score]
        return None

    return client.park(attempt, wait_s)


@handles("ZMPOP")
def zmpop(client: Client, args: list[bytes]) -> Any:
    keys, highest, most = _several(args[1:])
    _refuse_other_types(client, keys)
    return _pop_first(client, keys, highest, most) or NIL_ARRAY


@handles("BZMPOP")
def bzmpop(client: Client, args: list[bytes]) -> Any:
    keys, highest, most = _several(args[2:])
    wait_s = timeout_s(args[1])
    _refuse_other_types(client, keys)
    return client.park(partial(_pop_first, client, keys, highest, most), wait_s)


def _several(words: list[bytes]) -> tuple[list[bytes], bool, int]:
    """`numkeys key … MIN|MAX [COUNT n]`."""
    number = count(words[0], b"ERR numkeys should be greater than 0", 1)
    keys, rest = words[1 : 1 + number], words[1 + number :]
    if not rest or rest[0].upper() not in (b"MIN", b"MAX"):
        raise syntax_error()
    highest = rest[0].upper() == b"MAX"
    return keys, highest, pop_count(rest[1:])


def _pop_first(client: Client, keys: Sequence[bytes], highest: bool, most: int) -> Any:
    for key in keys:
        if _is_zset(client, key):
            return [key, [[m, score] for m, score in _pop(client, key, most, highest=highest)]]
    return None


def _is_zset(client: Client, key: bytes) -> bool:
    stored = client.db.get(key)
    return stored is not None and isinstance(stored.value, ZSet)


def _refuse_other_types(client: Client, keys: Sequence[bytes]) -> None:
    for key in keys:
        stored = client.db.get(key)
        if stored is not None and not isinstance(stored.value, ZSet):
            raise Fail(WRONG_TYPE)
        if stored is not None:
            return
