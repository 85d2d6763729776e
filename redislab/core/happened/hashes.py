"""What commands on hashes did."""

from __future__ import annotations

from redislab.core.happened.elements import counted, known_of, removed, scanned
from redislab.core.happened.told import (
    Rules,
    Told,
    capital,
    kept_ttl,
    many,
    name,
    names,
    pairs,
    shown,
)
from redislab.core.reply import Kind

RULES = Rules()
tells = RULES.tells


def _fields(told: Told, asked: list[bytes]) -> tuple[list[bytes], list[bytes]] | None:
    before = told.before()
    return known_of(before, asked, before.fields if before else {})


def _new_or_not(told: Told, asked: list[bytes], added: int) -> str:
    """`created` of new fields and `updated` of those that were there."""
    known = _fields(told, asked)
    if known is None or len(known[1]) != added:
        if added == len(asked):
            return f"Created {names(asked)} in {told.the}."
        return f"{capital(many(added, 'field'))} new in {told.the}, {len(asked) - added} updated."
    there, new = known
    if not new:
        had = names(there)
        return f"Updated, not created: the hash already had {had}."
    of = f"a new hash {told.the}" if told.was_missing() else told.the
    created = f"Created {names(new)} in {of}"
    return f"{created}; updated {names(there)}, which it had." if there else f"{created}."


@tells(
    "HSET",
    why="HSET answers how many fields are new, not whether it worked: a field that was there gets the new "
    "value and counts 0. A missing key becomes a new hash, and a time to live of the key stays.",
)
def _hset(told: Told) -> str:
    asked = list(dict.fromkeys(field for field, _ in pairs(told.words[1:])))
    if not told.number and told.before() is None:
        had = "it" if len(asked) == 1 else "them all"
        return f"Updated, not created: the hash already had {names(asked) if len(asked) < 3 else had}."
    return _new_or_not(told, asked, told.number) + kept_ttl(told)


@tells(
    "HMSET",
    why="HMSET sets fields like HSET and answers OK whether they are new or not. HSET takes several fields "
    "too and says how many are new; HMSET is the older form.",
)
def _hmset(told: Told) -> str:
    asked = list(dict.fromkeys(field for field, _ in pairs(told.words[1:])))
    known = _fields(told, asked)
    if known is None:
        return f"{capital(many(len(asked), 'field'))} of {told.the} set."
    return _new_or_not(told, asked, len(known[1])) + kept_ttl(told)


@tells(
    "HSETNX",
    why="HSETNX sets a field only if the hash has no such field; other fields do not matter. 1 means set, 0 "
    "that the old value stays.",
)
def _hsetnx(told: Told) -> str:
    field = name(told.words[1])
    if told.number:
        of = f"a new hash {told.the}" if told.was_missing() else told.the
        return f"Created {field} in {of}."
    return f"Not set: {told.the} has a field {field} already, and NX overwrites nothing."


@tells(
    "HGET",
    why="HGET reads one field of one hash. nil means that there is no such field or no such key; it cannot "
    "say which, EXISTS can.",
)
def _hget(told: Told) -> str:
    field = name(told.words[1])
    if not told.nil:
        return f"The value of the field {field} in {told.the}."
    if told.was_missing():
        return f"There is no hash {told.the}."
    return f"{told.the} has no field {field}{'' if told.existed() else ', or there is no such hash'}."


@tells(
    "HMGET",
    why="HMGET answers one value for each field asked, in that order, nil where there is none. A missing key "
    "gives nil for every field, no error.",
)
def _hmget(told: Told) -> str:
    missing = [field for field, item in zip(told.words[1:], told.reply.items, strict=False) if item.is_nil]
    if told.was_missing():
        return f"There is no hash {told.the}: nil for each field asked."
    if missing:
        return f"nil for {names(missing)}: the hash has no such field."
    return f"{many(told.count, 'value')}, in the order of the fields asked."


