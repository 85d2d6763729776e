"""Every line of `lines/*.txt`, sent to the engine and to redis-server: the same typed replies.

Where they differ stands in DEVIATIONS with the reason. The table is strict: a difference that is not in
it fails, and one that is in it and has gone fails too. A line that begins with `~` has an answer in no
particular order. Each file is run twice, with RESP2 and with RESP3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from redislab.core import words
from redislab.core.engine import Connection
from redislab.core.parts import Assembler
from redislab.core.reply import Kind, Reply
from redislab.core.state import ClientState
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.servers import RedisServer

LINES = Path(__file__).parent / "lines"
PATIENCE_S = 5.0

NO_TIPS = "tips, notes and summaries are Redis's own sentences, not facts of our catalogue"
NOT_MEASURED = "nothing of this is measured here, and the error says so"
NO_REPLICATION = "there is no replication"

DEVIATIONS: Mapping[str, Mapping[bytes, str]] = {
    "server": {
        b"COMMAND INFO get nope set": NO_TIPS,
        b"COMMAND INFO client|list": NO_TIPS,
        b"COMMAND INFO client": NO_TIPS,
        b"COMMAND INFO eval": NO_TIPS,
        b"COMMAND INFO sort": NO_TIPS,
        b"COMMAND INFO lmove migrate zunionstore spublish": NO_TIPS,
        b"COMMAND DOCS set": NO_TIPS,
        b"COMMAND DOCS client|list": NO_TIPS,
        b"MEMORY DOCTOR": NOT_MEASURED,
        b"MEMORY STATS": NOT_MEASURED,
        b"MEMORY MALLOC-STATS": NOT_MEASURED,
        b"LATENCY DOCTOR": NOT_MEASURED,
        b"LATENCY HISTOGRAM": NOT_MEASURED,
        b"REPLICAOF a b": NO_REPLICATION,
    },
}


@pytest.fixture
def debug_server(redis_server_path: str) -> Iterator[RedisServer]:
    """One for each run: lines change settings too."""
    with RedisServer("--enable-debug-command", "yes") as server:
        yield server


class Conversation:
    """One connection, asked line by line; every reply that a line gets, in order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._state = ClientState()

    def ask(self, args: list[bytes]) -> list[Reply]:
        wanted = self._state.replies_to(args)
        if self._state.listening and not wanted:  # in RESP3 answers come among the messages
            wanted = max(1, len(args) - 1) if args[0].lower().endswith(b"subscribe") else 1
        self._connection.send([args])
        replies: list[Reply] = []
        assembler = Assembler()
        while len(replies) < wanted:
            before = len(replies)
            for part in self._connection.replies(PATIENCE_S):
                reply = assembler.add(part)
                if reply is not None:
                    replies.append(reply)
                    self._note(args, reply)
                if len(replies) == wanted or (reply is not None and reply.is_error):
                    return replies
            if len(replies) == before:
                break
        return replies

    def _note(self, args: list[bytes], reply: Reply) -> None:
        self._state.observe(args, reply.kind)
        if reply.kind in (Kind.ARRAY, Kind.PUSH) and len(reply.items) == 3:
            if reply.items[0].text.endswith(b"subscribe"):
                self._state.subscriptions = reply.items[2].number


def lines_of(name: str) -> list[bytes]:
    raw = (LINES / f"{name}.txt").read_bytes().splitlines()
    return [line for line in raw if line and not line.startswith(b"#")]


def in_any_order(reply: Reply) -> Reply:
    if reply.kind in (Kind.ARRAY, Kind.SET, Kind.MAP) and isinstance(reply.value, tuple):
        return Reply(reply.kind, tuple(sorted(reply.value, key=repr)))  # type: ignore[arg-type]
    return reply


def differences(name: str, protocol: int, server: RedisServer) -> dict[bytes, str]:
    real = Conversation(RealEngine(Target(socket_path=server.socket_path)).connect())
    ours = Conversation(EmbeddedEngine().connect())
    if protocol == 3:
        for each in (real, ours):
            each.ask([b"HELLO", b"3"])
    found: dict[bytes, str] = {}
    for line in lines_of(name):
        args = words.split(line.lstrip(b"~"))
        theirs, mine = real.ask(args), ours.ask(args)
        if line.startswith(b"~"):
            theirs, mine = list(map(in_any_order, theirs)), list(map(in_any_order, mine))
        if theirs != mine:
            found[line.lstrip(b"~")] = f"redis-server: {theirs}\nours: {mine}"
    return found


NAMES = sorted(path.stem for path in LINES.glob("*.txt"))


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_replies_are_those_of_redis_server(name: str, protocol: int, debug_server: RedisServer) -> None:
    found = differences(name, protocol, debug_server)
    known = DEVIATIONS.get(name, {})
    unexpected = [f"{line.decode('latin-1')}\n{found[line]}" for line in found if line not in known]
    gone = [line.decode("latin-1") for line in known if line not in found]
    assert not unexpected, "\n\n".join(unexpected)
    assert not gone, f"no longer different, take out of DEVIATIONS: {gone}"


def test_enough_is_compared() -> None:
    assert sum(len(lines_of(name)) for name in NAMES) >= 1_200
    assert set(DEVIATIONS) <= set(NAMES)
