"""What Tab offers: commands, subcommands, HELP's topics, the shell's own words. Asks no server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from redislab.core.catalogue import Catalogue
from redislab.core.syntax import syntax_text
from redislab.repl.commands import COMMANDS
from redislab.repl.settings import TABLE

META_CHARACTERS = 50
Offer = tuple[str, str]  # what may stand here, and a few words about it


class ShellCompleter(Completer):
    """Completes the word before the cursor, in the case in which it was begun."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        self._catalogue = catalogue

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Nothing unasked for an empty line: its menu would hide what stands above."""
        before = document.current_line_before_cursor.lstrip()
        if not before and not complete_event.completion_requested:
            return
        typed, _, begun = before.rpartition(" ")
        for word, about in self._offers(typed.split(), begun):
            yield Completion(
                _in_case_of(begun, word), start_position=-len(begun), display=word, display_meta=_short(about)
            )

    def _offers(self, typed: list[str], begun: str) -> Iterator[Offer]:
        if typed and typed[0].isdigit():  # 5 PING
            typed = typed[1:]
        if not typed and begun.startswith(":"):
            yield from _starting(begun, [(name, command.help) for name, command in COMMANDS.items()])
        elif not typed:
            yield from self._commands(begun)
        elif typed[0].startswith(":"):
            yield from self._after_ours(typed, begun)
        elif typed[0].lower() in ("help", "?"):
            yield from self._topics(typed[1:], begun)
        elif len(typed) == 1:
            yield from self._commands(f"{typed[0]} {begun}")

    def _commands(self, begun: str) -> Iterator[Offer]:
        catalogue = self._catalogue()
        for name in catalogue.starting(begun):
            command = catalogue.get(name)
            assert command is not None
            if command.internal:
                continue
            about = (
                f"{len(command.subcommands)} subcommands" if command.is_container else syntax_text(command)
            )
            yield name.rpartition(" ")[2], about

    def _topics(self, typed: list[str], begun: str) -> Iterator[Offer]:
        if not typed:
            groups = [(f"@{group}", "all commands of this group") for group in self._catalogue().groups()]
            yield from _starting(begun, groups if begun.startswith("@") else [])
        yield from self._commands(" ".join([*typed, begun])) if len(typed) < 2 else ()

    def _after_ours(self, typed: list[str], begun: str) -> Iterator[Offer]:
        if typed[0] != ":set":
            return
        if len(typed) == 1:
            yield from _starting(begun, [(setting.name, setting.help) for setting in TABLE])
        elif len(typed) == 2:
            values = [value for each in TABLE if each.name == typed[1] for value in each.values.split("|")]
            yield from _starting(begun, [(value, "") for value in values if value.islower()])


def _starting(begun: str, offers: list[Offer]) -> Iterator[Offer]:
    return (offer for offer in offers if offer[0].startswith(begun.lower()))


def _in_case_of(begun: str, word: str) -> str:
    return word.lower() if begun.islower() else word


def _short(text: str) -> str:
    return text if len(text) <= META_CHARACTERS else f"{text[: META_CHARACTERS - 1]}…"
