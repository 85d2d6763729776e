"""A cell's exchanges as they are made: shown in batches, with a bar where the cell takes its time."""

from __future__ import annotations

import time
from html import escape
from typing import Any

import IPython.display

from redislab.core.view import line
from redislab.notebook.running import Run
from redislab.notebook.shown import Exchange, Item, Shown

SHOW_EVERY_S = 0.2
BAR_AFTER_S = 0.5
BAR_COMMANDS = 10  # a cell of fewer commands gets no bar
MOST_EXCHANGES = 200  # of one cell are shown; of the others, those that failed

display: Any = IPython.display.display  # untyped


class Bar:
    """How far a long cell is; one display that is written anew."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._began_s = self._drawn_s = time.monotonic()
        self._handle: Any = None

    def draw(self) -> None:
        """Show it, once the cell has taken so long that a person wonders."""
        now_s = time.monotonic()
        late = now_s - self._began_s > BAR_AFTER_S and self._run.total >= BAR_COMMANDS
        if late and now_s - self._drawn_s > SHOW_EVERY_S:
            self._drawn_s = now_s
            self._show(f"{self._run.done:,} of {self._run.total:,} commands")

    def end(self) -> None:
        if self._handle is not None:
            self._show(f"{self._run.done:,} of {self._run.total:,} commands in {self._elapsed_s:.1f} s")

    @property
    def _elapsed_s(self) -> float:
        return time.monotonic() - self._began_s

    def _show(self, text: str) -> None:
        done, total = self._run.done, self._run.total
        data = {
            "text/plain": text,
            "text/html": f'<p><progress value="{done}" max="{total}" aria-label="{escape(text)}"></progress> '
            f"{escape(text)}</p>",
        }
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


def collect(run: Run) -> Shown:
    """All of a line's exchanges; where it fails, those before are displayed."""
    items: list[Item] = []
    try:
        items.extend(run.items())
    except BaseException:
        if items:
            display(Shown(items, run.value))
        raise
    return Shown(items, run.value)


def stream(run: Run) -> None:
    """Display a cell's exchanges while it runs."""
    bar = Bar(run)
    batch: list[Item] = []
    shown = hidden = 0
    flushed_s = time.monotonic()
    try:
        for item in run.items():
            if shown < MOST_EXCHANGES or not isinstance(item, Exchange) or item.failed:
                batch.append(item)
                shown += 1
            else:
                hidden += 1
            if batch and time.monotonic() - flushed_s > SHOW_EVERY_S:
                display(Shown(batch))
                batch, flushed_s = [], time.monotonic()
            bar.draw()
    finally:
        if hidden:
            batch.append(line(f"{hidden:,} more commands ran; their replies are not shown, errors all are."))
        if batch:
            display(Shown(batch))
        bar.end()
