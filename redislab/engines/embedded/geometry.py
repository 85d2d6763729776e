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
    bits = int(kept) if math.isfinite(kept) else 1 << 63  # as C turns it into a number
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


# -- where a search looks, and in which order ---------------------------------------------------

_MERCATOR_M = 20037726.37
# The cell of the middle, then north, south, east, west, north-east, north-west, south-east, south-west.
_AROUND = (0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)


def searched(middle: Place, width_m: float, height_m: float, reach_m: float) -> list[tuple[int, int]]:
    """Ranges of scores, the end excluded, in which Redis looks for what lies around a place, in its order.

    `width_m` and `height_m` from the middle to the sides; `reach_m` from the middle to what is farthest.
    """
    bounds = _bounds(middle, width_m, height_m)
    step = _cell_steps(reach_m, middle[1])
    if step > 1 and _too_narrow(middle, step, bounds):
        step -= 1
    x, y = _steps_of(middle, step)
    west, south, east, north = _edges(x, y, step)
    least = -int(west >= bounds[0]), -int(south >= bounds[1])
    most = int(east <= bounds[2]), int(north <= bounds[3])
    found: list[tuple[int, int]] = []
    for dx, dy in _AROUND:
        useless = not (least[0] <= dx <= most[0] and least[1] <= dy <= most[1])
        if useless and step >= 2:
            continue
        cells = 1 << step
        cell = (x, y) if dx == dy == 0 else ((x + dx) % cells, (y + dy) % cells)  # the edge has its own cell
        bits = _spread(cell[0]) << 1 | _spread(cell[1])
        shift = 2 * (STEPS - step)
        ends = bits << shift, (bits + 1) << shift
        if found[1:] and found[-1] == ends:
            continue  # around the whole earth, east is west
        found.append(ends)
    return found


def _cell_steps(reach_m: float, latitude: float) -> int:
    """How often the earth is halved so that a cell and its neighbours hold the area."""
    if reach_m == 0:
        return STEPS
    step = 1
    while reach_m < _MERCATOR_M:
        reach_m *= 2
        step += 1
    step -= 2 + (abs(latitude) > 66) + (abs(latitude) > 80)
    return min(max(step, 1), STEPS)


def _bounds(middle: Place, width_m: float, height_m: float) -> tuple[float, float, float, float]:
    """West, south, east, north of the area, in degrees; its wider side counts."""
    longitude, latitude = middle
    up = math.degrees(height_m / RADIUS_M)
    wide_at = latitude - up if latitude < 0 else latitude + up
    aside = math.degrees(width_m / RADIUS_M / math.cos(_radians(wide_at)))
    return longitude - aside, latitude - up, longitude + aside, latitude + up


def _too_narrow(middle: Place, step: int, bounds: tuple[float, float, float, float]) -> bool:
    cells = 1 << step
    x, y = _steps_of(middle, step)
    return (
        _edges(x, (y + 1) % cells, step)[3] < bounds[3]
        or _edges(x, (y - 1) % cells, step)[1] > bounds[1]
        or _edges((x + 1) % cells, y, step)[2] < bounds[2]
        or _edges((x - 1) % cells, y, step)[0] > bounds[0]
    )


def _steps_of(middle: Place, step: int) -> tuple[int, int]:
    """The cell that a place is in."""
    (west, east), (south, north) = LONGITUDE, LATITUDE
    x = (middle[0] - west) / (east - west) * (1 << step)
    y = (middle[1] - south) / (north - south) * (1 << step)
    return int(x), int(y)


def _edges(x: int, y: int, step: int) -> tuple[float, float, float, float]:
    """West, south, east, north of a cell."""
    wide, high = LONGITUDE[1] - LONGITUDE[0], LATITUDE[1] - LATITUDE[0]
    cells = 1 << step
    return (
        LONGITUDE[0] + x / cells * wide,
        LATITUDE[0] + y / cells * high,
        LONGITUDE[0] + (x + 1) / cells * wide,
        LATITUDE[0] + (y + 1) / cells * high,
    )


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
    return sum((bits >> 2 * bit & 1) << bit for bit in range(32))
