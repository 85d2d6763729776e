"""Views as plain text: golden pages at 80 columns, and what holds for every view at every width."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redislab.core.catalogue import Catalogue
from redislab.core.help import help_view
from redislab.core.roles import Role
from redislab.core.safe import visible_text
from redislab.core.view import Grid, Items, Line, Note, NoteKind, Span, Stack, View, line
from redislab.render.views import plain_lines, plain_text, text_width

GOLDEN = Path(__file__).parent / "golden"

SPECIMEN = Stack(
    (
        Line(tuple(Span(f"{role.value} ", role) for role in Role)),
        Line(),
        Note(
            NoteKind.ERROR, line("the server closed the connection, and ", Span("two commands", Role.STRONG))
        ),
        Note(
            NoteKind.WARNING,
            line("nobody knows whether they have run; look at the data before you repeat them"),
        ),
        Note(NoteKind.REMEDY, line("GET counter")),
        Note(
            NoteKind.INFO,
            line("hostile: \x1b]52;c;cm0=\x07 \u202e [bold]no[/bold] :smile: https://redis.io 42 'a'"),
        ),
        Line(),
        Grid(
            ("field", "value"),
            (
                (line(Span("name", Role.KEY)), line("ada")),
                (line(Span("město", Role.KEY)), line(Span("東京都渋谷区", Role.VALUE))),
                (
                    line(Span("note", Role.KEY)),
                    line("a value that is long enough to need a second line in its cell"),
                ),
                (line(Span("\0\x1b[m", Role.KEY)), Line()),
            ),
            title="session:42",
        ),
        Line(),
        Items(
            (line(Span("SET", Role.COMMAND), " key value"), line(Span("DEL", Role.COMMAND), " key")), "Try"
        ),
    )
)

PAGES: dict[str, View] = {
    "specimen": SPECIMEN,
    **{
        "-".join(["help", *topic.split()]): help_view(Catalogue.load(), topic.encode().split())
        for topic in ("", "SET", "CLIENT", "GEORADIUS", "@transactions", "nosuch")
    },
}

texts = st.text(st.sampled_from("ab  日\u0301é\n\x1b"), max_size=60)
lines = st.lists(st.builds(Span, texts, st.sampled_from(Role)), max_size=4).map(
    lambda found: Line(tuple(found))
)
grids = st.integers(1, 4).flatmap(
    lambda count: st.builds(
        Grid,
        st.sampled_from([(), ("one", "two", "three", "four")[:count]]),
        st.lists(st.tuples(*[lines] * count), max_size=3).map(tuple),
        texts,
    )
)
views: st.SearchStrategy[View] = st.recursive(
    lines
    | grids
    | st.builds(Note, st.sampled_from(NoteKind), lines)
    | st.builds(Items, st.lists(lines, max_size=3).map(tuple), texts),
    lambda inner: st.builds(Stack, st.lists(inner, max_size=3).map(tuple)),
    max_leaves=4,
)


@pytest.mark.parametrize("name", PAGES)
def test_golden_pages(name: str) -> None:
    assert plain_text(PAGES[name], 80) + "\n" == (GOLDEN / f"{name}.txt").read_text("utf-8")


@given(views, st.integers(20, 60))
def test_no_line_is_too_wide_ends_in_spaces_or_holds_a_control(view: View, width: int) -> None:
    for each in plain_lines(view, width):
        assert text_width(each) <= width
        assert each == each.rstrip(" ")
        assert not any(unicodedata.category(letter) in ("Cc", "Cf") for letter in each)


@given(lines, st.integers(20, 60))
def test_wrapping_loses_only_spaces(paragraph: Line, width: int) -> None:
    shown = "".join(plain_lines(paragraph, width))
    assert shown.replace(" ", "") == visible_text(paragraph.text).replace(" ", "")


def test_words_stay_whole_where_they_fit() -> None:
    words = line("one two three four five six seven eight nine ten")
    assert plain_lines(words, 20) == ["one two three four", "five six seven eight", "nine ten"]


def test_a_word_that_is_too_long_is_cut() -> None:
    assert plain_lines(line("a " + "b" * 45), 20) == ["a", "b" * 20, "b" * 20, "b" * 5]


def test_a_paragraph_keeps_its_indentation() -> None:
    assert plain_lines(line("    four spaces, then words"), 20) == ["    four spaces,", "then words"]


def test_indentation_stays_with_a_word_that_is_cut() -> None:
    assert plain_lines(line("    " + "b" * 20), 20) == ["    " + "b" * 16, "bbbb"]


CROWDED = Grid((), (tuple(line("東京" * (column % 3)) for column in range(12)),))


def test_more_columns_than_the_width_has_room_for_lose_nothing() -> None:
    shown = "".join(plain_lines(CROWDED, 20))
    assert shown.count("東") == shown.count("京") == 12


def test_wide_letters_take_two_columns_and_marks_none() -> None:
    assert [text_width(text) for text in ("ada", "é", "e\u0301", "東", "\uff21")] == [3, 1, 1, 2, 2]
    assert plain_lines(line("東" * 15), 20) == ["東" * 10, "東" * 5]


def test_a_paragraph_of_a_million_letters() -> None:
    assert len(plain_lines(line("word " * 200_000), 80)) == 12_500
