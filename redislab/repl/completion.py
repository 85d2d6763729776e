"""What Tab offers: commands, the options still possible, names that exist, the shell's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from redislab.core import words as word_splitter
from redislab.core.catalogue import Command
from redislab.core.explanations import SERVER_SAYS, explanation, sentence
from redislab.core.grammar import Expected, match
from redislab.core.keys import TYPE_OF_GROUP, key_positions
from redislab.core.line import split_prefix
from redislab.core.safe import is_harmless
from redislab.core.syntax import syntax_text
from redislab.repl.commands import COMMANDS
from redislab.repl.finder import Finder
from redislab.repl.knowledge import Knowledge
from redislab.repl.settings import TABLE

META_CHARACTERS = 60
MOST_CHARACTERS = 2_000  # of a line; a longer one is data being pasted


@dataclass(frozen=True)
class Offer:
    """A word that may stand here, and a few words about it."""

    word: str
    about: str = ""
    is_name: bool = False  # it exists on the server, and is written as it is there


class ShellCompleter(Completer):
    """Completes the word before the cursor. `here` looks at nothing where that is not allowed.

    `of_lesson`: the words that the open lesson answers to, and what they do.
    """

    def __init__(self, here: Knowledge, of_lesson: Callable[[], Mapping[str, str]] = dict) -> None:
        self._here = here
        self._of_lesson = of_lesson

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Nothing unasked for an empty line: its menu would hide what stands above."""
        before = document.current_line_before_cursor
        if len(before) > MOST_CHARACTERS or not (before.strip() or complete_event.completion_requested):
            return
        _, data = split_prefix(before.encode("utf-8", "surrogateescape"))
        found, _ = word_splitter.scan(data)
        begun = found[-1] if found and found[-1].end == len(data) else None
        typed = [word.value for word in (found[:-1] if begun else found)]
        start = begun.start if begun else len(data)
        raw = data[start:].decode("utf-8", "surrogateescape")
        value = begun.value if begun else b""
        for offer in self._offers(typed, value):
            text = offer.word if offer.is_name else _in_case_of(raw, offer.word)
            yield Completion(
                text,
                start_position=-len(raw),
                display=_visible(offer.word),
                display_meta=_short(offer.about),
            )

    def _offers(self, typed: list[bytes], begun: bytes) -> Iterator[Offer]:
        if typed and typed[0].isdigit():  # 5 PING
            typed = typed[1:]
        text = begun.decode("utf-8", "surrogateescape")
        first = typed[0].decode("utf-8", "surrogateescape").lower() if typed else text
        if not typed and first.startswith(":"):
            about = {**{name: command.help for name, command in COMMANDS.items()}, **self._of_lesson()}
            yield from _starting(text, [Offer(name, what) for name, what in about.items()])
        elif not typed:
            yield from _names(self._here, text)
        elif first in (":explain", ":python"):
            yield from self._offers(typed[1:], begun)
        elif first.startswith(":"):
            yield from _after_ours(first, typed[1:], text)
        elif first in ("help", "?"):
            yield from _topics(self._here, typed[1:], text)
        else:
            yield from self._words(typed, begun)

    def _words(self, typed: list[bytes], begun: bytes) -> Iterator[Offer]:
        """What the grammar allows after these words: options first, then names that exist."""
        self._here.learn(typed)
        found = match(self._here.reading_words(typed), typed)
        if found.command is None or found.wrong is not None:
            return
        if found.command.is_container:
            prefix = b" ".join([typed[0], begun]).decode("utf-8", "surrogateescape")
            yield from _names(self._here, prefix)
            return
        wanted = begun.upper().decode("latin-1")
        for each in found.following:
            if each.is_token and each.text.startswith(wanted):
                yield Offer(each.text, sentence(found.command, each.argument) if each.argument else "")
        finder = self._here.finder()
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
        yield from _starting(begun, groups)
    elif len(typed) < 2:
        words = [word.decode("utf-8", "surrogateescape") for word in typed]
        yield from _names(here, " ".join([*words, begun]))


def _after_ours(name: str, typed: list[bytes], begun: str) -> Iterator[Offer]:
    if name != ":set" or len(typed) > 1:
        return
    if not typed:
        yield from _starting(begun, [Offer(setting.name, setting.help) for setting in TABLE])
        return
    chosen = typed[0].decode("utf-8", "surrogateescape")
    values = [value for each in TABLE if each.name == chosen for value in each.values.split("|")]
    yield from _starting(begun, [Offer(value) for value in values if value.islower()])


def _starting(begun: str, offers: Iterable[Offer]) -> Iterator[Offer]:
    return (offer for offer in offers if offer.word.startswith(begun.lower()))


def _quoted(name: bytes) -> str:
    """The name as it has to be typed."""
    return word_splitter.quote([name]).decode("utf-8", "surrogateescape")


def _visible(text: str) -> str:
    return "".join(letter if is_harmless(letter) else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _in_case_of(begun: str, word: str) -> str:
    return word.lower() if begun.islower() else word


def _short(text: str) -> str:
    text = _visible(text)
    return text if len(text) <= META_CHARACTERS else f"{text[: META_CHARACTERS - 1]}…"
