"""Which words of a command are keys or channels, and what is done to the keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from redislab.core import keys
from redislab.core.catalogue import Command, KeySpec

_UNKNOWN_KEYS = "SORT", "SORT_RO"


def specs_used(command: Command, words: Sequence[bytes]) -> list[tuple[int, KeySpec]]:
    """Places of keys, each with the spec that found it."""
    if command.name in _UNKNOWN_KEYS:
        places = keys.key_positions(command, words)
        store = replace(command.key_specs[0], flags=frozenset({"OW", "update"}))
        return [(place, command.key_specs[0] if place == 1 else store) for place in places]
    return [
        (place, _as_used(command, spec, words))
        for spec in command.key_specs
        if "not_key" not in spec.flags
        for place in keys.key_positions(replace(command, key_specs=(spec,)), words)
    ]


def keys_used(command: Command, words: Sequence[bytes]) -> list[tuple[int, frozenset[str]]]:
    """Places of keys, each with what is done to it: `access`, `insert`, `update`, `delete`."""
    if not command.key_specs:
        return []
    return [(place, spec.flags) for place, spec in specs_used(command, words)]


def _as_used(command: Command, spec: KeySpec, words: Sequence[bytes]) -> KeySpec:
    """SET reads the key only with GET."""
    if command.name == "SET" and not any(word.upper() == b"GET" for word in words[3:]):
        return replace(spec, flags=frozenset({"OW", "update"}))
    return replace(spec, flags=spec.flags - {"variable_flags"})


def channels_used(name: str, words: Sequence[bytes]) -> list[tuple[int, bool]]:
    """Places of channels that are listened to or written to; whether they are patterns."""
    if name in ("PUBLISH", "SPUBLISH"):
        return [(1, False)]
    if name in ("SUBSCRIBE", "SSUBSCRIBE", "PSUBSCRIBE"):
        return [(place, name == "PSUBSCRIBE") for place in range(1, len(words))]
    return []
