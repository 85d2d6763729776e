"""Whether a typed line carries a secret. Such a line stays out of history, titles, suggestions and logs.

A line is read as a hurried person types it: quotes left open, words misspelt, a prompt pasted along.
What a real command makes of its words is known, so data stays (`GET auth`, `SET password x`); in a line
that is no command, whatever looks like a password is taken for one. When in doubt, it is a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from redislab.core import words

if TYPE_CHECKING:
    from redislab.core.catalogue import Catalogue

Args = Sequence[bytes]

# What is longer and no plain data command is a paste gone wrong: nobody misses it in a history.
MOST_WORDS = 256
HEAD_BYTES = 1 << 14
_SCRIPT_WINDOW_BYTES = 200  # the words of one redis.call(…) stand in so much of a script

# What web pages have between words: no-break space, zero-width space, byte order mark.
_ODD_SPACE = re.compile(rb"\xc2\xa0|\xe2\x80\x8b|\xef\xbb\xbf")
_PLAIN_LINE = re.compile(rb"([A-Za-z]+)(?: [^\s.@/\0]*)*").fullmatch  # nothing in it needs a second look
_LINE_BREAK = re.compile(rb"[\r\n\0]+")
_UNQUOTED = re.compile(rb"[^\s\"']+|\"\"|''")
_USERINFO = re.compile(rb"://[^\s/?#@]+@")
_REDIS_URL = re.compile(rb"(?:redis|valkey)s?:/", re.IGNORECASE)
_SECRET_QUERY = re.compile(rb"[?&](?:pass|pwd|auth|token|secret)[^=&?\s]*=", re.IGNORECASE)
_CALL = re.compile(rb"\.\s*p?call\b", re.IGNORECASE)
_LUA_WORD = re.compile(rb"[^\s'\"(),;\[\]={}\\]+")
_LUA_AUTH = re.compile(rb"\bAUTH\b")

_COUNT_OR_PROMPT = re.compile(rb"[+-]?[0-9]+|.*>|[$%]", re.DOTALL).fullmatch
_MODULE_COMMAND = re.compile(rb"[A-Z]+\.[A-Z._]+", re.IGNORECASE).fullmatch
_NAMES_A_SECRET = re.compile(rb"pass|auth|pwd|secret|login", re.IGNORECASE).search
_LOGS_IN = re.compile(rb"[^\s:@/]*:[^\s@]+@").match  # user:password@host, its scheme forgotten
_ACL_SECRET = re.compile(rb"[><#!]", re.DOTALL).match
_ACL_RULE = re.compile(  # without a password in it
    rb"on|off|nopass|reset(?:pass|keys|channels)?|all(?:keys|channels|commands)|nocommands|clearselectors"
    rb"|(?:skip-)?sanitize-payload|[-+~%&()].*",
    re.IGNORECASE | re.DOTALL,
).fullmatch
_PARAMETERS = (b"requirepass", b"masterauth", b"masteruser")
_NOT_AN_OPTION = frozenset({b"--askpass", b"--no-auth-warning"})


def is_sensitive(line: bytes) -> bool:
    """Whether `line`, or any of several pasted lines, must be kept nowhere."""
    plain = _PLAIN_LINE(line)
    if plain and line.count(b" ") <= _most_words_after().get(plain[1].upper(), -1):
        return False
    lines = _LINE_BREAK.split(_ODD_SPACE.sub(b" ", line).strip())
    return (
        _in_url(line)
        or any(map(_in_line, lines))
        or any(_in_line(b" ".join(pair)) for pair in pairwise(lines))
    )


@cache
def _catalogue() -> Catalogue:
    from redislab.core.catalogue import Catalogue  # a shell that starts has no line to judge yet

    return Catalogue.load()


@cache
def _most_words_after() -> Mapping[bytes, int]:
    """How many words may follow the name of a command that takes data alone. A file of lines is read fast."""
    catalogue = _catalogue()
    commands = [command for name in catalogue.names() if (command := catalogue.get(name)) is not None]
    return {
        command.name.encode(): command.arity - 1 if command.arity > 0 else 1 << 62
        for command in commands
        if command.name.encode() not in _RULES
    }


def _in_url(line: bytes) -> bool:
    """A URL with something before an `@`; of Redis's own, whose passwords may hold a `/` or a space."""
    if b"://" in line and (_USERINFO.search(line) or _SECRET_QUERY.search(line)):
        return True
    begins = _REDIS_URL.search(line) if b"@" in line else None
    return begins is not None and line.find(b"@", begins.end()) >= 0


