"""Large values of which a command changes a few parts that it names: those alone are set aside.

So that a push to a list of a million elements costs as little as one to a list of ten. Below `LARGE`
elements a value is copied whole; there the order of a hash or a set can be seen, and is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fakeredis.model import ExpiringMembersSet, Hash, ZSet

from redislab.engines.embedded import kept

LARGE = 512

_ABSENT = object()
_NAMING: dict[type, frozenset[str]] = {  # every part that they change is a word behind the key
    Hash: frozenset({"HSET", "HMSET", "HSETNX", "HINCRBY", "HINCRBYFLOAT", "HDEL"}),
    ExpiringMembersSet: frozenset({"SADD", "SREM"}),
    ZSet: frozenset({"ZADD", "ZINCRBY", "ZREM"}),
}
_PUSHES = frozenset({"LPUSH", "RPUSH", "LPUSHX", "RPUSHX"})
_POPS = frozenset({"LPOP", "RPOP"})


@dataclass(slots=True)
class Fields:
    """Of a hash, set or sorted set: what the named parts were. All others are as they were."""

    kind: type
    was: dict[bytes, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Ends:
    """Of a list: what is gone from either end, and how many elements are new there."""

    gone_left: list[bytes] = field(default_factory=list)
    gone_right: list[bytes] = field(default_factory=list)
    new_left: int = 0
    new_right: int = 0
    words: list[bytes] | None = None  # of the latest command that was taken into account


Part: TypeAlias = "Fields | Ends"


def begin(value: Any, name: str, words: list[bytes]) -> Part | None:
    """What this command may change of a live value, before it runs; None where that is not known."""
    kind = type(value)
    if kind is list:
        part: Part = Ends()
    elif name in _NAMING.get(kind, ()):
        part = Fields(kind)
    else:
        return None
    return part if len(value) >= LARGE and extend(part, value, name, words) else None


def extend(part: Part, value: Any, name: str, words: list[bytes]) -> bool:
    """Another command is about to run; False if it may change what `part` says nothing of."""
    if isinstance(part, Fields):
        return name in _NAMING[part.kind] and _extend_fields(part, value, words)
    if words is part.words:
        return True
    part.words = words
    if name in _PUSHES:
        count = len(words) - 2
        if name.startswith("L"):
            part.new_left += count
        else:
            part.new_right += count
        return True
    return name in _POPS and len(words) == 2 and _extend_by_pop(part, value or [], name == "LPOP")


def whole(part: Part, value: Any) -> Any:
    """The kept value from before, from the live one (None: it is gone) and what is known of its parts."""
    if isinstance(part, Ends):
        values: list[bytes] = value or []
        middle = values[part.new_left : len(values) - part.new_right]
        return [*part.gone_left, *middle, *part.gone_right]
    full = kept.keep(part.kind() if value is None else value)
    parts = full if part.kind is ZSet else full._values
    for word, was in part.was.items():
        if was is _ABSENT:
            parts.pop(word, None)
        else:
            parts[word] = was
    return full


def is_same(part: Part, value: Any) -> bool:
    """Whether a live value still is what it was."""
    if isinstance(part, Ends):
        return (
            type(value) is list
            and value[: part.new_left] == part.gone_left
            and value[len(value) - part.new_right :] == part.gone_right
        )
    return type(value) is part.kind and not any(differences(part, value))


def differences(part: Fields, value: Any) -> tuple[list[bytes], list[bytes]]:
    """The named parts that the live value has no more, and those that are new or changed."""
    now = _parts(part.kind, value)
    removed = [word for word, was in part.was.items() if was is not _ABSENT and word not in now]
    changed = [word for word, was in part.was.items() if word in now and now[word] != was]
    return removed, changed


def size_bytes(part: Part) -> int:
    """About how much memory it holds."""
    held = part.was if isinstance(part, Fields) else [*part.gone_left, *part.gone_right]
    return 200 + sum(100 + len(word) for word in held)


def _parts(kind: type, value: Any) -> dict[bytes, Any]:
    found: dict[bytes, Any] = value._bylex if kind is ZSet else value._values
    return found


def _extend_fields(part: Fields, value: Any, words: list[bytes]) -> bool:
    if value is not None and type(value) is not part.kind:
        return False
    now = {} if value is None else _parts(part.kind, value)
    was = part.was
    for word in words[2:]:
        if word not in was:
            was[word] = now.get(word, _ABSENT)
    return True


def _extend_by_pop(part: Ends, values: list[bytes], left: bool) -> bool:
    """One element goes; False if that end has none of the old ones left."""
    if not values:
        return True
    if part.new_left if left else part.new_right:
        if left:
            part.new_left -= 1
        else:
            part.new_right -= 1
        return True
    if len(values) <= part.new_left + part.new_right:
        return False
    if left:
        part.gone_left.append(values[0])
    else:
        part.gone_right.insert(0, values[-1])
    return True
