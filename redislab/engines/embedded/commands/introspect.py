"""COMMAND and every HELP, from our catalogue. Ours: upstream describes its own commands, newer ones too.

Summaries and tips are not in the catalogue: Redis's own sentences are not ours to give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redislab.core.catalogue import Argument, Command, KeySpec
from redislab.core.reply import Kind
from redislab.core.syntax import syntax_text
from redislab.engines.embedded import glob
from redislab.engines.embedded.acl_text import CATEGORIES
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.engine import VERSION
from redislab.engines.embedded.key_uses import specs_used
from redislab.engines.embedded.results import Fail, Typed, status

# The orders in which a server names these.
FLAGS = (
    *("write", "readonly", "denyoom", "module", "admin", "pubsub", "noscript", "blocking", "loading"),
    *("stale", "skip_monitor", "skip_slowlog", "asking", "fast", "no_auth", "may_replicate"),
    *("no_mandatory_keys", "protected", "no_async_loading", "no_multi", "movablekeys", "allow_busy"),
)
KEY_FLAGS = (
    *("RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "not_key", "incomplete"),
    "variable_flags",
)


def _words(found: Sequence[str] | frozenset[str], order: Sequence[str]) -> Typed:
    return Typed(Kind.SET, [status(word.encode()) for word in order if word in found])


def _full_name(command: Command) -> bytes:
    return command.name.lower().replace(" ", "|").encode()


def describe(client: Client, command: Command) -> list[Any]:
    """A row of COMMAND INFO."""
    catalogue = client.lab.table.catalogue
    below = [catalogue.get(name) for name in command.subcommands]
    categories = [name.removeprefix("@") for name in command.categories]
    first, last, step = _legacy_range(command)
    return [
        _full_name(command),
        command.arity,
        _words(command.flags, FLAGS),
        first,
        last,
        step,
        Typed(Kind.SET, [status(f"@{name}".encode()) for name in CATEGORIES if name in categories]),
        Typed(Kind.SET, []),
        Typed(Kind.SET, [_key_spec(spec) for spec in command.key_specs]),
        Typed(Kind.SET, [describe(client, each) for each in below if each is not None]),
    ]


def _legacy_range(command: Command) -> tuple[int, int, int]:
    """First key, last key, step: what all of them had before key specs."""
    ranges = [
        spec
        for spec in command.key_specs
        if spec.index is not None and spec.count_at is None and "not_key" not in spec.flags
    ]
    if not ranges:
        return 0, 0, 0
    first = ranges[0]
    last = first.last if first.last < 0 else (first.index or 0) + first.last
    for spec in ranges[1:]:
        if spec.step == first.step and last >= 0 and spec.index == last + 1:
            last = spec.last if spec.last < 0 else spec.index + spec.last
    return first.index or 0, last, first.step


def _key_spec(spec: KeySpec) -> dict[bytes, Any]:
    begin: dict[bytes, Any]
    if spec.index is not None:
        begin = {b"type": b"index", b"spec": {b"index": spec.index}}
    elif spec.keyword is not None:
        found = {b"keyword": spec.keyword.encode(), b"startfrom": spec.start}
        begin = {b"type": b"keyword", b"spec": found}
    else:
        begin = {b"type": b"unknown", b"spec": {}}
    find: dict[bytes, Any]
    if spec.count_at is not None:
        where = {b"keynumidx": spec.count_at, b"firstkey": spec.first, b"keystep": spec.step}
        find = {b"type": b"keynum", b"spec": where}
    elif spec.index is None and spec.keyword is None:
        find = {b"type": b"unknown", b"spec": {}}
    else:
        where = {b"lastkey": spec.last, b"keystep": spec.step, b"limit": spec.limit}
        find = {b"type": b"range", b"spec": where}
    return {b"flags": _words(spec.flags, KEY_FLAGS), b"begin_search": begin, b"find_keys": find}


def _named(client: Client, word: bytes) -> Command | None:
    """`get`, `client|list`."""
    name = word.upper().decode("latin-1")
    return None if " " in name else client.lab.table.catalogue.get(name.replace("|", " "))


def _all(client: Client) -> list[Command]:
    catalogue = client.lab.table.catalogue
    found = (catalogue.get(name) for name in catalogue.names() if " " not in name)
    return [command for command in found if command is not None]


@handles("COMMAND")
def command_(client: Client, args: list[bytes]) -> Any:
    return [describe(client, command) for command in _all(client)]


@handles("COMMAND COUNT")
def command_count(client: Client, args: list[bytes]) -> Any:
    return len(_all(client))


@handles("COMMAND INFO")
def command_info(client: Client, args: list[bytes]) -> Any:
    if len(args) == 2:
        return command_(client, args)
    found = [_named(client, word) for word in args[2:]]
    return [None if command is None else describe(client, command) for command in found]


@handles("COMMAND LIST")
def command_list(client: Client, args: list[bytes]) -> Any:
    names = client.lab.table.catalogue.names()
    shown = {name.lower().replace(" ", "|").encode(): name for name in names}
    if len(args) == 2:
        return list(shown)
    if len(args) != 5 or args[2].upper() != b"FILTERBY":
        raise syntax_error()
    by, value = args[3].upper(), args[4]
    if by == b"MODULE":
        return []
    if by == b"PATTERN":
        return glob.matching(value.lower(), shown)
    if by == b"ACLCAT":
        return in_category(client, value)
    raise syntax_error()


def in_category(client: Client, category: bytes) -> list[bytes]:
    catalogue = client.lab.table.catalogue
    wanted = "@" + category.decode("latin-1").lower()
    commands = (catalogue.get(name) for name in catalogue.names())
    return [_full_name(each) for each in commands if each is not None and wanted in each.categories]


@handles("COMMAND DOCS")
def command_docs(client: Client, args: list[bytes]) -> Any:
    commands = _all(client) if len(args) == 2 else [_named(client, word) for word in args[2:]]
    return {_full_name(command): _docs(client, command) for command in commands if command is not None}


def _docs(client: Client, command: Command) -> dict[bytes, Any]:
    docs: dict[bytes, Any] = {b"since": command.since.encode(), b"group": command.group.encode()}
    if command.complexity:
        docs[b"complexity"] = command.complexity.encode()
    if command.deprecated_since is not None:
        docs[b"doc_flags"] = Typed(Kind.SET, [status(b"deprecated")])
        docs[b"deprecated_since"] = command.deprecated_since.encode()
    if command.arguments:
        docs[b"arguments"] = [_argument(each) for each in command.arguments]
    below = [client.lab.table.catalogue.get(name) for name in command.subcommands]
    if below:
        docs[b"subcommands"] = {_full_name(each): _docs(client, each) for each in below if each is not None}
    return docs


def _argument(argument: Argument) -> dict[bytes, Any]:
    row: dict[bytes, Any] = {b"name": argument.name.encode(), b"type": argument.type.encode()}
    if argument.key_spec_index is not None:
        row[b"key_spec_index"] = argument.key_spec_index
    if argument.token is not None:
        row[b"token"] = argument.token.encode()
    if argument.since is not None:
        row[b"since"] = argument.since.encode()
    flags = {
        "optional": argument.optional,
        "multiple": argument.multiple,
        "multiple_token": argument.multiple_token,
    }
    if any(flags.values()):
        row[b"flags"] = Typed(Kind.SET, [status(name.encode()) for name, on in flags.items() if on])
    if argument.arguments:
        row[b"arguments"] = [_argument(each) for each in argument.arguments]
    return row


@handles("COMMAND GETKEYS")
def command_getkeys(client: Client, args: list[bytes]) -> Any:
    return [word for word, _ in _keys(client, args[2:])]


@handles("COMMAND GETKEYSANDFLAGS")
def command_getkeysandflags(client: Client, args: list[bytes]) -> Any:
    return [[word, _words(spec.flags, KEY_FLAGS)] for word, spec in _keys(client, args[2:])]


def _keys(client: Client, words: list[bytes]) -> list[tuple[bytes, KeySpec]]:
    """The keys of a command line, each with what is done to it. Raises Fail."""
    command = client.lab.table.catalogue.lookup(words)
    if command is None:
        raise Fail(b"ERR Invalid command specified")
    if not any("not_key" not in spec.flags for spec in command.key_specs):
        raise Fail(b"ERR The command has no key arguments")
    if len(words) < abs(command.arity) or (command.arity > 0 and len(words) != command.arity):
        raise Fail(b"ERR Invalid number of arguments specified for command")
    found = specs_used(command, words)
    if not found and "no_mandatory_keys" not in command.flags:
        raise Fail(b"ERR Invalid arguments specified for command")
    return [(words[place], spec) for place, spec in found]


def _help(container: str) -> Any:
    def helps(client: Client, args: list[bytes]) -> Any:
        catalogue = client.lab.table.catalogue
        command = catalogue.get(container)
        assert command is not None
        lines = [f"{container} <subcommand> [<arg> ...]. Subcommands of Redis {VERSION[0]}.{VERSION[1]}:"]
        for name in command.subcommands:
            found = catalogue.get(name)
            if found is not None:
                lines.append(f"{name} {syntax_text(found)}".removeprefix(f"{container} ").rstrip())
        return [status(line.encode()) for line in lines]

    return helps


for _container in (
    *("ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "FUNCTION", "LATENCY", "MEMORY", "MODULE", "OBJECT"),
    *("PUBSUB", "SCRIPT", "SLOWLOG", "XGROUP", "XINFO"),
):
    handles(f"{_container} HELP")(_help(_container))
