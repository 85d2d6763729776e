"""What commands on sets did."""

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
    other_type,
    vanished,
    was,
)

RULES = Rules()
tells = RULES.tells


def _members(told: Told, asked: list[bytes]) -> tuple[list[bytes], list[bytes]] | None:
    before = told.before()
    return known_of(before, asked, before.members if before else {})


@tells(
    "SADD",
    why="A set holds each member once, in no order. SADD answers how many members are new; one that is there "
    "already is no error and counts 0. A missing key becomes a new set.",
)
def _sadd(told: Told) -> str:
    asked = list(dict.fromkeys(told.words[1:]))
    known = _members(told, asked)
    if not told.number:
        have = "was" if len(asked) == 1 else "were"
        return f"Nothing new: {names(asked)} {have} in the set already, and a set holds each member once."
    of = f"a new set {told.the}" if told.was_missing() else told.the
    twice = " A word given twice is one member." if len(asked) < len(told.words) - 1 else ""
    if told.number == len(asked):
        return f"Added {names(asked)} to {of}.{twice}{kept_ttl(told)}"
    if known is None:
        return f"Added {many(told.number, 'member')}; the rest of the {len(asked)} had been in the set."
    return f"Added {names(known[1])}; {names(known[0])} {was(known[0])} in {told.the} already."


@tells(
    "SREM",
    why="SREM removes members, not the set, and answers how many were there. A set that loses its last "
    "member disappears with its key.",
)
def _srem(told: Told) -> str:
    return removed(told, "set", _members(told, list(dict.fromkeys(told.words[1:]))))


@tells(
    "SMEMBERS",
    why="All members come at once, in no promised order. A missing key is an empty set; a very large one is "
    "better read with SSCAN.",
)
def _smembers(told: Told) -> str:
    if not told.count:
        return f"Empty: there is no set {told.the}. A set without members does not exist."
    return f"{many(told.count, 'member')}, all of {told.the}, in no promised order."


@tells(
    "SISMEMBER", why="1 means that the member is in the set, 0 that it is not, or that there is no such key."
)
def _sismember(told: Told) -> str:
    member = name(told.words[1])
    if told.number:
        return f"{member} is a member of {told.the}."
    return (
        f"There is no set {told.the}." if told.was_missing() else f"{member} is not a member of {told.the}."
    )


@tells("SMISMEMBER", why="One answer for each member asked, in that order: 1 if it is in the set, 0 if not.")
def _smismember(told: Told) -> str:
    there = [m for m, item in zip(told.words[1:], told.reply.items, strict=False) if item.number]
    if not there:
        return f"None of them is in {told.the}{': there is no such set' if told.was_missing() else ''}."
    if len(there) == len(told.words) - 1:
        return f"All of them are in {told.the}."
    others = "the other is" if len(told.words) - 1 - len(there) == 1 else "the others are"
    return f"{names(there)} {'is' if len(set(there)) == 1 else 'are'} in {told.the}, {others} not."


@tells(
    "SCARD",
    why="SCARD counts the members and takes the same time for any number of them. A missing key counts 0.",
)
def _scard(told: Told) -> str:
    return counted(told, "set", "member")


@tells(
    "SPOP",
    why="SPOP takes members at random out of the set: they are answered and removed. SRANDMEMBER chooses the "
    "same way and removes nothing.",
)
def _spop(told: Told) -> str:
    counted = len(told.words) > 1
    if told.nil or (counted and not told.count and told.words[1] != b"0"):
        return f"Nothing to take: there is no set {told.the}."
    if counted and not told.count:
        return "Nothing taken: the count is 0."
    what = many(told.count, "member") if counted else name(told.reply.text)
    after = told.after()
    left = (
        f" {capital(many(after.length or 0, 'member'))} left." if after is not None and after.exists else ""
    )
    return (
        f"Took {what} at random and removed "
        f"{'it' if not counted or told.count == 1 else 'them'}.{left}{vanished(told, 'set')}"
    )


@tells(
    "SRANDMEMBER",
    why="Members are chosen at random and stay in the set. A positive count gives different ones, a negative "
    "count may give the same one several times.",
)
def _srandmember(told: Told) -> str:
    if told.nil or (told.reply.kind.is_aggregate and not told.count and told.words[1] != b"0"):
        return f"There is no set {told.the}."
    if told.reply.kind.is_aggregate and not told.count:
        return "The count is 0: no member."
    return f"Chosen at random; {told.the} is unchanged."


@tells(
    "SMOVE",
    why="The member leaves one set and enters the other in one step. 0 means that it was not in the first "
    "set, and then nothing changes.",
)
def _smove(told: Told) -> str:
    source, target, member = told.words[0], told.words[1], name(told.words[2])
    if not told.number:
        return f"Nothing moved: {member} is not in {name(source)}."
    had = told.before(target)
    already = f" {name(target)} had it already." if had is not None and had.members.get(told.words[2]) else ""
    if source == target:
        return f"{member} stays where it is: both sets are {name(source)}."
    return (
        f"{member} left {name(source)} and is in {name(target)} now.{already}{vanished(told, 'set', source)}"
    )


_COMBINED = {
    "SINTER": "in all of the sets",
    "SUNION": "in at least one of the sets",
    "SDIFF": "in the first set and in none of the others",
}


@tells(
    "SINTER",
    "SUNION",
    "SDIFF",
    why="SINTER answers what all sets have in common, SUNION what is in any of them, SDIFF what is in the "
    "first and in no other. A missing key is an empty set, and the sets themselves stay as they are.",
)
def _combined(told: Told) -> str:
    where = _COMBINED[told.command.name]
    missing = [key for key in told.keys if told.was_missing(key)]
    empty = f" {names(missing)} does not exist and counts as empty." if len(set(missing)) == 1 else ""
    if not told.count:
        return f"No member is {where}.{empty}"
    return f"{many(told.count, 'member')} {'is' if told.count == 1 else 'are'} {where}.{empty}"


@tells(
    "SINTERSTORE",
    "SUNIONSTORE",
    "SDIFFSTORE",
    why="The result becomes a set at the first key, and whatever was there is replaced. An empty "
    "result is no "
    "set: then that key is deleted.",
)
def _stored(told: Told) -> str:
    where = _COMBINED[told.command.name.removesuffix("STORE")]
    if not told.number:
        return f"No member is {where}, so there is no key {told.the} now."
    over = " What it held before is replaced." if told.existed() else ""
    return (
        f"Stored {many(told.number, 'member')} at {told.the}: those {where}.{other_type(told, 'set') or over}"
    )


@tells(
    "SINTERCARD",
    why="SINTERCARD counts what all sets have in common without listing it; LIMIT ends the count early.",
)
def _sintercard(told: Told) -> str:
    limit = b"LIMIT" in told.options(1 + len(told.keys))
    more = " (LIMIT may have ended the count)" if limit and told.number else ""
    return capital(
        f"{many(told.number, 'member')} {'is' if told.number < 2 else 'are'} in all of the sets{more}."
    )


@tells(
    "SSCAN",
    why="Each call reads a part of the set and answers a cursor for the next one; 0 means that all has been "
    "seen. A small set comes whole in the first call.",
)
def _sscan(told: Told) -> str:
    return scanned(told, "member", 1)
