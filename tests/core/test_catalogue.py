"""The catalogue and the syntaxes, against the server and the redis-cli that are installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redislab.core.catalogue import Catalogue
from redislab.core.syntax import syntax_text
from redislab.errors import UsageError
from tests.servers import RedisServer

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "redislab" / "data" / "commands-7.0.json"
LATER = DATA.with_name("commands-later.json")
FILES = (DATA, LATER, DATA.with_name("commands-json.json"))
CATALOGUE = Catalogue.load()


@pytest.fixture(scope="module")
def redis_7_0(redis_server: RedisServer, redis_cli: str) -> RedisServer:
    found = re.search(rb"redis_version:(\S+)", redis_server.cli("INFO", "server").stdout)
    version = found[1].decode() if found else "unknown"
    if not version.startswith("7.0."):
        reason = f"the redis-server found is {version}; the catalogue is 7.0's"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return redis_server


def test_the_data_are_what_the_server_says(redis_7_0: RedisServer, tmp_path: Path) -> None:
    fresh = tmp_path / "commands.json"
    tool = [sys.executable, str(ROOT / "tools" / "build_catalogue.py")]
    subprocess.run([*tool, "--socket", redis_7_0.socket_path, "--output", str(fresh)], check=True)
    asked, kept = (json.loads(path.read_bytes())["commands"] for path in (fresh, DATA))
    differences = [name for name in asked.keys() | kept.keys() if asked.get(name) != kept.get(name)]
    assert differences == []


def test_syntaxes_are_those_of_redis_cli(redis_7_0: RedisServer) -> None:
    questions = "".join(f"help {name}\n" for name in CATALOGUE.names())
    told = redis_7_0.cli(stdin=questions.encode()).stdout.decode()
    theirs = dict(re.findall(r"\x1b\[1m(.*?)\x1b\[0m \x1b\[90m(.*?)\x1b\[0m", told))
    assert {command.name: syntax_text(command) for command in every_command()} == theirs


def test_later_commands_are_what_a_newer_server_says(newer_server: RedisServer, tmp_path: Path) -> None:
    fresh = tmp_path / "commands.json"
    tool = [sys.executable, str(ROOT / "tools" / "build_catalogue.py"), "--later"]
    subprocess.run([*tool, "--socket", newer_server.socket_path, "--output", str(fresh)], check=True)
    asked, kept = (json.loads(path.read_bytes())["commands"] for path in (fresh, LATER))
    assert asked == kept


def every_command() -> list[Any]:
    return [CATALOGUE.get(name) for name in CATALOGUE.names()]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_command_a_line_sorted(file: Path) -> None:
    lines = file.read_text().splitlines()
    names = [json.loads("{" + line.rstrip(",") + "}").popitem()[0] for line in lines[1:-1]]
    assert names == sorted(names)
    assert set(names) <= {*CATALOGUE.names(), *CATALOGUE.beyond.names()}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_facts_only(file: Path) -> None:
    """No sentence of the server's came along: the longest text is a formula with its unit."""
    texts: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, list):
            for each in value:
                collect(each)
        elif isinstance(value, dict):
            assert "summary" not in value
            collect(list(value.values()))

    collect(json.loads(file.read_bytes())["commands"])
    assert max(map(len, texts)) < 40


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("set", "SET"),
        ("SeT key value", "SET"),
        ("client list", "CLIENT LIST"),
        ("Client List TYPE normal", "CLIENT LIST"),
        ("client", "CLIENT"),
        ("client nosuch", "CLIENT"),
        ("command", "COMMAND"),
        ("command docs get", "COMMAND DOCS"),
        ("get list", "GET"),
        ("nosuch", None),
        ("nosuch list", None),
        ("", None),
        ("ßubscribe a", None),
    ],
)
def test_the_command_of_a_line(line: str, name: str | None) -> None:
    found = CATALOGUE.lookup(line.encode("latin-1").split())
    assert (found.name if found else None) == name


