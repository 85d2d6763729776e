"""What a command would meet if it were run now: the state of its keys, where that may be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from redislab.app import catalogue
from redislab.core.catalogue import Command
from redislab.core.keys import TYPE_OF_GROUP
from redislab.core.probe import KeyState, Probe
from redislab.core.words import quote
from redislab.repl.desk import Desk

_UNITS = {
    "string": ("byte", "bytes"),
    "list": ("element", "elements"),
    "hash": ("field", "fields"),
    "set": ("member", "members"),
    "zset": ("member", "members"),
    "stream": ("entry", "entries"),
}
_NAMES: dict[str | None, str] = {"zset": "sorted set"}


def ahead(desk: Desk, args: Sequence[bytes]) -> list[str]:
    """A sentence for each key of the line; none where data may not be looked at, or inside MULTI."""
    state = desk.session.link.state
    command = catalogue().lookup(args)
    if not desk.may_look or state.in_multi or command is None:
        return []
    probe = Probe(desk.session.link.engine, catalogue=catalogue())
    probe.enabled = True
    look = probe.look(args, state.wanted_db)
    probe.close()
    return [] if look is None else list(_sentences(command, args, look.states))


def _sentences(command: Command, args: Sequence[bytes], states: Mapping[bytes, KeyState]) -> Iterator[str]:
    replaces = _replaces(command)
    keeps_time = b"KEEPTTL" in [word.upper() for word in args]
    for key, state in states.items():
        text = _description(quote([key]).decode("utf-8", "surrogateescape"), state)
        wanted = TYPE_OF_GROUP.get(command.group)
        if replaces and state.exists:
            lost = " and its time to live" if state.expires and not keeps_time else ""
            yield f"{text} {command.name} replaces it{lost}."
        elif state.exists and wanted not in (None, state.type):
            yield f"{text} {command.name} works on a {_NAMES.get(wanted, wanted)}: it would fail (WRONGTYPE)."
        else:
            yield text


def _replaces(command: Command) -> bool:
    """Whether a key of any type is overwritten, as the key specs say it."""
    return command.name == "SET" or any("OW" in map(str.upper, spec.flags) for spec in command.key_specs)


def _description(name: str, state: KeyState) -> str:
    if not state.exists:
        return f"{name} does not exist."
    size = ""
    if state.length is not None:
        unit = _UNITS.get(state.type, ("item", "items"))[state.length != 1]
        size = f" of {state.length:,} {unit}"
    time = f", and disappears in {state.ttl_ms / 1000:,.0f} s" if state.expires and state.ttl_ms else ""
    return f"{name} is a {_NAMES.get(state.type, state.type)}{size}{time}."
