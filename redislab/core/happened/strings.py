"""What commands on strings did."""

from __future__ import annotations

from redislab.core.happened.told import (
    Rules,
    Told,
    integer,
    kept_ttl,
    lost_ttl,
    many,
    name,
    names,
    other_type,
    remaining,
    shown,
    span,
)
from redislab.core.reply import Kind

RULES = Rules()
tells = RULES.tells

_UNITS_MS = {b"EX": 1000, b"PX": 1}


def _until(options: dict[bytes, bytes]) -> str:
    """What EX, PX, EXAT or PXAT asked for."""
    for option, unit_ms in _UNITS_MS.items():
        amount = integer(options.get(option, b""))
        if amount is not None:
            return f" It expires in {span(amount * unit_ms)}."
    if b"EXAT" in options or b"PXAT" in options:
        return " It expires at the moment that was given."
    return ""


def _quoted(value: bytes) -> str:
    return name(value) if value else "the empty string"


def _stored(told: Told, options: dict[bytes, bytes]) -> str:
    """A string was stored at the key."""
    until = _until(options)
    rest = until or kept_ttl(told) or lost_ttl(told)
    if told.was_missing():
        return f"Created: there was no {told.the} before.{until}"
    before = told.before()
    if before is not None and before.value is not None:
        return f"Replaced: {told.the} held {_quoted(before.value)} before.{rest}"
    if told.existed():
        return f"Replaced: {told.the} existed.{other_type(told, 'string')}{rest}"
    if b"NX" in options:
        return f"Created: there was no {told.the} before.{until}"
    return f"Stored at {told.the}; whatever was there before is replaced.{until}"


@tells(
    "SET",
    why="SET stores a string whatever the key held before, of any type, and takes its time to live away "
    "unless KEEPTTL or a new one is given. With NX it stores only if the key is missing, with XX only if it "
    "exists; when the condition does not hold, nothing changes and the answer is nil.",
)
def _set(told: Told) -> str:
    options = told.options(2)
    got = b"GET" in options
    if b"NX" in options and (not told.nil if got else told.nil):
        return f"Not stored: NX stores only if the key is missing, and {told.the} exists. Nothing changed."
    if b"XX" in options and told.nil:
        return f"Not stored: XX stores only if the key exists, and there is no {told.the}. Nothing changed."
    if not got:
        return _stored(told, options)
    if told.nil:
        return f"Created: there was no {told.the} before, so GET has no old value to answer: nil."
    return (
        "Replaced: the answer is the old value of "
        f"{told.the}.{_until(options) or kept_ttl(told) or lost_ttl(told)}"
    )


@tells(
    "SETEX",
    "PSETEX",
    why="The value and its time to live are set in one step, so the key cannot stay behind without one. "
    "SET with EX (seconds) or PX (milliseconds) does the same and is the newer way to write it.",
)
def _setex(told: Told) -> str:
    return _stored(told, {b"EX" if told.command.name == "SETEX" else b"PX": told.words[1]})


@tells(
    "SETNX",
    why="SETNX answers 1 if it stored the value and 0 if the key existed, whatever its type. SET with "
    "NX does "
    "the same, can give a time to live too, and answers OK or nil.",
)
def _setnx(told: Told) -> str:
    if told.number:
        return f"Created: there was no {told.the} before."
    return f"Not stored: {told.the} exists already. Nothing changed."


@tells(
    "GET",
    why="A string is bytes: Redis keeps no other kind of simple value, so numbers are strings of digits. nil "
    "means that there is no such key; the empty string is a value of a key that exists.",
)
def _get(told: Told) -> str:
    if told.nil:
        return f"There is no key {told.the}: nil means nothing is there."
    value = told.reply.text
    if not value:
        return f"{told.the} exists and holds the empty string; a missing key would answer nil."
    before = told.before()
    ttl = before.ttl_ms if before is not None and before.expires else None
    expires = f" It expires in {remaining(ttl)}." if ttl is not None else ""
    return f"The string at {told.the}, {_size(value)}.{expires}"


def _size(value: bytes) -> str:
    try:
        characters = len(value.decode())
    except UnicodeDecodeError:
        characters = len(value)
    if characters == len(value):
        return many(len(value), "byte")
    return f"{many(len(value), 'byte')} for {many(characters, 'character')}"


