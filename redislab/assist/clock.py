"""The time that the data sees: what a person asks of the clock, and what that did, in words."""

from __future__ import annotations

from datetime import datetime, timezone

from redislab.core.engine import Engine, Timed
from redislab.core.happened.told import many
from redislab.core.spans import MOST_S, read_span, span_text
from redislab.errors import UsageError


def clock(engine: Engine, text: str, usage: str, undo: str) -> tuple[str, str]:
    """What time it is, and a remark. `text`: nothing, `+2d` to let time pass, `real` for the real time.

    `usage` and `undo` are what is typed where the person is. Raises UsageError.
    """
    if not isinstance(engine, Timed):
        raise UsageError(f"{engine.label} keeps its own time; only the built-in engine's clock can be moved")
    text = "".join(text.split()).lower()
    if not text:
        return _now(engine), ""
    if text == "real":
        return _back(engine, undo)
    if text.startswith("+"):
        return _advance(engine, read_span(text[1:])), ""
    raise UsageError(f"the clock only goes ahead, or back to real time: {usage}")


def _now(engine: Timed) -> str:
    shown = datetime.fromtimestamp(engine.clock_time(), timezone.utc)
    ahead_s = engine.clock_ahead_s
    how = f"{span_text(ahead_s)} ahead of the real time" if ahead_s else "the real time"
    return f"{shown:%Y-%m-%d %H:%M:%S} UTC, {how}."


def _advance(engine: Timed, by_s: float) -> str:
    if engine.clock_ahead_s + by_s > MOST_S:
        raise UsageError("the clock goes no further than a hundred years ahead")
    expired = engine.advance(by_s)
    has = "has" if expired == 1 else "have"
    gone = f" {many(expired, 'key')} {has} expired." if expired else " No key has expired."
    return f"{_now(engine)}{gone}"


def _back(engine: Timed, undo: str) -> tuple[str, str]:
    ahead_s = engine.clock_ahead_s
    longer = engine.clock_real()
    if not (ahead_s and longer):
        return _now(engine), ""
    live, its = ("lives", "its moment") if longer == 1 else ("live", "their moments")
    return _now(engine), (
        f"{many(longer, 'key')} {live} {span_text(ahead_s)} longer than a moment ago: "
        f"{its} of expiry did not move. What had expired stays away; {undo} brings it back."
    )
