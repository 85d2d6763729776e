"""`:clock`: what time it is for the data, and moving it ahead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from redislab.core.engine import Timed
from redislab.core.happened.told import many
from redislab.core.spans import MOST_S, read_span, span_text
from redislab.errors import UsageError
from redislab.repl.desk import Desk

USAGE = ":clock, :clock +60s, :clock +2d or :clock real"


def clock(desk: Desk, words: Sequence[str]) -> None:
    """`:clock` shows it, `:clock +2d` moves it ahead, `:clock real` gives the real time back."""
    engine = desk.session.link.engine
    if not isinstance(engine, Timed):
        raise UsageError(f"{engine.label} keeps its own time; only the built-in engine's clock can be moved")
    text = "".join(words).lower()
    if not text:
        desk.screen.line(_now(engine))
    elif text == "real":
        _back(desk, engine)
    elif text.startswith("+"):
        _advance(desk, engine, read_span(text[1:]))
    else:
        raise UsageError(f"the clock only goes ahead, or back to real time: {USAGE}")


def _now(engine: Timed) -> str:
    shown = datetime.fromtimestamp(engine.clock_time(), timezone.utc)
    ahead_s = engine.clock_ahead_s
    how = f"{span_text(ahead_s)} ahead of the real time" if ahead_s else "the real time"
    return f"{shown:%Y-%m-%d %H:%M:%S} UTC, {how}."


def _advance(desk: Desk, engine: Timed, by_s: float) -> None:
    if engine.clock_ahead_s + by_s > MOST_S:
        raise UsageError("the clock goes no further than a hundred years ahead")
    expired = engine.advance(by_s)
    has = "has" if expired == 1 else "have"
    gone = f" {many(expired, 'key')} {has} expired." if expired else " No key has expired."
    desk.screen.line(f"{_now(engine)}{gone}")


def _back(desk: Desk, engine: Timed) -> None:
    ahead_s = engine.clock_ahead_s
    longer = engine.clock_real()
    desk.screen.line(_now(engine))
    if ahead_s and longer:
        live, its = ("lives", "its moment") if longer == 1 else ("live", "their moments")
        desk.screen.info(
            f"{many(longer, 'key')} {live} {span_text(ahead_s)} longer than a moment ago: "
            f"{its} of expiry did not move. What had expired stays away; :undo brings it back."
        )
