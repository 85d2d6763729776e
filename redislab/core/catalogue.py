"""What is known of every Redis command: facts, by version, from `data/commands-X.Y.json`.

Written for a shell that looks up at every keystroke: names are dictionary keys and sorted tuples; a
`Command` is built the first time it is asked for. `tools/build_catalogue.py` writes the data.

A catalogue has what its version of Redis has. What came later or comes with a module is in `beyond`; what
a server says of its own commands (`core.learn`) makes another catalogue, by `completed`.
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

_FILES_BEYOND = ("later", "json")
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
    module: str | None = None  # that has it; `since` is then the module's version
    summary: str = ""  # a server's own words, for a command that we have no text for: data, not ours

    @property
    def words(self) -> int:
        """How many words the name has."""
        return self.name.count(" ") + 1

    @property
    def is_container(self) -> bool:
        return bool(self.subcommands)

    @property
    def origin(self) -> str:
        """Who has it since when: `Redis 7.4`, `the module RedisJSON`."""
        return f"the module {self.module}" if self.module else f"Redis {self.since.removesuffix('.0')}"


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

    @cached_property
    def beyond(self) -> Catalogue:
        """The commands that are known but not here: newer Redis has them, or a module."""
        found: dict[str, Any] = {}
        for file in _FILES_BEYOND:
            facts = _data(file)
            module = {"module": facts["module"]} if "module" in facts else {}
            found |= {name: {**each, **module} for name, each in facts["commands"].items()}
        missing = {name: facts for name, facts in found.items() if name not in self._facts}
        return Catalogue({"redis_version": self.version, "commands": missing})

    def completed(self, commands: Mapping[str, Mapping[str, Any]]) -> Catalogue:
        """This catalogue and more commands: facts by upper-case name, as the data have them."""
        return Catalogue({"redis_version": self.version, "commands": {**commands, **self._facts}})

    def knowing(self, words: Sequence[bytes]) -> Catalogue:
        """This catalogue, or `beyond` where only that has the command of a line."""
        is_beyond = self.lookup(words) is None and self.beyond.lookup(words) is not None
        return self.beyond if is_beyond else self

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
    facts = _data(version)
    if facts is None:
        raise UsageError(f"nothing is known of the commands of Redis {version}")
    return Catalogue(facts)


def _data(name: str) -> Any:
    try:
        data = pkgutil.get_data("redislab.data", f"commands-{name}.json")
    except FileNotFoundError:
        data = None
    return None if data is None else json.loads(data)


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
        module=facts.get("module"),
        summary=facts.get("summary", ""),
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
