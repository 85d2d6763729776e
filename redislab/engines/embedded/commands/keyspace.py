"""Keys whatever they hold: DEL, EXISTS, TYPE, RENAME, COPY, MOVE, KEYS, SCAN, RANDOMKEY, the databases.

Ours: upstream COPY shares the value with its source; KEYS can hang on a pattern of many stars; RENAME
and SWAPDB do not wake whoever waits for a key; numbers of databases are answered with other errors.
"""

from __future__ import annotations

import copy as copying
import re
from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded import glob
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.connections import database
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import NO_SUCH_KEY, c_string, syntax_error
from redislab.engines.embedded.kinds import KIND_OF_SCAN, is_set, members, type_name
from redislab.engines.embedded.numbers import NOT_AN_INTEGER, integer
from redislab.engines.embedded.results import Fail, double_text, status

SAME_OBJECTS = b"ERR source and destination objects are the same"


@handles("DEL", "UNLINK")
def delete(client: Client, args: list[bytes]) -> Any:
    deleted = 0
    for key in dict.fromkeys(args[1:]):
        if client.db.get(key) is not None:
            client.open(key).value = None
            deleted += 1
    return deleted


@handles("EXISTS", "TOUCH")
def exists(client: Client, args: list[bytes]) -> Any:
    return sum(client.db.get(key) is not None for key in args[1:])


@handles("TYPE")
def type_(client: Client, args: list[bytes]) -> Any:
    stored = client.db.get(args[1])
    return status(b"none" if stored is None else type_name(stored.value))


@handles("RENAME", "RENAMENX")
def rename(client: Client, args: list[bytes]) -> Any:
    only_new = args[0].upper() == b"RENAMENX"
    source, target = client.open(args[1]), client.open(args[2])
    if source.value is None:
        raise Fail(NO_SUCH_KEY)
    if args[1] == args[2] or (only_new and target.value is not None):
        return 0 if only_new else OK
    expireat = source.expireat
    client.db.made_alike(args[1], client.db, args[2])
    target.value = source.value
    target.expireat = expireat
    source.value = None
    return 1 if only_new else OK


@handles("COPY")
def copy(client: Client, args: list[bytes]) -> Any:
    number, replace = client.db_number, False
    place = 3
    while place < len(args):
        word = args[place].upper()
        if word == b"REPLACE":
            replace = True
        elif word == b"DB" and place + 1 < len(args):
            number = database(args[place + 1], NOT_AN_INTEGER)
            place += 1
        else:
            raise syntax_error()
        place += 1
    if number == client.db_number and args[1] == args[2]:
        raise Fail(SAME_OBJECTS)
    source = client.db.get(args[1])
    target = client.open_in(number, args[2])
    if source is None or (target.value is not None and not replace):
        return 0
    target.value = copying.deepcopy(source.value)
    encoding = client.db.encoding(args[1], source.value)
    if encoding is not None:
        client.lab.dbs[number].made(args[2], target.value, encoding)
    target.expireat = source.expireat
    return 1


@handles("MOVE")
def move(client: Client, args: list[bytes]) -> Any:
    number = database(args[2], NOT_AN_INTEGER)
    if number == client.db_number:
        raise Fail(SAME_OBJECTS)
    source, target = client.open(args[1]), client.open_in(number, args[1])
    if source.value is None or target.value is not None:
        return 0
    expireat = source.expireat
    client.db.made_alike(args[1], client.lab.dbs[number], args[1])
    target.value = source.value
    target.expireat = expireat
    source.value = None
    return 1


@handles("KEYS")
def keys(client: Client, args: list[bytes]) -> Any:
    return glob.matching(args[1], client.db)


@handles("RANDOMKEY")
def randomkey(client: Client, args: list[bytes]) -> Any:
    return client.db.random_key()


@handles("DBSIZE")
def dbsize(client: Client, args: list[bytes]) -> Any:
    return client.db.size  # with keys whose time is up, while those are left lying


@handles("FLUSHDB", "FLUSHALL")
def flush(client: Client, args: list[bytes]) -> Any:
    if len(args) > 2 or (len(args) == 2 and args[1].upper() not in (b"SYNC", b"ASYNC")):
        raise syntax_error()
    databases = [client.db] if args[0].upper() == b"FLUSHDB" else list(client.lab.dbs.values())
    for db in databases:
        db.clear()
    client.lab.tracking.emptied(client)
    return OK


@handles("SWAPDB")
def swapdb(client: Client, args: list[bytes]) -> Any:
    first = integer(args[1], b"ERR invalid first DB index")
    second = integer(args[2], b"ERR invalid second DB index")
    for number in (first, second):
        if not 0 <= number < 16:
            raise Fail(b"ERR DB index is out of range")
    if first != second:
        client.lab.swap(first, second)
    return OK


# -- scans --------------------------------------------------------------------------------------


def scan_words(words: list[bytes], *, types: bool) -> tuple[int, bytes, bytes | None]:
    """COUNT, the pattern of MATCH, and (for SCAN) the TYPE. Raises Fail."""
    most = 10
    pattern = b"*"
    wanted: bytes | None = None
    for place in range(0, len(words), 2):
        word = words[place].upper()
        if place + 1 >= len(words):
            raise syntax_error()
        if word == b"COUNT":
            most = integer(words[place + 1])
            if most < 1:
                raise syntax_error()
        elif word == b"MATCH":
            pattern = words[place + 1]
        elif word == b"TYPE" and types:
            wanted = words[place + 1]
        else:
            raise syntax_error()
    return most, pattern, wanted


_CURSOR = re.compile(rb"(?:[+-]?[0-9]+)?").fullmatch


def cursor(word: bytes) -> int:
    """As strtoul reads it: nothing is 0, a minus wraps around."""
    text = c_string(word)
    if not _CURSOR(text) or abs(int(text or 0)) >= 1 << 64:
        raise Fail(b"ERR invalid cursor")
    return int(text or 0) % (1 << 64)


@handles("SCAN")
def scan(client: Client, args: list[bytes]) -> Any:
    start = cursor(args[1])
    most, pattern, wanted = scan_words(args[2:], types=True)
    after, found = client.lab.scans.step(client.db, start, most)
    found = glob.matching(pattern, found)
    if wanted is not None:
        stored = ((key, client.db.get(key)) for key in found)
        name = wanted.lower()
        found = [key for key, each in stored if each is not None and type_name(each.value) == name]
    return [b"%d" % after, found]


@handles("SSCAN", "HSCAN", "ZSCAN")
def scan_value(client: Client, args: list[bytes]) -> Any:
    """What is small Redis gives at once, whatever COUNT says, and so in its own order."""
    start = cursor(args[2])
    value: Any = client.value(args[1], KIND_OF_SCAN[args[0].upper()])
    if value is None:
        return [b"0", []]
    most, pattern, _ = scan_words(args[3:], types=False)
    if client.is_compact(args[1], value):
        after, found = 0, members(value) if is_set(value) else list(value)
    else:
        after, found = client.lab.scans.step(value, start, most)
    found = glob.matching(pattern, found)
    if is_set(value):
        return [b"%d" % after, found]
    pairs: list[Any] = []
    for name in found:
        held = value.get(name)
        pairs += [name, double_text(held) if isinstance(held, float) else held]
    return [b"%d" % after, pairs]
