"""Strings.

Ours: SET, SETEX, GETEX upstream lose parts of seconds and word their errors as Redis 8 does; INCRBYFLOAT
prints 10.59999999999999964; MSET with an odd number of words is answered as a script's error.
"""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded import longdouble
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.numbers import HIGHEST, LOWEST, NOT_A_FLOAT, integer
from redislab.engines.embedded.results import Fail
from redislab.engines.embedded.sizes import EMBEDDED_BYTES

MAX_BYTES = 512 << 20
TOO_LONG = b"ERR string exceeds maximum allowed size (proto-max-bulk-len)"
OVERFLOW = b"ERR increment or decrement would overflow"

_UNITS_MS = {b"EX": 1000, b"EXAT": 1000, b"PX": 1, b"PXAT": 1}


class Expiry:
    """EX, PX, EXAT, PXAT: the word and the number after it."""

    __slots__ = ("number", "word")

    def __init__(self, word: bytes, number: bytes) -> None:
        self.word = word
        self.number = number

    def at_s(self, client: Client, command: str) -> float:
        """The moment, in seconds since 1970. Raises Fail."""
        unit_ms = _UNITS_MS[self.word]
        number = integer(self.number)
        if number <= 0 or number > HIGHEST // unit_ms:
            raise invalid_expire(command)
        at_ms = number * unit_ms + (0 if self.word.endswith(b"AT") else client.now_ms)
        if at_ms > HIGHEST:
            raise invalid_expire(command)
        return at_ms / 1000


def invalid_expire(command: str) -> Fail:
    return Fail(f"ERR invalid expire time in '{command}' command")


def _options(words: list[bytes], flags: frozenset[bytes]) -> tuple[set[bytes], Expiry | None]:
    """SET's and GETEX's option words. NX and XX exclude each other, so do all that speak of time."""
    given: set[bytes] = set()
    expiry: Expiry | None = None
    place = 0
    while place < len(words):
        word = words[place].upper()
        timed = expiry is not None or bool(given & {b"KEEPTTL", b"PERSIST"})
        if word in _UNITS_MS and place + 1 < len(words):
            same = expiry is not None and expiry.word == word
            if timed and not same:
                raise syntax_error()
            expiry = Expiry(word, words[place + 1])
            place += 1
        elif word not in flags or (word in (b"KEEPTTL", b"PERSIST") and expiry is not None):
            raise syntax_error()
        elif (word == b"NX" and b"XX" in given) or (word == b"XX" and b"NX" in given):
            raise syntax_error()
        else:
            given.add(word)
        place += 1
    return given, expiry


_SET_FLAGS = frozenset({b"NX", b"XX", b"GET", b"KEEPTTL"})
_GETEX_FLAGS = frozenset({b"PERSIST"})


@handles("GET")
def get(client: Client, args: list[bytes]) -> Any:
    return client.value(args[1], bytes)


@handles("SET")
def set_(client: Client, args: list[bytes]) -> Any:
    if len(args) == 3:
        client.db.made_anew(args[1])
        client.open(args[1]).value = args[2]
        return OK
    given, expiry = _options(args[3:], _SET_FLAGS)
    at_s = expiry.at_s(client, "set") if expiry is not None else None
    item = client.open(args[1])
    old = client.value(args[1], bytes) if b"GET" in given else None
    found = item.value is not None
    if (b"NX" in given and found) or (b"XX" in given and not found):
        return old
    client.db.made_anew(args[1])
    if b"KEEPTTL" in given:
        item.update(args[2])
    else:
        item.value = args[2]
    if at_s is not None:
        item.expireat = at_s
    return old if b"GET" in given else OK


@handles("SETNX")
def setnx(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1])
    if item.value is not None:
        return 0
    item.value = args[2]
    client.db.made_anew(args[1])
    return 1