@tells(
    "HGETALL",
    why="HGETALL answers every field followed by its value, in no promised order. A missing key gives an "
    "empty answer, no error; a very large hash is better read with HSCAN.",
)
def _hgetall(told: Told) -> str:
    if not told.count:
        return f"Empty: there is no hash {told.the}. A hash without fields does not exist."
    return f"{many(told.count // 2, 'field')} of {told.the}, each followed by its value."


@tells(
    "HDEL",
    why="HDEL removes fields and answers how many were there. A hash that loses its last field disappears "
    "with its key.",
)
def _hdel(told: Told) -> str:
    asked = list(dict.fromkeys(told.words[1:]))
    return removed(told, "hash", _fields(told, asked), element="field", lacks="has no field")


@tells("HEXISTS", why="HEXISTS looks for a field, EXISTS for a key. 0 means no such field, or no such hash.")
def _hexists(told: Told) -> str:
    field = name(told.words[1])
    if told.number:
        return f"{told.the} has a field {field}."
    return f"There is no hash {told.the}." if told.was_missing() else f"{told.the} has no field {field}."


@tells(
    "HLEN",
    why="HLEN counts fields, not bytes, and takes the same time for any number of them. 0: no such key.",
)
def _hlen(told: Told) -> str:
    return counted(told, "hash", "field")


@tells(
    "HKEYS",
    "HVALS",
    why="HKEYS answers the names of the fields and HVALS their values, in the same order, which is not "
    "promised. Both read the whole hash.",
)
def _hkeys(told: Told) -> str:
    what = "field name" if told.command.name == "HKEYS" else "value"
    if not told.count:
        return f"Empty: there is no hash {told.the}."
    return f"{capital(many(told.count, what))}, all of {told.the}."


@tells(
    "HINCRBY",
    "HINCRBYFLOAT",
    why="The field is read as a number, added to and written in one step. A missing field counts as 0, and a "
    "missing key becomes a new hash.",
)
def _hincrby(told: Told) -> str:
    field = told.words[1]
    new = str(told.number) if told.reply.kind is Kind.INTEGER else shown(told.reply.text)
    before = told.before()
    old = before.fields.get(field) if before is not None else None
    if old is not None:
        return f"{name(field)} of {told.the} went from {shown(old)} to {new}."
    if told.was_missing() or (before is not None and field in before.fields):
        return f"{told.the} had no field {name(field)}, so counting began at 0: it is {new} now."
    return f"{name(field)} of {told.the} is {new} now; a missing field counts as 0."


@tells(
    "HSTRLEN",
    why="HSTRLEN counts the bytes of a field's value. 0 means an empty value, no such field or no such key.",
)
def _hstrlen(told: Told) -> str:
    if told.number:
        return f"The value of {name(told.words[1])} is {many(told.number, 'byte')} long."
    known = _fields(told, [told.words[1]])
    if told.was_missing():
        return f"There is no hash {told.the}."
    if known is not None:
        return f"{told.the} has {'an empty' if known[0] else 'no'} field {name(told.words[1])}."
    return f"{name(told.words[1])} is empty or missing."


@tells(
    "HRANDFIELD",
    why="Fields are chosen at random and stay in the hash. A positive count gives different ones, a negative "
    "count may give the same one several times.",
)
def _hrandfield(told: Told) -> str:
    if told.nil or (told.reply.kind is Kind.ARRAY and not told.count and told.words[1] != b"0"):
        return f"There is no hash {told.the}."
    if told.reply.kind is not Kind.ARRAY:
        return f"A field of {told.the}, chosen at random; it stays there."
    return f"Chosen at random; {told.the} is unchanged." if told.count else "The count is 0: no field."


@tells(
    "HSCAN",
    why="Each call reads a part of the hash and answers a cursor for the next one; 0 means that all has been "
    "seen. A small hash comes whole in the first call.",
)
def _hscan(told: Told) -> str:
    return scanned(told, "field", 1)