def _in_line(line: bytes) -> bool:
    whole = len(line) <= HEAD_BYTES
    return any(_in_words(args, whole) for args in _readings(line[:HEAD_BYTES])) or _in_script(line)


def _readings(line: bytes) -> Iterator[Args]:
    """The words by redis-cli's quoting, and as they stand if the quotes were typed by mistake."""
    yield [word.value for word in words.scan(line)[0]]
    if b'"' in line or b"'" in line:
        yield _UNQUOTED.findall(line)


def _in_script(line: bytes) -> bool:
    """A secret in what a Lua script calls: its words are judged as a command's."""
    calls = list(_CALL.finditer(line))
    if calls and _LUA_AUTH.search(line):
        return True
    return any(_in_words(_LUA_WORD.findall(line, c.end(), c.end() + _SCRIPT_WINDOW_BYTES)) for c in calls)


def _in_words(args: Args, whole: bool = True) -> bool:
    """`whole`: there is no more of the line than these words."""
    if any(map(_in_url, args)):
        return True
    while args:
        place = next((i for i, word in enumerate(args) if not _COUNT_OR_PROMPT(word)), len(args))
        args = args[place:]
        if not args:
            return False
        rule = _RULES.get(args[0].upper())
        if rule is not None:
            return rule(args) or not (whole or rule is _set)
        arity = _arity(args[0])
        if arity is None:
            return _in_no_command(args) or not whole
        args = args[arity:] if arity > 0 else ()  # what is too much may be another command
    return False


def _arity(name: bytes) -> int | None:
    command = _catalogue().lookup([name])
    return None if command is None else command.arity


# -- commands that take secrets ---------------------------------------------------------------------


def _auth(args: Args) -> bool:
    return len(args) > 1


def _hello(args: Args) -> bool:
    """`HELLO 3 SETNAME x` and less is harmless; anything else may be a password."""
    options = args[2:]
    return bool(options) and not (len(options) <= 2 and options[0].upper() == b"SETNAME")


def _acl(args: Args) -> bool:
    if len(args) < 3:
        return False
    subcommand = args[1].upper()
    if subcommand == b"DRYRUN":
        return _in_words(args[3:])
    return not _is_subcommand(args, except_for=b"SETUSER") and _setuser(args[1:])


def _setuser(args: Args) -> bool:
    """`SETUSER name rule …`: a password's mark, or a word that is no rule."""
    return any(map(_ACL_SECRET, args[1:2])) or not all(map(_ACL_RULE, args[2:]))


def _command(args: Args) -> bool:
    """`COMMAND GETKEYS` is followed by a whole command."""
    return not _is_subcommand(args, except_for=b"GETKEYS", and_for=b"GETKEYSANDFLAGS") and _in_words(args[2:])


def _config(args: Args) -> bool:
    return not _is_subcommand(args, except_for=b"SET") and any(map(_is_parameter, args[1:]))


def _migrate(args: Args) -> bool:
    upper = [word.upper() for word in args]
    options = upper[6 : upper.index(b"KEYS", 6) if b"KEYS" in upper[6:] else None]
    return not {b"COPY", b"REPLACE"}.issuperset(options) or any(map(_is_auth, args[4:-1]))


def _module(args: Args) -> bool:
    return len(args) > 1 and args[1].upper().startswith(b"LOAD") and _in_no_command(args[2:])


def _sentinel(args: Args) -> bool:
    return len(args) > 1 and args[1].upper() not in _SENTINEL_HARMLESS and any(map(_is_parameter, args[1:]))


def _set(args: Args) -> bool:
    """A SET whose CONFIG was forgotten."""
    return len(args) > 2 and args[1].lower() in _PARAMETERS


