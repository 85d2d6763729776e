"""Sorted sets: adding, scores, ranks, ranges, removing.

Ours: upstream ranges by member need care at `-` and `+`, ZRANGESTORE by score forgets scores, options and
their conflicts are answered otherwise, ZRANDMEMBER without a count gives a list.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from typing import Any

from fakeredis.model import ZSet

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.hashes import random_pairs, random_words
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import c_string, positions, syntax_error
from redislab.engines.embedded.numbers import as_float, floating, integer
from redislab.engines.embedded.results import Fail

NOT_A_NUMBER = b"ERR resulting score is not a number (NaN)"
BAD_SCORES = b"ERR min or max is not a float"
BAD_MEMBERS = b"ERR min or max not valid string range item"

Pair = tuple[bytes, float]


def pairs(client: Client, key: bytes) -> list[Pair]:
    """Members and scores in order, [] if there is no such key. Raises Fail for another type."""
    value = client.value(key, ZSet)
    return [] if value is None else in_order(value)


def in_order(value: ZSet) -> list[Pair]:
    return [(member, score) for score, member in value.islice_score(0, len(value))]


def shown(client: Client, found: Sequence[Pair], with_scores: bool) -> list[Any]:
    if not with_scores:
        return [member for member, _ in found]
    if client.resp == 3:
        return [[member, score] for member, score in found]
    return [side for pair in found for side in pair]


def store(client: Client, key: bytes, found: Sequence[Pair]) -> int:
    """Replace a key by a sorted set of these."""
    item = client.open(key)
    if found:
        value = ZSet()
        for member, score in found:
            value.add(member, score + 0.0)  # Redis keeps no -0 in small sets
        item.value = value
    elif item.value is not None:
        item.value = None
    return len(found)


# -- adding -------------------------------------------------------------------------------------

_ADD_FLAGS = frozenset({b"NX", b"XX", b"CH", b"INCR", b"GT", b"LT"})


@handles("ZADD", "ZINCRBY")
def zadd(client: Client, args: list[bytes]) -> Any:
    given = {b"INCR"} if args[0].upper() == b"ZINCRBY" else set()
    place = 2
    while place < len(args) and args[place].upper() in _ADD_FLAGS:
        given.add(args[place].upper())
        place += 1
    words = args[place:]
    _check_flags(given, words)
    scores = [floating(word) for word in words[0::2]]
    item = client.open(args[1], ZSet)
    if item.value is None:
        if b"XX" in given:
            return None if b"INCR" in given else 0
        item = client.open(args[1], ZSet, create=True)
    added = changed = 0
    outcome: float | None = None
    for score, member in zip(scores, words[1::2], strict=True):
        old = item.value.get(member)
        outcome = _new_score(given, old, score)
        if outcome is None:
            continue
        if old is None:
            added += 1
        elif outcome != old:
            changed += 1
        if outcome != old:
            small = client.is_compact(args[1], item.value)
            item.value.add(member, outcome + 0.0 if small else outcome)  # Redis keeps no -0 in small sets
            item.updated()
    if b"INCR" in given:
        return outcome
    return added + changed if b"CH" in given else added


def _check_flags(given: set[bytes], words: Sequence[bytes]) -> None:
    if not words or len(words) % 2:
        raise syntax_error()
    if given >= {b"NX", b"XX"}:
        raise Fail(b"ERR XX and NX options at the same time are not compatible")
    if len(given & {b"GT", b"LT", b"NX"}) > 1:
        raise Fail(b"ERR GT, LT, and/or NX options at the same time are not compatible")
    if b"INCR" in given and len(words) > 2:
        raise Fail(b"ERR INCR option supports a single increment-element pair")


def _new_score(given: set[bytes], old: float | None, score: float) -> float | None:
    """The score a member gets; None: it stays as it is. Raises Fail."""
    if old is None:
        return None if b"XX" in given else score
    if b"NX" in given:
        return None
    if b"INCR" in given:
        score += old
        if math.isnan(score):
            raise Fail(NOT_A_NUMBER)
    if (b"LT" in given and score >= old) or (b"GT" in given and score <= old):
        return None
    return score


# -- one member ---------------------------------------------------------------------------------


@handles("ZSCORE")
def zscore(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], ZSet)
    return None if value is None else value.get(args[2])


@handles("ZMSCORE")
def zmscore(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], ZSet)
    return [None if value is None else value.get(member) for member in args[2:]]


@handles("ZRANK", "ZREVRANK")
def zrank(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], ZSet)
    if value is None or args[2] not in value:
        return None
    rank, _ = value.rank(args[2])
    return rank if args[0].upper() == b"ZRANK" else len(value) - 1 - rank


@handles("ZCARD")
def zcard(client: Client, args: list[bytes]) -> Any:
    return len(client.value(args[1], ZSet) or ())


@handles("ZREM")
def zrem(client: Client, args: list[bytes]) -> Any:
    return _remove(client, args[1], lambda value: [member for member in args[2:] if member in value])


def _remove(client: Client, key: bytes, choose: Callable[[ZSet], Sequence[bytes]]) -> int:
    item = client.open(key, ZSet)
    chosen = dict.fromkeys(choose(item.value)) if item.value is not None else {}
    for member in chosen:
        item.value.discard(member)
        item.updated()
    return len(chosen)


@handles("ZRANDMEMBER")
def zrandmember(client: Client, args: list[bytes]) -> Any:
    wanted, with_scores = random_words(args, b"WITHSCORES")
    found = pairs(client, args[1])
    if wanted is None:
        return random.choice(found)[0] if found else None
    return random_pairs(client, found, wanted, with_scores)


# -- ranges -------------------------------------------------------------------------------------

Range = Callable[[Sequence[Pair]], Sequence[Pair]]


def by_rank(first: bytes, last: bytes, *, reverse: bool = False) -> Range:
    start, stop = integer(first), integer(last)

    def choose(found: Sequence[Pair]) -> Sequence[Pair]:
        begin, end = positions(start, stop, len(found))
        return found[::-1][begin:end] if reverse else found[begin:end]

    return choose


def by_score(low: bytes, high: bytes) -> Range:
    least, without_least = _score_bound(low)
    most, without_most = _score_bound(high)

    def choose(found: Sequence[Pair]) -> Sequence[Pair]:
        return [
            pair
            for pair in found
            if (least < pair[1] or (least == pair[1] and not without_least))
            and (pair[1] < most or (pair[1] == most and not without_most))
        ]

    return choose


def _score_bound(word: bytes) -> tuple[float, bool]:
    excluded = word.startswith(b"(")
    text = c_string(word[1:] if excluded else word).lstrip()
    value = as_float(text) if text else 0.0
    if value is None and text.lower().lstrip(b"+-").startswith((b"1e", b"9e")):
        value = math.inf if not text.startswith(b"-") else -math.inf
    if value is None:
        raise Fail(BAD_SCORES)
    return value, excluded


def by_member(low: bytes, high: bytes) -> Range:
    least, most = _member_bound(low), _member_bound(high)

    def choose(found: Sequence[Pair]) -> Sequence[Pair]:
        if least[0] > 0 or most[0] < 0 or not found:
            return []
        if not (_after(found[-1][0], least) and _before(found[0][0], most)):
            return []
        # Where scores differ Redis's answer is the run from the first that is not too low.
        not_too_low = dropwhile(lambda pair: not _after(pair[0], least), found)
        return list(takewhile(lambda pair: _before(pair[0], most), not_too_low))

    return choose


Bound = tuple[int, bytes, bool]  # -1: before all, 1: after all; else the member, and whether it is left out


def _member_bound(word: bytes) -> Bound:
    if word in (b"-", b"+"):
        return (-1 if word == b"-" else 1), b"", False
    if word[:1] not in (b"(", b"["):
        raise Fail(BAD_MEMBERS)
    return 0, word[1:], word[:1] == b"("


def _after(member: bytes, bound: Bound) -> bool:
    end, value, excluded = bound
    return end < 0 or (end == 0 and (member > value or (member == value and not excluded)))


def _before(member: bytes, bound: Bound) -> bool:
    end, value, excluded = bound
    return end > 0 or (end == 0 and (member < value or (member == value and not excluded)))


@dataclass
class _RangeWords:
    """The options of the ZRANGE family."""

    kind: str = ""  # rank, score, member; "" until a word or the default says it
    reverse: bool = False
    with_scores: bool = False
    offset: int = 0
    limit: int = -1

    def read(self, words: list[bytes], *, storing: bool, unified: bool) -> None:
        """`unified`: BYSCORE, BYLEX and REV may stand here. Raises Fail."""
        given: set[bytes] = set()
        place = 0
        while place < len(words):
            word = words[place].upper()
            if word == b"WITHSCORES" and not storing:
                self.with_scores = True
            elif word == b"LIMIT" and place + 2 < len(words):
                self.offset, self.limit = integer(words[place + 1]), integer(words[place + 2])
                place += 2
            elif unified and word == b"REV" and word not in given:
                self.reverse = True
            elif unified and word in (b"BYLEX", b"BYSCORE") and not given & {b"BYLEX", b"BYSCORE"}:
                self.kind = "member" if word == b"BYLEX" else "score"
            else:
                raise syntax_error()
            given.add(word)
            place += 1
        self.kind = self.kind or "rank"
        if self.limit != -1 and self.kind == "rank":
            raise Fail(
                b"ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
            )
        if self.with_scores and self.kind == "member":
            raise Fail(b"ERR syntax error, WITHSCORES not supported in combination with BYLEX")

    def range(self, first: bytes, second: bytes) -> Range:
        if self.kind == "rank":
            return by_rank(first, second, reverse=self.reverse)
        low, high = (second, first) if self.reverse else (first, second)
        chosen = by_score(low, high) if self.kind == "score" else by_member(low, high)

        def limited(found: Sequence[Pair]) -> Sequence[Pair]:
            if self.offset < 0:
                return []
            inside = chosen(found)[::-1] if self.reverse else chosen(found)
            end = None if self.limit < 0 else self.offset + self.limit
            return inside[self.offset : end]

        return limited


def _by_rank(client: Client, key: bytes, words: list[bytes], reverse: bool) -> list[Pair]:
    """Straight to the place, however many members there are."""
    first, last = integer(words[0]), integer(words[1])
    value = client.value(key, ZSet)
    if value is None:
        return []
    start, stop = positions(first, last, len(value))
    if reverse:
        start, stop = len(value) - stop, len(value) - start
    return [(member, score) for score, member in value.islice_score(start, stop, reverse)]


def _zrange(client: Client, key: bytes, words: list[bytes], options: _RangeWords, unified: bool) -> list[Any]:
    options.read(words[2:], storing=False, unified=unified)
    if options.kind == "rank":
        return shown(client, _by_rank(client, key, words, options.reverse), options.with_scores)
    choose = options.range(words[0], words[1])
    return shown(client, choose(pairs(client, key)), options.with_scores)


@handles("ZRANGE")
def zrange(client: Client, args: list[bytes]) -> Any:
    return _zrange(client, args[1], args[2:], _RangeWords(), True)


_OLDER = {
    b"ZREVRANGE": ("rank", True),
    b"ZRANGEBYSCORE": ("score", False),
    b"ZREVRANGEBYSCORE": ("score", True),
    b"ZRANGEBYLEX": ("member", False),
    b"ZREVRANGEBYLEX": ("member", True),
}


@handles("ZREVRANGE", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZRANGEBYLEX", "ZREVRANGEBYLEX")
def zrange_of_one_kind(client: Client, args: list[bytes]) -> Any:
    kind, reverse = _OLDER[args[0].upper()]
    return _zrange(client, args[1], args[2:], _RangeWords(kind, reverse), False)


@handles("ZRANGESTORE")
def zrangestore(client: Client, args: list[bytes]) -> Any:
    options = _RangeWords()
    options.read(args[5:], storing=True, unified=True)
    choose = options.range(args[3], args[4])
    return store(client, args[1], choose(pairs(client, args[2])))


@handles("ZCOUNT")
def zcount(client: Client, args: list[bytes]) -> Any:
    choose = by_score(args[2], args[3])
    return len(choose(pairs(client, args[1])))


@handles("ZLEXCOUNT")
def zlexcount(client: Client, args: list[bytes]) -> Any:
    choose = by_member(args[2], args[3])
    return len(choose(pairs(client, args[1])))


_RANGES: dict[bytes, Callable[[bytes, bytes], Range]] = {
    b"ZREMRANGEBYRANK": by_rank,
    b"ZREMRANGEBYSCORE": by_score,
    b"ZREMRANGEBYLEX": by_member,
}


@handles("ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREMRANGEBYLEX")
def zremrange(client: Client, args: list[bytes]) -> Any:
    choose = _RANGES[args[0].upper()](args[2], args[3])
    return _remove(client, args[1], lambda value: [member for member, _ in choose(in_order(value))])
