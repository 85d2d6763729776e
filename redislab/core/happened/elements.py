"""What is told alike of hashes, sets and sorted sets: elements that go, are counted, are scanned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redislab.core.happened.told import Told, many, names, shown, vanished, was
from redislab.core.probe import KeyState


def known_of(
    state: KeyState | None, asked: Sequence[bytes], seen: Mapping[bytes, object | None]
) -> tuple[list[bytes], list[bytes]] | None:
    """Of the elements asked for, those that were there and those that were not; None: that is not known.

    `seen` is what was looked at in `state`: an element, and None or False where it was not there.
    """
    if state is None or (state.exists and not all(element in seen for element in asked)):
        return None
    there = [element for element in asked if state.exists and seen[element] not in (None, False)]
    return there, [element for element in asked if element not in there]


def removed(
    told: Told,
    what: str,
    known: tuple[list[bytes], list[bytes]] | None,
    *,
    element: str = "member",
    lacks: str = "does not have",
) -> str:
    """What HDEL, SREM and ZREM did with the elements named behind the key."""
    asked = list(dict.fromkeys(told.words[1:]))
    if not told.number:
        if told.was_missing():
            return f"Nothing removed: there is no {what} {told.the}."
        return f"Nothing removed: {told.the} {lacks} {names(asked, 'or')}."
    gone = vanished(told, what)
    if told.number == len(asked):
        return f"Removed {names(asked)} from {told.the}.{gone}"
    if known is None:
        return f"Removed {told.number} of the {len(asked)} {element}s from {told.the}.{gone}"
    there, missing = known
    return f"Removed {names(there)}; {names(missing)} {was(missing)} not in {told.the}.{gone}"


def counted(told: Told, what: str, element: str) -> str:
    if told.number:
        return f"The {what} {told.the} has {many(told.number, element)}."
    return f"There is no {what} {told.the}."


def scanned(told: Told, what: str, place: int = 0) -> str:
    """SCAN and its family: whether the cursor has come round."""
    cursor, found = told.reply.items[0].text, told.reply.items[1]
    began = told.words[place] == b"0"
    if cursor != b"0":
        return f"Not finished: ask again with the cursor {shown(cursor)} until it is 0."
    if began:
        size = len(found.items) // (2 if what in ("field", "scored member") else 1)
        said = many(size, what.removeprefix("scored ")) if size else f"no {what.removeprefix('scored ')}"
        return f"Cursor 0: the scan is complete, {said} found."
    return "Cursor 0: the scan is complete."