def _never(args: Args) -> bool:
    return False


_RULES: Mapping[bytes, Callable[[Args], bool]] = {
    b"ACL": _acl,
    b"AUTH": _auth,
    b"COMMAND": _command,
    b"CONFIG": _config,
    b"HELLO": _hello,
    b"HELP": _never,
    b"?": _never,
    b"MIGRATE": _migrate,
    b"MODULE": _module,
    b"SENTINEL": _sentinel,
    b"SET": _set,
    b"SETUSER": _setuser,  # its ACL forgotten
}
_SENTINEL_HARMLESS = frozenset(
    b"CKQUORUM FAILOVER FLUSHCONFIG GET-MASTER-ADDR-BY-NAME HELP INFO-CACHE MASTER MASTERS MONITOR MYID "
    b"PENDING-SCRIPTS REMOVE REPLICAS RESET SENTINELS SLAVES".split()
)


def _is_subcommand(args: Args, *, except_for: bytes, and_for: bytes = b"") -> bool:
    """Whether the second word is a subcommand, and none of those."""
    if len(args) < 2 or args[1].upper() in (except_for, and_for):
        return False
    found = _catalogue().lookup(args)
    return found is not None and found.words == 2


def _is_parameter(word: bytes) -> bool:
    """The name of a setting that holds a secret; a misspelt one too."""
    return bool(_NAMES_A_SECRET(word)) or any(_near(word.lower(), name, 2) for name in _PARAMETERS)


# -- lines that are no command ----------------------------------------------------------------------


def _in_no_command(args: Args) -> bool:
    """A misspelt command, a shell's command line, a line of a settings file, one of our own words."""
    if not args or _MODULE_COMMAND(args[0]):
        return False
    first = args[0].upper()
    if first.startswith(b":") and len(args) > 1 and _arity(args[1]) is not None:
        return _in_words(args[1:])
    if len(args) > MOST_WORDS or (first.startswith(b"AUTH") and len(first) > 4):
        return True
    if len(args) > 1 and _is_auth_misspelt(args):
        return True
    if any(_near(first, name, 2) and rule(args) for name, rule in _RULES.items() if len(name) > 4):
        return True
    return any(_reveals(args, place) for place in range(len(args)))


def _is_auth_misspelt(args: Args) -> bool:
    first = args[0].upper()
    if len(args) > 2 and first + args[1].upper() == b"AUTH":  # `AU TH pw`
        return True
    if _is_auth(first):
        return True
    if len(first) < 3 or not _near(first, b"AUTH", 2):
        return False
    names = _catalogue().names()
    return not any(_near(first, name.encode(), 1) for name in names)  # PUSH is a misspelt LPUSH


def _reveals(args: Args, place: int) -> bool:
    """Whether the word at `place`, by itself or by what follows it, shows a secret."""
    word = args[place]
    name, _, value = word.partition(b"=")
    if _LOGS_IN(word) or (value and _NAMES_A_SECRET(name)) or (place and len(word) > 1 and _ACL_SECRET(word)):
        return True
    if word.lower() in _NOT_AN_OPTION:
        return False
    if word.upper() == b"SETUSER" or (len(word) > 4 and _near(word.upper(), b"SETUSER", 2)):
        return _setuser(args[place:])
    follows = place + 1 < len(args)
    return follows and (word.lower() == b"-a" or _is_auth(word) or _is_parameter(word))


def _is_auth(word: bytes) -> bool:
    """AUTH, AUTH2, or either with one slip of the finger."""
    return _near(word.upper(), b"AUTH", 1) or word.upper() == b"AUTH2"


def _near(word: bytes, target: bytes, most: int) -> bool:
    """Whether at most so many letters are wrong, missing, too many, or swapped with their neighbour."""
    if abs(len(word) - len(target)) > most:
        return False
    before: list[int] = []
    last = list(range(len(target) + 1))
    for i, letter in enumerate(word):
        row = [i + 1]
        for j, wanted in enumerate(target):
            cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (letter != wanted))
            if i and j and letter == target[j - 1] and word[i - 1] == wanted:
                cost = min(cost, before[j - 1] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1] <= most
