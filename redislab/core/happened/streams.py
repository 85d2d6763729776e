"""What commands on streams did."""

from __future__ import annotations

from redislab.core.happened.told import Rules, Told, capital, many, name, names, shown
from redislab.core.reply import Kind, Reply

RULES = Rules()
tells = RULES.tells

_ENTRIES = "entries"


def _entries(count: int) -> str:
    return many(count, "entry", _ENTRIES)


@tells(
    "XADD",
    why="An entry is a list of fields with values and gets an ID that grows: * asks for the time in "
    "milliseconds and a number for entries of the same millisecond. Entries are never changed, and a missing "
    "key becomes a new stream unless NOMKSTREAM is given.",
)
def _xadd(told: Told) -> str:
    if told.nil:
        return f"Nothing added: there is no stream {told.the}, and NOMKSTREAM creates none."
    entry = told.reply.text
    own = "its ID is the time in milliseconds, then a number"
    if entry.split(b"-")[0] + b"-*" in told.words:
        own = "with the time given and the next number"
    elif entry.split(b"-")[0] in {word.split(b"-")[0] for word in told.words[1:]}:
        own = "with the ID given"
    new = f" {told.the} is a new stream." if told.was_missing() else ""
    after, before = told.after(), told.before()
    trimmed = (before.length or 0) + 1 - (after.length or 0) if before and after else 0
    cut = (
        f" {capital(_entries(trimmed))} trimmed away at the old end."
        if trimmed > 0 and before and before.exists
        else ""
    )
    return f"Added at the end of {told.the} as {name(entry)}: {own}.{new}{cut}"


@tells(
    "XLEN",
    why="XLEN counts the entries that are in the stream now. Unlike other types, a stream may exist "
    "with none.",
)
def _xlen(told: Told) -> str:
    if told.number:
        return f"The stream {told.the} has {_entries(told.number)}."
    if told.existed():
        return f"The stream {told.the} exists and has no entries."
    return (
        f"There is no stream {told.the}."
        if told.was_missing()
        else f"{told.the} has no entries, or is missing."
    )


@tells(
    "XRANGE",
    "XREVRANGE",
    why="- is the lowest possible ID and + the highest; both ends are included, and `(` before an ID "
    "leaves it "
    "out. XREVRANGE wants the higher end first and answers the newest entry first.",
)
def _xrange(told: Told) -> str:
    order = "newest first" if told.command.name == "XREVRANGE" else "oldest first"
    if not told.count:
        if told.was_missing():
            return f"Empty: there is no stream {told.the}."
        return f"Empty: {told.the} has no entry in that range."
    return f"{capital(_entries(told.count))} of {told.the}, {order}."


def _read(told: Told) -> list[tuple[bytes, int]]:
    """(stream, entries) of what XREAD or XREADGROUP answered."""
    if told.reply.kind is Kind.MAP:
        items = told.reply.items
        return [(key.text, len(found.items)) for key, found in zip(items[0::2], items[1::2], strict=True)]
    return [(each.items[0].text, len(each.items[1].items)) for each in told.reply.items]


@tells(
    "XREAD",
    why="For each stream XREAD answers the entries behind the ID given; $ means the newest one now, so only "
    "what comes later. Reading removes nothing: every client can read the same entries. nil: nothing newer.",
)
def _xread(told: Told) -> str:
    if told.nil:
        if b"BLOCK" in {word.upper() for word in told.words[:4:2]}:  # COUNT n and BLOCK ms stand first
            return "Time is up: no entry came."
        dollar = (
            " $ asks for what comes later, so without BLOCK it never finds anything."
            if b"$" in told.words
            else ""
        )
        return f"No entry behind that ID in {names(told.keys, 'or')}.{dollar}"
    total = sum(count for _, count in _read(told))
    return f"{capital(_entries(total))} of {names(key for key, _ in _read(told))}; reading removes nothing."


@tells(
    "XREADGROUP",
    why="With > a group's consumer gets entries that no consumer of the group has had, and they are pending "
    "until XACK. With an ID it gets its own pending entries again.",
)
def _xreadgroup(told: Told) -> str:
    group, consumer = name(told.words[1]), name(told.words[2])
    if told.nil:
        return f"Nothing new for the group {group}: no entry is behind the last one it was given."
    total = sum(count for _, count in _read(told))
    if told.args[-1] != b">":
        return (
            f"{capital(_entries(total))} pending for {consumer}, delivered before and not acknowledged."
            if total
            else f"Nothing is pending for {consumer}."
        )
    if b"NOACK" in told.options(0):
        return f"{capital(_entries(total))} delivered to {consumer}; with NOACK none is pending."
    return f"{capital(_entries(total))} delivered to {consumer} and pending until XACK."


@tells(
    "XACK",
    why="XACK says that entries are done: they are no longer pending for the group. The answer counts those "
    "that were pending; the entries themselves stay in the stream.",
)
def _xack(told: Told) -> str:
    asked = len(told.words) - 2
    if not told.number:
        return f"Nothing acknowledged: none of these IDs was pending in {name(told.words[1])}."
    of = f" of {asked}" if told.number != asked else ""
    return f"Acknowledged {told.number}{of}: no longer pending, and still in the stream."


