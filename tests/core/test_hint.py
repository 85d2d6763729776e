"""What is still to come of a line, from its syntax alone."""

from __future__ import annotations

import pytest

from redislab.core.catalogue import Catalogue
from redislab.core.hint import syntax_hint
from redislab.core.syntax import syntax_text

CATALOGUE = Catalogue.load()


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("GET", "key"),
        ("get ", "key"),
        ("GET k", ""),
        ("SET k", "value [NX|XX] [GET] [EX seconds|PX milliseconds|EXAT unix-time-seconds|"
                  "PXAT unix-time-milliseconds|KEEPTTL]"),
        ("SET k v EX 10", "[NX|XX] [GET]"),
        ("SET k v nx px 5", "[GET]"),
        ("LPUSH l a b", "[element ...]"),
        ("HSET h f", "value [field value ...]"),
        ("HSET h f v", "[field value ...]"),
        ("ZADD z 1", "member [score member ...]"),
        ("ZRANGEBYSCORE z 0", "max [WITHSCORES] [LIMIT offset count]"),
        ("CONFIG GET", "parameter [parameter ...]"),
        ("CLIENT", ""),
        ("NOSUCH a", ""),
        ('SET k "open', ""),
        ("", ""),
    ],
)  # fmt: skip
def test_hints(line: str, hint: str) -> None:
    assert syntax_hint(CATALOGUE, line.encode()) == hint


@pytest.mark.parametrize("name", CATALOGUE.names())
def test_a_bare_name_is_hinted_its_whole_syntax(name: str) -> None:
    command = CATALOGUE.get(name)
    assert command is not None
    expected = "" if command.is_container else syntax_text(command)
    assert syntax_hint(CATALOGUE, name.encode()) == expected


@pytest.mark.parametrize("name", CATALOGUE.names())
def test_no_line_of_any_length_is_too_much(name: str) -> None:
    for count in range(12):
        syntax_hint(CATALOGUE, f"{name} {'x ' * count}".encode())
