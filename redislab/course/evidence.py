"""What conditions are judged by: the state as another connection sees it, and what was typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from redislab.core.catalogue import Catalogue
from redislab.core.reply import Reply


@dataclass(frozen=True, slots=True)
class Entry:
    """One command that was answered."""

    args: tuple[bytes, ...]
    name: str  # the full name: `CONFIG GET`
    reply: Reply
    client: str = "A"

    def succeeded(self, name: str) -> bool:
        """Whether this is a command of that name, and no error; of a container's name, any subcommand."""
        return not self.reply.is_error and (self.name == name or self.name.startswith(f"{name} "))

    def has_word(self, word: bytes) -> bool:
        """Whether this word, in any case, stands behind the command's name; b"": nothing is asked."""
        return not word or word.upper() in (each.upper() for each in self.args[1:])


@dataclass(slots=True)
class Journal:
    """What ran since the step began. `trips` counts round trips: a pipeline of ten is one."""

    catalogue: Catalogue
    entries: list[Entry] = field(default_factory=list)
    trips: int = 0

    def note(self, args: Sequence[bytes], reply: Reply, *, client: str = "A", trips: int = 1) -> None:
        command = self.catalogue.lookup(args)
        name = command.name if command is not None else args[0].decode("utf-8", "replace").upper()
        self.entries.append(Entry(tuple(args), name, reply, client))
        self.trips += trips

    def calls(self, name: str, option: bytes = b"") -> int:
        """How often a command succeeded, with that word in it; of a container's name, any subcommand."""
        return sum(entry.succeeded(name) and entry.has_word(option) for entry in self.entries)

    def of(self, client: str) -> Journal:
        """What that client alone typed."""
        entries = [entry for entry in self.entries if entry.client == client]
        return Journal(self.catalogue, entries, len(entries))

    def replies_to(self, args: Sequence[bytes]) -> list[Reply]:
        """What this command was answered, each time; its name may be written in any case."""
        return [entry.reply for entry in self.entries if _same(entry.args, args)]

    @property
    def latest(self) -> Reply | None:
        return self.entries[-1].reply if self.entries else None


@dataclass(slots=True)
class Evidence:
    """`ask` puts a question to a connection of the checker's own."""

    ask: Callable[[Sequence[bytes]], Reply]
    journal: Journal


def _same(typed: Sequence[bytes], wanted: Sequence[bytes]) -> bool:
    return len(typed) == len(wanted) and typed[0].upper() == wanted[0].upper() and typed[1:] == wanted[1:]
