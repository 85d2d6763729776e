"""What commands on lists did."""

from __future__ import annotations

from redislab.core.happened.told import (
    Rules,
    Told,
    capital,
    integer,
    kept_ttl,
    many,
    name,
    names,
    shown,
    vanished,
)
from redislab.core.reply import Kind

RULES = Rules()
tells = RULES.tells

_ENDS = {"L": "left (the head)", "R": "right (the tail)"}


def _end(command: str) -> str:
    """The side that a command's name says."""
    return _ENDS[command.removeprefix("B")[0]]


@tells(
    "LPUSH",
    "RPUSH",
    why="L stands for the left end, the head, and R for the right end, the tail; a missing key becomes a new "
    "list. LPUSH puts its words one after the other at the head, so the last one named stands first. The "
    "answer is the length of the whole list.",
)
def _push(told: Told) -> str:
    added, left = told.words[1:], told.command.name == "LPUSH"
    where = f"on the {_end(told.command.name)}"
    what = name(added[0]) if len(added) == 1 else f"{len(added)} elements"
    order = f"; {name(added[-1])} stands {'first' if left else 'last'}" if len(added) > 1 else ""
    after = told.after()
    if after is not None and (after.length or 0) < told.number and after.looked_inside:
        taken = many(told.number - (after.length or 0), "element")
        return f"Pushed {what} {where}{order}. Another client took {taken} at once."
    new = f" {told.the} is a new list." if told.number == len(added) else kept_ttl(told)
    return f"Pushed {what} {where}{order}. The list has {many(told.number, 'element')} now.{new}"


@tells(
    "LPUSHX",
    "RPUSHX",
    why="X stands for exists: these push only onto a list that is there, and answer its new length. 0 means "
    "that there is no such key, and nothing was created.",
)
def _pushx(told: Told) -> str:
    if not told.number:
        return f"Nothing pushed: there is no list {told.the}, and X creates none."
    return (
        f"Pushed on the {_end(told.command.name)}. The list has {many(told.number, 'element')} "
        f"now.{kept_ttl(told)}"
    )


@tells(
    "LPOP",
    "RPOP",
    why="A pop answers the element and removes it in one step, so two clients never get the same one. nil "
    "means that there is no such key; a list that loses its last element disappears with its key.",
)
def _pop(told: Told) -> str:
    side = _end(told.command.name)
    if told.nil:
        return f"Nothing to take: there is no list {told.the}."
    if len(told.words) > 1:
        if not told.count:
            return "Nothing taken: the count is 0."
        return f"Took {many(told.count, 'element')} from the {side}.{_left(told)}"
    return f"Took the element on the {side}.{_left(told)}"


def _left(told: Told, key: bytes | None = None) -> str:
    after = told.after(key)
    if after is not None and after.exists and after.length is not None:
        return f" {capital(many(after.length, 'element'))} left."
    return vanished(told, "list", key)


@tells(
    "LLEN",
    why="LLEN answers 0 for a missing key: to Redis a list without elements and no list are the same.",
)
def _llen(told: Told) -> str:
    if told.number:
        return f"The list {told.the} has {many(told.number, 'element')}."
    return f"There is no key {told.the}, which counts as an empty list."


@tells(
    "LRANGE",
    why="Places count from 0, and both ends are included: 0 2 gives three elements. Negative places count "
    "from the tail, -1 being the last. A range outside of the list gives fewer elements or none, no error.",
)
def _lrange(told: Told) -> str:
    first, last = (shown(word) for word in told.words[1:3])
    if not told.count:
        if told.was_missing():
            return f"Empty: there is no list {told.the}."
        return f"Empty: {told.the} has no element from place {first} to {last}."
    before = told.before()
    length = before.length if before is not None else None
    if length == told.count or (first, last) == ("0", "-1"):
        return f"The whole list {told.the}: {many(told.count, 'element')}, head first."
    of = f" of {length}" if length is not None else ""
    return (
        f"{many(told.count, 'element')}{of}, from place {first} to {last}, both included; the head is place "
        "0."
    )


@tells(
    "LINDEX",
    why="Places count from 0 at the head; negative ones from the tail, -1 being the last. nil means that "
    "there is no such place, or no such key.",
)
def _lindex(told: Told) -> str:
    place = shown(told.words[1])
    if told.nil:
        if told.was_missing():
            return f"There is no list {told.the}."
        before = told.before()
        of = f": it has {many(before.length, 'element')}" if before is not None and before.length else ""
        return f"{told.the} has no place {place}{of}."
    ends = {"0": "The first element of {}, at the head.", "-1": "The last element of {}, at the tail."}
    return ends.get(place, f"The element of {{}} at place {place}.").format(told.the)


@tells(
    "LSET",
    why="LSET replaces an element that is there and never makes the list longer: a place outside of it is an "
    "error, and so is a missing key.",
)
def _lset(told: Told) -> str:
    return (
        f"The element at place {shown(told.words[1])} of {told.the} is {name(told.words[2])} now; the "
        "length stays."
    )


