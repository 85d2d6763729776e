"""Views in colour: the plain text plus colour and nothing else, readable on light and on dark."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redislab.core.roles import Role
from redislab.core.view import Stack, View, line
from redislab.render.palette import STYLES
from redislab.render.terminal import coloured_text
from redislab.render.views import plain_text
from tests.render.test_views import CROWDED, GOLDEN, PAGES, views

STYLE = re.compile(r"\x1b\[[0-9;]*m")
CUBE_STEPS = (0, 95, 135, 175, 215, 255)


@pytest.mark.parametrize("name", PAGES)
def test_golden_pages(name: str) -> None:
    """The file has `␛` for the escape, so that it can be read and compared anywhere."""
    shown = coloured_text(PAGES[name], width=80, colours=True).replace("\x1b", "␛")
    assert shown + "\n" == (GOLDEN / f"{name}.ansi").read_text("utf-8")


@given(views, st.integers(20, 60))
def test_colour_adds_styles_and_changes_nothing_else(view: View, width: int) -> None:
    coloured = coloured_text(view, width=width, colours=True)
    assert STYLE.sub("", coloured) == plain_text(view, width)


@given(views)
def test_without_colours_there_is_no_escape(view: View) -> None:
    assert coloured_text(view, width=60, colours=False) == plain_text(view, 60)


def test_lines_that_are_wider_than_the_terminal_are_neither_wrapped_nor_cut() -> None:
    assert STYLE.sub("", coloured_text(CROWDED, width=20, colours=True)) == plain_text(CROWDED, 20)


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = coloured_text(PAGES["specimen"], width=80, colours=True)
    for name, value in {"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "10", "FORCE_COLOR": "0"}.items():
        monkeypatch.setenv(name, value)
    assert coloured_text(PAGES["specimen"], width=80, colours=True) == before


def test_nothing_in_a_text_is_markup() -> None:
    hostile = "[bold]x[/bold] [/] [link=http://a]b[/link] :smile: http://a.b 123 'q'"
    assert coloured_text(Stack((line(hostile),)), width=200, colours=True) == hostile


@pytest.mark.parametrize("role", [role for role in STYLES if "#" in STYLES[role]])
@pytest.mark.parametrize("background", [0.0, 1.0])
def test_colours_read_on_black_and_on_white(role: Role, background: float) -> None:
    found = re.search(r"#([0-9a-f]{6})", STYLES[role])
    assert found is not None
    lighter, darker = sorted([luminance(found[1]), background], reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2) of `rrggbb`."""
    rgb = [int(colour[place : place + 2], 16) for place in (0, 2, 4)]
    linear = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in rgb)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("role", [role for role in STYLES if "#" in STYLES[role]])
def test_colours_are_shown_as_they_were_chosen(role: Role) -> None:
    """Of the cube's own 240 colours, so that no terminal and no library picks a neighbour."""
    (colour,) = re.findall(r"#([0-9a-f]{6})", STYLES[role])
    grey = {f"{8 + 10 * step:02x}" * 3 for step in range(24)}
    assert colour in grey or all(int(colour[place : place + 2], 16) in CUBE_STEPS for place in (0, 2, 4))


def test_rich_is_loaded_with_the_first_colour() -> None:
    program = """
import sys
from redislab.core.view import line
from redislab.render.terminal import coloured_text
coloured_text(line("a"), width=80, colours=False)
assert "rich" not in sys.modules
coloured_text(line("a"), width=80, colours=True)
assert "rich" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
