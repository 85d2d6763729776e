"""What commands on keys of any type did."""

from __future__ import annotations

from redislab.core.happened.elements import scanned
from redislab.core.happened.told import (
    KINDS,
    Rules,
    Told,
    capital,
    integer,
    kind,
    many,
    name,
    names,
    remaining,
    shown,
    span,
)
from redislab.core.reply import Kind

RULES = Rules()
tells = RULES.tells


@tells(
    "DEL",
    "UNLINK",
    why="The answer counts the keys that existed and are gone now; a key that is missing is no error. UNLINK "
    "does the same and frees the memory of large values in the background.",
)
def _del(told: Told) -> str:
    asked = list(dict.fromkeys(told.keys))
    if not told.number:
        return f"Nothing deleted: there was no key {names(asked, 'or')}."
    if told.number == len(asked):
        return f"Deleted {names(asked)}."
    gone, missing = ([key for key in asked if at(key)] for at in (told.existed, told.was_missing))
    if len(gone) + len(missing) == len(asked):
        return f"Deleted {names(gone)}; there was no {names(missing, 'or')}."
    return (
        f"{told.number} of the {len(asked)} keys existed and {'is' if told.number == 1 else 'are'} deleted."
    )


@tells(
    "EXISTS",
    why="EXISTS counts how many of the words name a key that exists, so a key named twice counts twice. It "
    "does not say which; ask one at a time for that.",
)
def _exists(told: Told) -> str:
    asked, distinct = len(told.keys), list(dict.fromkeys(told.keys))
    if len(distinct) == 1:
        said = f"{told.the} exists" if told.number else f"There is no key {told.the}"
        return (
            f"{said}{f'; named {asked} times, it counts {asked} times' if told.number and asked > 1 else ''}."
        )
    there = [key for key in distinct if told.existed(key)]
    known = len(there) + sum(map(told.was_missing, distinct)) == len(distinct)
    twice = " A key named twice counts twice." if asked > len(distinct) else ""
    if told.number in (0, asked):
        return (
            f"{'All' if told.number else 'None'} of the {len(distinct)} keys "
            f"exist{'s' * (not told.number)}.{twice}"
        )
    if known:
        return f"Of the {len(distinct)} keys {names(there)} exist{'s' * (len(there) == 1)}.{twice}"
    return f"{told.number} of the {asked} words name{'s' * (told.number == 1)} a key that exists.{twice}"


@tells(
    "TYPE",
    why="Every key has one type, decided by the command that created it, and only commands for that type "
    "work on it. none is the answer for a missing key; bitmaps and HyperLogLogs are strings, geo sets "
    "are zset.",
)
def _type(told: Told) -> str:
    found = told.reply.text.decode("utf-8", "replace")
    if found == "none":
        return f"There is no key {told.the}."
    readers = {"string": "GET", "list": "LRANGE", "hash": "HGETALL", "set": "SMEMBERS"}
    readers |= {"zset": "ZRANGE", "stream": "XRANGE"}
    reads = f"; {readers[found]} reads it" if found in readers else ""
    return f"{told.the} holds a {KINDS.get(found, found)}{reads}."


@tells(
    "TTL",
    "PTTL",
    why="TTL counts seconds and PTTL milliseconds. Two answers are signs: -1 means that the key exists and "
    "never expires, -2 that there is no such key (expired, deleted or never set: Redis cannot say which).",
)
def _ttl(told: Told) -> str:
    if told.number == -2:
        return f"-2: there is no key {told.the}."
    if told.number == -1:
        return f"-1: {told.the} exists and never expires."
    unit = 1000 if told.command.name == "TTL" else 1
    if told.number * unit < 1000:
        return f"{told.the} expires in less than a second."
    return f"{told.the} is deleted in {span(told.number * unit)} unless something changes that."


@tells(
    "EXPIRETIME",
    "PEXPIRETIME",
    why="The answer is a moment, not a span: Unix time in seconds (milliseconds for PEXPIRETIME). -1 means "
    "that the key never expires, -2 that there is no such key.",
)
def _expiretime(told: Told) -> str:
    if told.number < 0:
        return _ttl(told)
    before = told.before()
    left = f", in {remaining(before.ttl_ms or 0)}" if before is not None and before.expires else ""
    return f"{told.the} expires at this moment of Unix time{left}."


@tells(
    "EXPIRE",
    "PEXPIRE",
    "EXPIREAT",
    "PEXPIREAT",
    why="1 means that the time to live was set, 0 that it was not: there is no such key, or the "
    "condition NX, "
    "XX, GT or LT did not hold. Each call replaces the time set before, and a time that has passed deletes "
    "the key at once.",
)
def _expire(told: Told) -> str:
    options = set(told.options(2)) & {b"NX", b"XX", b"GT", b"LT"}
    if not told.number:
        return _not_set(told, options)
    amount, after = integer(told.words[1]) or 0, told.after()
    relative = not told.command.name.endswith("AT")
    if (after is not None and not after.exists) or (relative and amount <= 0):
        return f"That time has passed, so {told.the} was deleted at once."
    before = told.before()
    instead = " It replaces the earlier one." if before is not None and before.expires else ""
    if relative:
        unit = 1 if told.command.name.startswith("P") else 1000
        return f"{told.the} expires in {span(amount * unit)}.{instead}"
    left = f", in {remaining(after.ttl_ms or 0)}" if after is not None and after.expires else ""
    if after is None:
        return f"{told.the} expires at that moment; if it has passed, the key is gone already."
    return f"{told.the} expires at that moment{left}.{instead}"


