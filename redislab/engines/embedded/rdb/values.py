"""A value → the body of a dump, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, TypeVar

from fakeredis.model import ExpiringMembersSet, Hash, XStream, ZSet

from redislab.engines.embedded.rdb import packs, streams
from redislab.engines.embedded.rdb.codec import BadData, Reader, Writer

STRING, LIST, SET, OLD_ZSET, HASH, ZSET = range(6)
LIST_ZIPLIST, SET_INTSET, ZSET_ZIPLIST, HASH_ZIPLIST, LIST_QUICKLIST = range(10, 15)
STREAM_1, HASH_LISTPACK, ZSET_LISTPACK, LIST_QUICKLIST_2, STREAM_2 = range(15, 20)
T = TypeVar("T", ExpiringMembersSet, Hash, ZSet)

_NODE_PLAIN, _NODE_PACKED = 1, 2  # of a list


def dumped(value: Any) -> bytes:
    """The type and the value, without version and checksum."""
    out = Writer()
    if isinstance(value, bytes):
        out.byte(STRING)
        out.string(value)
    elif isinstance(value, list):
        out.byte(LIST)
        _strings(out, len(value), value)
    elif isinstance(value, ExpiringMembersSet):
        members = list(value._values)
        out.byte(SET)
        _strings(out, len(members), members)
    elif isinstance(value, Hash):
        pairs = list(value.items())
        out.byte(HASH)
        _strings(out, len(pairs), list(chain.from_iterable(pairs)))
    elif isinstance(value, ZSet):
        out.byte(ZSET)
        out.length(len(value))
        for score, member in value.islice_score(0, len(value), reverse=True):
            out.string(member)
            out.double(score)
    else:
        out.byte(STREAM_2)
        streams.write(out, value)
    return out.content()


def _strings(out: Writer, count: int, values: Sequence[bytes]) -> None:
    out.length(count)
    for value in values:
        out.string(value)


def restored(body: bytes) -> Any:
    """The value. Raises BadData."""
    reader = Reader(body)
    read = _READ.get(reader.byte())
    if read is None:
        raise BadData
    value = read(reader)
    if reader.left or not (value or isinstance(value, bytes)):
        raise BadData
    return value


# -- by type ------------------------------------------------------------------------------------


def _list(reader: Reader) -> list[bytes]:
    return [reader.string() for _ in range(reader.count())]


def _set(reader: Reader) -> ExpiringMembersSet:
    return _as_set(_list(reader))


def _hash(reader: Reader) -> Hash:
    return _as_hash([reader.string() for _ in range(2 * reader.count(2))])


def _zset(score: Callable[[Reader], float]) -> Callable[[Reader], ZSet]:
    def read(reader: Reader) -> ZSet:
        return _as_zset([(reader.string(), score(reader)) for _ in range(reader.count(2))])

    return read


def _packed(
    unpack: Callable[[bytes], list[bytes]], make: Callable[[list[bytes]], Any]
) -> Callable[[Reader], Any]:
    return lambda reader: make(unpack(reader.string()))


def _quicklist(reader: Reader) -> list[bytes]:
    """Nodes, each a ziplist."""
    return [value for _ in range(reader.count()) for value in _some(packs.from_ziplist(reader.string()))]


def _quicklist_2(reader: Reader) -> list[bytes]:
    """Nodes, each a listpack or one large element."""
    values: list[bytes] = []
    for _ in range(reader.count(2)):
        kind = reader.length()
        if kind not in (_NODE_PLAIN, _NODE_PACKED):
            raise BadData
        node = reader.string()
        values += [node] if kind == _NODE_PLAIN else _some(packs.from_listpack(node))
    return values


def _some(values: list[bytes]) -> list[bytes]:
    if not values:
        raise BadData
    return values


def _as_set(members: list[bytes]) -> ExpiringMembersSet:
    value = ExpiringMembersSet()
    value.update(members)
    return _whole(value, len(members))


def _as_hash(sides: list[bytes]) -> Hash:
    if len(sides) % 2:
        raise BadData
    value = Hash()
    value.update(dict(zip(sides[0::2], sides[1::2], strict=True)), clear_expiration=True)
    return _whole(value, len(sides) // 2)


def _as_zset(pairs: list[tuple[bytes, float]]) -> ZSet:
    value = ZSet()
    for member, score in pairs:
        if math.isnan(score):
            raise BadData
        value.add(member, score + 0.0)
    return _whole(value, len(pairs))


def _as_packed_zset(sides: list[bytes]) -> ZSet:
    if len(sides) % 2:
        raise BadData
    try:
        scores = [float(score) for score in sides[1::2]]
    except ValueError:
        raise BadData from None
    return _as_zset(list(zip(sides[0::2], scores, strict=True)))


def _whole(value: T, count: int) -> T:
    """The value, if none of its parts came twice."""
    if len(value) != count:
        raise BadData
    return value


def _stream(version: int) -> Callable[[Reader], XStream]:
    return lambda reader: streams.read(reader, version)


_READ: dict[int, Callable[[Reader], Any]] = {
    STRING: Reader.string,
    LIST: _list,
    SET: _set,
    OLD_ZSET: _zset(Reader.old_double),
    HASH: _hash,
    ZSET: _zset(Reader.double),
    LIST_ZIPLIST: _packed(packs.from_ziplist, list),
    SET_INTSET: _packed(packs.from_intset, _as_set),
    ZSET_ZIPLIST: _packed(packs.from_ziplist, _as_packed_zset),
    HASH_ZIPLIST: _packed(packs.from_ziplist, _as_hash),
    LIST_QUICKLIST: _quicklist,
    STREAM_1: _stream(1),
    HASH_LISTPACK: _packed(packs.from_listpack, _as_hash),
    ZSET_LISTPACK: _packed(packs.from_listpack, _as_packed_zset),
    LIST_QUICKLIST_2: _quicklist_2,
    STREAM_2: _stream(2),
}
