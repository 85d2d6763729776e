"""What commands on bits, HyperLogLogs and places on Earth did."""

from __future__ import annotations

from redislab.core.happened.told import Rules, Told, capital, many, name, names, shown
from redislab.core.reply import Kind

RULES = Rules()
tells = RULES.tells


@tells(
    "SETBIT",
    why="A bitmap is a string whose bits are numbered from 0 at the left. SETBIT answers the bit that was "
    "there before, and makes the string longer with zero bytes where needed: one far bit costs all "
    "before it.",
)
def _setbit(told: Told) -> str:
    old, new = told.number, shown(told.words[2])
    place = shown(told.words[1])
    longer = ""
    before, after = told.before(), told.after()
    if before is not None and after is not None and (after.length or 0) > (before.length or 0):
        longer = f" {told.the} is {many(after.length or 0, 'byte')} long now."
    if str(old) == new:
        return f"Bit {place} was {old} before and stays {new}.{longer}"
    return f"Bit {place} was {old} and is {new} now: the answer is the old bit.{longer}"


@tells(
    "GETBIT",
    why="Bits are numbered from 0 at the left. Those beyond the end of the string, and of a missing "
    "key, are 0.",
)
def _getbit(told: Told) -> str:
    if told.was_missing():
        return f"There is no key {told.the}: all bits count as 0."
    return f"Bit {shown(told.words[1])} of {told.the} is {told.number}."


@tells(
    "BITCOUNT",
    why="BITCOUNT counts the bits that are 1. A range is one of bytes, both ends included, unless BIT "
    "is given.",
)
def _bitcount(told: Told) -> str:
    if told.was_missing():
        return f"There is no key {told.the}: no bit is set."
    where = " in that range" if len(told.words) > 1 else ""
    said = f"{many(told.number, 'bit')} of {told.the} {'is' if told.number < 2 else 'are'} 1{where}."
    return capital(said)


@tells("BITPOS", why="BITPOS looks for the first 0 or 1 from the left. -1: there is none.")
def _bitpos(told: Told) -> str:
    bit = shown(told.words[1])
    if told.number == -1:
        where = " there" if len(told.words) > 2 else ""
        return f"{told.the} has no bit that is {bit}{where}."
    where = " in that range" if len(told.words) > 2 else ""
    return f"The first {bit} in {told.the}{where} is bit {told.number}, counted from 0."


@tells(
    "BITOP",
    why="The strings are combined bit by bit and the result stored; shorter ones count as filled up "
    "with zeros.",
)
def _bitop(told: Told) -> str:
    target = told.words[1]
    if not told.number:
        return f"All sources are empty or missing, so there is no key {name(target)} now."
    return f"Stored the result at {name(target)}: {many(told.number, 'byte')}, as long as the longest source."


@tells(
    "BITFIELD",
    "BITFIELD_RO",
    why="BITFIELD treats a string as a row of small numbers and answers one value for each GET, SET "
    "and INCRBY, in "
    "order. SET answers the old number, INCRBY the new one; nil: OVERFLOW FAIL refused a change.",
)
def _bitfield(told: Told) -> str:
    refused = sum(item.is_nil for item in told.reply.items)
    if refused:
        return f"{capital(many(refused, 'change'))} refused by OVERFLOW FAIL: nil."
    if told.count == 1:
        return "1 answer, that of the one operation."
    return f"{many(told.count, 'answer')}, one for each operation in order."


@tells(
    "PFADD",
    why="A HyperLogLog estimates how many different elements it has seen, in at most 12 KB and without "
    "keeping them. 1 means that the estimate may have changed, 0 that it has not: mostly because the "
    "element was seen before.",
)
def _pfadd(told: Told) -> str:
    new = f" {told.the} is new." if told.was_missing() else ""
    if not told.words[1:]:
        return f"An empty HyperLogLog {told.the} was created." if told.number else "There was nothing to add."
    if told.number:
        return f"1: the HyperLogLog changed, so something in it is new.{new}"
    return "0: nothing changed; as far as a HyperLogLog can tell, these were seen before."


