"""What commands on sorted sets did."""

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
    number_text,
    other_type,
    pairs,
    shown,
    vanished,
)
from redislab.core.probe import KeyState
from redislab.core.reply import Kind, Reply

RULES = Rules()
tells = RULES.tells

_ZADD_OPTIONS = frozenset({b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"})


def _zadd_words(told: Told) -> tuple[set[bytes], list[tuple[bytes, bytes]]]:
    """The options of ZADD, and its (score, member)s."""
    place = 1
    while place < len(told.words) and told.words[place].upper() in _ZADD_OPTIONS:
        place += 1
    return {word.upper() for word in told.words[1:place]}, pairs(told.words[place:])


def _scores(state: KeyState | None, asked: list[bytes]) -> dict[bytes, float | None] | None:
    """The score of each member, None for those that are not there; None where that is not known."""
    if state is None or (state.exists and not all(member in state.scores for member in asked)):
        return None
    return {member: state.scores.get(member) for member in asked}


def _score(reply: Reply) -> str:
    return shown(reply.text)


@tells(
    "ZADD",
    why="ZADD answers how many members are new; a member that was there gets the new score and counts 0, "
    "unless CH asks to count changes too. A sorted set holds each member once and keeps them in order of "
    "their scores.",
)
def _zadd(told: Told) -> str:
    options, given = _zadd_words(told)
    asked = list(dict.fromkeys(member for _, member in given))
    if b"INCR" in options:
        return _incremented(told, asked[0]) if asked else ""
    before, after = _scores(told.before(), asked), _scores(told.after(), asked)
    if before is None or after is None:
        if b"CH" in options:
            return f"{capital(many(told.number, 'member'))} added or changed in {told.the}."
        if told.number == len(asked):
            return f"Added {names(asked)} to {told.the}."
        if b"XX" in options:
            return "XX adds no members; those that were there may have a new score."
        return f"{capital(many(told.number, 'member'))} new; the others were in {told.the} already."
    added = [m for m in asked if before[m] is None and after[m] is not None]
    changed = [m for m in asked if before[m] is not None and before[m] != after[m]]
    of = f"a new sorted set {told.the}" if told.was_missing() else told.the
    said = [f"added {names(added)} to {of}"] if added else []
    said += [f"changed the score of {names(changed)}"] if changed else []
    if not said:
        return f"Nothing changed: {_unchanged(told, options, before)}."
    counts = " Only new members are counted." if changed and b"CH" not in options else ""
    return f"{capital(' and '.join(said))}.{counts}{kept_ttl(told)}"


def _unchanged(told: Told, options: set[bytes], before: dict[bytes, float | None]) -> str:
    if b"XX" in options and None in before.values():
        return (
            f"XX adds no members, and {told.the} does not have {'it' if len(before) == 1 else 'all of them'}"
        )
    if b"NX" in options:
        return f"NX changes no scores, and {told.the} has {'it' if len(before) == 1 else 'them all'}"
    if options & {b"GT", b"LT"}:
        return f"{'GT' if b'GT' in options else 'LT'} did not let a score change"
    return "each member has this score already"


def _incremented(told: Told, member: bytes) -> str:
    if told.nil:
        return f"Nothing changed: the condition did not hold for {name(member)}."
    old = _scores(told.before(), [member])
    new = _score(told.reply)
    if old is None:
        return f"The score of {name(member)} is {new} now; a missing member counts as 0."
    was = old[member]
    if was is None:
        return f"{name(member)} was not in {told.the}, so its score began at 0: it is {new} now."
    return f"The score of {name(member)} went from {number_text(was)} to {new}."


@tells(
    "ZINCRBY",
    why="The score is read, added to and written in one step, and the member moves to its new place in the "
    "order. A missing member begins at 0, a missing key becomes a new sorted set.",
)
def _zincrby(told: Told) -> str:
    return _incremented(told, told.words[2])


@tells(
    "ZREM",
    why="ZREM removes members and answers how many were there. A sorted set that loses its last member "
    "disappears with its key.",
)
def _zrem(told: Told) -> str:
    asked, before = list(dict.fromkeys(told.words[1:])), told.before()
    return removed(told, "sorted set", known_of(before, asked, before.scores if before else {}))


@tells(
    "ZSCORE",
    why="nil means that the member is not in the sorted set, or that there is no such key. Scores are "
    "floating point.",
)
def _zscore(told: Told) -> str:
    if not told.nil:
        return f"The score of {name(told.words[1])} in {told.the}."
    if told.was_missing():
        return f"There is no sorted set {told.the}."
    return f"{name(told.words[1])} is not in {told.the}."


@tells("ZMSCORE", why="One score for each member asked, in that order, nil for those that are not there.")
def _zmscore(told: Told) -> str:
    missing = [m for m, item in zip(told.words[1:], told.reply.items, strict=False) if item.is_nil]
    if told.was_missing():
        return f"There is no sorted set {told.the}: nil for each member asked."
    if missing:
        return f"nil for {names(missing)}: not in {told.the}."
    return f"{capital(many(told.count, 'score'))}, in the order of the members asked."


@tells(
    "ZRANK",
    "ZREVRANK",
    why="Ranks count from 0. ZRANK begins at the lowest score and ZREVRANK at the highest; members with the "
    "same score are ordered by their bytes. nil: not there.",
)
def _zrank(told: Told) -> str:
    member, first = name(told.words[1]), "lowest" if told.command.name == "ZRANK" else "highest"
    if told.nil:
        return (
            f"There is no sorted set {told.the}." if told.was_missing() else f"{member} is not in {told.the}."
        )
    if not told.number:
        return f"{member} is the first, counted from the {first} score; ranks begin at 0."
    return (
        f"{capital(many(told.number, 'member'))} {'stands' if told.number == 1 else 'stand'} before "
        f"{member}, counted from the {first} score."
    )


@tells(
    "ZCARD",
    why="ZCARD counts the members and takes the same time for any number of them. A missing key counts 0.",
)
def _zcard(told: Told) -> str:
    return counted(told, "sorted set", "member")


@tells(
    "ZCOUNT",
    "ZLEXCOUNT",
    why="Both ends are included; `(` before a number leaves it out, -inf and +inf mean no limit. ZLEXCOUNT "
    "compares the members themselves and is meant for sets where all scores are the same.",
)
def _zcount(told: Told) -> str:
    low, high = (shown(word) for word in told.words[1:3])
    between = f"between `{low}` and `{high}`"
    if told.was_missing():
        return f"There is no sorted set {told.the}."
    what = "with a score " if told.command.name == "ZCOUNT" else ""
    return capital(f"{many(told.number, 'member')} of {told.the} {what}{between}.")


_RANGES = ("ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE", "ZREVRANGEBYSCORE", "ZRANGEBYLEX", "ZREVRANGEBYLEX")


@tells(
    *_RANGES,
    why="By default the range is one of ranks, counted from 0, both ends included; with BYSCORE (or "
    "ZRANGEBYSCORE) it is one of scores. The order is from the lowest score to the highest unless REV turns "
    "it round; members with the same score are ordered by their bytes.",
)
def _zrange(told: Told) -> str:
    options = told.options(3)
    count = told.count
    if b"WITHSCORES" in options and not (told.reply.items and told.reply.items[0].kind.is_aggregate):
        count //= 2
    reverse = "REV" in told.command.name or b"REV" in options
    low, high = (shown(word) for word in told.words[1:3])
    by = "score" if "BYSCORE" in told.command.name or b"BYSCORE" in options else "rank"
    by = "member" if "BYLEX" in told.command.name or b"BYLEX" in options else by
    if told.was_missing():
        return f"Empty: there is no sorted set {told.the}."
    if not count:
        has = "is" if by == "member" else f"has a {by}"
        swapped = " Are the two ends the right way round?" if _swapped(told, by, reverse) else ""
        return f"Empty: no member of {told.the} {has} from `{low}` to `{high}`.{swapped}"
    order = "highest score first" if reverse else "lowest score first"
    if by == "rank" and (low, high) == ("0", "-1"):
        every = "The one member" if count == 1 else f"All {count} members"
        return f"{every} of {told.the}, {order}."
    return f"{capital(many(count, 'member'))} of {told.the} by {by}, from `{low}` to `{high}`, {order}."


def _swapped(told: Told, by: str, reverse: bool) -> bool:
    """Whether the first of two scores is beyond the second one."""
    if by != "score":
        return False
    try:
        first, last = (float(word.lstrip(b"(")) for word in told.words[1:3])
    except ValueError:
        return False
    return first < last if reverse else first > last


@tells(
    "ZPOPMIN",
    "ZPOPMAX",
    why="The member with the lowest (ZPOPMAX: highest) score is answered with its score and removed in one "
    "step, so two clients never get the same one. An empty answer: there is no such key.",
)
def _zpop(told: Told) -> str:
    end = "lowest" if told.command.name == "ZPOPMIN" else "highest"
    if not told.count:
        if told.words[1:] == (b"0",):
            return "Nothing taken: the count is 0."
        return f"Nothing to take: there is no sorted set {told.the}."
    nested = told.reply.items[0].kind.is_aggregate
    count = told.count if nested else told.count // 2
    which = f"the member with the {end} score" if count == 1 else f"the {count} members with the {end} scores"
    return f"Took {which}.{_left(told)}"


def _left(told: Told, key: bytes | None = None) -> str:
    after = told.after(key)
    if after is not None and after.exists and after.length is not None:
        return f" {capital(many(after.length, 'member'))} left."
    return vanished(told, "sorted set", key)


@tells(
    "BZPOPMIN",
    "BZPOPMAX",
    why="B stands for blocking: where all the keys are missing, the client waits until somebody adds a "
    "member "
    "or the time is up, 0 meaning for ever. The answer names the key, the member and its score.",
)
def _bzpop(told: Told) -> str:
    if told.nil:
        return f"Time is up: nobody added anything to {names(told.keys, 'or')}."
    key, member = told.reply.items[0].text, told.reply.items[1].text
    end = "lowest" if told.command.name == "BZPOPMIN" else "highest"
    return f"Took {name(member)} from {name(key)}, the one with the {end} score.{_left(told, key)}"


@tells(
    "ZMPOP",
    "BZMPOP",
    why="The keys are looked at in the order named, and the first sorted set that has members gives up to "
    "COUNT of them, from the end that MIN or MAX says. nil: all of them were missing.",
)
def _zmpop(told: Told) -> str:
    if told.nil:
        return f"Nothing to take: no members in {names(told.keys, 'or')}."
    key, taken = told.reply.items[0].text, len(told.reply.items[1].items)
    first = ", the first sorted set that had any" if len(told.keys) > 1 else ""
    return f"Took {many(taken, 'member')} from {name(key)}{first}.{_left(told, key)}"


@tells(
    "ZREMRANGEBYRANK",
    "ZREMRANGEBYSCORE",
    "ZREMRANGEBYLEX",
    why="Everything in the range is removed, both ends included, and counted in the answer. A sorted "
    "set that "
    "loses its last member disappears with its key.",
)
def _zremrange(told: Told) -> str:
    if told.number:
        return f"Removed {many(told.number, 'member')} from {told.the}.{_left(told)}"
    if told.was_missing():
        return f"Nothing removed: there is no sorted set {told.the}."
    return f"Nothing removed: no member of {told.the} is in that range."


_COMBINED = {
    "ZUNION": "in at least one of the sets",
    "ZINTER": "in all of the sets",
    "ZDIFF": "in the first set and in none of the others",
}


@tells(
    "ZUNION",
    "ZINTER",
    "ZDIFF",
    why="Sorted sets (and sets, whose members count as score 1) are combined. Scores of a member that is in "
    "several are added, unless AGGREGATE says MIN or MAX; the sources stay as they are.",
)
def _combined(told: Told) -> str:
    count = told.count
    if told.args[-1].upper() == b"WITHSCORES" and not (
        told.reply.items and told.reply.items[0].kind.is_aggregate
    ):
        count //= 2
    where = _COMBINED[told.command.name]
    return capital(f"{many(count, 'member')} {'is' if count < 2 else 'are'} {where}.")


@tells(
    "ZUNIONSTORE",
    "ZINTERSTORE",
    "ZDIFFSTORE",
    why="The result becomes a sorted set at the first key, and whatever was there is replaced. An empty "
    "result is no set: then that key is deleted.",
)
def _combined_stored(told: Told) -> str:
    where = _COMBINED[told.command.name.removesuffix("STORE")]
    target = told.words[0]
    if not told.number:
        return f"No member is {where}, so there is no key {name(target)} now."
    over = " What it held before is replaced." if told.existed(target) else ""
    return (
        f"Stored {many(told.number, 'member')} at {name(target)}: those "
        f"{where}.{other_type(told, 'zset', target) or over}"
    )


@tells(
    "ZRANGESTORE",
    why="The members of a range become a sorted set at the first key, which is replaced. An empty range "
    "leaves no key there.",
)
def _zrangestore(told: Told) -> str:
    target, source = told.words[0], told.words[1]
    if not told.number:
        return f"Nothing of {name(source)} was in that range, so there is no key {name(target)} now."
    return (
        f"Stored {many(told.number, 'member')} of {name(source)} at {name(target)}; {name(source)} "
        "itself is unchanged."
        if source != target
        else f"{name(target)} keeps {many(told.number, 'member')}, those in the range."
    )


@tells(
    "ZINTERCARD",
    why="ZINTERCARD counts what all sets have in common without listing it; LIMIT ends the count early.",
)
def _zintercard(told: Told) -> str:
    limit = b"LIMIT" in told.options(1 + len(told.keys))
    more = " (LIMIT may have ended the count)" if limit and told.number else ""
    return capital(
        f"{many(told.number, 'member')} {'is' if told.number < 2 else 'are'} in all of the sets{more}."
    )


@tells(
    "ZRANDMEMBER",
    why="Members are chosen at random and stay where they are. A positive count gives different ones, a "
    "negative count may give the same one several times.",
)
def _zrandmember(told: Told) -> str:
    if told.nil or (told.reply.kind is Kind.ARRAY and not told.count and told.words[1] != b"0"):
        return f"There is no sorted set {told.the}."
    if told.count or told.reply.text:
        return f"Chosen at random; {told.the} is unchanged."
    return "The count is 0: no member."


@tells(
    "ZSCAN",
    why="Each call reads a part of the sorted set, each member followed by its score, and answers a cursor "
    "for the next one; 0 means that all has been seen.",
)
def _zscan(told: Told) -> str:
    return scanned(told, "scored member", 1)
