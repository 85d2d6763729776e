"""What a line asks for before any server sees it."""

from __future__ import annotations

import pytest

from redislab.core.line import Ask, commands_of, read_line


@pytest.mark.parametrize(
    ("text", "ask", "args", "repeat"),
    [
        (b"", Ask.NOTHING, [], 1),
        (b"   ", Ask.NOTHING, [], 1),
        (b"PING", Ask.COMMAND, [b"PING"], 1),
        (b"5 PING", Ask.COMMAND, [b"PING"], 5),
        (b"+5 PING", Ask.COMMAND, [b"PING"], 5),
        (b'" 5" PING', Ask.COMMAND, [b"PING"], 5),
        (b"5", Ask.COMMAND, [b"5"], 1),
        (b"5x PING", Ask.COMMAND, [b"5x", b"PING"], 1),
        (b'"5 " PING', Ask.COMMAND, [b"5 ", b"PING"], 1),
        (b"quit", Ask.QUIT, [b"quit"], 1),
        (b"EXIT now", Ask.QUIT, [b"EXIT", b"now"], 1),
        (b"5 quit", Ask.COMMAND, [b"quit"], 5),
        (b"help SET", Ask.HELP, [b"SET"], 1),
        (b"? @string", Ask.HELP, [b"@string"], 1),
        (b"3 help SET", Ask.HELP, [b"SET"], 1),
        (b"connect h 7000", Ask.CONNECT, [b"h", b"7000"], 1),
        (b"connect h", Ask.COMMAND, [b"connect", b"h"], 1),
        (b"clear", Ask.CLEAR, [b"clear"], 1),
        (b"clear all", Ask.COMMAND, [b"clear", b"all"], 1),
        (b":set hints", Ask.OURS, [b":set", b"hints"], 1),
        (b'""', Ask.COMMAND, [b""], 1),
    ],
)
def test_read_line(text: bytes, ask: Ask, args: list[bytes], repeat: int) -> None:
    line = read_line(text)
    assert (line.ask, line.args, line.repeat) == (ask, args, repeat)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'SET a "b', "Invalid argument(s)"),
        (b"0 PING", "Invalid redis-cli repeat command option value."),
        (b"-1 PING", "Invalid redis-cli repeat command option value."),
        (b'"" PING', "Invalid redis-cli repeat command option value."),
        (b"99999999999999999999 PING", "Invalid redis-cli repeat command option value."),
        (b"restart", "Use 'restart' only in Lua debugging mode."),
    ],
)
def test_refused_lines_say_what_redis_cli_says(text: bytes, message: str) -> None:
    line = read_line(text)
    assert line.ask is Ask.REFUSED
    assert line.message == message


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        (b"", []),
        (b"\n \n", []),
        (b"PING", [b"PING"]),
        (b"PING\n\n GET a\n", [b"PING", b" GET a"]),
        (b"PING\r\nPING\rPING", [b"PING"] * 3),
        (b'SET a "x\ny"\nGET a', [b'SET a "x\ny"', b"GET a"]),
        (b"SET a 'x\n\ny' \nGET a", [b"SET a 'x\n\ny' ", b"GET a"]),
        (b'SET a "x\nGET a', [b'SET a "x', b"GET a"]),
        (b"SET a it's\nSET b that's", [b"SET a it's", b"SET b that's"]),
        (b'A "x\n" B "y\n" C', [b'A "x\n" B "y\n" C']),
    ],
)
def test_a_text_of_several_lines(text: bytes, commands: list[bytes]) -> None:
    assert commands_of(text) == commands
