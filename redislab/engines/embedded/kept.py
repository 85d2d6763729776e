"""Values set aside: copies that no later command reaches, made at C's speed whatever their size.

A kept value is what a live one is (bytes, list, Hash, ExpiringMembersSet, XStream), but for sorted
sets: of those the scores by member are kept, the order by score is built anew when they come back.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from fakeredis.model import ExpiringMembersSet, Hash, XStream, ZSet

SAMPLED = 32  # elements that stand for all where the size is estimated


def keep(value: Any) -> Any:
    """A copy of a live value. Strings are never changed in place: they are their own copy."""
    kind = type(value)
    if kind is bytes:
        return value
    if kind is list:
        return value.copy()
    work = _KEEP.get(kind)
    return work(value) if work is not None else copy.deepcopy(value)


def revive(kept: Any) -> Any:
    """A live value, equal to the one that was kept; `kept` itself stays untouched."""
    if type(kept) is not dict:
        return keep(kept)
    value = ZSet()
    value._bylex = kept.copy()
    value._byscore.update((score, member) for member, score in kept.items())
    return value


def is_same(kept: Any, value: Any) -> bool:
    """Whether a live value still is what was kept, the order of its parts included."""
    kind = type(value)
    if kind is ZSet:
        return type(kept) is dict and bool(kept == value._bylex)
    if type(kept) is not kind:
        return False
    if kind is Hash:
        return _same_order(kept._values, value._values) and bool(kept._expirations == value._expirations)
    if kind is ExpiringMembersSet:
        return _same_order(kept._values, value._values)
    if kind is XStream:
        return _same_stream(kept, value)
    return bool(kept == value)


def mend(value: Any) -> None:
    """Make the parts of a value fit each other again, where a change was interrupted between two of them.

    Parts of the same length may still differ: one entry went as another came.
    """
    if type(value) is ZSet:
        value._byscore.clear()
        value._byscore.update((score, member) for member, score in value._bylex.items())
    elif type(value) is XStream:
        value._ids[:] = [key for key in value._ids if key in value._values_dict]
        known = set(value._ids)
        value._values_dict = {key: entry for key, entry in value._values_dict.items() if key in known}


def size_bytes(kept: Any) -> int:
    """About how much memory a value holds, kept or live, from a sample of its parts."""
    kind = type(kept)
    if kind is ZSet:
        kept, kind = kept._bylex, dict
    if kind is bytes:
        return sys.getsizeof(kept)
    if kind is list:
        return sys.getsizeof(kept) + _total(len(kept), kept)
    if kind is XStream:
        entries = sum(map(len, kept._groups)) + sum(len(group.pel) for group in kept._groups.values()) * 200
        return entries + _total(len(kept._ids), kept._values_dict.values()) * 2
    parts = kept if kind is dict else getattr(kept, "_values", None)
    if not isinstance(parts, dict):
        return sys.getsizeof(kept)
    return sys.getsizeof(parts) + _total(len(parts), parts) + _total(len(parts), parts.values())


def _total(count: int, parts: Iterable[Any]) -> int:
    sample = [_size(part) for part in islice(parts, SAMPLED)]
    return count * sum(sample) // len(sample) if sample else 0


def _size(part: Any) -> int:
    return sys.getsizeof(part) + (sum(map(sys.getsizeof, part)) if isinstance(part, list) else 0)


# -- by type ------------------------------------------------------------------------------------


def _keep_hash(value: Hash) -> Hash:
    kept = Hash()
    kept._values = value._values.copy()
    kept._expirations = value._expirations.copy()
    kept._expiry_heap = value._expiry_heap.copy()
    return kept


def _keep_set(value: ExpiringMembersSet) -> ExpiringMembersSet:
    kept = ExpiringMembersSet()  # given the members, it would look through them
    kept._values = value._values.copy()
    kept._may_expire = value._may_expire
    return kept


def _keep_zset(value: ZSet) -> dict[bytes, float]:
    return value._bylex.copy()


def _keep_stream(value: XStream) -> XStream:
    kept = copy.copy(value)
    kept._ids = value._ids.copy()
    kept._values_dict = value._values_dict.copy()  # the lists in it are never changed
    kept._nodes = [copy.copy(node) for node in value._nodes]
    kept._idmp_map = {producer: ids.copy() for producer, ids in value._idmp_map.items()}
    kept._groups = {name: _keep_group(group, kept) for name, group in value._groups.items()}
    return kept


def _keep_group(group: Any, stream: XStream) -> Any:
    kept = copy.copy(group)
    kept.stream = stream
    kept.consumers = {name: copy.copy(consumer) for name, consumer in group.consumers.items()}
    kept.pel = group.pel.copy()
    return kept


_KEEP: dict[type, Callable[[Any], Any]] = {
    Hash: _keep_hash,
    ExpiringMembersSet: _keep_set,
    ZSet: _keep_zset,
    XStream: _keep_stream,
}


def _same_order(one: Mapping[bytes, Any], other: Mapping[bytes, Any]) -> bool:
    return one == other and list(one) == list(other)


def _same_stream(one: XStream, other: XStream) -> bool:
    """`_nodes` follow from the entries and what was deleted of them."""
    plain = ("_ids", "_values_dict", "_last_id", "_max_deleted_id", "_entries_added", "_nodes")
    if any(getattr(one, name) != getattr(other, name) for name in plain):
        return False
    return list(one._groups) == list(other._groups) and all(
        _same_group(group, other._groups[name]) for name, group in one._groups.items()
    )


def _same_group(one: Any, other: Any) -> bool:
    parts = ("last_delivered_key", "entries_read", "consumers", "pel")
    return all(getattr(one, name) == getattr(other, name) for name in parts)
