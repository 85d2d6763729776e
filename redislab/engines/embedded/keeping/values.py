"""A value of any type ↔ bytes. A whole value is written as a change of an empty one, a string as it is.

So that a push to a long list writes one element: what is written of a large value is what changed since
before the command. `before` is a value set aside by `effects`: of a sorted set the scores by member.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fakeredis.model import ExpiringMembersSet, Hash, ZSet
from fakeredis.model import XStream as Stream

from redislab.engines.embedded.keeping import changes, streams
from redislab.engines.embedded.keeping.packing import Malformed, Reader, doubles, integers, strings
from redislab.engines.embedded.partial import Ends, Fields, differences

LEAST_PARTS = 32  # a smaller value is written whole
LEAST_BYTES = 256


@dataclass(frozen=True)
class ValueKind:
    """How values of one type are written. `change` gives None where the whole value says it shorter."""

    number: int
    empty: Callable[[], Any]
    change: Callable[[Any, Any], bytes | None]
    apply: Callable[[Any, Reader], Any]  # gives the value; may change the one that it is given


def whole(value: Any) -> tuple[int, bytes]:
    """The number of a value's kind, and its bytes. Raises Malformed for a value of no known kind."""
    if type(value) is bytes:
        return STRING.number, value
    kind = _BY_TYPE.get(type(value))
    if kind is None:
        raise Malformed(f"a {type(value).__name__} cannot be kept")
    body = kind.change(kind.empty(), value)
    assert body is not None  # nothing is shorter than a change of the empty value
    return kind.number, body


def change(before: Any, value: Any) -> bytes | None:
    """What makes `before` of the same type `value`; None: write the whole value."""
    kind = _BY_TYPE.get(type(value))
    if isinstance(before, Fields) and before.kind is type(value):
        return _named_change(before, value)
    if isinstance(before, Ends) and type(value) is list:
        return _ends_change(before, value)
    if kind is None or not _is_large(value) or type(before) is not (dict if kind is ZSET else type(value)):
        return None
    return kind.change(before, value)


def number_of(value: Any) -> int:
    """The number of a value's kind."""
    return _BY_TYPE[type(value)].number


def read(number: int, reader: Reader, value: Any = None) -> Any:
    """A whole value, or the given one with a change applied. Raises Malformed."""
    kind = KINDS.get(number)
    if kind is None:
        raise Malformed(f"there is no kind of value {number}")
    if value is None:
        if kind is STRING:
            return reader.rest()
        value = kind.empty()
    elif _BY_TYPE.get(type(value)) is not kind:
        raise Malformed("a change of a value of another type")
    value = kind.apply(value, reader)
    reader.done()
    return value


def _is_large(value: Any) -> bool:
    return len(value) >= (LEAST_BYTES if type(value) is bytes else LEAST_PARTS)


# -- parts of large values -----------------------------------------------------------------------


def _named_change(part: Fields, value: Any) -> bytes:
    """As the changes of mappings below: what is gone, what is new or another."""
    removed, changed = differences(part, value)
    named = strings(removed) + strings(changed)
    if part.kind is ZSet:
        return named + doubles([value._bylex[member] for member in changed])
    if part.kind is Hash:
        named += strings([value._values[field] for field in changed])
        return named + _expirations(value._expirations)
    until = {member: at_ms for member, at_ms in value._values.items() if at_ms} if value._may_expire else {}
    return named + _expirations(until)


def _ends_change(part: Ends, value: list[bytes]) -> bytes | None:
    """None where both ends have changed: a record says one place."""
    left, right = (part.gone_left, part.new_left), (part.gone_right, part.new_right)
    if any(left) and any(right):
        return None
    if any(right):
        old = len(value) - part.new_right
        return struct.pack("<II", old, len(part.gone_right)) + strings(value[old:])
    return struct.pack("<II", 0, len(part.gone_left)) + strings(value[: part.new_left])


# -- sequences ----------------------------------------------------------------------------------


def _string_change(before: bytes, value: bytes) -> bytes | None:
    start, removed, end = changes.splice(before, value)
    return None if 2 * (end - start) > len(value) else struct.pack("<QQ", start, removed) + value[start:end]


def _string_apply(value: bytes, reader: Reader) -> bytes:
    start, removed = reader.unpack("<QQ")
    if start + removed > len(value):
        raise Malformed("a change outside of its string")
    return value[:start] + reader.rest() + value[start + removed :]


