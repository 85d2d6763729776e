"""All that a lab holds, as plain values that can be compared; read apart from the code under test."""

from __future__ import annotations

from typing import Any

from redislab.engines.embedded import upstream

upstream.load()

from fakeredis.model import ExpiringMembersSet, Hash, XStream, ZSet  # noqa: E402

from redislab.engines.embedded.database import LabDatabase  # noqa: E402
from redislab.engines.embedded.lab import Lab  # noqa: E402

Picture = dict[tuple[int, bytes], tuple[Any, ...]]


def picture(lab: Lab, *, ordered: bool = True) -> Picture:
    """Every key: type, value, when it expires, how a string was made.

    That a collection is large is found out by whoever asks; it is no part of the picture.
    """
    return {
        (number, key): (
            *value_picture(item.value, ordered=ordered),
            item.expireat,
            _made(db, key, item),
        )
        for number, db in list(lab.dbs.items())
        for key, item in db._dict.items()
    }


def _made(db: LabDatabase, key: bytes, item: Any) -> bytes | None:
    return db.encoding(key, item.value) if isinstance(item.value, bytes) else None


def value_picture(value: Any, *, ordered: bool = True) -> tuple[Any, ...]:
    """`ordered`: the order of a hash's fields and a set's members counts too."""
    if isinstance(value, bytes | list):
        return type(value), bytes(value) if isinstance(value, bytes) else tuple(value)
    if isinstance(value, Hash | ExpiringMembersSet):
        parts = value._values.items()
        return type(value), tuple(parts) if ordered else tuple(sorted(parts, key=repr))
    if isinstance(value, ZSet):
        return ZSet, tuple(value._byscore), tuple(sorted(value._bylex.items()))
    assert isinstance(value, XStream), value
    entries = tuple((key, tuple(fields)) for key, fields in value._values_dict.items())
    groups = tuple(_group_picture(group) for group in value._groups.values())
    return (
        *(XStream, tuple(value._ids), entries, groups),
        *(value._last_id, value._max_deleted_id, value._entries_added, tuple(map(repr, value._nodes))),
    )


def _group_picture(group: Any) -> tuple[Any, ...]:
    consumers = tuple((name, repr(consumer)) for name, consumer in group.consumers.items())
    return (
        *(group.name, group.last_delivered_key, group.entries_read),
        *(consumers, tuple(sorted(group.pel.items()))),
    )