_CONDITIONS = {
    b"NX": "NX sets one only where there is none",
    b"XX": "XX sets one only where there is one already",
    b"GT": "GT sets only a later one, and a key that never expires counts as latest",
    b"LT": "LT sets only an earlier one",
}


def _not_set(told: Told, options: set[bytes]) -> str:
    if told.was_missing() or not options:
        return f"Nothing set: there is no key {told.the}."
    conditions = "; ".join(_CONDITIONS[option] for option in sorted(options))
    if told.existed():
        return f"Nothing changed: {conditions}."
    return f"Nothing changed: {told.the} is missing, or the condition did not hold ({conditions})."


@tells(
    "PERSIST",
    why="PERSIST takes the time to live away, so the key stays until somebody deletes it. 0 means that there "
    "was none to take away, or no such key.",
)
def _persist(told: Told) -> str:
    if told.number:
        return f"The time to live is gone: {told.the} never expires now."
    if told.existed():
        return f"Nothing changed: {told.the} had no time to live."
    return (
        f"Nothing changed: there is no key {told.the}{'' if told.was_missing() else ', or it never expired'}."
    )


@tells(
    "RENAME",
    "RENAMENX",
    why="The value and its time to live move to the new name. RENAME overwrites what stood at that name "
    "without asking; RENAMENX answers 0 instead and leaves both as they were.",
)
def _rename(told: Told) -> str:
    old, new = told.words[0], told.words[1]
    if told.command.name == "RENAMENX" and not told.number:
        return f"Not renamed: {name(new)} exists already, and NX overwrites nothing."
    before, moved = told.before(new), f"{name(old)} is called {name(new)} now"
    if old == new:
        return f"The name stays the same: {name(old)}."
    if before is not None and before.exists:
        return f"{moved}. The {name(new)} that existed, {kind(before)}, was overwritten."
    return f"{moved}{_with_ttl(told, new)}."


def _with_ttl(told: Told, key: bytes) -> str:
    after = told.after(key)
    return " and still expires" if after is not None and after.expires else ""


@tells(
    "COPY",
    why="The copy has the value and the time to live of its source and is independent of it. COPY answers 0 "
    "if there is no source, or if the target exists and REPLACE was not given.",
)
def _copy(told: Told) -> str:
    source, target = told.words[0], told.words[1]
    if told.number:
        return f"{name(target)} holds a copy of {name(source)}{_with_ttl(told, target)}; each changes alone."
    if told.was_missing(source):
        return f"Nothing copied: there is no key {name(source)}."
    if told.existed(target) and b"DB" not in told.options(2):
        return f"Nothing copied: {name(target)} exists already. REPLACE would overwrite it."
    return f"Nothing copied: {name(source)} is missing, or {name(target)} exists and REPLACE was not given."


@tells(
    "MOVE",
    why="MOVE takes a key to another database of the same server, under the same name. It answers 0 if there "
    "is no such key here, or if the other database has one of that name: it never overwrites.",
)
def _move(told: Told) -> str:
    where = f"database {shown(told.words[1])}"
    if told.number:
        return f"{told.the} is in {where} now, and no longer in database {told.outcome.db}."
    if told.was_missing():
        return f"Nothing moved: there is no key {told.the} in database {told.outcome.db}."
    if told.existed():
        return f"Nothing moved: {where} has a key {told.the} already."
    return f"Nothing moved: there is no {told.the} here, or {where} has one already."


@tells(
    "RANDOMKEY",
    why="Any key may come, each as likely as another or nearly so; asking again gives another one. nil means "
    "that the database is empty.",
)
def _randomkey(told: Told) -> str:
    if told.nil:
        return f"Database {told.outcome.db} is empty."
    seen = told.outcome.observed
    of = f" of the {seen.size_before} in" if seen is not None and seen.size_before else " of"
    return f"One key{of} database {told.outcome.db}, chosen at random."


@tells(
    "KEYS",
    why="KEYS looks at every name in the database before it answers, and nothing else runs meanwhile: fine "
    "among a hundred keys, harmful among millions. SCAN does the same work in small steps.",
)
def _keys(told: Told) -> str:
    seen = told.outcome.observed
    of = f" of {seen.size_before}" if seen is not None and seen.size_before else ""
    if not told.count:
        return f"No key{of} matches {name(told.words[0])}."
    return (
        f"{many(told.count, 'key')}{of} match{'es' * (told.count == 1)} {name(told.words[0])}, in no order."
    )