@handles("SETEX", "PSETEX")
def setex(client: Client, args: list[bytes]) -> Any:
    name = args[0].decode().lower()
    at_s = Expiry(b"EX" if name == "setex" else b"PX", args[2]).at_s(client, name)
    item = client.open(args[1])
    item.value = args[3]
    item.expireat = at_s
    client.db.made_anew(args[1])
    return OK


@handles("GETEX")
def getex(client: Client, args: list[bytes]) -> Any:
    given, expiry = _options(args[2:], _GETEX_FLAGS)
    item = client.open(args[1], bytes)
    if item.value is None:
        return None
    at_s = expiry.at_s(client, "getex") if expiry is not None else None
    value = item.value
    if at_s is not None and at_s * 1000 <= client.now_ms:
        item.value = None
    elif at_s is not None or (b"PERSIST" in given and item.expireat is not None):
        item.expireat = at_s
    return value


@handles("GETDEL")
def getdel(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], bytes)
    value = item.value
    if value is not None:
        item.value = None
    return value


@handles("GETSET")
def getset(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], bytes)
    old, item.value = item.value, args[2]
    client.db.made_anew(args[1])
    return old


@handles("MGET")
def mget(client: Client, args: list[bytes]) -> Any:
    stored = map(client.db.get, args[1:])
    return [each.value if each is not None and type(each.value) is bytes else None for each in stored]


@handles("MSET", "MSETNX")
def mset(client: Client, args: list[bytes]) -> Any:
    name = args[0].decode().lower()
    if len(args) % 2 == 0:
        raise Fail(f"ERR wrong number of arguments for '{name}' command")
    pairs = dict(zip(args[1::2], args[2::2], strict=True))
    if name == "msetnx" and any(client.db.get(key) is not None for key in pairs):
        return 0
    for key, value in pairs.items():
        client.open(key).value = value
        client.db.made_anew(key)
    return 1 if name == "msetnx" else OK


@handles("STRLEN")
def strlen(client: Client, args: list[bytes]) -> Any:
    return len(client.value(args[1], bytes) or b"")


@handles("APPEND")
def append(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], bytes)
    is_new = item.value is None
    value = (item.value or b"") + args[2]
    _check_length(len(value))
    item.update(value)
    if not is_new:
        client.db.made(args[1], value, b"raw")
    return len(value)


@handles("GETRANGE", "SUBSTR")
def getrange(client: Client, args: list[bytes]) -> Any:
    start, end = integer(args[2]), integer(args[3])
    value = client.value(args[1], bytes) or b""
    length = len(value)
    if start < 0 and end < 0 and start > end:
        return b""
    start = max(0, start + length) if start < 0 else start
    end = max(0, end + length) if end < 0 else min(end, length - 1)
    return value[start : end + 1] if start <= end and length else b""


@handles("SETRANGE")
def setrange(client: Client, args: list[bytes]) -> Any:
    offset = integer(args[2])
    if offset < 0:
        raise Fail(b"ERR offset is out of range")
    item = client.open(args[1], bytes)
    old, new = item.value or b"", args[3]
    if not new:
        return len(old)
    _check_length(offset + len(new))
    item.update(old[:offset].ljust(offset, b"\0") + new + old[offset + len(new) :])
    client.db.made(args[1], item.value, b"raw")
    return len(item.value)


def _check_length(length: int) -> None:
    if length > MAX_BYTES:
        raise Fail(TOO_LONG)


# -- counters -----------------------------------------------------------------------------------


@handles("INCR", "DECR")
def incr(client: Client, args: list[bytes]) -> Any:
    return _count(client, args[1], 1 if args[0].upper() == b"INCR" else -1)


@handles("INCRBY")
def incrby(client: Client, args: list[bytes]) -> Any:
    return _count(client, args[1], integer(args[2]))


@handles("DECRBY")
def decrby(client: Client, args: list[bytes]) -> Any:
    amount = integer(args[2])
    if amount == LOWEST:
        raise Fail(b"ERR decrement would overflow")
    return _count(client, args[1], -amount)


