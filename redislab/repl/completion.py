"""What Tab offers in the shell: what may be typed next, and the shell's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from redislab.assist.knowledge import Knowledge
from redislab.assist.offers import MOST_CHARACTERS, Beginning, Offer, offers, starting
from redislab.core.safe import is_harmless
from redislab.repl.commands import COMMANDS
from redislab.repl.settings import TABLE

META_CHARACTERS = 60


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
        line = Beginning.of(before)
        for offer in self._offers(line):
            yield Completion(
                offer.after(line.raw),
                start_position=-len(line.raw),
                display=_visible(offer.word),
                display_meta=_short(offer.about),
            )

    def _offers(self, line: Beginning) -> Iterator[Offer]:
        if not line.typed and line.first.startswith(":"):
            about = {**{name: command.help for name, command in COMMANDS.items()}, **self._of_lesson()}
            yield from starting(line.text, [Offer(name, what) for name, what in about.items()])
        elif line.typed and line.first in (":explain", ":python"):
            yield from self._offers(replace(line, typed=line.typed[1:]))
        elif line.typed and line.first.startswith(":"):
            yield from _after_ours(line.first, line.typed[1:], line.text)
        else:
            yield from offers(self._here, line)


def _after_ours(name: str, typed: list[bytes], begun: str) -> Iterator[Offer]:
    if name != ":set" or len(typed) > 1:
        return
    if not typed:
        yield from starting(begun, [Offer(setting.name, setting.help) for setting in TABLE])
        return
    chosen = typed[0].decode("utf-8", "surrogateescape")
    values = [value for each in TABLE if each.name == chosen for value in each.values.split("|")]
    yield from starting(begun, [Offer(value) for value in values if value.islower()])


def _visible(text: str) -> str:
    return "".join(letter if is_harmless(letter) else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _short(text: str) -> str:
    text = _visible(text)
    return text if len(text) <= META_CHARACTERS else f"{text[: META_CHARACTERS - 1]}…"
