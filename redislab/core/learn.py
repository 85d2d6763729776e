"""What a server says of a command that the catalogue has not → facts as the catalogue's data have them.

The answers to COMMAND INFO and COMMAND DOCS are data from outside. An answer that is not what a Redis
would say teaches nothing; names and options that are more than plain words do not either, for they would
stand in hints and menus. Everything is bounded. The server's sentence is kept as `summary`: its words,
shown as such.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, TypeAlias

from redislab.core.catalogue import Catalogue
from redislab.core.reply import Kind, Reply

Facts: TypeAlias = "dict[str, Any]"

MOST_ARGUMENTS = 300  # of one command, groups counted too
DEEPEST = 12  # arguments in arguments
MOST_OPTIONS = 60  # beside each other
MOST_ALIKE = 4  # options beside each other that begin with the same word, or with a value
MOST_SUBCOMMANDS = 200
MOST_ITEMS = 64  # flags, categories, key specs
LARGEST = 1_000_000  # of any number
SUMMARY_CHARACTERS = 300

_NAME = re.compile(rb"[!-{}~]{1,64}").fullmatch  # no `|`: that stands between a container and its part
_TOKEN = re.compile(rb"[!-~]{0,64}").fullmatch
_LABEL = re.compile(rb"[ -~]{1,64}").fullmatch
_FORMULA = re.compile(rb"[ -~]{0,120}").fullmatch
_VERSION = re.compile(rb"[0-9][0-9.]{0,19}").fullmatch
_LEAVES = frozenset({"key", "string", "integer", "double", "pattern", "unix-time", "pure-token"})
_GROUPS = frozenset({"block", "oneof"})
_COUNTS = frozenset({"numkeys", "numfields"})


class _Implausible(ValueError):
    """An answer that no Redis would give."""


def is_name(word: bytes) -> bool:
    """Whether a word may be the name of a command that is asked about."""
    return _NAME(word) is not None


def learned(catalogue: Catalogue, name: bytes, info: Reply, docs: Reply) -> dict[str, Facts]:
    """The facts of a command and its subcommands, by their upper-case names; {} where there is none.

    `info` and `docs` are the whole answers to `COMMAND INFO name` and `COMMAND DOCS name`; servers before
    7.0 have no docs and answer with an error. What `catalogue.beyond` says fills in what the server does not.
    """
    try:
        if not is_name(name) or info.is_error or len(info.items) != 1 or info.items[0].is_nil:
            return {}
        entry = info.items[0]
        told = {} if docs.is_error else {key.lower(): each for key, each in _fields(docs).items()}
        found = dict(_entries(entry, told.get(_lower(name)), _lower(name)))
    except (_Implausible, LookupError, RecursionError):
        return {}
    return {name: _with_ours(catalogue, name, facts) for name, facts in found.items()}


def names_of(reply: Reply, most: int = 5_000) -> tuple[str, ...]:
    """The names that COMMAND LIST or COMMAND answered, upper case; what is no plain name is left out."""
    words = [item.items[0].text if item.items else item.text for item in reply.items[:most]]
    return tuple(word.upper().decode("ascii") for word in words if _NAME(word))


def _with_ours(catalogue: Catalogue, name: str, facts: Facts) -> Facts:
    ours = catalogue.beyond.get(name)
    if ours is None:
        return facts
    # The texts are found by the group, and belong to the arguments that our data name.
    return {**facts, "group": ours.group, **({"module": ours.module} if ours.module else {})}


def _entries(entry: Reply, docs: Reply | None, wanted: str) -> Iterator[tuple[str, Facts]]:
    items = entry.items
    if len(items) < 6 or _lower(items[0].text) != wanted:
        raise _Implausible
    told = {} if docs is None else _fields(docs)
    yield wanted.replace("|", " ").upper(), _facts(items, told)
    below = items[9].items if len(items) > 9 else ()
    if len(below) > MOST_SUBCOMMANDS or (below and "|" in wanted):
        raise _Implausible
    parts = _fields(told["subcommands"]) if "subcommands" in told else {}
    for each in below:
        name = _lower(each.items[0].text) if each.items else ""
        container, _, part = name.partition("|")
        if container != wanted or not _NAME(part.encode()):
            raise _Implausible
        yield from _entries(each, parts.get(name), name)


def _facts(items: tuple[Reply, ...], told: Mapping[str, Reply]) -> Facts:
    facts: Facts = {
        "group": "module",
        "since": _text(told.get("since"), _VERSION, ""),
        "arity": _number(items[1]),
        "complexity": _text(told.get("complexity"), _FORMULA, ""),
        "flags": _words(items[2]),
        "categories": _words(items[6]) if len(items) > 6 else [],
        "keys": _key_specs(items),
    }
    if "group" in told:
        facts["group"] = _text(told["group"], _LABEL, "module")
    if "module" in told:
        facts["module"] = _text(told["module"], _LABEL)
    if "summary" in told:
        facts["summary"] = told["summary"].text.decode("utf-8", "replace")[:SUMMARY_CHARACTERS]
    if "arguments" in told:
        arguments = list(_arguments(told["arguments"], 0, [0]))
        facts["arguments"] = arguments if _is_readable(arguments) else []
    return facts


def _key_specs(items: tuple[Reply, ...]) -> list[Facts]:
    if len(items) > 8:
        if len(items[8].items) > MOST_ITEMS:
            raise _Implausible
        return [_key_spec(_fields(spec)) for spec in items[8].items]
    first, last, step = map(_number, items[3:6])  # before 7.0
    if first < 1 or step < 1:
        return []
    return [{"flags": [], "index": first, "range": [last - first if last >= 0 else last, step, 0]}]


def _key_spec(spec: Mapping[str, Reply]) -> Facts:
    begin, find = _fields(spec["begin_search"]), _fields(spec["find_keys"])
    at, how = (_fields(each["spec"]) if "spec" in each else {} for each in (begin, find))
    fact: Facts = {"flags": _words(spec["flags"])}
    if "index" in at:
        fact["index"] = _number(at["index"], least=1)
    elif "keyword" in at:
        fact["keyword"] = [_text(at["keyword"], _TOKEN), _number(at["startfrom"])]
    if "lastkey" in how:
        limit = _number(how["limit"], least=0)
        fact["range"] = [_number(how["lastkey"]), _number(how["keystep"], least=1), limit]
    elif "keynumidx" in how:
        places = (_number(how["keynumidx"], least=0), _number(how["firstkey"], least=0))
        fact["keynum"] = [*places, _number(how["keystep"], least=1)]
    return fact


def _arguments(reply: Reply, depth: int, count: list[int]) -> Iterator[Facts]:
    count[0] += len(reply.items)
    if depth > DEEPEST or count[0] > MOST_ARGUMENTS:
        raise _Implausible
    for item in reply.items:
        fields = _fields(item)
        kind = _text(fields.get("type"), _LABEL)
        inner = list(_arguments(fields["arguments"], depth + 1, count)) if "arguments" in fields else []
        if (kind in _GROUPS) != bool(inner):
            raise _Implausible
        fact: Facts = {
            "name": _text(fields.get("name"), _LABEL),
            "type": kind if kind in _LEAVES | _GROUPS else "string",
        }
        if "token" in fields:
            fact["token"] = _text(fields["token"], _TOKEN)
        elif kind == "pure-token":
            raise _Implausible
        flags = _words(fields["flags"]) if "flags" in fields else []
        fact |= {flag: True for flag in ("optional", "multiple", "multiple_token") if flag in flags}
        if "display_text" in fields and (shown := _text(fields["display_text"], _LABEL)) != fact["name"]:
            fact["display"] = shown
        if inner:
            fact["arguments"] = inner
        yield fact


def _is_readable(arguments: list[Facts]) -> bool:
    """Whether lines can be read by this syntax; some would have more readings than can be followed."""
    options = [each for each in arguments if each.get("optional")]
    alike = Counter(word for each in options for word in set(_first_words(each)))
    if len(options) > MOST_OPTIONS or max(alike.values(), default=0) > MOST_ALIKE:
        return False
    for count, counted in pairwise(arguments):
        if count["name"] in _COUNTS and counted.get("multiple"):  # as many as the number says
            value = {**counted, "optional": False, "token": None}
            if count["type"] != "integer" or _may_be_nothing(value):
                return False
    return all(_is_readable(each["arguments"]) for each in arguments if "arguments" in each)


def _first_words(argument: Facts) -> Iterator[str]:
    """The words that an option may begin with; "" for a value."""
    inner = argument.get("arguments", [])
    if argument.get("token") is not None:
        yield argument["token"].upper()
    elif argument["type"] == "oneof":
        for each in inner:
            yield from _first_words(each)
    elif inner:
        yield from _first_words(inner[0])
        if inner[0].get("optional"):
            yield from _first_words({**argument, "arguments": inner[1:]}) if inner[1:] else ("",)
    else:
        yield ""


def _may_be_nothing(argument: Facts) -> bool:
    if argument.get("optional"):
        return True
    if argument.get("token") is not None:
        return False
    inner = argument.get("arguments", ())
    some = any if argument["type"] == "oneof" else all
    return bool(inner) and some(map(_may_be_nothing, inner))


def _fields(reply: Reply) -> dict[str, Reply]:
    """A map, or under RESP2 names and values in turn."""
    items = reply.items
    if reply.kind not in (Kind.MAP, Kind.ARRAY) or len(items) % 2:
        raise _Implausible
    return {_lower(key.text): value for key, value in zip(items[::2], items[1::2], strict=True)}


def _lower(text: bytes) -> str:
    return text.decode("latin-1").lower()


def _words(reply: Reply) -> list[str]:
    if len(reply.items) > MOST_ITEMS:
        raise _Implausible
    return sorted(_text(item, _LABEL) for item in reply.items)


def _text(reply: Reply | None, pattern: Any, default: str | None = None) -> str:
    if reply is not None and reply.kind in (Kind.BULK, Kind.STATUS) and pattern(reply.text):
        return reply.text.decode("ascii")
    if default is None:
        raise _Implausible
    return default


def _number(reply: Reply, least: int = -LARGEST) -> int:
    if reply.kind is not Kind.INTEGER or not least <= reply.number <= LARGEST:
        raise _Implausible
    return reply.number