@tells(
    "LINSERT",
    why="LINSERT looks for the first element equal to the pivot, from the head, and answers the new length. "
    "-1 means that the pivot is not in the list, 0 that there is no list; then nothing changes.",
)
def _linsert(told: Told) -> str:
    side, pivot, element = told.words[1].lower().decode("latin-1"), told.words[2], told.words[3]
    if told.number == -1:
        return f"Nothing inserted: {name(pivot)} is not in the list."
    if not told.number:
        return f"Nothing inserted: there is no list {told.the}."
    return (
        f"Inserted {name(element)} {side} the first {name(pivot)}. The list has "
        f"{many(told.number, 'element')} now."
    )


@tells(
    "LREM",
    why="The count says how many and from where: positive from the head, negative from the tail, 0 all that "
    "are equal. The answer is how many were removed.",
)
def _lrem(told: Told) -> str:
    element, count = told.words[2], integer(told.words[1]) or 0
    if not told.number:
        missing = (
            f"there is no list {told.the}" if told.was_missing() else f"{name(element)} is not in {told.the}"
        )
        return f"Nothing removed: {missing}."
    side = "from the head" if count > 0 else "from the tail" if count < 0 else "all there were"
    times = "once" if told.number == 1 else f"{told.number} times"
    return f"Removed {name(element)} {times} ({side}).{_left(told)}"


@tells(
    "LTRIM",
    why="LTRIM keeps the range and removes everything outside of it; both ends are included. A range that "
    "holds nothing removes the whole list. LPUSH followed by LTRIM key 0 9 keeps the ten newest.",
)
def _ltrim(told: Told) -> str:
    before, after = told.before(), told.after()
    if before is None or after is None:
        first, last = (shown(word) for word in told.words[1:3])
        return f"{told.the} keeps the elements from place {first} to {last}; the others are gone."
    if not before.exists:
        return f"Nothing to trim: there is no list {told.the}."
    if not after.exists:
        every, them = f"all {before.length} elements are", "them"
        if before.length == 1:
            every, them = "the one element is", "it"
        return f"Nothing was in that range, so {every} gone, and {told.the} with {them}."
    removed = (before.length or 0) - (after.length or 0)
    if not removed:
        every = "the one element" if after.length == 1 else f"all {after.length} elements"
        return f"Nothing removed: {every} of {told.the} {'is' if after.length == 1 else 'are'} in the range."
    return f"Removed {many(removed, 'element')}; {after.length} left in {told.the}."


@tells(
    "LPOS",
    why="LPOS looks from the head (RANK with a negative number: from the tail) and answers places that count "
    "from 0. nil means that the element is not there.",
)
def _lpos(told: Told) -> str:
    element = name(told.words[1])
    if told.reply.kind is Kind.INTEGER:
        return f"{element} stands at place {told.number} of {told.the}; the head is place 0."
    if told.nil or not told.count:
        return f"{element} is not in {told.the}{': there is no such key' if told.was_missing() else ''}."
    asked = told.options(2).get(b"COUNT", b"")
    more = " (COUNT may have ended the search)" if integer(asked) == told.count else ""
    return f"{element} stands at {many(told.count, 'place')} of {told.the}{more}; the head is place 0."


@tells(
    "LMOVE",
    "BLMOVE",
    "RPOPLPUSH",
    "BRPOPLPUSH",
    why="The element leaves one list and enters the other in one step, so it is never in neither: a worker "
    "that fails leaves it in the second list. nil means that there was nothing to take.",
)
def _lmove(told: Told) -> str:
    source, target = told.keys[0], told.keys[1]
    if told.nil:
        waited = " within the time" if told.command.name.startswith("B") else ""
        return f"Nothing moved: {name(source)} had no element{waited}."
    sides = [b"RIGHT", b"LEFT"] if "RPOPLPUSH" in told.command.name else [w.upper() for w in told.words[2:4]]
    where = [side.decode("latin-1").lower() for side in sides]
    if source == target:
        return (
            f"{name(told.reply.text)} went from the {where[0]} end of {name(source)} to its {where[1]} end."
        )
    gone = vanished(told, "list", source)
    moved = f"{name(told.reply.text)} left {name(source)} on the {where[0]} and entered {name(target)}"
    return f"{moved} on the {where[1]}.{gone}"


@tells(
    "BLPOP",
    "BRPOP",
    why="B stands for blocking: where all the lists are missing, the client waits until somebody "
    "pushes or the "
    "time is up, 0 meaning for ever. The answer names the key too, as several may be watched. nil: "
    "time is up.",
)
def _blpop(told: Told) -> str:
    if told.nil:
        return f"Time is up: nobody pushed anything to {names(told.keys, 'or')}."
    key = told.reply.items[0].text
    return f"Took an element from {name(key)}, on the {_end(told.command.name)}.{_left(told, key)}"


@tells(
    "LMPOP",
    "BLMPOP",
    why="The keys are looked at in the order named, and the first list that has elements gives up to "
    "COUNT of "
    "them. The answer begins with its key. nil: all of them were missing.",
)
def _lmpop(told: Told) -> str:
    if told.nil:
        return (
            f"Nothing to take: none of {names(told.keys)} has elements."
            if len(told.keys) > 1
            else (f"Nothing to take: there is no list {told.the}.")
        )
    key, taken = told.reply.items[0].text, len(told.reply.items[1].items)
    first = ", the first list that had any" if len(told.keys) > 1 else ""
    return f"Took {many(taken, 'element')} from {name(key)}{first}.{_left(told, key)}"