@tells(
    "PFCOUNT",
    why="An estimate, off by 0.81 % on average. For several keys it is that of all of them together.",
)
def _pfcount(told: Told) -> str:
    if told.was_missing() and len(told.keys) == 1:
        return f"There is no key {told.the}: nothing was seen."
    of = f"{names(told.keys)} together" if len(told.keys) > 1 else told.the
    return (
        f"About {many(told.number, 'different element')} seen by {of}: an estimate."
        if told.number
        else f"Nothing was seen by {of}."
    )


@tells(
    "PFMERGE",
    why="The target counts afterwards what any of the sources, and itself before, have seen; nothing "
    "counts twice.",
)
def _pfmerge(told: Told) -> str:
    return f"{told.the} counts now what it had seen and what {names(told.keys[1:]) or 'no other'} had seen."


@tells(
    "GEOADD",
    why="A geo set is a sorted set: the score holds longitude and latitude, in that order. The answer counts "
    "new members; one that moved counts 0 unless CH is given.",
)
def _geoadd(told: Told) -> str:
    skip = 0
    while told.words[1 + skip].upper() in (b"NX", b"XX", b"CH"):
        skip += 1
    given = len({*told.words[3 + skip :: 3]})
    which = many(told.number, "place")
    if b"CH" in {word.upper() for word in told.words[1 : 1 + skip]}:
        return capital(f"{which} added or moved in {told.the}.")
    if b"XX" in {word.upper() for word in told.words[1 : 1 + skip]}:
        return "XX adds no places; those that were there may have moved."
    if told.number == given:
        return f"Added {names(told.words[3 + skip :: 3])} to {told.the}."
    return (
        f"{capital(which)} new; the other {'was' if given - told.number == 1 else 'were'} in {told.the} "
        f"already{' and may have moved' if not skip else ''}."
    )


@tells(
    "GEODIST",
    why="The distance along the Earth's surface, in metres unless a unit is given. nil: one of the two "
    "is not there.",
)
def _geodist(told: Told) -> str:
    unit = told.words[3].lower().decode("latin-1") if len(told.words) > 3 else "m"
    units = {"m": "metres", "km": "kilometres", "mi": "miles", "ft": "feet"}
    if told.nil:
        return f"{name(told.words[1])} or {name(told.words[2])} is not in {told.the}."
    return (
        f"{capital(units.get(unit, unit))} between {name(told.words[1])} and {name(told.words[2])}, as the "
        "crow flies."
    )


@tells(
    "GEOPOS",
    "GEOHASH",
    why="One answer for each member asked, nil for those that are not there. Positions are slightly rounded.",
)
def _geopos(told: Told) -> str:
    missing = [m for m, item in zip(told.words[1:], told.reply.items, strict=False) if item.is_nil]
    if missing:
        return f"nil for {names(missing)}: not in {told.the}."
    what = "Longitude and latitude" if told.command.name == "GEOPOS" else "A geohash"
    return f"{what} of {names(told.words[1:])}."


@tells(
    "GEOSEARCH",
    "GEORADIUS",
    "GEORADIUSBYMEMBER",
    "GEORADIUS_RO",
    "GEORADIUSBYMEMBER_RO",
    why="Members inside a circle or a box around a position or another member, which counts itself. Without "
    "ASC or DESC their order means nothing.",
)
def _geosearch(told: Told) -> str:
    if told.reply.kind is Kind.INTEGER:
        return f"Stored {many(told.number, 'place')}."
    if not told.count:
        return (
            f"No place of {told.the} is in that area{': there is no such key' if told.was_missing() else ''}."
        )
    return (
        f"{capital(many(told.count, 'place'))} of {told.the} {'is' if told.count == 1 else 'are'} in that "
        "area."
    )


@tells(
    "GEOSEARCHSTORE", why="What was found becomes a sorted set at the first key; nothing found means no key."
)
def _geosearchstore(told: Told) -> str:
    target = told.words[0]
    if not told.number:
        return f"No place is in that area, so there is no key {name(target)} now."
    return f"Stored {many(told.number, 'place')} at {name(target)}."
