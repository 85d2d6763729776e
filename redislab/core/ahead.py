"""What a command would meet if it were run now: the state of its keys, and what its cost comes to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from redislab.core.catalogue import Command
from redislab.core.costs import actual_cost, unit
from redislab.core.keys import TYPE_OF_GROUP, key_positions, overwritten_positions
from redislab.core.probe import KeyState, Look
from redislab.core.words import quote

_ANY = ("string", "list", "hash", "set", "zset", "stream")
# Types that a command takes, where its group does not say it.
_TAKES_OTHERS: Mapping[str, Collection[str]] = {
    **dict.fromkeys(("MGET", "SETNX", "MSETNX"), _ANY),
    **dict.fromkeys(("ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD"), ("zset", "set")),
    **dict.fromkeys(("ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"), ("zset", "set")),
    **dict.fromkeys(("SORT", "SORT_RO"), ("list", "set", "zset")),
}
_MOVES = frozenset({"LMOVE", "BLMOVE", "RPOPLPUSH", "BRPOPLPUSH", "SMOVE"})
_NAMES: dict[str | None, str] = {"zset": "sorted set"}


@dataclass(frozen=True, slots=True)
class Ahead:
    """A sentence for each key of the line, and one about the cost; empty where nothing was looked at."""

    sentences: tuple[str, ...] = ()
    cost: str = ""


NOTHING = Ahead()


def ahead(command: Command | None, args: Sequence[bytes], look: Look | None) -> Ahead:
    """What there is to say about running these words on what a probe has seen."""
    if command is None or look is None:
        return NOTHING
    return Ahead(tuple(_sentences(command, args, look.states)), actual_cost(command, args, look))


def _sentences(command: Command, args: Sequence[bytes], states: Mapping[bytes, KeyState]) -> Iterator[str]:
    refused = {key for key, state in states.items() if state.exists and not _takes(command, args, state)}
    replaced = _replaced(command, args)
    refused -= replaced
    if command.name in _MOVES and any(not state.exists for state in list(states.values())[:1]):
        refused.clear()  # there is nothing to move: the destination is not looked at
    keeps_time = _has(args, b"KEEPTTL")
    for key, state in states.items():
        text = _description(quote([key]).decode("utf-8", "surrogateescape"), state)
        if key in refused:
            wanted = TYPE_OF_GROUP.get(command.group)
            works_on = f"a {_NAMES.get(wanted, wanted)}" if wanted else "other types"
            yield f"{text} {command.name} works on {works_on}: it would fail (WRONGTYPE)."
        elif key in replaced and state.exists and not refused:
            lost = " and its time to live" if state.expires and not keeps_time else ""
            yield f"{text} {command.name} replaces it{lost}."
        else:
            yield text


def _replaced(command: Command, args: Sequence[bytes]) -> set[bytes]:
    """Keys whose values are replaced unseen; not those that the command reads as well."""
    if command.name == "SET" and _has(args, b"GET"):
        return set()
    places = overwritten_positions(command, args)
    read = {args[place] for place in key_positions(command, args) if place not in places}
    return {args[place] for place in places} - read


def _takes(command: Command, args: Sequence[bytes], state: KeyState) -> bool:
    """Whether the command works on a value of this type."""
    if command.name in _TAKES_OTHERS:
        return state.type in _TAKES_OTHERS[command.name]
    wanted = TYPE_OF_GROUP.get(command.group)
    if command.name == "SET" and not _has(args, b"GET"):
        return True
    return wanted is None or wanted == state.type


def _has(args: Sequence[bytes], option: bytes) -> bool:
    return option in [word.upper() for word in args[2:]]


def _description(name: str, state: KeyState) -> str:
    if not state.exists:
        return f"{name} does not exist."
    size = f" of {state.length:,} {unit(state.type, state.length)}" if state.length is not None else ""
    time = f", and disappears in {state.ttl_ms / 1000:,.0f} s" if state.expires and state.ttl_ms else ""
    return f"{name} is a {_NAMES.get(state.type, state.type)}{size}{time}."
