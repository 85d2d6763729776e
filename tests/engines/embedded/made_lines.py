"""Command lines made at random from the catalogue's syntax trees: most of them valid, some spoilt.

A small pool of keys, each usually of one type, so that commands meet data; small pools of members,
fields, scores, ids and ranges, so that they meet each other's data.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from redislab.core.catalogue import Argument, Catalogue, Command

DATA_GROUPS = frozenset(
    {
        *("string", "list", "set", "hash", "sorted-set", "stream", "generic", "bitmap", "geo"),
        "hyperloglog",
    }
)
LEFT_OUT = frozenset({"MIGRATE", "WAIT", "PFDEBUG", "PFSELFTEST", "DUMP", "RESTORE", "RESTORE-ASKING"})

KEYS = {
    "string": ("str", "str2", "num"),
    "list": ("list", "list2"),
    "set": ("set", "set2", "ints"),
    "hash": ("hash", "hash2"),
    "sorted-set": ("zset", "zset2"),
    "stream": ("stream", "stream2"),
    "bitmap": ("bits", "str"),
    "geo": ("geo", "geo2"),
    "hyperloglog": ("hll", "hll2"),
}
EVERY_KEY = tuple(dict.fromkeys(key for keys in KEYS.values() for key in keys))

MEMBERS = ("a", "b", "c", "d", "1", "2", "10", "-5", "x y", "", "3.5", "\0\xff", "L" * 70)
NUMBERS = ("0", "1", "2", "3", "5", "10", "-1", "-2", "-3")
DOUBLES = ("0", "1", "2.5", "-1", "10", "3.0e2", "0.1", "inf", "-inf", "1e308", "5e-324", "12345678.9")
BROKEN = (
    *("x", "", "1.5", "9223372036854775807", "-9223372036854775808", "99999999999999999999", " 1", "+1"),
    *("01", "nan", "1e5", "0x10", "-0", "9223372036854775808", "4294967296", "-", "+", "(1", "[a", "1-1"),
)
IDS = ("1-1", "1-2", "2-0", "3-0", "5-5", "7", "0", "0-0", "10-1", "1-*", "9-*", "99-99")
RANGES = {
    "stream": ("-", "+", "1-1", "(1-1", "2", "(2-0", "5-5", "0", "99", "7"),
    "sorted-set": ("0", "1", "-1", "(1", "(2.5", "-inf", "+inf", "inf", "[a", "(b", "-", "+", "[c", "2"),
}
ENCODINGS = ("u1", "u8", "i8", "i16", "u16", "i5", "u63", "i64", "i1", "u32")
PATTERNS = ("*", "s*", "?et", "[h-z]*", "\\*", "hash_*", "*->a", "nosort", "#", "h[^x]sh", "str")
COORDINATES = {
    "longitude": ("13.361389", "15.087269", "2.35", "-0.1", "180", "-180", "0"),
    "latitude": ("38.115556", "37.502669", "48.85", "51.5", "0", "85.05112878"),
}
SPOILT_SHARE = 0.25


def data_commands() -> list[Command]:
    catalogue = Catalogue.load()
    found = (catalogue.get(name) for name in catalogue.names())
    return [
        each
        for each in found
        if each is not None
        and each.group in DATA_GROUPS
        and each.name not in LEFT_OUT
        and not each.is_container
        and not each.name.endswith("HELP")
    ]


class LineMaker:
    """Makes lines from one source of chance: the same seed, the same lines."""

    def __init__(self, chosen: random.Random, commands: Sequence[Command]) -> None:
        self._chosen = chosen
        self._commands = commands
        self._command = commands[0]
        self._keys_due = 0  # as many keys as `numkeys` has just said

    def line(self) -> tuple[Command, list[bytes]]:
        """A command and its words; never one that sets a time that ends during a test."""
        while True:
            command, words = self._line()
            if not (_ends_soon(words) or _is_undefined(words)):
                return command, [word.encode("latin-1") for word in words]

    # -- inside ---------------------------------------------------------------------------------

    def _line(self) -> tuple[Command, list[str]]:
        self._command = command = self._chosen.choice(self._commands)
        self._keys_due = 0
        words = command.name.split(" ")
        name_words = len(words)
        for argument in command.arguments:
            words += self._argument(argument)
        if self._chosen.random() < SPOILT_SHARE:
            self._spoil(words, name_words)
        return command, words

    def _one_of(self, *pools: Sequence[str]) -> str:
        return self._chosen.choice(self._chosen.choice(pools))

    def _argument(self, argument: Argument) -> list[str]:
        chance = self._chosen.random()
        if argument.optional and chance < 0.6:
            return []
        times = 1
        if argument.multiple:
            of_keys = self._keys_due if argument.type == "key" else 0
            times = of_keys or self._chosen.randint(1, 3)
        found: list[str] = []
        for number in range(times):
            if argument.token is not None and (number == 0 or argument.multiple_token):
                found.append(self._token(argument.token))
            found += self._value(argument)
        return found

    def _token(self, token: str) -> str:
        """As it is; an ID that the clock gives (`*`) would be another on each server."""
        if token == "*" or token == "$":
            return self._chosen.choice(IDS)
        return token if self._chosen.random() < 0.9 else token.lower()

    def _value(self, argument: Argument) -> list[str]:
        if argument.type == "pure-token":
            return []  # the token itself stands there already
        if argument.type == "oneof":
            return self._argument(self._chosen.choice(argument.arguments))
        if argument.type == "block":
            return [word for each in argument.arguments for word in self._argument(each)]
        if argument.type == "key":
            return [self._key()]
        if argument.name == "numkeys":
            self._keys_due = self._chosen.randint(1, 3)
            return [str(self._keys_due)]
        return [self._plain(argument)]

    def _key(self) -> str:
        usual = KEYS.get(self._command.group, EVERY_KEY)
        chance = self._chosen.random()
        if chance < 0.85:
            return self._chosen.choice(usual)
        return self._chosen.choice(EVERY_KEY) if chance < 0.95 else "none"

    def _plain(self, argument: Argument) -> str:
        name, kind = argument.name, argument.type
        if name in COORDINATES:
            return self._chosen.choice(COORDINATES[name])
        if name in ("seconds", "milliseconds", "ttl"):  # nothing that is over before the test
            return self._one_of(("100000", "5000000"), ("1000000", "0", "-1"))
        if kind == "unix-time":
            return "4000000000" if name.endswith("-seconds") else "4000000000000"
        if name == "timeout":
            return self._chosen.choice(("0.01", "0", "-1", "x", "1"))
        if name == "cursor":
            return "0"
        if name == "destination-db":
            return self._chosen.choice(("0", "1", "2"))
        if kind == "pattern":
            return self._chosen.choice(PATTERNS)
        if kind == "integer":
            return self._one_of(NUMBERS, NUMBERS, (*NUMBERS, "100"))
        if name in ("radius", "width", "height"):
            return self._chosen.choice(("0", "1", "-1", "200", "5000", "1e6", "x"))
        if kind == "double":
            return self._chosen.choice(DOUBLES)
        return self._text(name)

    def _text(self, name: str) -> str:
        group = self._command.group
        if name in ("start", "end", "min", "max", "stop") and group in RANGES:
            return self._chosen.choice(RANGES[group])
        if name in ("group", "groupname"):
            return self._chosen.choice(("g", "g", "g2"))
        if name in ("consumer", "consumername"):
            return self._chosen.choice(("ann", "bob"))
        if name in ("id", "last-id", "max_deleted_entry_id", "pivot") and group == "stream":
            return self._chosen.choice(IDS)
        if name == "threshold":
            return self._one_of(NUMBERS, IDS)
        if name == "min-idle-time":
            return self._chosen.choice(("0", "0", "1000000"))
        if name == "encoding":
            return self._chosen.choice(ENCODINGS)
        if name == "operation":
            return self._chosen.choice(("AND", "OR", "XOR", "NOT"))
        if name == "value" and group == "string":
            return self._one_of(MEMBERS, NUMBERS)
        return self._chosen.choice(MEMBERS)

    def _spoil(self, words: list[str], name_words: int) -> None:
        """Change one word behind the name: drop, double, swap, replace or add it."""
        chance = self._chosen.random()
        if len(words) == name_words or chance < 0.15:
            words.append(self._one_of(BROKEN, MEMBERS))
            return
        place = self._chosen.randrange(name_words, len(words))
        if chance < 0.3:
            del words[place]
        elif chance < 0.4:
            words.insert(place, words[place])
        elif chance < 0.5:
            other = self._chosen.randrange(name_words, len(words))
            words[place], words[other] = words[other], words[place]
        elif chance < 0.6:
            words[place] = words[place].encode("latin-1").swapcase().decode("latin-1")
        else:
            words[place] = self._one_of(BROKEN, BROKEN, MEMBERS, EVERY_KEY)


def _is_undefined(words: Sequence[str]) -> bool:
    """Ranges by member where scores differ: what Redis changes then depends on chance."""
    name = words[0]
    return name == "ZREMRANGEBYLEX" or (name == "ZRANGESTORE" and "BYLEX" in map(str.upper, words))


def _ends_soon(words: Sequence[str]) -> bool:
    timed = ("EXPIRE", "PEXPIRE", "SETEX", "PSETEX")
    for place, word in enumerate(words[2:], 2):
        is_time = words[place - 1].upper() in ("EX", "PX") or (place == 2 and words[0] in timed)
        if is_time and word.isdigit() and 0 < int(word) < 1000:
            return True
    return False
