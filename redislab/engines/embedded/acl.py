"""Users and what they may do: the rules of ACL SETUSER, and the checks that hold clients to them."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import TYPE_CHECKING

from redislab.core.words import split
from redislab.engines.embedded import glob
from redislab.engines.embedded.key_uses import channels_used, keys_used
from redislab.errors import InvalidLine

if TYPE_CHECKING:
    from redislab.core.catalogue import Catalogue
    from redislab.engines.embedded.table import Entry

READ, WRITE = 1, 2
_SPACES = re.compile(rb"[\s\0]").search
_HASH = re.compile(rb"[0-9a-f]{64}").fullmatch
_READS, _WRITES = frozenset({"access"}), frozenset({"insert", "delete", "update"})
_SYNTAX = "Syntax error"
_UNKNOWN = "Unknown command or category name in ACL"
_AFTER_ALL = (
    "Adding a pattern after the * pattern (or the '{0}' flag) is not valid and does not have any effect. "
    "Try '{1}' to start with an empty list of {2}"
)
_BAD_HASH = (
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
)


class BadRule(ValueError):
    """Why a rule cannot be followed."""


class Denied(IntEnum):
    """Why a command is refused; of several reasons the highest is told."""

    COMMAND = 1
    KEY = 2
    CHANNEL = 3


@dataclass(frozen=True)
class Refusal:
    reason: Denied
    place: int = 0  # of the word that must not be used


class Names:
    """The names of all commands as rules spell them: `get`, `client|list`; and the categories."""

    def __init__(self, catalogue: Catalogue) -> None:
        commands = [catalogue.get(name) for name in catalogue.names()]
        self.below: dict[str, list[str]] = {}
        self.categories: dict[str, set[str]] = {}
        for command in commands:
            assert command is not None
            name = _spelt(command.name)
            self.below[name] = [_spelt(each) for each in command.subcommands]
            for category in command.categories:
                self.categories.setdefault(category.removeprefix("@"), set()).add(name)

    def of(self, name: str) -> set[str]:
        """A command and its subcommands. Raises BadRule."""
        if name not in self.below:
            raise BadRule(_UNKNOWN)
        return {name, *self.below[name]}

    def category(self, name: str) -> set[str]:
        """The commands of a category, with all subcommands of those. Raises BadRule."""
        if name not in self.categories:
            raise BadRule(_UNKNOWN)
        return {each for command in self.categories[name] for each in self.of(command)}


def _spelt(name: str) -> str:
    return name.lower().replace(" ", "|")


@dataclass
class Selector:
    """One set of permissions: commands, keys and channels that go together."""

    commands: set[str] = field(default_factory=set)
    every_command: bool = False  # those that later versions bring too, until one is taken away
    future: bool = False
    first_args: dict[str, list[str]] = field(default_factory=dict)
    every_key: bool = False
    keys: dict[bytes, int] = field(default_factory=dict)  # pattern → READ, WRITE
    every_channel: bool = False
    channels: list[bytes] = field(default_factory=list)

    @property
    def is_unlimited(self) -> bool:
        return self.every_command and self.every_key and self.every_channel

    # -- rules ----------------------------------------------------------------------------------

    def apply(self, rule: bytes, names: Names) -> None:
        """Raises BadRule."""
        word = rule.lower()
        if word in (b"allkeys", b"~*"):
            self.every_key, self.keys = True, {}
        elif word == b"resetkeys":
            self.every_key, self.keys = False, {}
        elif word in (b"allchannels", b"&*"):
            self.every_channel, self.channels = True, []
        elif word == b"resetchannels":
            self.every_channel, self.channels = False, []
        elif word in (b"allcommands", b"+@all", b"nocommands", b"-@all"):
            self._all_commands(names, allow=word in (b"allcommands", b"+@all"))
        elif rule[:1] in (b"~", b"%"):
            self._key_pattern(rule)
        elif rule[:1] == b"&":
            self._channel_pattern(rule[1:])
        elif rule[:1] in (b"+", b"-"):
            self._command_rule(word.decode("latin-1"), names)
        else:
            raise BadRule(_SYNTAX)

    def _all_commands(self, names: Names, *, allow: bool) -> None:
        self.commands = set(names.below) if allow else set()
        self.every_command = self.future = allow
        self.first_args = {}

    def _key_pattern(self, rule: bytes) -> None:
        if self.every_key:
            raise BadRule(_AFTER_ALL.format("allkeys", "resetkeys", "patterns"))
        letters, tilde, pattern = rule.partition(b"~")
        if rule[:1] == b"~":
            flags = READ | WRITE
        else:
            found = letters[1:].upper()
            if not tilde or len(set(found)) != len(found) or set(found) - set(b"RW"):
                raise BadRule(_SYNTAX)
            flags = READ * (b"R" in found) | WRITE * (b"W" in found)
        if _SPACES(pattern) or not flags:
            raise BadRule(_SYNTAX)
        self.keys[pattern] = self.keys.get(pattern, 0) | flags

    def _channel_pattern(self, pattern: bytes) -> None:
        if self.every_channel:
            raise BadRule(_AFTER_ALL.format("allchannels", "resetchannels", "channels"))
        if _SPACES(pattern):
            raise BadRule(_SYNTAX)
        if pattern not in self.channels:
            self.channels.append(pattern)

    def _command_rule(self, rule: str, names: Names) -> None:
        allow, name = rule[0] == "+", rule[1:]
        if name.startswith("@"):
            self._change(names.category(name[1:]), allow=allow)
            return
        parent, bar, sub = name.rpartition("|")
        if allow and bar and not names.below.get(parent):
            names.of(parent)  # a word of a command that has no subcommands: SELECT|0
            if "|" in parent:
                raise BadRule("Allowing first-arg of a subcommand is not supported")
            if not sub:
                raise BadRule(_SYNTAX)
            listed = self.first_args.setdefault(parent, [])
            if sub not in listed:
                listed.append(sub)
            return
        if allow and bar and not sub:
            raise BadRule(_SYNTAX)
        self._change(names.of(name), allow=allow)

    def _change(self, commands: Iterable[str], *, allow: bool) -> None:
        for name in commands:
            self.first_args.pop(name, None)
        if allow:
            self.commands.update(commands)
        else:
            self.commands.difference_update(commands)
            self.every_command = False

    # -- checks ---------------------------------------------------------------------------------

    def refusal(self, entry: Entry, words: Sequence[bytes]) -> Refusal | None:
        """Why this command may not be run; None if it may."""
        if not self.every_command and "no_auth" not in entry.flags:
            if entry.full_name not in self.commands and not self._allows_word(entry, words):
                return Refusal(Denied.COMMAND)
        if not self.every_key:
            for place, spec_flags in keys_used(entry.command, words):
                if not self._allows_key(words[place], spec_flags):
                    return Refusal(Denied.KEY, place)
        if not self.every_channel:
            for place, is_pattern in channels_used(entry.name, words):
                if not self._allows_channel(words[place], is_pattern):
                    return Refusal(Denied.CHANNEL, place)
        return None

    def _allows_word(self, entry: Entry, words: Sequence[bytes]) -> bool:
        allowed = self.first_args.get(entry.full_name, [])
        return len(words) > 1 and words[1].lower().decode("latin-1") in allowed

    def _allows_key(self, key: bytes, spec_flags: frozenset[str]) -> bool:
        needed = READ * bool(spec_flags & _READS) | WRITE * bool(spec_flags & _WRITES)
        return any(
            flags & needed == needed and glob.matcher(pattern)(key) for pattern, flags in self.keys.items()
        )

    def _allows_channel(self, channel: bytes, is_pattern: bool) -> bool:
        if is_pattern:
            return channel in self.channels
        return any(glob.matcher(pattern)(channel) for pattern in self.channels)


@dataclass
class User:
    """One who may log in."""

    name: bytes
    on: bool = False
    nopass: bool = False
    sanitize: str = ""  # "", "sanitize-payload" or "skip-sanitize-payload"
    passwords: list[bytes] = field(default_factory=list)  # SHA-256, as hexadecimal digits
    root: Selector = field(default_factory=Selector)
    selectors: list[Selector] = field(default_factory=list)

    @property
    def flags(self) -> list[str]:
        found = ["on" if self.on else "off"]
        return [*found, *["nopass"] * self.nopass, *filter(None, [self.sanitize])]

    def accepts(self, password: bytes) -> bool:
        if not self.on:
            return False
        digest = hashed(password)
        return self.nopass or any([hmac.compare_digest(digest, each) for each in self.passwords])

    def refusal(self, entry: Entry, words: Sequence[bytes]) -> Refusal | None:
        """Why no selector allows this command: the reason that came closest to being allowed."""
        if self.root.is_unlimited:
            return None
        worst = Refusal(Denied.COMMAND)
        for selector in (self.root, *self.selectors):
            refusal = selector.refusal(entry, words)
            if refusal is None:
                return None
            if (refusal.reason, refusal.place) > (worst.reason, worst.place):
                worst = refusal
        return worst

    def apply(self, rule: bytes, names: Names) -> None:
        """Follow one rule. Raises BadRule."""
        word = rule.lower()
        if not rule:
            return
        if word in (b"on", b"off"):
            self.on = word == b"on"
        elif word in (b"sanitize-payload", b"skip-sanitize-payload"):
            self.sanitize = word.decode()
        elif word in (b"nopass", b"resetpass"):
            self.nopass, self.passwords = word == b"nopass", []
        elif rule[:1] in (b">", b"#"):
            self._add_password(_digest(rule, b">"))
        elif rule[:1] in (b"<", b"!"):
            self._remove_password(_digest(rule, b"<"))
        elif rule[:1] == b"(" and rule[-1:] == b")":
            self.selectors.append(_selector(rule[1:-1], names))
        elif word == b"clearselectors":
            self.selectors = []
        elif word == b"reset":
            self.on = self.nopass = False
            self.sanitize, self.passwords = "sanitize-payload", []
            self.root, self.selectors = Selector(), []
        else:
            self.root.apply(rule, names)

    def _add_password(self, digest: bytes) -> None:
        if digest not in self.passwords:
            self.passwords.append(digest)
        self.nopass = False

    def _remove_password(self, digest: bytes) -> None:
        if digest not in self.passwords:
            raise BadRule("The password you are trying to remove from the user does not exist")
        self.passwords.remove(digest)


def hashed(password: bytes) -> bytes:
    return sha256(password).hexdigest().encode()


def _digest(rule: bytes, plain: bytes) -> bytes:
    if rule[:1] == plain:
        return hashed(rule[1:])
    if not _HASH(rule[1:]):
        raise BadRule(_BAD_HASH)
    return rule[1:]


def _selector(rules: bytes, names: Names) -> Selector:
    selector = Selector()
    try:
        words = split(rules)
    except InvalidLine:
        raise BadRule(_SYNTAX) from None
    for rule in words:
        selector.apply(rule, names)
    return selector


def everything(names: Names) -> Selector:
    """May do all there is."""
    selector = Selector(every_key=True, every_channel=True)
    selector.apply(b"+@all", names)
    return selector