@tells(
    "GETSET",
    why="The old value is answered and the new one stored in one step, so no other client comes in between. "
    "The time to live is lost, as with SET; SET with GET does the same.",
)
def _getset(told: Told) -> str:
    if told.nil:
        return f"Created: there was no {told.the} before, so the old value is nil."
    return f"Replaced: the answer is the old value of {told.the}.{lost_ttl(told)}"


@tells(
    "GETDEL",
    why="GETDEL answers the value and deletes the key in one step: of several clients one alone gets it. "
    "Where there is no key it answers nil, and nothing is deleted.",
)
def _getdel(told: Told) -> str:
    if told.nil:
        return f"There is no key {told.the}: nothing was read and nothing deleted."
    return f"Read and deleted: {told.the} is gone."


@tells(
    "GETEX",
    why="GETEX reads like GET and can change the time to live in the same step: EX and PX set one, PERSIST "
    "takes it away. Without an option it changes nothing.",
)
def _getex(told: Told) -> str:
    options = told.options(1)
    if told.nil:
        return f"There is no key {told.the}: nothing was read, and no time to live set."
    after = told.after()
    if after is not None and not after.exists:
        return f"Read and deleted: the moment given has passed, so {told.the} is gone."
    if b"PERSIST" in options:
        return f"Read; {told.the} {'no longer expires' if lost_ttl(told) else 'does not expire'}."
    if b"EX" in options or b"PX" in options:
        return f"Read; {told.the} has a new time to live.{_until(options)}"
    return f"Read; {told.the} expires at the moment that was given." if options else _get(told)


@tells(
    "APPEND",
    why="APPEND answers the length of the whole string in bytes, not of what was added. A missing key counts "
    "as the empty string, and a time to live stays.",
)
def _append(told: Told) -> str:
    added, whole = len(told.words[1]), told.number
    began = f"Added at the end of {told.the}"
    if told.was_missing():
        began = f"{told.the} did not exist and was created"
    elif added == whole:
        began += ", which was empty" if told.existed() else ", which was empty or missing"
    return f"{began}: it is {many(whole, 'byte')} long now.{kept_ttl(told)}"


@tells(
    "STRLEN",
    why="STRLEN counts bytes, not characters: a letter such as é takes two bytes in UTF-8. For a missing key "
    "it answers 0, as for the empty string; EXISTS tells them apart.",
)
def _strlen(told: Told) -> str:
    if told.number:
        return f"The string at {told.the} is {many(told.number, 'byte')} long."
    if told.existed():
        return f"{told.the} exists and holds the empty string."
    return f"There is no key {told.the}: 0." if told.was_missing() else f"{told.the} is empty or missing."


@tells(
    "GETRANGE",
    "SUBSTR",
    why="Both ends are included and count from 0; negative numbers count from the end, -1 being the last "
    "byte. A range outside of the string gives the empty string, never an error.",
)
def _getrange(told: Told) -> str:
    first, last = (shown(word) for word in told.words[1:3])
    if not told.reply.text:
        where = f"there is no key {told.the}" if told.was_missing() else f"{told.the} has no bytes there"
        return f"Empty: {where}."
    return f"{many(len(told.reply.text), 'byte')} of {told.the}, from place {first} to {last}, both included."


@tells(
    "SETRANGE",
    why="SETRANGE overwrites bytes from an offset on and answers the new length. A gap between the old end "
    "and the offset is filled with zero bytes.",
)
def _setrange(told: Told) -> str:
    offset, before = integer(told.words[1]) or 0, told.before()
    gap = offset - (before.length or 0) if before is not None and before.looked_inside else 0
    filled = f" {many(gap, 'zero byte')} fill{'s' * (gap == 1)} the gap." if gap > 0 and told.words[2] else ""
    if not told.words[2]:
        return f"Nothing to write, so nothing changed; {told.the} is {many(told.number, 'byte')} long."
    return (
        f"Written over {told.the} from byte {offset} on: it is {many(told.number, 'byte')} long now.{filled}"
    )


