"""GEO. Ours: upstream loses digits of places and distances, keeps no scores, and has no BYBOX."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from fakeredis.model import ZSet

from redislab.core.reply import Kind, Reply
from redislab.engines.embedded import geometry, longdouble
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.commands.zsets import pairs, store, zadd
from redislab.engines.embedded.geometry import Place
from redislab.engines.embedded.numbers import as_float, floating, integer
from redislab.engines.embedded.results import NIL_ARRAY, Fail

UNITS_M = {b"m": 1.0, b"km": 1000.0, b"ft": 0.3048, b"mi": 1609.34}
NO_MEMBER = b"ERR could not decode requested zset member"


def _unit_m(word: bytes) -> float:
    unit = UNITS_M.get(word.lower())
    if unit is None:
        raise Fail(b"ERR unsupported unit provided. please use M, KM, FT, MI")
    return unit


def _place(longitude: bytes, latitude: bytes) -> Place:
    place = floating(longitude), floating(latitude)
    inside = (
        geometry.LONGITUDE[0] <= place[0] <= geometry.LONGITUDE[1]
        and geometry.LATITUDE[0] <= place[1] <= geometry.LATITUDE[1]
    )
    if not inside:
        raise Fail(f"ERR invalid longitude,latitude pair {place[0]:.6f},{place[1]:.6f}")
    return place


@handles("GEOADD")
def geoadd(client: Client, args: list[bytes]) -> Any:
    place = 2
    while place < len(args) and args[place].upper() in (b"NX", b"XX", b"CH"):
        place += 1
    flags, words = args[2:place], args[place:]
    given = {flag.upper() for flag in flags}
    if not words or len(words) % 3 or given >= {b"NX", b"XX"}:
        raise syntax_error()
    scored: list[bytes] = []
    for longitude, latitude, member in zip(words[0::3], words[1::3], words[2::3], strict=True):
        scored += [b"%d" % geometry.score(_place(longitude, latitude)), member]
    return zadd(client, [b"ZADD", args[1], *flags, *scored])


@handles("GEOPOS")
def geopos(client: Client, args: list[bytes]) -> Any:
    scores = dict(pairs(client, args[1]))
    return [_shown_place(scores[member]) if member in scores else NIL_ARRAY for member in args[2:]]


def _shown_place(score: float) -> list[Reply]:
    return [Reply(Kind.DOUBLE, longdouble.text(Fraction(coordinate))) for coordinate in geometry.place(score)]


@handles("GEOHASH")
def geohash(client: Client, args: list[bytes]) -> Any:
    scores = dict(pairs(client, args[1]))
    return [geometry.geohash(scores[member]) if member in scores else None for member in args[2:]]


@handles("GEODIST")
def geodist(client: Client, args: list[bytes]) -> Any:
    if len(args) > 5:
        raise syntax_error()
    unit_m = _unit_m(args[4]) if len(args) == 5 else 1.0
    scores = dict(pairs(client, args[1]))
    if args[2] not in scores or args[3] not in scores:
        return None
    metres = geometry.distance_m(geometry.place(scores[args[2]]), geometry.place(scores[args[3]]))
    return _shown_distance(metres / unit_m)


def _shown_distance(distance: float) -> bytes:
    return b"%.4f" % distance


# -- searches -----------------------------------------------------------------------------------


@dataclass
class _Search:
    """What a GEORADIUS or GEOSEARCH asks for."""

    name: str
    middle: Place | None = None
    from_member: bool = False
    radius_m: float | None = None
    box_m: tuple[float, float] | None = None
    unit_m: float = 1.0
    with_distance: bool = False
    with_hash: bool = False
    with_place: bool = False
    count: int = 0
    any: bool = False
    order: str = ""
    target: bytes | None = None
    store_distances: bool = False

    @property
    def is_search(self) -> bool:
        return self.name.startswith("geosearch")

    def circle(self, radius: bytes, unit: bytes) -> None:
        distance = as_float(radius)
        if distance is None:
            raise Fail(b"ERR need numeric radius")
        if distance < 0:
            raise Fail(b"ERR radius cannot be negative")
        self.unit_m = _unit_m(unit)
        self.radius_m = distance * self.unit_m

    def box(self, width: bytes, height: bytes, unit: bytes) -> None:
        sides = as_float(width), as_float(height)
        if sides[0] is None:
            raise Fail(b"ERR need numeric width")
        if sides[1] is None:
            raise Fail(b"ERR need numeric height")
        if min(sides[0], sides[1]) < 0:
            raise Fail(b"ERR height or width cannot be negative")
        self.unit_m = _unit_m(unit)
        self.box_m = sides[0] * self.unit_m, sides[1] * self.unit_m

    def read(self, words: list[bytes], scores: dict[bytes, float] | None) -> None:
        place = 0
        while place < len(words):
            used = self._flag(words, place) or self._valued(words, place)
            used = used or (self._search_word(words, place, scores) if self.is_search else 0)
            if not used:
                raise syntax_error()
            place += used
        self._check()

    def _flag(self, words: list[bytes], place: int) -> int:
        word = words[place].upper()
        if word == b"WITHDIST":
            self.with_distance = True
        elif word == b"WITHHASH":
            self.with_hash = True
        elif word == b"WITHCOORD":
            self.with_place = True
        elif word == b"ANY":
            self.any = True
        elif word in (b"ASC", b"DESC"):
            self.order = word.decode()
        elif word == b"STOREDIST" and self.name == "geosearchstore":
            self.store_distances = True
        else:
            return 0
        return 1

    def _valued(self, words: list[bytes], place: int) -> int:
        word = words[place].upper()
        if place + 1 >= len(words):
            return 0
        if word == b"COUNT":
            self.count = integer(words[place + 1])
            if self.count <= 0:
                raise Fail(b"ERR COUNT must be > 0")
            return 2
        if word in (b"STORE", b"STOREDIST") and self.name in ("georadius", "georadiusbymember"):
            self.target, self.store_distances = words[place + 1], word == b"STOREDIST"
            return 2
        return 0

    def _search_word(self, words: list[bytes], place: int, scores: dict[bytes, float] | None) -> int:
        word, more = words[place].upper(), len(words) - place - 1
        if word == b"FROMMEMBER" and more >= 1 and (self.middle is None or self.from_member):
            self.around(words[place + 1], scores)
            return 2
        if word == b"FROMLONLAT" and more >= 2 and not self.from_member:
            self.middle = _place(words[place + 1], words[place + 2])
            return 3
        if word == b"BYRADIUS" and more >= 2 and self.box_m is None:
            self.circle(words[place + 1], words[place + 2])
            return 3
        if word == b"BYBOX" and more >= 3 and self.radius_m is None:
            self.box(words[place + 1], words[place + 2], words[place + 3])
            return 4
        return 0

    def around(self, member: bytes, scores: dict[bytes, float] | None) -> None:
        self.from_member = True
        if scores is not None:
            if member not in scores:
                raise Fail(NO_MEMBER)
            self.middle = geometry.place(scores[member])

    def _check(self) -> None:
        if self.target is not None and (self.with_distance or self.with_hash or self.with_place):
            who = "GEOSEARCHSTORE" if self.is_search else "STORE option in GEORADIUS"
            raise Fail(f"ERR {who} is not compatible with WITHDIST, WITHHASH and WITHCOORD options")

    def check_shape(self, name: bytes) -> None:
        if self.middle is None and not self.from_member:
            raise Fail(b"ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + name)
        if self.radius_m is None and self.box_m is None:
            raise Fail(b"ERR exactly one of BYRADIUS and BYBOX can be specified for " + name)

    def check_any(self) -> None:
        if self.any and not self.count:
            raise Fail(b"ERR the ANY argument requires COUNT argument")

    def found(self, scores: dict[bytes, float]) -> list[tuple[bytes, float, float]]:
        """Member, score, distance in metres; in the order asked for."""
        hits = []
        for member, score in self._candidates(scores):
            metres = self._distance_m(geometry.place(score))
            if metres is not None:
                hits.append((member, score, metres))
                if self.any and len(hits) == self.count:
                    break
        if self.order or (self.count and not self.any):
            hits.sort(key=lambda hit: hit[2], reverse=self.order == "DESC")
        return hits[: self.count or None]

    def _candidates(self, scores: dict[bytes, float]) -> Iterator[tuple[bytes, float]]:
        """Members in the order in which Redis comes by them; `scores` is in the order of the scores."""
        assert self.middle is not None
        if self.box_m is not None:
            width_m, height_m = self.box_m[0] / 2, self.box_m[1] / 2
            reach_m = math.sqrt(width_m**2 + height_m**2)
        else:
            width_m = height_m = reach_m = self.radius_m or 0.0
        members, places = list(scores.items()), list(scores.values())
        for first, last in geometry.searched(self.middle, width_m, height_m, reach_m):
            yield from members[bisect_left(places, first) : bisect_left(places, last)]

    def _distance_m(self, place: Place) -> float | None:
        assert self.middle is not None
        if self.box_m is not None:
            return geometry.distance_in_box_m(self.middle, place, *self.box_m)
        metres = geometry.distance_m(self.middle, place)
        return metres if self.radius_m is not None and metres <= self.radius_m else None


@handles("GEORADIUS", "GEORADIUS_RO", "GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO")
def georadius(client: Client, args: list[bytes]) -> Any:
    search = _Search(args[0].decode().lower())
    scores = _scores(client, args[1])
    if search.name.startswith("georadiusbymember"):
        search.around(args[2], scores)
        rest = 3
    else:
        search.middle = _place(args[2], args[3])
        rest = 4
    if scores is not None or not search.from_member:  # without the key Redis does not look at the radius
        search.circle(args[rest], args[rest + 1])
    search.read(args[rest + 2 :], scores)
    search.check_any()
    return _answer(client, search, scores)


@handles("GEOSEARCH", "GEOSEARCHSTORE")
def geosearch(client: Client, args: list[bytes]) -> Any:
    search = _Search(args[0].decode().lower())
    place = 2 if search.name == "geosearch" else 3
    if search.name == "geosearchstore":
        search.target = args[1]
    scores = _scores(client, args[place - 1])
    search.read(args[place:], scores)
    search.check_shape(args[0])
    search.check_any()
    return _answer(client, search, scores)


def _scores(client: Client, key: bytes) -> dict[bytes, float] | None:
    return dict(pairs(client, key)) if client.value(key, ZSet) is not None else None


def _answer(client: Client, search: _Search, scores: dict[bytes, float] | None) -> Any:
    hits = search.found(scores) if scores is not None else []
    if search.target is not None:
        kept = [
            (member, metres / search.unit_m if search.store_distances else score)
            for member, score, metres in hits
        ]
        return store(client, search.target, kept)
    if not (search.with_distance or search.with_hash or search.with_place):
        return [member for member, _, _ in hits]
    return [_row(search, *hit) for hit in hits]


def _row(search: _Search, member: bytes, score: float, metres: float) -> list[Any]:
    row: list[Any] = [member]
    if search.with_distance:
        row.append(_shown_distance(metres / search.unit_m))
    if search.with_hash:
        row.append(math.floor(score))
    if search.with_place:
        row.append(_shown_place(score))
    return row
