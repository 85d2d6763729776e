"""Places on the earth as Redis keeps them: 52 bits of longitude and latitude, interleaved, as a score."""

from __future__ import annotations

import math

LONGITUDE = -180.0, 180.0
LATITUDE = -85.05112878, 85.05112878  # of the Mercator projection
STANDARD_LATITUDE = -90.0, 90.0  # of the geohash that others use
RADIUS_M = 6372797.560856
STEPS = 26

Place = tuple[float, float]  # longitude, latitude

_LETTERS = b"0123456789bcdefghjkmnpqrstuvwxyz"


def score(place: Place, latitude: tuple[float, float] = LATITUDE) -> int:
    return _spread(_cell(place[0], LONGITUDE)) << 1 | _spread(_cell(place[1], latitude))


def place(kept: float) -> Place:
    """The middle of the cell."""
    bits = int(kept)
    return _middle(_gathered(bits >> 1), LONGITUDE), _middle(_gathered(bits), LATITUDE)


def geohash(kept: float) -> bytes:
    """Eleven letters; 52 bits are worth ten, the last is always 0."""
    bits = score(place(kept), STANDARD_LATITUDE)
    letters = [_LETTERS[bits >> (52 - 5 * (i + 1)) & 31] for i in range(10)]
    return bytes([*letters, _LETTERS[0]])


def distance_m(one: Place, other: Place) -> float:
    """Along the surface of a sphere."""
    lon1, lat1, lon2, lat2 = map(_radians, (*one, *other))
    v = math.sin((lon2 - lon1) / 2)
    if v == 0.0:
        return RADIUS_M * abs(lat2 - lat1)
    u = math.sin((lat2 - lat1) / 2)
    return 2.0 * RADIUS_M * math.asin(math.sqrt(u * u + math.cos(lat1) * math.cos(lat2) * v * v))


def distance_in_box_m(middle: Place, other: Place, width_m: float, height_m: float) -> float | None:
    """The distance; None where the place is outside the box."""
    lat_distance = RADIUS_M * abs(_radians(other[1]) - _radians(middle[1]))
    if lat_distance > height_m / 2 or distance_m(other, (middle[0], other[1])) > width_m / 2:
        return None
    return distance_m(middle, other)


def _radians(degrees: float) -> float:
    return degrees * (math.pi / 180.0)


def _cell(value: float, bounds: tuple[float, float]) -> int:
    low, high = bounds
    return int((value - low) / (high - low) * (1 << STEPS)) & 0xFFFFFFFF


def _middle(cell: int, bounds: tuple[float, float]) -> float:
    low, high = bounds
    scale = high - low
    first = low + (cell * 1.0 / (1 << STEPS)) * scale
    last = low + ((cell + 1) * 1.0 / (1 << STEPS)) * scale
    return min(max((first + last) / 2, low), high)


def _spread(number: int) -> int:
    """Each bit to every second place."""
    return sum((number >> bit & 1) << 2 * bit for bit in range(32))


def _gathered(bits: int) -> int:
    return sum((bits >> 2 * bit & 1) << bit for bit in range(STEPS))