@tells(
    "INCR",
    "DECR",
    "INCRBY",
    "DECRBY",
    why="The number is kept as a string of digits; reading, adding and writing are one step, so no count of "
    "several clients is lost. A missing key counts as 0, and a time to live stays.",
)
def _incr(told: Told) -> str:
    by = integer(told.words[1]) or 0 if len(told.words) > 1 else 1
    step = -by if told.command.name.startswith("DECR") else by
    return _counted(told, str(told.number - step), str(told.number))


@tells(
    "INCRBYFLOAT",
    why="The number is read, added to and written in one step, and kept as a string. A missing key counts as "
    "0; to take away, add a negative number.",
)
def _incrbyfloat(told: Told) -> str:
    before = told.before()
    old = shown(before.value) if before is not None and before.value is not None else ""
    return _counted(told, old, shown(told.reply.text))


def _counted(told: Told, old: str, new: str) -> str:
    if told.was_missing():
        return f"{told.the} did not exist, so counting began at 0: it is {new} now."
    if told.existed() or (old and old != "0"):
        return f"{told.the} went from {old} to {new}.{kept_ttl(told)}" if old else f"{told.the} is {new} now."
    return f"{told.the} is {new} now; a missing key counts as 0."


@tells(
    "MGET",
    why="MGET answers one value for each key, in the order asked, nil where there is none. Keys that hold "
    "another type than a string are answered with nil too, instead of an error.",
)
def _mget(told: Told) -> str:
    missing = [key for key, item in zip(told.keys, told.reply.items, strict=False) if item.is_nil]
    if not missing:
        return f"{many(len(told.keys), 'value')}, in the order of the keys."
    other = [key for key in missing if told.existed(key)]
    if other:
        return f"nil for {names(missing)}: {names(other)} holds no string."
    return f"nil for {names(missing)}: no string is there. The order is that of the keys."


@tells(
    "MSET",
    why="All keys are set in one step: no other client sees some of them new and some old. Whatever they "
    "held is replaced, and their times to live are gone, as with SET.",
)
def _mset(told: Told) -> str:
    created = [key for key in dict.fromkeys(told.keys) if told.was_missing(key)]
    replaced = [key for key in dict.fromkeys(told.keys) if told.existed(key)]
    parts = [f"created {names(created)}" * bool(created), f"replaced {names(replaced)}" * bool(replaced)]
    lost = [key for key in replaced if lost_ttl(told, key)]
    gone = f" {names(lost)} had a time to live and no longer expires." if len(lost) == 1 else ""
    if len(lost) > 1:
        gone = f" {names(lost)} had a time to live and no longer expire."
    if len(created) + len(replaced) == len(set(told.keys)):
        return f"In one step: {', '.join(filter(None, parts))}.{gone}"
    return f"{many(len(set(told.keys)), 'key')} set in one step; what they held before is replaced."


@tells(
    "MSETNX",
    why="MSETNX sets all of the keys or none: one that exists already is enough for 0, and then nothing "
    "changes.",
)
def _msetnx(told: Told) -> str:
    if told.number:
        return f"None of the keys existed: created {names(told.keys)}."
    there = [key for key in told.keys if told.existed(key)]
    which = f"{names(there)} exists" if len(set(there)) == 1 else f"{names(there)} exist" if there else ""
    return f"Nothing was set: {which or 'at least one of the keys exists'} already, and it is all or none."


@tells(
    "LCS",
    why="LCS looks for the longest piece that both strings have in the same order, gaps allowed. A missing "
    "key counts as the empty string.",
)
def _lcs(told: Told) -> str:
    if told.reply.kind is Kind.INTEGER:
        return f"The longest common part of the two strings is {many(told.number, 'byte')} long."
    if told.reply.kind is not Kind.BULK:
        pieces, length = len(told.reply.items[1].items), told.reply.items[3].number
        if not pieces:
            return f"Both strings have {many(length, 'byte')} in this order; no piece of that is listed."
        listed = "1 piece of that is listed" if pieces == 1 else f"{pieces} pieces, the last one first"
        return f"Both strings have {many(length, 'byte')} in this order: {listed}."
    if not told.reply.text:
        return "The two strings have nothing in common."
    return f"The longest part that both strings have in this order: {many(len(told.reply.text), 'byte')}."
