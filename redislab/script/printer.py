"""Replies → stdout, as they arrive."""

from __future__ import annotations

from typing import BinaryIO

from redislab.core.link import Arrival
from redislab.core.parts import Assembler
from redislab.render.plain import Layout, format_push, formatter, is_verbatim

FLUSH_BYTES = 1 << 16


class Printer:
    """Writes in one layout. Holds back at most `FLUSH_BYTES` of output."""

    def __init__(self, out: BinaryIO, layout: Layout, *, show_pushes: bool) -> None:
        self.layout = layout
        self._out = out
        self._show_pushes = show_pushes
        self._usual = formatter(layout)
        self._verbatim = formatter(layout, verbatim=True)
        self._pushes = Assembler()
        self._held: list[bytes] = []
        self._held_bytes = 0

    def write(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes >= FLUSH_BYTES:
            self._hand_over()

    def line(self, text: str) -> None:
        self.write(text.encode("utf-8", "surrogateescape") + b"\n")

    def arrival(self, arrival: Arrival) -> None:
        """Print a part of a reply, or a push that nobody asked for where those are shown."""
        if arrival.args is not None:
            self.write((self._verbatim if is_verbatim(arrival.args) else self._usual).add(arrival.part))
        elif self._show_pushes and (push := self._pushes.add(arrival.part)) is not None:
            self.write(format_push(push, self.layout))

    def message(self, arrival: Arrival) -> None:
        """Print a part of what a listening connection receives: always shown, as a reply is."""
        self.write(self._usual.add(arrival.part))

    def flush(self) -> None:
        self._hand_over()
        self._out.flush()

    def _hand_over(self) -> None:
        if self._held:
            self._out.write(b"".join(self._held))
            self._held.clear()
            self._held_bytes = 0
