"""`:clock`: what time it is for the data, and moving it ahead."""

from __future__ import annotations

from collections.abc import Sequence

from redislab.assist import clock as assisted
from redislab.repl.desk import Desk

USAGE = ":clock, :clock +60s, :clock +2d or :clock real"


def clock(desk: Desk, words: Sequence[str]) -> None:
    """`:clock` shows it, `:clock +2d` moves it ahead, `:clock real` gives the real time back."""
    now, remark = assisted.clock(desk.session.link.engine, " ".join(words), USAGE, ":undo")
    desk.screen.line(now)
    if remark:
        desk.screen.info(remark)
