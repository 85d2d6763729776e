"""Which words are keys: as the server finds them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import redis
from redis.exceptions import ResponseError

from redislab.core.catalogue import Argument, Catalogue, Command
from redislab.core.keys import key_positions
from redislab.core.words import split
from tests.servers import RedisServer

CATALOGUE = Catalogue.load()
LINES_A_COMMAND = 60

SAMPLES = """\
GET a
MGET a b c
MSET a 1 b 2
SET k v EX 10 NX
COPY a b DB 3 REPLACE
BITOP AND dest a b
XREAD STREAMS a b 0 0
XREAD COUNT 2 BLOCK 0 STREAMS a b c 0 0 $
XREADGROUP GROUP streams c COUNT 1 STREAMS a b > >
XGROUP CREATE s g $ MKSTREAM
EVAL script 2 a b c
EVALSHA 0123 0 a
FCALL_RO f 1 a b
ZUNIONSTORE dest 2 a b WEIGHTS 1 2
ZINTERCARD 2 a b LIMIT 1
ZMPOP 2 a b MIN
BLMPOP 0 2 a b LEFT
SINTERCARD 1 a
SORT a BY w_* LIMIT 0 store GET o_* STORE dest
SORT a BY store STORE one STORE two
SORT_RO a BY w_*
MIGRATE h 1 key 0 1
MIGRATE h 1 "" 0 1 COPY AUTH keys KEYS a b
MIGRATE h 1 "" 0 1 AUTH2 keys keys KEYS a b
GEORADIUS g 1 2 3 km STORE dest
GEORADIUSBYMEMBER g m 3 km WITHDIST STOREDIST dest
GEOSEARCHSTORE dest g FROMMEMBER m BYRADIUS 1 km
BLPOP a b 0
OBJECT ENCODING a
MEMORY USAGE a SAMPLES 0
BITFIELD a GET u8 0
LCS a b LEN
PFCOUNT a b
WATCH a b
SMOVE a b m
LMOVE a b LEFT RIGHT
RESTORE a 0 payload
DEBUG OBJECT a
SPUBLISH channel message
PUBLISH channel message
PING hello
"""


def command_of(args: Sequence[bytes]) -> Command:
    command = CATALOGUE.lookup(args)
    assert command is not None
    return command


def keys_of(args: Sequence[bytes]) -> list[bytes]:
    return [args[place] for place in key_positions(command_of(args), args)]


def getkeys(server: RedisServer, lines: Sequence[Sequence[bytes]]) -> list[list[bytes] | None]:
    """The server's answer to each line; None where it refuses the line."""
    with redis.Redis(unix_socket_path=server.socket_path) as client:
        client.set_response_callback("COMMAND", lambda answer, **_: answer)
        pipeline = client.pipeline(transaction=False)
        for args in lines:
            pipeline.execute_command("COMMAND", "GETKEYS", *args)
        answers = pipeline.execute(raise_on_error=False)
    return [_keys_of(answer) for answer in answers]


def _keys_of(answer: object) -> list[bytes] | None:
    if isinstance(answer, ResponseError):
        return [] if "has no key arguments" in str(answer) else None
    assert isinstance(answer, list)
    return answer


def test_keys_of_common_lines_are_the_servers(redis_server: RedisServer) -> None:
    lines = [split(line.encode()) for line in SAMPLES.splitlines()]
    for args, expected in zip(lines, getkeys(redis_server, lines), strict=True):
        assert keys_of(args) == expected, args


def test_keys_of_random_lines_are_the_servers(redis_server: RedisServer) -> None:
    """Every command, with its own option words, counts and empty words in any order."""
    chance = random.Random(7)
    lines = [
        random_line(chance, command)
        for name in CATALOGUE.names()
        if (command := CATALOGUE.get(name)) is not None
        for _ in range(LINES_A_COMMAND)
    ]
    accepted = 0
    for args, expected in zip(lines, getkeys(redis_server, lines), strict=True):
        # Where keys may be missing (EVAL) the server calls a count that is too high "no keys".
        if expected or (expected is not None and "no_mandatory_keys" not in command_of(args).flags):
            accepted += 1
            assert keys_of(args) == expected, args
    assert accepted > len(lines) / 2


def random_line(chance: random.Random, command: Command) -> list[bytes]:
    words = [b"k%d" % number for number in range(4)] + [b"0", b"1", b"2", b"", *tokens(command.arguments)]
    least = max(abs(command.arity), command.words)
    length = least if command.arity > 0 else least + chance.randrange(8)
    name: list[bytes] = command.name.encode().split()
    return name + chance.choices(words, k=length - len(name))


def tokens(arguments: Sequence[Argument]) -> Iterator[bytes]:
    for argument in arguments:
        if argument.token:
            yield chance_case(argument.token)
        yield from tokens(argument.arguments)


def chance_case(token: str) -> bytes:
    return (token if len(token) % 2 else token.lower()).encode()


def test_a_line_still_being_typed_shows_its_keys() -> None:
    assert key_positions(command_of([b"SET"]), split(b"SET a")) == [1]
    assert key_positions(command_of([b"ZUNION"]), split(b"ZUNION 3 a b")) == [2, 3]
    assert key_positions(command_of([b"EVAL"]), split(b"EVAL s 9223372036854775807 a")) == [3]
    for line in (b"SET", b"SORT", b"MIGRATE h", b"EVAL s", b"EVAL s x a", b"XREAD COUNT", b"XREAD STREAMS"):
        assert key_positions(command_of(split(line)), split(line)) == []