def _list_change(before: list[bytes], value: list[bytes]) -> bytes | None:
    start, removed, end = changes.splice(before, value)
    if before and 2 * (end - start) > len(value):
        return None
    return struct.pack("<II", start, removed) + strings(value[start:end])


def _list_apply(value: list[bytes], reader: Reader) -> list[bytes]:
    start, removed = reader.unpack("<II")
    if start + removed > len(value):
        raise Malformed("a change outside of its list")
    value[start : start + removed] = reader.strings()
    return value


# -- mappings -----------------------------------------------------------------------------------


def _hash_change(before: Hash, value: Hash) -> bytes | None:
    values = value._values
    found = changes.of_mapping(before._values, values)
    if found is None or _is_mostly(found, before._values, values):
        return None
    removed, changed = found
    return (
        strings(removed)
        + strings(changed)
        + strings([values[field] for field in changed])
        + _expirations(value._expirations)
    )


def _hash_apply(value: Hash, reader: Reader) -> Hash:
    values = value._values
    for field in reader.strings():
        values.pop(field, None)
    values.update(_pairs(reader.strings(), reader.strings()))
    value._expirations = dict(_pairs(reader.strings(), reader.integers()))
    value._expiry_heap = sorted((at_ms, field) for field, at_ms in value._expirations.items())
    return value


def _set_change(before: ExpiringMembersSet, value: ExpiringMembersSet) -> bytes | None:
    members = value._values
    found = changes.of_mapping(before._values, members)
    if found is None or _is_mostly(found, before._values, members):
        return None
    removed, changed = found
    until = {member: at_ms for member, at_ms in members.items() if at_ms} if value._may_expire else {}
    return strings(removed) + strings(changed) + _expirations(until)


def _set_apply(value: ExpiringMembersSet, reader: Reader) -> ExpiringMembersSet:
    members = value._values
    for member in reader.strings():
        members.pop(member, None)
    members.update(dict.fromkeys(reader.strings()))
    until = dict(_pairs(reader.strings(), reader.integers()))
    if until or value._may_expire:
        members.update({member: until.get(member) for member in members})
        value._may_expire = bool(until)
    value._members = None
    return value


def _zset_change(before: dict[bytes, float] | ZSet, value: ZSet) -> bytes | None:
    scores = value._bylex
    known = before._bylex if isinstance(before, ZSet) else before
    found = changes.of_mapping(known, scores)
    if found is None or _is_mostly(found, known, scores):
        return None
    removed, changed = found
    return strings(removed) + strings(changed) + doubles([scores[member] for member in changed])


def _zset_apply(value: ZSet, reader: Reader) -> ZSet:
    removed, members, scores = reader.strings(), reader.strings(), reader.doubles()
    if any(score != score for score in scores):
        raise Malformed("a score that is no number")
    if len(value):
        for member in removed:
            value.discard(member)
        for member, score in _pairs(members, scores):
            value.add(member, score)
    else:
        value._bylex = dict(_pairs(members, scores))
        value._byscore.update((score, member) for member, score in value._bylex.items())
    return value


def _is_mostly(
    found: tuple[Sequence[bytes], Sequence[bytes]], before: Mapping[bytes, Any], after: Mapping[bytes, Any]
) -> bool:
    return bool(before) and 2 * (len(found[0]) + len(found[1])) > len(after)


def _expirations(until_ms: Mapping[bytes, int]) -> bytes:
    return strings(list(until_ms)) + integers(list(until_ms.values()))


def _pairs(keys: Sequence[bytes], values: Sequence[Any]) -> Any:
    if len(keys) != len(values):
        raise Malformed("keys and values that are not as many")
    return zip(keys, values, strict=True)


def _empty_string() -> bytes:
    return b""


STRING = ValueKind(1, _empty_string, _string_change, _string_apply)
LIST: ValueKind = ValueKind(2, list, _list_change, _list_apply)
SET = ValueKind(3, ExpiringMembersSet, _set_change, _set_apply)
HASH = ValueKind(4, Hash, _hash_change, _hash_apply)
ZSET = ValueKind(5, ZSet, _zset_change, _zset_apply)
STREAM = ValueKind(6, Stream, streams.change, streams.apply)
KINDS = {kind.number: kind for kind in (STRING, LIST, SET, HASH, ZSET, STREAM)}
_BY_TYPE: Mapping[type, ValueKind] = {
    bytes: STRING,
    list: LIST,
    ExpiringMembersSet: SET,
    Hash: HASH,
    ZSet: ZSET,
    Stream: STREAM,
}
