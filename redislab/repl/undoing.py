"""`:undo` and `:redo`."""

from __future__ import annotations

from collections.abc import Sequence

from redislab.core.undo import Restored, sentence
from redislab.errors import CannotUndo, UsageError
from redislab.repl.desk import Desk

SHOWN = 10  # of many undone at once


def undo(desk: Desk, words: Sequence[str]) -> None:
    """`:undo [N]`: take back the latest changes."""
    _replay(desk, words, "undo")


def redo(desk: Desk, words: Sequence[str]) -> None:
    """`:redo [N]`: do again what was undone."""
    _replay(desk, words, "redo")


def _replay(desk: Desk, words: Sequence[str], what: str) -> None:
    if len(words) > 1 or (words and not (words[0].isascii() and words[0].isdigit() and int(words[0]))):
        raise UsageError(f"this is how it is written: :{what} or :{what} 3")
    count = int(words[0]) if words else 1
    undoing = desk.undoing
    if undoing is None:
        raise UsageError(f"a server's keys are kept for :{what} only after `:set probe on`")
    try:
        restored = undoing.undo(count) if what == "undo" else undoing.redo(count)
    except CannotUndo as error:
        desk.screen.error(error.message, error.remedy)
        return
    _tell(desk, restored, count)


def _tell(desk: Desk, restored: Sequence[Restored], count: int) -> None:
    for each in restored[:SHOWN]:
        desk.screen.line(sentence(each))
    if len(restored) > SHOWN:
        desk.screen.line(f"… and {len(restored) - SHOWN} more.")
    if len(restored) < count:
        how_many = f"That was {len(restored)} of {count}"
        desk.screen.info(f"{how_many}: no more is kept, or others changed the keys.")
