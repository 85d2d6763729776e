"""What may be typed next: commands, the options still possible, names that exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redislab.assist.finder import Finder
from redislab.assist.knowledge import Knowledge
from redislab.core import words as word_splitter
from redislab.core.catalogue import Command
from redislab.core.explanations import SERVER_SAYS, explanation, sentence
from redislab.core.grammar import Expected, match
from redislab.core.keys import TYPE_OF_GROUP, key_positions
from redislab.core.line import split_prefix
from redislab.core.syntax import syntax_text

MOST_CHARACTERS = 2_000  # of a line; a longer one is data being pasted


@dataclass(frozen=True)
class Offer:
    """A word that may stand here, and a few words about it."""

    word: str
    about: str = ""
    is_name: bool = False  # it exists on the server, and is written as it is there

    def after(self, begun: str) -> str:
        """The word as it goes on from what was begun: `hg` becomes `hget`."""
        return self.word.lower() if begun.islower() and not self.is_name else self.word


@dataclass(frozen=True)
class Beginning:
    """A line up to the cursor. `begun` is the word under way, `raw` the same as it was typed."""

    typed: list[bytes]  # the words before it, without the client's name and a repeat count
    begun: bytes
    raw: str

    @classmethod
    def of(cls, line: str) -> Beginning:
        _, data = split_prefix(line.encode("utf-8", "surrogateescape"))
        found, _ = word_splitter.scan(data)
        last = found[-1] if found and found[-1].end == len(data) else None
        typed = [word.value for word in (found[:-1] if last else found)]
        if typed and typed[0].isdigit():  # 5 PING
            typed = typed[1:]
        start = last.start if last else len(data)
        raw = data[start:].decode("utf-8", "surrogateescape")
        return cls(typed, last.value if last else b"", raw)

    @property
    def text(self) -> str:
        return self.begun.decode("utf-8", "surrogateescape")

    @property
    def first(self) -> str:
        """The line's first word, as far as it goes, in small letters."""
        return self.typed[0].decode("utf-8", "surrogateescape").lower() if self.typed else self.text


def offers(here: Knowledge, line: Beginning) -> Iterator[Offer]:
    """What may stand at the cursor. Looks at nothing where that is not allowed."""
    if not line.typed:
        yield from _names(here, line.text)
    elif line.first in ("help", "?"):
        yield from _topics(here, line.typed[1:], line.text)
    else:
        yield from _words(here, line.typed, line.begun)


def starting(begun: str, offers: Iterable[Offer]) -> Iterator[Offer]:
    return (offer for offer in offers if offer.word.startswith(begun.lower()))


def _words(here: Knowledge, typed: list[bytes], begun: bytes) -> Iterator[Offer]:
    """What the grammar allows after these words: options first, then names that exist."""
    here.learn(typed)
    found = match(here.reading_words(typed), typed)
    if found.command is None or found.wrong is not None:
        return
    if found.command.is_container:
        prefix = b" ".join([typed[0], begun]).decode("utf-8", "surrogateescape")
        yield from _names(here, prefix)
        return
    wanted = begun.upper().decode("latin-1")
    for each in found.following:
        if each.is_token and each.text.startswith(wanted):
            yield Offer(each.text, sentence(found.command, each.argument) if each.argument else "")
    finder = here.finder()
    if finder is not None:
        for value in [each for each in found.following if not each.is_token][:1]:
            yield from _existing(finder, found.command, value, typed, begun)


def _existing(
    finder: Finder, command: Command, wanted: Expected, typed: list[bytes], begun: bytes
) -> Iterator[Offer]:
    """Names on the server that may take this place."""
    argument = wanted.argument
    if argument is None:
        return
    if argument.type == "key":
        for name, kind in finder.keys(begun, TYPE_OF_GROUP.get(command.group)):
            yield Offer(_quoted(name), kind, is_name=True)
        return
    keys = [typed[place] for place in key_positions(command, typed) if place < len(typed)]
    for name in _inside(finder, command, argument.name, keys, begun):
        yield Offer(_quoted(name), argument.name, is_name=True)


def _inside(finder: Finder, command: Command, name: str, keys: list[bytes], begun: bytes) -> list[bytes]:
    if command.name in ("CONFIG GET", "CONFIG SET") and name == "parameter":
        return finder.parameters(begun)
    if command.name == "ACL CAT":
        return finder.categories(begun)
    if not keys:
        return []
    key, group = keys[0], command.group
    if group == "hash" and name == "field":
        return finder.fields(key, begun)
    if name == "member":
        return finder.members(key, begun) if group == "set" else finder.scored(key, begun)
    if group == "stream" and name in ("group", "groupname"):
        return finder.groups(key, begun)
    if group == "stream" and name in ("id", "start", "end", "last-id"):
        return finder.entries(key, begun)
    return []


def _names(here: Knowledge, begun: str) -> Iterator[Offer]:
    """Commands, or after a container's name its subcommands."""
    for name in here.starting(begun):
        command = here.catalogue.get(name)
        if command is not None and not command.internal:
            yield Offer(name.rpartition(" ")[2], _about(command))


def _about(command: Command) -> str:
    told = explanation(command)
    if told is not None:
        return told.does
    if command.summary:
        return f"{SERVER_SAYS} {command.summary}"
    return f"{len(command.subcommands)} subcommands" if command.is_container else syntax_text(command)


def _topics(here: Knowledge, typed: list[bytes], begun: str) -> Iterator[Offer]:
    if not typed and begun.startswith("@"):
        groups = [Offer(f"@{group}", "all commands of this group") for group in here.catalogue.groups()]
        yield from starting(begun, groups)
    elif len(typed) < 2:
        words = [word.decode("utf-8", "surrogateescape") for word in typed]
        yield from _names(here, " ".join([*words, begun]))


def _quoted(name: bytes) -> str:
    """The name as it has to be typed."""
    return word_splitter.quote([name]).decode("utf-8", "surrogateescape")
