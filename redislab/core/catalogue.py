"""What is known of every Redis command: facts, by version, from `data/commands-X.Y.json`.

Written for a shell that looks up at every keystroke: names are dictionary keys and sorted tuples; a
`Command` is built the first time it is asked for. `tools/build_catalogue.py` writes the data.
"""

from __future__ import annotations

import json
import pkgutil
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from redislab.errors import UsageError

_AFTER_ANY_NAME = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command, or a group of them.

    `type` is `key`, `string`, `integer`, `double`, `pattern`, `unix-time`, `pure-token` (the token is
    all there is), `oneof` (one of `arguments`) or `block` (all of them, in order). `token` is the word
    that stands before the value; it may be empty (MIGRATE's `""`). With `multiple` the value may be
    repeated, with `multiple_token` the token too.
    """

    name: str
    type: str
    token: str | None = None
    optional: bool = False
    multiple: bool = False
    multiple_token: bool = False
    key_spec_index: int | None = None  # into `Command.key_specs`
    since: str | None = None  # None: as long as the command
    deprecated_since: str | None = None
    display: str | None = None  # what to call it, where `name` is not it (7.2 and later)
    arguments: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True)
class KeySpec:
    """Where some of a command's keys stand; word 0 is the command's first word.

    The search begins at `index`, or after `keyword`, looked for from `start` on (negative: from the
    end, backwards); with neither, nobody can tell. From there, either a range (to `last`, in steps;
    negative: from the end, a `limit` of n stops at 1/n of what is left) or, with `count_at`, as many
    keys as the word there says, beginning at `first`.
    """

    flags: frozenset[str]
    index: int | None = None
    keyword: str | None = None
    start: int = 0
    last: int = 0
    step: int = 1
    limit: int = 0
    count_at: int | None = None
    first: int = 0


@dataclass(frozen=True, slots=True)
class Command:
    """One command or subcommand. Names are upper case: `SET`, `CLIENT LIST`."""

    name: str
    group: str
    since: str
    arity: int  # words, name included; -n: n or more
    complexity: str  # a formula, "" where the server names none
    flags: frozenset[str]
    categories: tuple[str, ...]  # of ACLs: `@read`, `@string`
    internal: bool  # servers and their tests use it, people do not
    deprecated_since: str | None
    replaced_by: tuple[str, ...]  # names of commands, any of which will do
    replaced_with: tuple[str, ...]  # the options that they need
    key_specs: tuple[KeySpec, ...]
    arguments: tuple[Argument, ...]
    subcommands: tuple[str, ...]  # full names, sorted

    @property
    def words(self) -> int:
        """How many words the name has."""
        return self.name.count(" ") + 1

    @property
    def is_container(self) -> bool:
        return bool(self.subcommands)


class Catalogue:
    """The commands of one version of Redis."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.version: str = facts["redis_version"]
        self._facts: Mapping[str, Mapping[str, Any]] = facts["commands"]
        self._built: dict[str, Command] = {}
        names = sorted(self._facts)
        self._names = tuple(names)
        self._first_words = tuple(name for name in names if " " not in name)
        below: dict[str, list[str]] = {}
        for name in names:
            container, space, _ = name.partition(" ")
            if space:
                below.setdefault(container, []).append(name)
        self._subcommands = {container: tuple(found) for container, found in below.items()}

    @classmethod
    def load(cls, version: str = "7.0") -> Catalogue:
        """The catalogue of a version of Redis, read once a process. Raises UsageError if there is none."""
        return _load(version)

    def lookup(self, words: Sequence[bytes]) -> Command | None:
        """The command that a line begins with, in any case.

        A container with a second word that is none of its subcommands is answered with the container,
        whose `words` is then 1. None: Redis has no such command.
        """
        if not words:
            return None
        name = _upper(words[0])
        if len(words) > 1 and name in self._subcommands:
            found = self.get(f"{name} {_upper(words[1])}")
            if found is not None:
                return found
        return None if " " in name else self.get(name)

    def get(self, name: str) -> Command | None:
        """The command of exactly this name (`SET`, `CLIENT LIST`), or None."""
        found = self._built.get(name)
        if found is None and name in self._facts:
            found = self._built[name] = _command(name, self._facts[name], self._subcommands.get(name, ()))
        return found

    def names(self) -> tuple[str, ...]:
        """Every name, subcommands too, sorted."""
        return self._names

    def groups(self) -> tuple[str, ...]:
        return tuple(self._by_group)

    def in_group(self, group: str) -> tuple[str, ...]:
        """The names in a group, sorted; () if there is no such group."""
        return self._by_group.get(group, ())

    def starting(self, prefix: str) -> tuple[str, ...]:
        """The names a prefix may become, sorted: first words, or after a container's name its subcommands.

        `cl` → CLIENT, CLUSTER; `client k` → CLIENT KILL; `set ` → nothing.
        """
        wanted = prefix.upper()
        container, space, _ = wanted.partition(" ")
        names = self._subcommands.get(container, ()) if space else self._first_words
        return names[bisect_left(names, wanted) : bisect_left(names, wanted + _AFTER_ANY_NAME)]

    @cached_property
    def _by_group(self) -> dict[str, tuple[str, ...]]:
        groups: dict[str, list[str]] = {}
        for name in self._names:
            groups.setdefault(self._facts[name]["group"], []).append(name)
        return {group: tuple(groups[group]) for group in sorted(groups)}


@lru_cache
def _load(version: str) -> Catalogue:
    try:
        data = pkgutil.get_data("redislab.data", f"commands-{version}.json")
    except FileNotFoundError:
        data = None
    if data is None:
        raise UsageError(f"nothing is known of the commands of Redis {version}")
    return Catalogue(json.loads(data))


def _upper(word: bytes) -> str:
    return word.upper().decode("latin-1")  # of bytes: ASCII letters alone


def _command(name: str, facts: Mapping[str, Any], subcommands: tuple[str, ...]) -> Command:
    return Command(
        name=name,
        group=facts["group"],
        since=facts["since"],
        arity=facts["arity"],
        complexity=facts.get("complexity", ""),
        flags=frozenset(facts.get("flags", ())),
        categories=tuple(facts.get("categories", ())),
        internal=facts.get("internal", False),
        deprecated_since=facts.get("deprecated_since"),
        replaced_by=tuple(facts.get("replaced_by", ())),
        replaced_with=tuple(facts.get("replaced_with", ())),
        key_specs=tuple(map(_key_spec, facts.get("keys", ()))),
        arguments=tuple(map(_argument, facts.get("arguments", ()))),
        subcommands=subcommands,
    )


def _argument(facts: Mapping[str, Any]) -> Argument:
    inner = tuple(map(_argument, facts.get("arguments", ())))
    return Argument(**{**facts, "arguments": inner})


def _key_spec(facts: Mapping[str, Any]) -> KeySpec:
    keyword, start = facts.get("keyword", (None, 0))
    flags, index = frozenset(facts["flags"]), facts.get("index")
    if "keynum" in facts:
        count_at, first, step = facts["keynum"]
        return KeySpec(flags, index, keyword, start, step=step, count_at=count_at, first=first)
    last, step, limit = facts.get("range", (0, 1, 0))
    return KeySpec(flags, index, keyword, start, last, step, limit)
