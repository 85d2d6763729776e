"""One line sent to the built-in engine and to redis-server, and what of the two answers must be equal."""

from __future__ import annotations

from redislab.core.catalogue import Command
from redislab.core.engine import Connection
from redislab.core.reply import Kind, Reply
from tests.engines.embedded.asking import ask, say

UNORDERED = frozenset(
    {
        *("KEYS", "SUNION", "SINTER", "SDIFF", "SMEMBERS", "HGETALL", "HKEYS", "HVALS", "SORT", "SORT_RO"),
    }
)
BY_CHANCE = frozenset({"RANDOMKEY", "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER", "SPOP"})
CURSORS = frozenset({"SCAN", "SSCAN", "HSCAN", "ZSCAN"})
TIMES = frozenset(  # an answer may lie this much behind the other one
    {
        *("TTL", "PTTL", "OBJECT IDLETIME", "XPENDING", "XINFO CONSUMERS", "XINFO STREAM"),
        *("EXPIRETIME", "PEXPIRETIME", "XINFO GROUPS"),
    }
)
SLACK = 60_000  # milliseconds, or seconds where a command counts these
PATIENCE_S = 10.0

LOOKS = {  # how the whole value of a key is seen, by its type
    b"string": ("GET {}",),
    b"list": ("LRANGE {} 0 -1",),
    b"set": ("SMEMBERS {}",),
    b"hash": ("HGETALL {}",),
    b"zset": ("ZRANGE {} 0 -1 WITHSCORES",),
    b"stream": ("XINFO STREAM {} FULL COUNT 0",),
}


def run(connection: Connection, command: Command, words: list[bytes]) -> Reply:
    """The answer; that of a command that waits, from inside a transaction, where it does not."""
    if "blocking" not in command.flags:
        return ask(connection, *words, timeout_s=PATIENCE_S)
    say(connection, "MULTI")
    queued = ask(connection, *words, timeout_s=PATIENCE_S)
    done = say(connection, "EXEC")
    return queued if queued.is_error else done


def alike(command: Command, words: list[bytes], theirs: Reply, ours: Reply) -> bool:
    """Whether these are the same answer, as far as two servers must give the same."""
    if theirs == ours:
        return True
    if theirs.is_error or ours.is_error:
        return False
    if command.name in BY_CHANCE or is_undefined(command, words):
        return theirs.kind is ours.kind
    if command.name in UNORDERED:
        return in_any_order(theirs) == in_any_order(ours)
    if command.name in CURSORS:
        return words[command.words + (command.name != "SCAN")] != b"0" or cursor_alike(theirs, ours)
    if command.name in TIMES:
        return nearly(theirs, ours)
    return False


def is_undefined(command: Command, words: list[bytes]) -> bool:
    """Redis promises no answer: ranges by member where scores differ, sorting texts by nothing."""
    given = {word.upper() for word in words}
    by_member = command.name in ("ZRANGEBYLEX", "ZREVRANGEBYLEX", "ZLEXCOUNT") or b"BYLEX" in given
    return by_member or (command.name in ("SORT", "SORT_RO") and given >= {b"BY", b"ALPHA"})


def in_any_order(reply: Reply) -> Reply:
    if reply.kind in (Kind.ARRAY, Kind.SET, Kind.MAP) and isinstance(reply.value, tuple):
        return Reply(reply.kind, tuple(sorted(reply.value, key=repr)))  # type: ignore[arg-type]
    return reply


def shape(reply: Reply) -> object:
    if isinstance(reply.value, tuple):
        return reply.kind, len(reply.value)
    return reply.kind


def cursor_alike(theirs: Reply, ours: Reply) -> bool:
    """What one look gives is up to the hash table, unless it gives all there is."""
    if shape(theirs) != shape(ours) or len(theirs.items) != 2:
        return False
    if theirs.items[0].text != b"0" or ours.items[0].text != b"0":
        return True
    return in_any_order(theirs.items[1]) == in_any_order(ours.items[1])


def nearly(theirs: object, ours: object) -> bool:
    """Equal but for numbers that are times: replies, pairs of a map, numbers."""
    if isinstance(theirs, Reply) and isinstance(ours, Reply):
        return theirs.kind is ours.kind and nearly(theirs.value, ours.value)
    if isinstance(theirs, int) and isinstance(ours, int):
        return theirs == ours or (min(theirs, ours) >= 0 and abs(theirs - ours) <= SLACK)
    if isinstance(theirs, tuple) and isinstance(ours, tuple):
        return len(theirs) == len(ours) and all(map(nearly, theirs, ours))
    return theirs == ours


def state(connection: Connection, keys: tuple[str, ...]) -> dict[str, object]:
    """Type, encoding, value and time to live of these keys."""
    found: dict[str, object] = {}
    for key in keys:
        kind = say(connection, f"TYPE {key}").text
        if kind == b"none":
            continue
        values = [in_any_order(say(connection, look.format(key))) for look in LOOKS[kind]]
        has_ttl = say(connection, f"TTL {key}").value != -1
        encoding = say(connection, f"OBJECT ENCODING {key}").text
        found[key] = (kind, encoding, values if kind != b"stream" else None, has_ttl)
        if kind == b"stream":
            found[key] = (kind, say(connection, f"XRANGE {key} - +"), has_ttl)
    return found
