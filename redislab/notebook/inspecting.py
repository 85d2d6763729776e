"""Shift-Tab inside `%redis` lines and `%%redis` cells: what the line means, and its command's page.

IPython's own inspection is told a name and not the cell in which it stands, so `set` would be Python's. The
kernel is told the cell: its `do_inspect`, part of the interface that kernels are written by, is stood in for
while the extension is loaded. A terminal has no Shift-Tab, and nothing is changed there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from redislab.errors import RedislabError
from redislab.notebook.cursor import Spot, spot_of
from redislab.notebook.given import behind_options

if TYPE_CHECKING:
    from redislab.core.view import View
    from redislab.notebook.desk import Desk


class Inspector:
    """Answers the kernel's questions about lines of ours, and passes on all others."""

    def __init__(self, desk: Callable[[], Desk], kernel: Any) -> None:
        self._desk = desk
        self._kernel = kernel

    def attach(self) -> None:
        if self._kernel is not None:
            self._theirs = self._kernel.do_inspect
            self._kernel.do_inspect = self._do_inspect

    def detach(self) -> None:
        if self._kernel is not None and self._kernel.do_inspect == self._do_inspect:
            del self._kernel.do_inspect  # its class has it

    def documentation(self, spot: Spot) -> View | None:
        """About the command that stands there; None where that is none."""
        line = behind_options(spot.line) if spot.magic == "redis" else spot.line
        if spot.magic not in ("", "redis", "redis_explain") or line is None:
            return None
        from redislab.notebook.explaining import documented

        return documented(self._desk(), line)

    def _do_inspect(self, code: str, cursor_pos: int, *more: Any, **options: Any) -> Any:
        spot = spot_of(code, cursor_pos)
        try:
            view = None if spot is None else self.documentation(spot)
        except RedislabError:  # said when a command is run
            view = None
        if view is None:
            return self._theirs(code, cursor_pos, *more, **options)
        from redislab.notebook.shown import Shown

        bundle = Shown([view])._repr_mimebundle_()
        return {"status": "ok", "found": True, "data": dict(bundle), "metadata": {}}