def test_an_empty_word_and_no_words_are_no_command() -> None:
    assert CATALOGUE.lookup([b""]) is None
    assert CATALOGUE.lookup([]) is None


def test_a_name_of_two_words_in_one_word_is_no_command_of_a_line() -> None:
    assert CATALOGUE.lookup([b"CLIENT LIST"]) is None


def test_a_command_and_what_is_known_of_it() -> None:
    command = CATALOGUE.lookup([b"GEORADIUS_RO"])
    assert command is not None
    assert (command.group, command.since, command.arity, command.words) == ("geo", "3.2.10", -6, 1)
    assert (command.deprecated_since, command.replaced_by) == ("6.2.0", ("GEOSEARCH",))
    assert command.replaced_with == ("BYRADIUS",)
    assert "@geo" in command.categories
    assert "readonly" in command.flags
    assert CATALOGUE.lookup([b"georadius_ro"]) is command


def test_containers_know_their_subcommands() -> None:
    client = CATALOGUE.get("CLIENT")
    assert client is not None
    assert client.is_container
    assert "CLIENT KILL" in client.subcommands
    assert all(CATALOGUE.get(name) is not None for name in client.subcommands)


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("cl", ("CLIENT", "CLUSTER")),
        ("SETE", ("SETEX",)),
        ("client k", ("CLIENT KILL",)),
        ("client  k", ()),
        ("set ", ()),
        ("nosuch ", ()),
        ("zzz", ()),
    ],
)
def test_names_that_a_prefix_may_become(prefix: str, names: tuple[str, ...]) -> None:
    assert CATALOGUE.starting(prefix) == names


@given(st.sampled_from(CATALOGUE.names()), st.integers(0, 20))
def test_every_beginning_of_a_name_finds_it(name: str, length: int) -> None:
    prefix = name[:length]
    expected = [each for each in CATALOGUE.names() if each.startswith(prefix)]
    words = prefix.count(" ") + 1
    assert list(CATALOGUE.starting(prefix)) == [each for each in expected if each.count(" ") + 1 == words]


def test_every_command_is_in_one_group() -> None:
    grouped = [name for group in CATALOGUE.groups() for name in CATALOGUE.in_group(group)]
    assert sorted(grouped) == list(CATALOGUE.names())
    assert CATALOGUE.in_group("nosuch") == ()


def test_what_is_beyond_is_known_and_not_here() -> None:
    beyond = CATALOGUE.beyond
    assert set(beyond.names()).isdisjoint(CATALOGUE.names())
    assert CATALOGUE.lookup([b"HEXPIRE"]) is None
    assert "HEXPIRE" not in CATALOGUE.starting("HEX")
    expire, stored = beyond.lookup([b"hexpire", b"k"]), beyond.lookup([b"json.set"])
    assert expire is not None
    assert (expire.origin, expire.module) == ("Redis 7.4", None)
    assert stored is not None
    assert (stored.origin, stored.group) == ("the module RedisJSON", "json")
    assert CATALOGUE.knowing([b"hexpire"]) is beyond
    assert CATALOGUE.knowing([b"GET"]) is CATALOGUE
    assert CATALOGUE.knowing([b"nosuch"]) is CATALOGUE


def test_a_catalogue_is_completed_by_more_commands_and_keeps_its_own() -> None:
    facts = {"group": "module", "since": "1.0.0", "arity": 2}
    more = CATALOGUE.completed({"FT.INFO": facts, "GET": facts})
    found = more.lookup([b"ft.info"])
    assert found is not None
    assert (found.group, found.arity) == ("module", 2)
    assert more.get("GET") == CATALOGUE.get("GET")
    assert CATALOGUE.get("FT.INFO") is None
    assert "FT.INFO" in more.starting("ft")
    later = more.completed({"HEXPIRE": facts})
    assert later.beyond.get("HEXPIRE") is None  # it is here now


def test_a_version_that_nobody_asked_a_server_about() -> None:
    with pytest.raises(UsageError, match=r"Redis 1\.2"):
        Catalogue.load("1.2")
