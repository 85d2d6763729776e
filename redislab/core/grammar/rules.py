"""Where a server reads a line otherwise than its own description of the syntax says.

Rows of data, each seen on Redis 7.0.15: `tests/core/test_grammar_server.py` holds them against one.
"""

from __future__ import annotations

from collections.abc import Mapping

# Arguments that are not optional and yet may stand in any order with the options beside them.
IN_ANY_ORDER: Mapping[str, tuple[str, ...]] = {
    "GEOSEARCH": ("from", "by"),
    "GEOSEARCHSTORE": ("from", "by"),
    "XREADGROUP": ("group_consumer",),
}

# Values that the description calls a string, and that are one of a few words.
WORDS: Mapping[tuple[str, str], str] = {
    ("BITOP", "operation"): "AND OR XOR NOT",
}

_KINDS: Mapping[str, str] = {
    "ZCOUNT min": "score",
    "ZCOUNT max": "score",
}

# Options that a server refuses together, and choices of which it takes several (the last one counts).
_REFUSED: Mapping[str, tuple[frozenset[str], ...]] = {}
_MIXED: Mapping[str, frozenset[str]] = {}


def kind(command: str, path: str) -> str | None:
    """What the value at this place must look like, where the catalogue's type does not say it."""
    return _KINDS.get(f"{command} {path}")


def excludes(command: str, option: str, other: str, *, same_choice: bool) -> bool:
    """Whether `other` may not follow `option`."""
    if any(option in refused and other in refused for refused in _REFUSED.get(command, ())):
        return True
    return same_choice and option != other and option not in _MIXED.get(command, ())
