"""What Ctrl-C did. A KeyboardInterrupt of neither kind came between two steps of the shell."""

from __future__ import annotations


class LineAbandoned(KeyboardInterrupt):
    """It was pressed at the prompt."""


class CommandStopped(KeyboardInterrupt):
    """It ended what was running; the connection is in order and all has been said."""
