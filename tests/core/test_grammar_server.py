"""The grammar against redis-server: what it accepts is never wrong, what it refuses is.

A line counts as refused when the error is about the line itself, not about the data or the settings. Some
commands look at a value only where the key exists (`LINDEX missing x` is answered nil). A line that is
refused as soon as there is something to look at is wrong all the same; those of the corpus are listed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from redislab.core import words
from redislab.core.catalogue import Catalogue
from redislab.core.grammar import match, nodes
from redislab.core.grammar.nodes import Choice, Counted, Leaf, Node, Option, Options, Repeat, Sequence_, Token
from redislab.core.reply import Reply
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.errors import InvalidLine
from tests.engines.embedded.test_differential import Conversation
from tests.servers import RedisServer

CATALOGUE = Catalogue.load()
TESTS = Path(__file__).parents[1]
FILES = sorted([*TESTS.glob("script/corpus/*.redis"), *TESTS.glob("engines/embedded/lines/*.txt")])
REFUSED = re.compile(
    r"syntax error|need numeric|wrong number of arg|unknown (sub)?command|not an integer|not a valid float"
    r"|is not a float"
    r"|Invalid stream ID|not valid string range|must be positive|is negative|Unbalanced|out of range"
    r"|invalid cursor|Invalid bitfield|bit argument must|unsupported unit|at least 1 input key"
    r"|Number of keys|numkeys should|greater than 0|invalid expire time|timeout is not|[Ii]nvalid longitude"
    r"|the ANY argument|can't be zero|not compatible|at the same time|Invalid min-idle|Unrecognized"
    r"|must be > 0|exactly one of|can't be negative|cannot be|single increment|single source"
    r"|COUNT can't|MAXLEN can't|argument must be|LIMIT is only|use IDX|Unknown argument|Missing GROUP"
)
OF_THE_DATA = re.compile(
    r"WRONGTYPE|NOGROUP|NOSCRIPT|BUSY|no such key|requires the key|hash value|cluster support|not found"
    r"|could not decode|must be greater than 0-0|DB index|index out of range|CONFIG SET failed"
)
SAVED_BY_A_MISSING_KEY = {
    *(b"BITCOUNT nope x", b"BITPOS nope 1 x y z", b"BITPOS nope 0 x", b"LINDEX nope x", b"XDEL nope x"),
    *(b"GETEX none EX 0", b"GETEX none EX x", b"ZSCAN nope 0 COUNT 0", b"SSCAN nope 0 COUNT x"),
    *(b"GEORADIUSBYMEMBER nope a x foo", b"LINDEX list x", b"BITCOUNT bits 0"),
}
# The syntax wants a key behind KEYS; the server finds that it has nothing to send.
SENDS_NOTHING = {b'MIGRATE host 6379 "" 0 100 KEYS'}


@pytest.fixture(scope="module")
def debug_server(redis_server_path: str) -> Iterator[RedisServer]:
    with RedisServer("--enable-debug-command", "yes") as server:
        yield server


def answered(path: Path, server: RedisServer) -> Iterator[tuple[list[bytes], Reply]]:
    """Each line of a file that the server answers, run in order, with its first reply."""
    talk = Conversation(RealEngine(Target(socket_path=server.socket_path)).connect())
    talk.ask([b"FLUSHALL"])
    talk.ask(
        [b"CONFIG", b"SET", b"client-output-buffer-limit", b"normal 0 0 0"]
    )  # as a file may have left it
    for raw in path.read_bytes().splitlines():
        line = raw.removeprefix(b"~")
        try:
            args = words.split(line)
        except InvalidLine:
            continue
        if not args or line.startswith((b"#", b":")) or args[0].isdigit():
            continue
        replies = talk.ask(args)
        if replies:
            yield args, replies[0]


def is_refusal(args: list[bytes], error: str) -> bool:
    """Whether the words are to blame, and not what is stored or what a command was told to run."""
    name = b" ".join(args[:2]).upper()
    if name.startswith((b"INCR ", b"DECR ", b"INCRBYFLOAT ")) and "value is not a" in error:
        return False
    if name in (b"ACL DRYRUN", b"FUNCTION LOAD") or name.startswith(b"DEBUG "):  # DEBUG's words are its own
        return False
    return bool(REFUSED.search(error)) and not OF_THE_DATA.search(error)


def test_lines_are_judged_as_the_server_judges_them(debug_server: RedisServer) -> None:
    alarms: list[bytes] = []
    accepted = refused = missed = 0
    for path in FILES:
        for args, reply in answered(path, debug_server):
            wrong = match(CATALOGUE, args).if_sent
            if not reply.is_error:
                accepted += 1
                if wrong is not None and words.quote(args) not in SAVED_BY_A_MISSING_KEY | SENDS_NOTHING:
                    alarms.append(words.quote(args))
            elif is_refusal(args, reply.text.decode("latin-1")):
                refused += 1
                missed += wrong is None
    assert alarms == []
    assert accepted >= 1_300
    assert refused >= 350
    assert missed <= refused * 0.06


def test_what_a_missing_key_saves_is_refused_where_there_is_one(redis_server: RedisServer) -> None:
    talk = Conversation(RealEngine(Target(socket_path=redis_server.socket_path)).connect())
    fill(talk)
    for line in sorted(SAVED_BY_A_MISSING_KEY):
        args = line.split()
        command = CATALOGUE.lookup(args)
        assert command is not None
        args[1] = {"GETEX": "kstr", "SSCAN": "kset", "ZSCAN": "kzset"}.get(
            command.name, EXISTING.get(command.group, "")
        ).encode()
        args[2:3] = [b"v"] if command.name == "GEORADIUSBYMEMBER" else args[2:3]
        assert is_refusal(args, error_of(talk, args)), line


SAMPLES = {
    **{
        "integer": "1",
        "integer>=0": "1",
        "integer>=-1": "1",
        "integer>0": "1",
        "integer!=0": "1",
        "double": "1",
    },
    **{"double>=0": "1", "timeout": "0.1", "longitude": "1", "latitude": "1", "unix-time": "1900000000"},
    **{"bit": "1", "cursor": "0", "score": "1", "lex": "[a", "range": "1", "id": "5-5", "added-id": "9-9"},
    **{"interval-id": "5-5", "read-id": "0", "group-id": ">", "threshold": "5", "encoding": "u8"},
    **{"bit-offset": "0", "key": "KEY", "any": "v", "32 bits": "1", "1 to 4096": "1", "milliseconds": "1"},
    **{"milliseconds>0": "1", "seconds": "1900000000", "seconds>0": "1900000000"},
}
EXISTING = {
    **{"string": "kstr", "list": "klist", "hash": "khash", "set": "kset", "sorted-set": "kzset"},
    **{"stream": "kstream", "geo": "kgeo", "bitmap": "kstr", "hyperloglog": "khll"},
}
NOT_TRIED = {  # they end the server or the conversation, or answer in their own way
    *("SHUTDOWN", "FAILOVER", "MIGRATE", "REPLICAOF", "SLAVEOF", "MONITOR", "SYNC", "PSYNC", "QUIT", "RESET"),
    *("CLIENT REPLY", "CLIENT PAUSE", "CLIENT KILL", "CLIENT TRACKING", "CLIENT CACHING", "HELLO", "AUTH"),
    *("MULTI", "EXEC", "DISCARD", "WATCH", "DEBUG", "SCRIPT DEBUG", "REPLCONF", "PFDEBUG", "PFSELFTEST"),
    *(
        "MODULE LOAD",
        "MODULE LOADEX",
        "BGSAVE",
        "SAVE",
        "BGREWRITEAOF",
        "RESTORE-ASKING",
        "ACL SAVE",
        "ACL LOAD",
    ),
    *("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE", "CONFIG SET"),
    *("COMMAND GETKEYS", "COMMAND GETKEYSANDFLAGS", "LOLWUT", "XPENDING", "ACL SETUSER", "ACL DELUSER"),
}


def fill(talk: Conversation) -> None:
    for line in (
        *("FLUSHALL", "SET kstr 12", "RPUSH klist a b v", "HSET khash f 1 v 2", "SADD kset v w"),
        *("ZADD kzset 1 v 2 w", "XADD kstream 1-1 f v", "XGROUP CREATE kstream v 0", "GEOADD kgeo 1 2 v"),
        "PFADD khll a",
    ):
        talk.ask(line.encode().split())


def error_of(talk: Conversation, args: list[bytes]) -> str:
    """What the server objects to, "" for nothing. In a transaction, where nothing waits."""
    talk.ask([b"MULTI"])
    queued, done = talk.ask(args)[0], talk.ask([b"EXEC"])[0]
    reply = queued if queued.is_error or done.is_error else done.items[0]
    return reply.text.decode("latin-1") if reply.is_error else ""


def test_any_two_options_are_judged_as_the_server_judges_them(redis_server: RedisServer) -> None:
    """Each option of each command, alone, twice and before each other one."""
    talk = Conversation(RealEngine(Target(socket_path=redis_server.socket_path)).connect())
    alarms, missed, tried = [], [], 0
    for name in CATALOGUE.names():
        command = CATALOGUE.get(name)
        if command is None or command.is_container or name in NOT_TRIED:
            continue
        fill(talk)
        syntax = nodes.compile_command(command)
        for options in options_in(syntax):
            count = len(options.items)
            for chosen in [
                (),
                *((a,) for a in range(count)),
                *((a, b) for a in range(count) for b in range(count)),
            ]:
                line = " ".join([name, *rendered(syntax, options, chosen)])
                args = line.replace("KEY", EXISTING.get(command.group, "kstr")).encode().split()
                error = error_of(talk, args)
                if not OF_THE_DATA.search(error):
                    tried += 1
                    wrong = match(CATALOGUE, args).if_sent
                    if not error and wrong is not None:
                        alarms.append((line, wrong.reason))
                    if is_refusal(args, error) and wrong is None:
                        missed.append((line, error))
    assert (alarms, missed) == ([], [])
    assert tried > 1_000


def options_in(node: Node) -> Iterator[Options]:
    if isinstance(node, Options):
        yield node
        for option in node.items:
            yield from options_in(option.node)
    elif isinstance(node, Sequence_ | Choice):
        for item in node.items:
            yield from options_in(item)
    elif isinstance(node, Repeat | Counted):
        yield from options_in(node.item)


def rendered(node: Node, options: Options, chosen: Sequence[int]) -> list[str]:
    """Words for a node, with as few options as may be but for the chosen ones of `options`."""

    def words_of(item: Node) -> list[str]:
        return rendered(item, options, chosen)

    if isinstance(node, Token):
        return [node.word.decode(), *(("KEY", "0") if node.halves else ())]
    if isinstance(node, Leaf):
        return ["1", *words_of(node.counts.item)] if node.counts else [SAMPLES[node.kind]]
    if isinstance(node, Sequence_):
        return [word for item in node.items for word in words_of(item)]
    if isinstance(node, Choice):
        return words_of(node.items[0])
    if isinstance(node, Repeat | Counted):
        return words_of(node.item)
    if isinstance(node, Options):
        items = [node.items[place] for place in chosen] if node is options else []
        items += [_first_of(node, group) for group in node.required if not _given(node, items) & group]
        return [word for item in items for word in words_of(item.node)]
    return []


def _first_of(node: Options, group: int) -> Option:
    return node.items[(group & -group).bit_length() - 1]


def _given(node: Options, items: Sequence[Option]) -> int:
    return sum(1 << place for place, item in enumerate(node.items) if item in items)
