"""Lists.

Ours throughout: upstream BLMOVE forgets the change, LMPOP leaves empty lists behind, blocking commands
hold their thread, timeouts and counts are answered with other errors than Redis 7.0's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from redislab.core.reply import NIL, OK
from redislab.engines.embedded.access import WRONG_TYPE
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import (
    NO_SUCH_KEY,
    NOT_POSITIVE,
    count,
    pop_count,
    positions,
    syntax_error,
    timeout_s,
)
from redislab.engines.embedded.numbers import LOWEST, integer
from redislab.engines.embedded.results import NIL_ARRAY, Fail

# -- push, pop and look -------------------------------------------------------------------------


@handles("LPUSH", "RPUSH", "LPUSHX", "RPUSHX")
def push(client: Client, args: list[bytes]) -> Any:
    name = args[0].upper()
    item = client.open(args[1], list, create=not name.endswith(b"X"))
    if item.value is None:
        return 0
    if name.startswith(b"L"):
        item.value[:0] = args[:1:-1]
    else:
        item.value.extend(args[2:])
    item.updated()
    return len(item.value)


@handles("LPOP", "RPOP")
def pop(client: Client, args: list[bytes]) -> Any:
    name = args[0].decode().lower()
    if len(args) > 3:
        raise Fail(f"ERR wrong number of arguments for '{name}' command")
    most = count(args[2], NOT_POSITIVE) if len(args) == 3 else None
    item = client.open(args[1], list)
    if item.value is None:
        return NIL if most is None else NIL_ARRAY
    if most == 0:
        return []
    taken = _take(item, left=name == "lpop", most=1 if most is None else most)
    return taken[0] if most is None else taken


def _take(item: Any, *, left: bool, most: int) -> list[bytes]:
    """Up to `most` elements off one end of an open list."""
    values: list[bytes] = item.value
    taken = values[:most] if left else values[: -most - 1 : -1]
    if left:
        del values[:most]
    else:
        del values[max(0, len(values) - most) :]
    item.updated()
    return taken


@handles("LLEN")
def llen(client: Client, args: list[bytes]) -> Any:
    return len(client.value(args[1], list) or ())


@handles("LRANGE")
def lrange(client: Client, args: list[bytes]) -> Any:
    first, last = integer(args[2]), integer(args[3])
    values = client.value(args[1], list) or []
    start, stop = positions(first, last, len(values))
    return values[start:stop]


@handles("LINDEX")
def lindex(client: Client, args: list[bytes]) -> Any:
    values = client.value(args[1], list)
    if values is None:
        return None
    place = integer(args[2])
    return values[place] if -len(values) <= place < len(values) else None


@handles("LSET")
def lset(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], list)
    if item.value is None:
        raise Fail(NO_SUCH_KEY)
    place = integer(args[2])
    if not -len(item.value) <= place < len(item.value):
        raise Fail(b"ERR index out of range")
    item.value[place] = args[3]
    item.updated()
    return OK


@handles("LTRIM")
def ltrim(client: Client, args: list[bytes]) -> Any:
    first, last = integer(args[2]), integer(args[3])
    item = client.open(args[1], list)
    if item.value is not None:
        start, stop = positions(first, last, len(item.value))
        item.update(item.value[start:stop])
    return OK


@handles("LINSERT")
def linsert(client: Client, args: list[bytes]) -> Any:
    where = args[2].upper()
    if where not in (b"BEFORE", b"AFTER"):
        raise syntax_error()
    item = client.open(args[1], list)
    if item.value is None:
        return 0
    if args[3] not in item.value:
        return -1
    item.value.insert(item.value.index(args[3]) + (where == b"AFTER"), args[4])
    item.updated()
    return len(item.value)


@handles("LREM")
def lrem(client: Client, args: list[bytes]) -> Any:
    wanted = integer(args[2])
    item = client.open(args[1], list)
    if item.value is None:
        return 0
    places = [place for place, value in enumerate(item.value) if value == args[3]]
    if wanted:
        places = places[:wanted] if wanted > 0 else places[wanted:]
    for place in reversed(places):
        del item.value[place]
    if places:
        item.updated()
    return len(places)


@handles("LPOS")
def lpos(client: Client, args: list[bytes]) -> Any:
    rank, wanted, most = 1, None, 0
    place = 3
    while place < len(args):
        word = args[place].upper()
        if place + 1 >= len(args):
            raise syntax_error()
        if word == b"RANK":
            rank = integer(args[place + 1], least=LOWEST + 1)
            if rank == 0:
                raise Fail(
                    b"ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
                    b"or use negative to start from the end of the list"
                )
        elif word == b"COUNT":
            wanted = count(args[place + 1], b"ERR COUNT can't be negative")
        elif word == b"MAXLEN":
            most = count(args[place + 1], b"ERR MAXLEN can't be negative")
        else:
            raise syntax_error()
        place += 2
    found = _matches(client.value(args[1], list) or [], args[2], rank, most)
    if wanted is None:
        return found[0] if found else None
    return found[:wanted] if wanted else found


def _matches(values: Sequence[bytes], wanted: bytes, rank: int, most: int) -> list[int]:
    """The places of `wanted`, from the `rank`-th match on; at most `most` elements are compared."""
    order = range(len(values)) if rank > 0 else range(len(values) - 1, -1, -1)
    if most:
        order = order[:most]
    return [place for place in order if values[place] == wanted][abs(rank) - 1 :]


# -- moves --------------------------------------------------------------------------------------


def _end(word: bytes) -> bool:
    """LEFT → True, RIGHT → False. Raises Fail."""
    name = word.upper()
    if name not in (b"LEFT", b"RIGHT"):
        raise syntax_error()
    return name == b"LEFT"


def _move(client: Client, source: bytes, target: bytes, from_left: bool, to_left: bool) -> bytes | None:
    """One element from list to list; None if there is none."""
    item = client.open(source, list)
    if item.value is None:
        return None
    other = item if target == source else client.open(target, list, create=True)
    value = _take(item, left=from_left, most=1)[0]
    if to_left:
        other.value.insert(0, value)
    else:
        other.value.append(value)
    other.updated()
    return value


@handles("LMOVE")
def lmove(client: Client, args: list[bytes]) -> Any:
    return _move(client, args[1], args[2], _end(args[3]), _end(args[4]))


@handles("RPOPLPUSH")
def rpoplpush(client: Client, args: list[bytes]) -> Any:
    return _move(client, args[1], args[2], from_left=False, to_left=True)


@handles("BLMOVE")
def blmove(client: Client, args: list[bytes]) -> Any:
    ends = _end(args[3]), _end(args[4])
    return _blocking_move(client, args[1], args[2], *ends, timeout_s(args[5]))


@handles("BRPOPLPUSH")
def brpoplpush(client: Client, args: list[bytes]) -> Any:
    return _blocking_move(client, args[1], args[2], False, True, timeout_s(args[3]))


def _blocking_move(
    client: Client, source: bytes, target: bytes, from_left: bool, to_left: bool, wait_s: float
) -> Any:
    client.value(source, list)
    attempt = partial(_move_if_list, client, source, target, from_left, to_left)
    return client.park(attempt, wait_s, at_once=lambda: NIL)


def _move_if_list(client: Client, source: bytes, target: bytes, from_left: bool, to_left: bool) -> Any:
    """A key that became something else than a list meanwhile is none to wait for."""
    if not isinstance(_stored(client, source), list):
        return None
    return _move(client, source, target, from_left, to_left)


def _stored(client: Client, key: bytes) -> Any:
    stored = client.db.get(key)
    return None if stored is None else stored.value


# -- pops from several keys ---------------------------------------------------------------------


@handles("BLPOP", "BRPOP")
def blpop(client: Client, args: list[bytes]) -> Any:
    left = args[0].upper() == b"BLPOP"
    wait_s = timeout_s(args[-1])

    def attempt() -> Any:
        for key in args[1:-1]:
            if isinstance(_stored(client, key), list):
                return [key, _take(client.open(key, list), left=left, most=1)[0]]
        return None

    _refuse_other_types(client, args[1:-1])
    return client.park(attempt, wait_s)


@handles("LMPOP")
def lmpop(client: Client, args: list[bytes]) -> Any:
    keys, left, most = _several(args[1:])
    _refuse_other_types(client, keys)
    return _pop_first(client, keys, left, most) or NIL_ARRAY


@handles("BLMPOP")
def blmpop(client: Client, args: list[bytes]) -> Any:
    keys, left, most = _several(args[2:])
    wait_s = timeout_s(args[1])
    _refuse_other_types(client, keys)
    return client.park(partial(_pop_first, client, keys, left, most), wait_s)


def _several(words: list[bytes]) -> tuple[list[bytes], bool, int]:
    """`numkeys key … LEFT|RIGHT [COUNT n]`."""
    number = count(words[0], b"ERR numkeys should be greater than 0", 1)
    keys, rest = words[1 : 1 + number], words[1 + number :]
    if not rest:
        raise syntax_error()
    left = _end(rest[0])
    return keys, left, pop_count(rest[1:])


def _pop_first(client: Client, keys: Sequence[bytes], left: bool, most: int) -> Any:
    for key in keys:
        if isinstance(_stored(client, key), list):
            return [key, _take(client.open(key, list), left=left, most=most)]
    return None


def _refuse_other_types(client: Client, keys: Sequence[bytes]) -> None:
    """Keys are looked at in order: one that holds a list ends the search, another type is an error."""
    for key in keys:
        value = _stored(client, key)
        if isinstance(value, list):
            return
        if value is not None:
            raise Fail(WRONG_TYPE)
