"""Spans of time as a person writes them: `60s`, `2d`, `1h30m`, `500ms`."""

from __future__ import annotations

import re

from redislab.errors import UsageError

MOST_S = 100 * 365 * 86_400.0

_UNITS_MS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PART = re.compile(r"([0-9]{1,15})(ms|[wdhms])")


def read_span(text: str) -> float:
    """Seconds. Raises UsageError with one line."""
    whole = text.replace(" ", "").lower()
    parts = _PART.findall(whole)
    if not parts or "".join(number + unit for number, unit in parts) != whole:
        raise UsageError(f"{text!r} is no span of time; 60s, 2d, 1h30m and 500ms are")
    seconds = sum(int(number) * _UNITS_MS[unit] for number, unit in parts) / 1000
    if seconds > MOST_S:
        raise UsageError(f"{text!r} is more than a hundred years")
    return seconds


def span_text(seconds: float) -> str:
    """As `read_span` reads it, its two largest units: `2d`, `1h30m`."""
    left_ms = round(abs(seconds) * 1000)
    parts = []
    for unit, unit_ms in list(_UNITS_MS.items())[1:]:
        number, left_ms = divmod(left_ms, unit_ms)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts[:2]) or "0s"
