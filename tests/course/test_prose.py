"""Markdown as a terminal shows it."""

from __future__ import annotations

from redislab.core.view import Stack
from redislab.course.prose import plain_line, prose
from redislab.render.views import plain_text

TABLE = """\
Two answers:

| TTL | what it *means* |
|----:|---|
| -1 | the key has no deadline |
| `-2` | there is no such key |

So ask twice."""


def test_a_table_stands_in_columns() -> None:
    assert plain_text(prose(TABLE), 60) == (
        "Two answers:\n\n"
        "TTL   what it means\n"
        "-1    the key has no deadline\n"
        "`-2`  there is no such key\n\n"
        "So ask twice."
    )


def test_a_table_is_wrapped_in_its_columns() -> None:
    shown = plain_text(prose(TABLE.replace("no deadline", "no deadline " * 8)), 40)
    assert max(map(len, shown.splitlines())) <= 40
    assert "\n      deadline" in shown


def test_a_row_with_too_few_or_too_many_cells_is_as_long_as_the_head() -> None:
    shown = plain_text(prose("| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |"), 60)
    assert shown == "a  b\n1\n1  2"


def test_a_table_in_a_list_keeps_its_rows() -> None:
    shown = plain_text(prose("- first:\n\n  | a | b |\n  |---|---|\n  | 1 | 2 |\n- second"), 60)
    assert [line.split() for line in shown.splitlines()] == [
        ["-", "first:"],
        ["a", "b"],
        ["1", "2"],
        ["-", "second"],
    ]


def test_what_a_table_holds_is_harmless() -> None:
    assert "\x1b" not in plain_text(prose("| \x1b[31m |\n|---|\n| \x1b]0;x\x07 |"), 60)
    assert "[bold]" in plain_text(prose("| [bold] |\n|---|\n| x |"), 60)


def test_a_line_of_bars_is_a_line() -> None:
    assert plain_text(Stack((plain_line("GET|MGET"),)), 60) == "GET|MGET"
    assert plain_text(prose("A or B: A|B\nand C"), 60) == "A or B: A|B and C"
