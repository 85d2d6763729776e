"""Hashes.

Ours: upstream HSET with an odd number of words is answered as a script's error; HINCRBYFLOAT prints
10.59999999999999964; HRANDFIELD without a count gives a list, with a huge negative one it hangs.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from fakeredis.model import Hash

from redislab.core.reply import OK
from redislab.engines.embedded import longdouble
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.strings import OVERFLOW, add_amount
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.kinds import LARGE
from redislab.engines.embedded.numbers import HIGHEST, LOWEST, NOT_AN_INTEGER, as_integer, integer
from redislab.engines.embedded.results import Fail

MAX_RANDOM = 1_000_000  # elements of one answer; Redis would go on until its memory is full


def _fields(client: Client, key: bytes) -> dict[bytes, bytes]:
    value = client.value(key, Hash)
    return {} if value is None else value.getall()


@handles("HSET", "HMSET")
def hset(client: Client, args: list[bytes]) -> Any:
    name = args[0].decode().lower()
    if len(args) % 2:
        raise Fail(f"ERR wrong number of arguments for '{name}' command")
    item = client.open(args[1], Hash, create=True)
    before = len(item.value)
    most_bytes = client.lab.settings.number("hash-max-listpack-value")
    if any(len(word) > most_bytes for word in args[2:]):  # a later pair may take it away again
        client.db.made(args[1], item.value, LARGE[Hash])
    item.value.update(dict(zip(args[2::2], args[3::2], strict=True)), clear_expiration=True)
    item.updated()
    return OK if name == "hmset" else len(item.value) - before


@handles("HSETNX")
def hsetnx(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], Hash, create=True)
    if args[2] in item.value:
        return 0
    item.value.update({args[2]: args[3]}, clear_expiration=True)
    item.updated()
    return 1


@handles("HGET")
def hget(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], Hash)
    return None if value is None else value.get(args[2])


@handles("HMGET")
def hmget(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], Hash)
    return [None if value is None else value.get(field) for field in args[2:]]


@handles("HGETALL")
def hgetall(client: Client, args: list[bytes]) -> Any:
    return _fields(client, args[1])


@handles("HKEYS")
def hkeys(client: Client, args: list[bytes]) -> Any:
    return list(_fields(client, args[1]))


@handles("HVALS")
def hvals(client: Client, args: list[bytes]) -> Any:
    return list(_fields(client, args[1]).values())


@handles("HLEN")
def hlen(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], Hash)
    return 0 if value is None else len(value)


@handles("HEXISTS")
def hexists(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], Hash)
    return 0 if value is None else int(args[2] in value)


@handles("HSTRLEN")
def hstrlen(client: Client, args: list[bytes]) -> Any:
    value = client.value(args[1], Hash)
    return 0 if value is None else len(value.get(args[2], b""))


@handles("HDEL")
def hdel(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], Hash)
    deleted = 0
    for field in args[2:] if item.value is not None else ():
        if field in item.value:
            del item.value[field]
            item.updated()
            deleted += 1
    return deleted


@handles("HINCRBY")
def hincrby(client: Client, args: list[bytes]) -> Any:
    amount = integer(args[3])
    item = client.open(args[1], Hash, create=True)
    current = as_integer(item.value.get(args[2], b"0"))
    if current is None:
        raise Fail(b"ERR hash value is not an integer")
    if not LOWEST <= current + amount <= HIGHEST:
        raise Fail(OVERFLOW)
    item.value.update({args[2]: b"%d" % (current + amount)}, clear_expiration=False)
    item.updated()
    return current + amount


@handles("HINCRBYFLOAT")
def hincrbyfloat(client: Client, args: list[bytes]) -> Any:
    if args[3].lower().lstrip(b"+-") in (b"inf", b"infinity"):
        raise Fail(b"ERR value is NaN or Infinity")
    add_amount(args[3], longdouble.parse(b"0"))
    item = client.open(args[1], Hash, create=True)
    current = longdouble.parse(item.value.get(args[2], b"0"))
    if current is None:
        raise Fail(b"ERR hash value is not a float")
    text = longdouble.text(add_amount(args[3], current))
    item.value.update({args[2]: text}, clear_expiration=False)
    item.updated()
    return text


@handles("HRANDFIELD")
def hrandfield(client: Client, args: list[bytes]) -> Any:
    wanted, with_values = random_words(args, b"WITHVALUES")
    fields = _fields(client, args[1])
    if wanted is None:
        return random.choice(list(fields)) if fields else None
    return random_pairs(client, list(fields.items()), wanted, with_values)


def random_words(args: list[bytes], flag: bytes) -> tuple[int | None, bool]:
    """`key [count [WITHVALUES]]`; no count: None. Raises Fail."""
    if len(args) < 3:
        return None, False
    wanted = integer(args[2], out_of_range(args[2]), LOWEST + 1)
    if len(args) > 4 or (len(args) == 4 and args[3].upper() != flag):
        raise syntax_error()
    if len(args) == 4 and abs(wanted) > HIGHEST // 2:
        raise Fail(b"ERR value is out of range")
    return wanted, len(args) == 4


def out_of_range(word: bytes) -> bytes:
    """What a count is answered that is no number, or the one number that has no opposite."""
    if as_integer(word) is None:
        return NOT_AN_INTEGER
    return b"ERR value is out of range, value must between %d and %d" % (-HIGHEST, HIGHEST)


def pick(values: Sequence[Any], wanted: int) -> list[Any]:
    """So many at random: different ones, or with a negative number any. Raises Fail if it is too much."""
    if wanted >= 0:
        return random.sample(values, min(wanted, len(values)))
    if not values:
        return []
    if -wanted > MAX_RANDOM:
        raise Fail(f"ERR redislab's built-in engine gives at most {MAX_RANDOM} random elements at once")
    return random.choices(values, k=-wanted)


def random_pairs(client: Client, pairs: Sequence[tuple[bytes, Any]], wanted: int, with_values: bool) -> Any:
    picked = list(pairs) if wanted >= len(pairs) else pick(pairs, wanted)
    if not with_values:
        return [name for name, _ in picked]
    if client.resp == 3:
        return [[name, value] for name, value in picked]
    return [side for pair in picked for side in pair]