def _count(client: Client, key: bytes, amount: int) -> int:
    item = client.open(key, bytes)
    total = integer(item.value if item.value is not None else b"0") + amount
    if not LOWEST <= total <= HIGHEST:
        raise Fail(OVERFLOW)
    item.update(b"%d" % total)
    client.db.made_anew(key)
    return total


@handles("INCRBYFLOAT")
def incrbyfloat(client: Client, args: list[bytes]) -> Any:
    item = client.open(args[1], bytes)
    current = longdouble.parse(item.value if item.value is not None else b"0")
    if current is None:
        raise Fail(NOT_A_FLOAT)
    total = add_amount(args[2], current)
    item.update(longdouble.text(total))
    client.db.made(args[1], item.value, b"embstr" if len(item.value) <= EMBEDDED_BYTES else b"raw")
    return item.value


def add_amount(word: bytes, current: Any, complaint: bytes = NOT_A_FLOAT) -> Any:
    """`current` and the number in `word`. Raises Fail."""
    amount = longdouble.parse(word)
    if amount is None:
        is_infinite = word.lower().lstrip(b"+-") in (b"inf", b"infinity")
        raise Fail(b"ERR increment would produce NaN or Infinity" if is_infinite else complaint)
    total = longdouble.add(current, amount)
    if total is None:
        raise Fail(b"ERR increment would produce NaN or Infinity")
    return total


# -- longest common subsequence -----------------------------------------------------------------


@handles("LCS")
def lcs(client: Client, args: list[bytes]) -> Any:
    left, right = (_string_or_empty(client, key) for key in args[1:3])
    wants_index = wants_length = with_length = False
    least = 0
    place = 3
    while place < len(args):
        word = args[place].upper()
        if word == b"IDX":
            wants_index = True
        elif word == b"LEN":
            wants_length = True
        elif word == b"WITHMATCHLEN":
            with_length = True
        elif word == b"MINMATCHLEN" and place + 1 < len(args):
            least = max(0, integer(args[place + 1]))
            place += 1
        else:
            raise syntax_error()
        place += 1
    if wants_index and wants_length:
        raise Fail(b"ERR If you want both the length and indexes, please just use IDX.")
    if len(left) * len(right) > MAX_LCS_CELLS:
        raise Fail(b"ERR String too long for LCS in redislab's built-in engine")
    length, common, matches = _lcs(left, right)
    if wants_length:
        return length
    if not wants_index:
        return common
    shown = [match if with_length else match[:2] for match in matches if match[2] >= least]
    return {b"matches": shown, b"len": length}


MAX_LCS_CELLS = 4_000_000  # of the table; Redis refuses later, Python is slower


def _string_or_empty(client: Client, key: bytes) -> bytes:
    stored = client.db.get(key)
    if stored is not None and type(stored.value) is not bytes:
        raise Fail(b"ERR The specified keys must contain string values")
    return b"" if stored is None else stored.value


def _lcs(left: bytes, right: bytes) -> tuple[int, bytes, list[list[Any]]]:
    """Length, text, and the matching ranges from the last to the first: [[a, a], [b, b], length]."""
    rows = [[0] * (len(right) + 1)]
    for byte in left:
        above, row = rows[-1], [0]
        for place, other in enumerate(right):
            row.append(above[place] + 1 if byte == other else max(above[place + 1], row[place]))
        rows.append(row)
    common = bytearray()
    matches: list[list[Any]] = []
    i, j = len(left), len(right)
    while i and j:
        if left[i - 1] == right[j - 1]:
            common.append(left[i - 1])
            i, j = i - 1, j - 1
            if matches and matches[-1][0][0] == i + 1 and matches[-1][1][0] == j + 1:
                matches[-1][0][0], matches[-1][1][0] = i, j
                matches[-1][2] += 1
            else:
                matches.append([[i, i], [j, j], 1])
        elif rows[i - 1][j] > rows[i][j - 1]:
            i -= 1
        else:
            j -= 1
    common.reverse()
    return rows[-1][-1], bytes(common), matches