@tells(
    "SCAN",
    why="Each call does a little of the work and answers a cursor for the next one; 0 means that the "
    "round is "
    "complete. A call may answer no keys and still not be the last, and a key may come twice.",
)
def _scan(told: Told) -> str:
    return scanned(told, "key")


@tells(
    "TOUCH",
    why="TOUCH counts the keys that exist and marks them as used now, which matters when Redis must choose "
    "what to evict. It changes no value and no time to live.",
)
def _touch(told: Told) -> str:
    asked = len(told.keys)
    if asked == 1:
        return f"{told.the} counts as used now." if told.number else f"There is no key {told.the}."
    return (
        f"{told.number or 'None'} of the {asked} keys exist and count as used now."
        if told.number != 1
        else (f"1 of the {asked} keys exists and counts as used now.")
    )


_ENCODINGS = {
    "int": "a string that is a whole number, kept as 8 bytes",
    "embstr": "a short string, kept in one piece of memory with its header",
    "raw": "a string in a piece of memory of its own",
    "listpack": "a small collection, kept in one compact piece of memory",
    "quicklist": "a list of compact pieces linked together",
    "hashtable": "a hash table",
    "intset": "a set of whole numbers, kept as a sorted array",
    "skiplist": "a skip list beside a hash table",
    "stream": "a stream",
}


@tells(
    "OBJECT ENCODING",
    why="The encoding is how Redis keeps a value in memory. It chooses a compact one for small values and "
    "changes it when they grow; commands and answers stay the same.",
)
def _encoding(told: Told) -> str:
    found = told.reply.text.decode("utf-8", "replace")
    if told.nil:
        return f"There is no key {told.the}."
    return f"{told.the} is stored as {found}: {_ENCODINGS[found]}." if found in _ENCODINGS else ""


@tells(
    "OBJECT IDLETIME",
    why="Redis notes when a value was last read or written and uses it to choose what to evict. Looking at "
    "the type, the time to live or the idle time itself does not count as use.",
)
def _idletime(told: Told) -> str:
    if told.nil:
        return f"There is no key {told.the}."
    return f"Nobody has read or written {told.the} for {told.number} s."


@tells(
    "OBJECT REFCOUNT",
    why="How many places in the server's memory refer to the same value. Small whole numbers are shared by "
    "all keys, so their count is a very large constant.",
)
def _refcount(told: Told) -> str:
    if told.nil:
        return f"There is no key {told.the}."
    shared = told.number > 1_000_000
    return f"{told.the} holds a {'value that all keys share' if shared else 'value of its own'}."


@tells(
    "DUMP",
    why="DUMP answers the value in Redis's own binary format, for RESTORE on this or another server. "
    "The time "
    "to live is not part of it.",
)
def _dump(told: Told) -> str:
    if told.nil:
        return f"There is no key {told.the}."
    return (
        f"The value of {told.the} as {many(len(told.reply.text), 'byte')} for RESTORE; its time to live is "
        "not in them."
    )


@tells(
    "RESTORE",
    why="RESTORE creates a key from what DUMP answered. The time to live is its second word, in "
    "milliseconds; "
    "0 means none. An existing key is an error unless REPLACE is given.",
)
def _restore(told: Told) -> str:
    amount = integer(told.words[1]) or 0
    absolute = b"ABSTTL" in told.options(3)
    expires = (
        "It never expires" if not amount else "It expires" if absolute else f"It expires in {span(amount)}"
    )
    after = told.after()
    what = f", {kind(after)}" if after is not None and after.exists and after.length is not None else ""
    return f"{told.the} is back{what}. {expires}."


@tells(
    "SORT",
    "SORT_RO",
    why="SORT reads a list, a set or a sorted set and answers its elements in order, as numbers unless ALPHA "
    "is given; the key itself stays as it was. With STORE the result becomes a list at another key.",
)
def _sort(told: Told) -> str:
    if told.reply.kind is Kind.INTEGER:
        target = told.keys[-1]
        if told.number:
            return f"{many(told.number, 'element')} stored as a list at {name(target)}, in order."
        return f"There was nothing to sort, so there is no key {name(target)} now."
    if not told.count:
        missing = f": there is no key {told.the}" if told.was_missing() else ""
        return f"Nothing to sort{missing}."
    options = told.options(1)
    order = "sorted by letters" if b"ALPHA" in options else "sorted as numbers"
    if b"BY" in options:
        unsorted = f"not sorted, as {name(options[b'BY'])} has no *"
        order = "sorted by the keys that BY names" if b"*" in options[b"BY"] else unsorted
    each = sum(word.upper() == b"GET" for word in told.words[1:-1]) or 1
    values = f", {each} values of each" if each > 1 else ""
    return f"{many(told.count // each, 'element')} {order}{values}; {told.the} itself is unchanged."


@tells(
    "WAIT",
    why="WAIT holds this client until so many replicas have confirmed its writes, or until the time is "
    "up, and "
    "answers how many have. It makes a loss less likely and not impossible.",
)
def _wait(told: Told) -> str:
    replicas = many(told.number, "replica")
    return capital(f"{replicas} {'has' if told.number < 2 else 'have'} confirmed this client's writes.")
