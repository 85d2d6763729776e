"""The same bytes to redis-server and to `serve` give the same bytes, however wrong they are."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator

import pytest

from redislab.core.resp import encode
from tests.serve.serving import Served, dial, read_to_end, served
from tests.servers import RedisServer

LONG = os.environ.get("REDISLAB_LONG") == "1"
STREAMS = 10_000 if LONG else 1_000

STREAMS_TO_COMPARE = {
    "inline": b"PING\r\nset a 'b c'\r\nGET a\nECHO \"\\x41\\n\"\r\n\r\n   \r\nPING x\r\n",
    "pipeline": b"".join(encode([b"INCR", b"n"]) for _ in range(300)) + encode([b"MGET", b"n", b"x"]),
    "no commands": b"*0\r\n*-1\r\n*-10\r\n\r\nPING\r\n",
    "not as many as said": b"*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n*1\r\n$4\r\nPING\r\n",
    "ends inside a command": b"PING\r\n*2\r\n$4\r\nECHO\r\n$10\r\nab",
    "unbalanced quotes": b'PING\r\nSET a "b\r\nPING\r\n',
    "text behind a quote": b'SET a "b"c\r\nPING\r\n',
    "multibulk no number": b"*x\r\nPING\r\n",
    "multibulk nothing": b"*\r\nPING\r\n",
    "multibulk with a plus": b"*+1\r\n$4\r\nPING\r\n",
    "multibulk with a zero ahead": b"*01\r\n$4\r\nPING\r\n",
    "multibulk minus zero": b"*-0\r\n$4\r\nPING\r\n",
    "multibulk with a space": b"*1 \r\n$4\r\nPING\r\n",
    "multibulk too big": b"*2147483648\r\n",
    "multibulk beyond 64 bits": b"*99999999999999999999\r\n",
    "bulk no number": b"*1\r\n$x\r\n",
    "bulk negative": b"*1\r\n$-1\r\n",
    "bulk nothing": b"*1\r\n$\r\n",
    "bulk too big": b"*1\r\n$536870913\r\n",
    "no dollar": b"*1\r\nPING\r\n",
    "no dollar, a control": b"*1\r\n\x07ING\r\n",
    "no dollar, a high byte": b"*1\r\n\xe9ING\r\n",
    "no dollar, an empty line": b"*1\r\n\r\n",
    "a NUL in a line": b"SET a\0b c\r\nPING\r\n",
    "any two bytes behind a bulk": b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
    "any byte behind a CR": b"*1\rx$4\rxPING\r\n",
    "high bytes": b"\xff\xfe\r\n",
    "HTTP GET": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "HTTP POST": b"POST /set HTTP/1.1\r\nContent-Length: 10\r\n\r\nFLUSHALL\r\n",
    "quit and more": b"SET q 1\r\nQUIT\r\nSET q 2\r\n",
    "an error and more": b"NOPE a b\r\nGET\r\nPING\r\n",
    "a transaction": b"MULTI\r\nSET t 1\r\nNOPE\r\nEXEC\r\nMULTI\r\nINCR t2\r\nEXEC\r\n",
    "subscribed": b"SUBSCRIBE a\r\nGET a\r\nPING\r\nPING x\r\nUNSUBSCRIBE\r\nPING\r\n",
    "no replies": b"CLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\n",
    "blocked behind": b"BLPOP nokey 0.01\r\nPING\r\n",
    "protocol error behind a wait": b"BLPOP nokey 0.01\r\n*x\r\nPING\r\n",
    "reset": b"MULTI\r\nRESET\r\nPING\r\n",
}
ENDLESS_LINES = {
    "multibulk": b"*" + b"1" * 70_000,
    "bulk": b"*1\r\n$" + b"1" * 70_000,
    "inline": b"a" * 70_000,
}
LOCKED_STREAMS = {
    "many words": b"*11\r\n",
    "ten words": b"*10\r\n" + b"$1\r\na\r\n" * 10,
    "a long word": b"*1\r\n$16385\r\n",
    "a word": b"*1\r\n$16384\r\n" + b"a" * 16384 + b"\r\n",
    "login in between": b"AUTH pw\r\n*1\r\n$16385\r\n",
    "hello": b"HELLO 3\r\nAUTH pw\r\nPING\r\n",
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Served]:
    with served() as here:
        yield here


@pytest.fixture(scope="module")
def locked() -> Iterator[Served]:
    with served() as here:
        here.engine.lab.settings.change([(b"requirepass", b"pw")])
        yield here


@pytest.fixture(scope="module")
def locked_server(redis_server_path: str) -> Iterator[RedisServer]:
    with RedisServer("--requirepass", "pw") as server:
        yield server


def said_to(port: int, data: bytes, mark: bytes = b"\r\nECHO end-of-it\r\n") -> bytes:
    """All that comes back, to the answer to `mark`, or until the other side hangs up or says no more."""
    with dial(port) as connection:
        try:
            connection.sendall(data + mark)
        except OSError:
            pass
        answer = b""
        connection.settimeout(QUIET_S)
        try:
            while not answer.endswith(b"$9\r\nend-of-it\r\n") and (piece := connection.recv(1 << 16)):
                answer += piece
        except (TimeoutError, ConnectionResetError):
            pass
        return answer


QUIET_S = 0.3  # what has not come after this time does not come


@pytest.mark.parametrize("name", STREAMS_TO_COMPARE)
def test_bytes_are_answered_as_redis_server_answers_them(
    name: str, shared: Served, server: RedisServer
) -> None:
    data = STREAMS_TO_COMPARE[name]
    shared.engine.lab.dbs[0].clear()
    assert said_to(shared.port, data) == said_to(server.port, data)


@pytest.mark.parametrize("name", LOCKED_STREAMS)
def test_strangers_may_say_little(name: str, locked: Served, locked_server: RedisServer) -> None:
    data = LOCKED_STREAMS[name]
    assert said_to(locked.port, data) == said_to(locked_server.port, data)


@pytest.mark.parametrize("name", ENDLESS_LINES)
def test_a_line_without_end_is_ended(name: str, shared: Served, server: RedisServer) -> None:
    data = ENDLESS_LINES[name]
    assert said_to(shared.port, data, b"") == said_to(server.port, data, b"")


def test_a_stream_in_small_pieces_is_answered_as_in_one(shared: Served) -> None:
    data = STREAMS_TO_COMPARE["pipeline"] + STREAMS_TO_COMPARE["inline"]
    with shared.dial() as connection:
        connection.sendall(b"FLUSHALL\r\n")
        for place in range(0, len(data), 7):
            connection.sendall(data[place : place + 7])
        connection.shutdown(socket.SHUT_WR)
        answer = read_to_end(connection)
    assert answer.startswith(b"+OK\r\n" + b"".join(b":%d\r\n" % n for n in range(1, 301)))
    assert answer.endswith(b"$2\r\nA\n\r\n$1\r\nx\r\n")


WORDS = [
    *(
        b"SET",
        b"GET",
        b"LPUSH",
        b"BLPOP",
        b"MULTI",
        b"EXEC",
        b"SUBSCRIBE",
        b"HELLO",
        b"EVAL",
        b"CLIENT",
        b"DEBUG",
    ),
    *(
        b"CONFIG",
        b"XADD",
        b"SORT",
        b"RESTORE",
        b"SCAN",
        b"QUIT",
        b"MONITOR",
        b"RESET",
        b"k",
        b"1",
        b"0",
        b"-1",
        b"",
    ),
    *(
        b"*",
        b"$",
        b"3",
        b"\r\n",
        b"REPLY",
        b"OFF",
        b"KILL",
        b"2",
        b"return redis.call('GET', 'k')",
        b"\0",
        b"\xff",
    ),
]


def nonsense(rng: random.Random) -> bytes:
    """Protocol, spoilt: real commands, cut, repeated, with bytes changed; or noise alone."""
    pieces = []
    for _ in range(rng.randint(1, 8)):
        words = [rng.choice(WORDS) for _ in range(rng.randint(1, 6))]
        line = encode(words) if rng.random() < 0.6 else b" ".join(words) + b"\r\n"
        pieces.append(line if rng.random() < 0.9 else rng.randbytes(rng.randint(1, 200)))
    data = bytearray(b"".join(pieces))
    for _ in range(rng.randint(0, 3)):
        place = rng.randrange(len(data) or 1)
        if data and rng.random() < 0.5:
            data[place] = rng.randrange(256)
        else:
            del data[place : place + rng.randint(1, 9)]
    return bytes(data)


def test_nonsense_ends_nothing_but_its_own_connection(lab: Served) -> None:
    rng = random.Random(20_240_607)
    streams = [nonsense(rng) for _ in range(STREAMS)]
    for data in streams:
        if b"shutdown" in data.lower():
            continue
        with lab.dial() as connection:
            try:
                connection.sendall(data)
                if rng.random() < 0.5:
                    connection.shutdown(socket.SHUT_WR)
                    read_to_end(connection)
            except (BrokenPipeError, ConnectionResetError):
                pass
    lab.engine.lab.settings.change([(b"requirepass", b"")])
    with lab.dial() as connection:
        connection.sendall(b"CLIENT UNPAUSE\r\nPING\r\nQUIT\r\n")
        assert read_to_end(connection).endswith(b"+PONG\r\n+OK\r\n")