@tells(
    "XDEL",
    why="XDEL removes entries by ID and answers how many were there. The stream stays, even when nothing is "
    "left in it.",
)
def _xdel(told: Told) -> str:
    asked = len(set(told.words[1:]))
    if not told.number:
        missing = f"there is no stream {told.the}" if told.was_missing() else f"no such ID in {told.the}"
        return f"Nothing deleted: {missing}."
    of = f"{told.number} of the {asked} entries" if told.number != asked else _entries(told.number)
    after = told.after()
    empty = " The stream is empty now and still exists." if after is not None and after.length == 0 else ""
    return f"Deleted {of}.{empty}"


@tells(
    "XTRIM",
    why="The oldest entries are removed until MAXLEN are left, or until none is older than MINID. With ~ "
    "Redis removes only whole blocks, which is faster and may leave more.",
)
def _xtrim(told: Told) -> str:
    after = told.after()
    left = f" {capital(_entries(after.length or 0))} left." if after is not None and after.exists else ""
    if told.number:
        return f"Removed {_entries(told.number)} at the old end.{left}"
    why = ": there is no such stream" if told.was_missing() else ""
    rough = " ~ removes whole blocks only." if b"~" in told.words and not why else ""
    return f"Nothing removed{why}.{rough}"


@tells(
    "XGROUP CREATE",
    why="A group remembers how far its consumers have read and what each has not yet acknowledged. It begins "
    "behind the ID given: 0 delivers all entries, $ only those that come later.",
)
def _xgroup_create(told: Told) -> str:
    start = told.words[2]
    begins = (
        "only entries that come later"
        if start == b"$"
        else "all entries, from the first"
        if start
        in (
            b"0",
            b"0-0",
        )
        else f"the entries behind {shown(start)}"
    )
    made = f" {told.the} is a new, empty stream." if told.was_missing() else ""
    return f"Created the group {name(told.words[1])}: it will be given {begins}.{made}"


@tells(
    "XGROUP DESTROY",
    why="The group is gone with its consumers and what was pending; the entries stay in the stream.",
)
def _xgroup_destroy(told: Told) -> str:
    group = name(told.words[1])
    if told.number:
        return f"The group {group} is gone, and what was pending in it; the stream is unchanged."
    return f"Nothing removed: there is no group {group}."


@tells(
    "XGROUP CREATECONSUMER",
    why="A consumer is a name in a group. XREADGROUP creates it when it is first used.",
)
def _xgroup_createconsumer(told: Told) -> str:
    consumer = name(told.words[2])
    return (
        f"Created the consumer {consumer}."
        if told.number
        else f"The group had a consumer {consumer} already."
    )


@tells(
    "XGROUP DELCONSUMER",
    why="The answer counts what was pending for the consumer. Those entries belong to nobody in the group "
    "afterwards: claim them first if they are still to be worked on.",
)
def _xgroup_delconsumer(told: Told) -> str:
    if told.number:
        return (
            f"The consumer is gone; {_entries(told.number)} pending for it will not be delivered to the "
            "group again."
        )
    return "Nothing was pending for that consumer; the group does not have it now."


@tells(
    "XGROUP SETID",
    why="The group goes on behind the ID given: a lower one delivers entries again, $ skips all there are.",
)
def _xgroup_setid(told: Told) -> str:
    return f"The group {name(told.words[1])} goes on behind {name(told.words[2])}."


@tells(
    "XPENDING",
    why="Pending is what was delivered to a consumer and not acknowledged. Without a range the answer is a "
    "summary: how many, lowest and highest ID, and how many each consumer has.",
)
def _xpending(told: Told) -> str:
    if len(told.words) > 2:
        return (
            capital(f"{_entries(told.count)} pending: ID, consumer, milliseconds since delivery, deliveries.")
            if told.count
            else "Nothing is pending there."
        )
    total = told.reply.items[0].number if told.reply.items else 0
    if not total:
        return f"Nothing is pending in {name(told.words[1])}: all that was delivered is acknowledged."
    consumers = len(told.reply.items[3].items)
    return f"{capital(_entries(total))} delivered and not acknowledged, for {many(consumers, 'consumer')}."


@tells(
    "XCLAIM",
    "XAUTOCLAIM",
    why="Pending entries that have waited long enough go to another consumer, so that the work of one that "
    "failed is done. An entry that was delivered more recently than the time given is left alone.",
)
def _xclaim(told: Told) -> str:
    found: Reply = told.reply.items[1] if told.command.name == "XAUTOCLAIM" else told.reply
    count = len(found.items)
    if not count:
        return "Nothing claimed: none of them is pending and has waited that long."
    return f"{capital(_entries(count))} now pending for {name(told.words[2])}."


@tells("XINFO STREAM", why="Length, newest and oldest entry, and how many groups read the stream.")
def _xinfo_stream(told: Told) -> str:
    items = told.reply.items
    facts = {key.text: value for key, value in zip(items[0::2], items[1::2], strict=False)}
    length, groups = facts.get(b"length"), facts.get(b"groups")
    if length is None or groups is None:
        return ""
    count = groups.number if groups.kind is Kind.INTEGER else len(groups.items)
    return f"{told.the} has {_entries(length.number)} and {many(count, 'group')}."


@tells(
    "XINFO GROUPS",
    "XINFO CONSUMERS",
    why="One row each, with what is pending: delivered and not acknowledged.",
)
def _xinfo_groups(told: Told) -> str:
    if told.command.name == "XINFO GROUPS":
        return f"{told.the} has {many(told.count, 'group')}."
    return f"The group {name(told.words[1])} has {many(told.count, 'consumer')}."
