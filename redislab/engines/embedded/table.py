"""The commands of Redis 7.0 as a server looks them up: from our catalogue, with the server's error texts.

What fakeredis has and Redis 7.0 has not (newer commands, modules) is not in the table. What Redis 7.0
has and nothing here can do answers that it cannot be done here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from redislab.core.catalogue import Catalogue, Command
from redislab.engines.embedded.results import Fail

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client

Handler: TypeAlias = "Callable[[Client, list[bytes]], Any]"  # gets all words, the name too; returns a result

# Beside what writes; Redis hides this flag, so it is not in the catalogue.
_TOLD_TO_REPLICAS = frozenset({"PFCOUNT", "PUBLISH", "SPUBLISH"})
# They look at a key from outside: it is not in use by that.
_LOOK_FROM_OUTSIDE = (
    *("EXISTS", "TYPE", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "SCAN", "KEYS", "RANDOMKEY", "WATCH"),
    *("OBJECT ", "MEMORY ", "DEBUG"),
)

SHOWN_BYTES = 128  # of a name, and of all arguments together, in `unknown command`


class Entry:
    """One command, or one subcommand of a container."""

    __slots__ = (
        "arity",
        "command",
        "flags",
        "full_name",
        "handler",
        "is_told_to_replicas",
        "may_write",
        "name",
        "notes_use",
        "runs_script",
        "writes",
    )

    def __init__(self, command: Command, handler: Handler) -> None:
        self.command = command
        self.name = command.name
        self.full_name = command.name.lower().replace(" ", "|")  # as errors name it
        self.arity = command.arity
        self.flags = command.flags
        self.writes = "write" in command.flags
        self.runs_script = command.name.startswith(("EVAL", "FCALL"))
        self.may_write = self.writes or (self.runs_script and not command.name.endswith("_RO"))
        self.is_told_to_replicas = self.writes or command.name in _TOLD_TO_REPLICAS
        self.notes_use = not command.name.startswith(_LOOK_FROM_OUTSIDE)
        self.handler = handler

    def takes(self, words: int) -> bool:
        return words == self.arity if self.arity > 0 else words >= -self.arity

    def wrong_arity(self) -> Fail:
        return Fail(f"ERR wrong number of arguments for '{self.full_name}' command")


class Table:
    """Looks a command up by its words, in any case."""

    def __init__(self, catalogue: Catalogue, handlers: Mapping[str, Handler]) -> None:
        self.catalogue = catalogue
        self._plain: dict[bytes, Entry] = {}
        self._containers: dict[bytes, dict[bytes, Entry]] = {}
        for name in catalogue.names():
            command = catalogue.get(name)
            assert command is not None
            entry = Entry(command, handlers.get(name) or cannot(name))
            container, space, sub = name.encode().partition(b" ")
            if space:
                self._containers.setdefault(container, {})[sub] = entry
            else:
                self._plain[container] = entry
        for word in list(self._plain):
            if word not in self._containers:
                self._plain[word.lower()] = self._plain[word]  # the two usual spellings cost one look

    def find(self, words: Sequence[bytes]) -> Entry:
        """The entry. Raises Fail: no such command or subcommand, wrong number of arguments."""
        entry = self.look_up(words)
        self.check_arity(entry, words)
        return entry

    def check_arity(self, entry: Entry, words: Sequence[bytes]) -> None:
        """Raises Fail."""
        if not entry.takes(len(words)):
            raise entry.wrong_arity()

    def look_up(self, words: Sequence[bytes]) -> Entry:
        """The entry, however many words there are. Raises Fail: no such command or subcommand."""
        first = words[0]
        entry = self._plain.get(first)
        if entry is None or first in self._containers:
            name = first.upper()
            entry = self._plain.get(name)
            if entry is None:
                raise unknown(words)
            subcommands = self._containers.get(name)
            if subcommands is not None and len(words) > 1:
                entry = subcommands.get(words[1].upper())
                if entry is None:
                    raise unknown_subcommand(words)
        return entry

    def entries(self) -> dict[str, Entry]:
        """Every command without subcommands' parents expanded: first words only, by upper-case name."""
        return {key.decode(): entry for key, entry in self._plain.items() if key.isupper()}


def unknown(words: Sequence[bytes]) -> Fail:
    """Redis's text: the words as typed, up to 128 bytes of them, each up to its first NUL."""
    shown = b""
    for word in words[1:]:
        if len(shown) >= SHOWN_BYTES:
            break
        shown += b"'%b' " % _c_string(word)[: SHOWN_BYTES - len(shown)]
    name = _c_string(words[0])[:SHOWN_BYTES]
    return Fail(b"ERR unknown command '%b', with args beginning with: %b" % (name, shown))


def unknown_subcommand(words: Sequence[bytes]) -> Fail:
    shown = _c_string(words[1])[:SHOWN_BYTES]
    return Fail(b"ERR unknown subcommand '%b'. Try %b HELP." % (shown, words[0].upper()))


def cannot(name: str) -> Handler:
    """A command that Redis 7.0 has and this engine has not."""

    def refuse(client: Client, args: list[bytes]) -> Any:
        raise Fail(f"ERR redislab's built-in engine has no {name}; `redislab repl --engine server` has")

    return refuse


def _c_string(word: bytes) -> bytes:
    return word.split(b"\0", 1)[0]
