"""A lab as commands: a Redis server makes the same data of them, and so does another lab."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from redislab.core.engine import Connection
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from tests.engines.embedded.asking import ask, say
from tests.engines.embedded.keeping.kept import KeptLab, kept_engine
from tests.engines.embedded.keeping.test_round_trips import make_large
from tests.servers import RedisServer

STREAMS = (b"stream", b"emptied", b"never")


@pytest.fixture
def engine() -> EmbeddedEngine:
    """Every type, large and empty ones, odd bytes, times to live, two databases, a library of functions."""
    engine = EmbeddedEngine()
    connection = engine.connect()
    make_large(connection)
    everything = bytes(range(256))
    ask(connection, b"SET", everything, everything * 20, b"PXAT", b"4102444800123")
    ask(connection, b"HSET", b"h" + everything, everything, b"", b"", everything)
    ask(connection, b"RPUSH", b"long", b"x" * 30_000, b"", b"\r\n")
    for line in (
        "ZADD scores inf a -inf b 0.1 c 1e300 d 3 e -0.5 f",
        *("PFADD hll a b c", "EXPIREAT list 4102444800", "XDEL stream 2-98 2-99"),
        *("XADD emptied 5-1 f v", "XDEL emptied 5-1", "XGROUP CREATE never g $ MKSTREAM"),
        *("XGROUP CREATECONSUMER stream g idle", "SELECT 3", "SADD other a b c"),
    ):
        say(connection, line)
    code = b"#!lua name=lib\nredis.register_function('answer', function() return 42 end)"
    ask(connection, b"FUNCTION", b"LOAD", code)
    return engine


@pytest.mark.parametrize(("resp", "way"), [(False, []), (False, ["--pipe"]), (True, ["--pipe"])])
def test_a_server_makes_the_same_of_it(
    engine: EmbeddedEngine, redis_server_path: str, redis_cli: str, resp: bool, way: list[str]
) -> None:
    file = io.BytesIO()
    count = engine.export(file, resp=resp)
    with RedisServer("--enable-debug-command", "yes") as server:
        done = server.cli(*way, stdin=file.getvalue())
        assert (done.returncode, done.stderr) == (0, b"")
        if way:
            assert done.stdout.endswith(b"errors: 0, replies: %d\n" % count)
        theirs = RealEngine(Target(socket_path=server.socket_path)).connect()
        assert same(theirs, engine.connect()) == []


def same(theirs: Connection, ours: Connection) -> list[tuple[bytes, ...]]:
    """Questions that the two answer differently."""
    questions: list[tuple[bytes, ...]] = [
        *((b"DEBUG", b"DIGEST"), (b"FCALL", b"answer", b"0"), (b"INFO", b"keyspace")),
        *((b"XINFO", b"STREAM", key) for key in STREAMS),
        *((b"XINFO", b"GROUPS", key) for key in STREAMS),
        *((b"XPENDING", key, b"g") for key in (b"stream", b"never")),
        *((b"PEXPIRETIME", key) for key in (b"list", b"k", bytes(range(256)))),
    ]
    for connection in (theirs, ours):
        say(connection, "SELECT 0")
    return [asked for asked in questions if told(theirs, asked) != told(ours, asked)]


def told(connection: Connection, asked: tuple[bytes, ...]) -> str:
    reply = ask(connection, *asked)
    if asked[0] == b"INFO":
        return repr([line.split(b",avg_ttl")[0] for line in reply.text.split()])
    if b"STREAM" in asked:  # but for the shape of its radix tree
        fields = dict(zip(reply.items[0::2], reply.items[1::2], strict=True))
        return repr([pair for pair in fields.items() if not pair[0].text.startswith(b"radix")])
    return repr(reply)


@pytest.mark.parametrize("options", [[], ["--resp"]])
def test_what_was_exported_can_be_imported(
    tmp_path: Path, engine: EmbeddedEngine, options: list[str]
) -> None:
    file = io.BytesIO()
    engine.export(file)
    first = redislab("import", "first", "-", stdin=file.getvalue())
    assert (first.returncode, first.stdout) == (0, b"")
    path = tmp_path / "file"
    exported = redislab("export", "first", str(path), *options)
    assert exported.stderr.endswith(b" commands in %b\n" % str(path).encode())
    assert redislab("import", "second", str(path)).returncode == 0
    home = tmp_path / "home"
    again = kept_engine(home, "second")
    assert same(again.connect(), engine.connect()) == []
    again.close()
    first_lab, second_lab = KeptLab(home, name="first"), KeptLab(home, name="second")
    assert list(first_lab.picture) == list(second_lab.picture)


def redislab(*args: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    program = [sys.executable, "-m", "redislab", "lab", *args]
    return subprocess.run(program, input=stdin, capture_output=True, timeout=60, check=False)


def test_import_says_what_went_wrong() -> None:
    done = redislab("import", "a", "-", stdin=b"SET k v\nINCR k\nSET l w\n")
    assert done.returncode == 1
    assert done.stderr == (b"3 commands, 1 errors\ncommand 2: ERR value is not an integer or out of range\n")
    taken = redislab("import", "a", "-", stdin=b"SET k v\n")
    assert (taken.returncode, taken.stderr) == (
        1,
        b"the lab 'a' has keys; commands are imported into an empty one\n",
    )
    for stdin, said in (
        (b'SET "a', b"line 1 cannot be read: its quotes do not match\n"),
        (b"BLPOP l 0\nSET a 1\n", b"command 1 waits or listens: that is no data\n"),
        (b"*1\r\n$3\r\nab", b"this is no Redis protocol: it ends inside a command\n"),
        (b"*1\r\n%3\r\nab", b"this is no Redis protocol: "),
    ):
        done = redislab("import", "b", "-", stdin=stdin)
        assert (done.returncode, done.stderr[: len(said)]) == (1, said)


def test_labs_are_listed_exported_and_deleted_from_outside(tmp_path: Path) -> None:
    assert redislab("list").stdout == b""
    assert redislab("import", "a", "-", stdin=b"SET k 'v w'\n").returncode == 0
    assert redislab("list").stdout.split()[0] == b"a"
    assert redislab("export", "a").stdout == b'SELECT 0\nSET k "v w"\n'
    (tmp_path / "there").touch()
    assert b"there is a file" in redislab("export", "a", str(tmp_path / "there")).stderr
    assert b"there is no lab 'none'" in redislab("export", "none").stderr
    assert b"--yes" in redislab("delete", "a").stderr
    assert redislab("delete", "a", "--yes").returncode == 0
    assert redislab("list").stdout == b""
    assert redislab("frobnicate").returncode == 1
    assert redislab("--help").stdout.startswith(b"redislab lab list")
