"""What is still to come of a line: in redis-cli's words, to the letter.

`grammar_corpus/hints.txt` was recorded; a redis-cli of 7.2 or newer, where one is found, is asked anew.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from redislab.core.catalogue import Catalogue
from redislab.core.hint import hint, syntax_hint
from tests.core.lines import partial_line
from tests.servers import RedisServer, find_redis_cli

CATALOGUE = Catalogue.load()
RECORDED = Path(__file__).parent / "grammar_corpus" / "hints.txt"
LINES_A_COMMAND = 8
_ANSWER = re.compile(r"Test case '(.*)' FAILED: expected '~~', got '(.*)'")


def recorded() -> list[tuple[str, str]]:
    rows = RECORDED.read_text(encoding="utf-8").splitlines()[1:]
    return [(line, text) for line, _, text in (row.partition("|") for row in rows)]


def test_hints_are_those_that_redis_cli_showed() -> None:
    rows = recorded()
    assert len(rows) >= 1_800
    different = [
        (line, text, ours) for line, text in rows if (ours := hint(CATALOGUE, line.encode())) != text
    ]
    assert different == []


def test_every_command_was_asked_about() -> None:
    asked = {command.name for line, _ in recorded() if (command := CATALOGUE.lookup(line.encode().split()))}
    assert asked == set(CATALOGUE.names())


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("GET", ""),
        ("get ", "key"),
        ("GET k", "key"),
        ("GET k ", ""),
        ("XRANGE k 4 2 ", "[COUNT count]"),
        ("SET k v nx px 5 ", "[GET]"),
        ("SET k v EX ", "seconds [NX|XX] [GET]"),
        ("LPUSH l a b ", "[element ...]"),
        ("NOSUCH a ", ""),
        ('SET k "open', ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_hints(line: str, text: str) -> None:
    assert hint(CATALOGUE, line.encode()) == syntax_hint(CATALOGUE, line.encode()) == text


@pytest.fixture(scope="module")
def newer_redis_cli() -> str:
    found = find_redis_cli()
    version = subprocess.run([found, "--version"], capture_output=True, text=True).stdout if found else ""
    number = re.search(r"(\d+)\.(\d+)", version)
    if found is None or number is None or (int(number[1]), int(number[2])) < (7, 2):
        pytest.skip("needs a redis-cli of 7.2 or newer")
    return found


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with RedisServer() as server:
        yield server.port


def test_hints_are_those_that_redis_cli_shows(newer_redis_cli: str, port: int, tmp_path: Path) -> None:
    rng = random.Random(7)
    lines = [partial_line(rng, CATALOGUE, name) for name in CATALOGUE.names() for _ in range(LINES_A_COMMAND)]
    asked = tmp_path / "lines"
    asked.write_text("".join(f'"{_escaped(line)}" "~~"\n' for line in lines))
    command = [newer_redis_cli, "-p", str(port), "--test_hint_file", str(asked)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    shown = [(line, "" if text == "(null)" else text) for line, text in _ANSWER.findall(answer)]
    assert [line for line, _ in shown] == lines
    assert shown == [(line, hint(CATALOGUE, line.encode())) for line in lines]


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace('"', '\\"')
