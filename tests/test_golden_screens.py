"""Whole screens, as a person sees them: completion menu, hint, wrong word, explanation, advice.

Each file holds what is on the screen, and below it which words stand in which colour.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no ptys on Windows")

if sys.platform != "win32":
    from tests.screens import Terminal

FOLDER = Path(__file__).parent / "golden_screens"

# name → lines entered before, what is typed then, a text that must appear
SCREENS: dict[str, tuple[list[str], str, str]] = {
    "commands": ([], "hget", "HGETALL"),
    "options": ([], "SET name ada ", "KEEPTTL"),
    "keys": (["HSET user:1 name ada", "SET user:2 x"], "HGET u", "user:1"),
    "fields": (["HSET user:1 name ada nick a"], "HGET user:1 n", "nick"),
    "hint": ([], "XRANGE stream 4 2 ", "[COUNT count]"),
    "wrong": ([], "SET name ada FOO ", "not an option of SET"),
    "explained": (["SET name ada", ":explain SET name bob EX 60"], "", "Python"),
    "advice": (["RPUSH queue a b", "GET queue"], "", "LRANGE queue 0 -1"),
    "refused": (['SET name "ada'], "", 'SET name "ada"'),
}


@pytest.mark.parametrize("name", SCREENS)
def test_the_screen_is_as_it_was(name: str) -> None:
    before, typed, awaited = SCREENS[name]
    with Terminal("repl", "--fresh", lines=30) as terminal:
        terminal.wait_for_prompt("redislab> ")
        terminal.enter(*before)
        if typed:
            terminal.type(typed)
        terminal.wait_for(lambda lines: any(awaited in line for line in lines), awaited)
        expected = (FOLDER / f"{name}.txt").read_text("utf-8")
        terminal.wait_for(lambda lines: picture(terminal) == expected, f"{expected}instead of the screen")


def picture(terminal: Terminal) -> str:
    """The lines of the screen, then the words of the last typed line that are not in the usual colour."""
    row = terminal.screen.buffer[terminal.screen.cursor.y]
    found: list[str] = []
    colour = "default"
    for column in range(terminal.screen.columns):
        cell = row[column]
        if cell.data.strip() and cell.fg != "default":
            if cell.fg != colour or not row[column - 1].data.strip():
                found.append(f"{cell.fg} ")
            found[-1] += cell.data
        colour = cell.fg
    return "\n".join([*terminal.lines, "", *found, ""])
