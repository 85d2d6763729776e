"""What HELP says. Golden pages are in tests/render."""

from __future__ import annotations

import pytest

from redislab.core.catalogue import Catalogue
from redislab.core.help import help_view, shell_help_view
from redislab.core.syntax import syntax_text
from redislab.render.views import plain_lines, plain_text

CATALOGUE = Catalogue.load()


def said(*words: str, width: int = 500) -> str:
    return plain_text(help_view(CATALOGUE, [word.encode() for word in words]), width)


def test_help_alone_says_how_to_get_help_and_how_to_leave() -> None:
    text = said()
    for needed in ("HELP SET", "HELP @string", ":help", "QUIT", "sorted-set"):
        assert needed in text


def test_every_command_has_a_page_with_its_syntax() -> None:
    for name in CATALOGUE.names():
        command = CATALOGUE.get(name)
        assert command is not None
        page = said(*name.lower().split(), width=5000).splitlines()
        assert page[0] == f"{name} {syntax_text(command)}".rstrip()
        assert page[1].split() == ["since", "Redis", command.since]


@pytest.mark.parametrize(
    ("name", "arity"),
    [
        ("GET", "1 word after GET"),
        ("SETEX", "3 words after SETEX"),
        ("DBSIZE", "no word after DBSIZE"),
        ("SET", "2 or more words after SET"),
        ("PING", "any number of words after PING"),
        ("CLIENT ID", "no word after CLIENT ID"),
        ("CONFIG GET", "1 or more words after CONFIG GET"),
    ],
)
def test_arity_in_words(name: str, arity: str) -> None:
    assert f"  {arity}\n" in said(*name.split()) + "\n"


def test_a_deprecated_command_names_what_to_use() -> None:
    assert "since Redis 6.2.0; use GEOSEARCH or GEOSEARCHSTORE with BYRADIUS" in said("GEORADIUS")
    assert "since Redis 2.0.0; use GETRANGE" in said("substr")


def test_a_container_lists_all_its_subcommands() -> None:
    client = CATALOGUE.get("CLIENT")
    assert client is not None
    text = said("client")
    assert all(f"  {name}" in text for name in client.subcommands)


@pytest.mark.parametrize("word", ["@string", "@STRING", "string", "String"])
def test_a_group_lists_all_its_commands(word: str) -> None:
    lines = said(word).splitlines()
    assert [each.split()[0] for each in lines[1:]] == list(CATALOGUE.in_group("string"))


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        ("gett", "error: no such command: gett (nearest: GET, GETSET, GETBIT)"),
        ("qqqqqq", "error: no such command: qqqqqq"),
        ("client lits", "error: no such command: client lits (nearest: CLIENT LIST,"),
        ("get name", "error: no such command: get name (nearest: GET)"),
        ("@strng", "error: no such group: strng (nearest: string)"),
        ("@", "error: no such group: "),
    ],
)
def test_what_does_not_exist_gets_one_line(asked: str, line: str) -> None:
    text = said(*asked.split())
    assert text.startswith(line.rstrip())
    assert "\n" not in text


def test_bytes_that_are_no_text_are_shown_and_not_sent() -> None:
    text = plain_text(help_view(CATALOGUE, [b"\xff\x1b]0;title\x07"]))
    assert text == "error: no such command: \\xff\\x1b]0;title\\x07"


def test_the_shells_own_words_are_told_by_the_shell() -> None:
    lines = plain_lines(shell_help_view([(":help", "this list"), (":quit", "leave")]))
    assert lines == ["What this shell can do itself:", ":help  this list", ":quit  leave"]
