"""Replies and views as HTML: every byte of the data is text, whatever it says."""

from __future__ import annotations

import os
import re
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redislab.core.catalogue import Catalogue
from redislab.core.explain import explain_view
from redislab.core.help import help_view
from redislab.core.reply import NIL, Kind, Reply, bulk, error
from redislab.core.safe import is_harmless, repr_utf8, visible_text
from redislab.core.view import Grid, Items, Line, Note, NoteKind, Stack, line
from redislab.core.words import split
from redislab.render.html import (
    MOST_LEVELS,
    block,
    code,
    reply_html,
    sentence_html,
    text_html,
    value_html,
    view_html,
)
from tests.render.pages import Page

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "</samp></code></pre></td></table>",
    "<!-- ",
    "]]>",
    "<![CDATA[",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "&amp",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='",
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "<a href=javascript:alert(1)>x</a>",
    "<style>*{}</style>",
    "\x1b[31mred\x1b]0;title\x07",
    "\x00",
    "\x7f\x9b",
    "\u202eevil\u202c",
    "a\u200bb",
    "\ufeff",
    "\u2028\u2029",
    "`<b>`",
    "${x}{{x}}$$x$$\\(x\\)",
    "\r\n\r\n",
    "<svg/onload=alert(1)>",
    "expression(alert(1))",
    "url(//x)",
)
LONG = os.environ.get("REDISLAB_LONG") == "1"
AGGREGATES = (Kind.ARRAY, Kind.SET, Kind.PUSH)


def _aggregate(kind: Kind, values: list[Reply]) -> Reply:
    return Reply(kind, tuple(values))


leaves = st.one_of(
    st.binary(max_size=12).map(bulk),
    st.sampled_from(HOSTILE).map(lambda text: bulk(text.encode())),
    st.sampled_from(HOSTILE).map(lambda text: error(text.encode())),
    st.sampled_from(HOSTILE).map(lambda text: Reply(Kind.STATUS, text.encode())),
    st.sampled_from(HOSTILE).map(lambda text: Reply(Kind.VERBATIM, text.encode(), format=b"txt")),
    st.integers(-(1 << 63), (1 << 63) - 1).map(lambda number: Reply(Kind.INTEGER, number)),
    st.booleans().map(lambda value: Reply(Kind.BOOLEAN, value)),
    st.just(NIL),
    st.just(Reply(Kind.DOUBLE, b"1.5")),
)
replies = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(
            lambda kind, values: Reply(kind, tuple(values)),
            st.sampled_from(AGGREGATES),
            st.lists(inner, max_size=4),
        ),
        st.lists(st.tuples(inner, inner), max_size=3).map(lambda pairs: Reply(Kind.MAP, tuple(pairs))),
    ),
    max_leaves=12,
)


@given(replies, st.sampled_from(HOSTILE))
def test_whatever_a_reply_holds_only_our_elements_come_out(reply: Reply, title: str) -> None:
    page = Page(reply_html(reply, code(title)))
    for letter in page.text:
        assert letter in "\n\t" or is_harmless(letter)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_as_they_are(text: str) -> None:
    shown = visible_text(text, lines=True)
    assert Page(text_html(text)).text == shown
    assert Page(code(text)).text == shown
    assert Page(block(text)).text == shown
    assert Page(value_html(bulk(text.encode()))).text == repr_utf8(text.encode()).decode()
    assert Page(value_html(error(text.encode()))).text == f"error {shown}"
    for view in (
        line(text),
        Items((line(text),), text),
        Note(NoteKind.ERROR, line(text)),
        Grid((text,), ((line(text),),), text),
    ):
        page = Page(view_html(view))
        assert shown.replace("\n", "") in page.text.replace("\n", "")
    assert Page(sentence_html(text)).text.replace("`", "") == shown.replace("`", "")


def test_every_code_point_is_a_letter_or_an_escape() -> None:
    """All up to CJK, and a sample of the rest that meets each block; all of them where time is given."""
    points = range(sys.maxunicode + 1) if LONG else [*range(0x3100), *range(0x3100, sys.maxunicode + 1, 61)]
    letters = [chr(point) for point in points]
    for start in range(0, len(letters), 4096):
        some = letters[start : start + 4096]
        shown = Page(text_html("x".join(some))).text
        assert all(letter in "\n\t" or is_harmless(letter) for letter in shown)
        harmless = "".join(filter(is_harmless, some))
        assert Page(text_html(harmless)).text == harmless  # what can be read reads the same


def test_bytes_that_are_no_text_are_escaped() -> None:
    assert Page(value_html(bulk(b"\xff\x00\x1b<b>"))).text == '"\\xff\\x00\\x1b<b>"'
    assert Page(text_html(b"caf\xc3\xa9 \xff")).text == "café \\xff"


def test_strings_show_what_sends_the_same_bytes() -> None:
    for text in HOSTILE:
        shown = Page(value_html(bulk(text.encode()))).text
        assert split(shown.encode()) == [text.encode()]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(Kind.STATUS, b"OK"), "OK"),
        (bulk(b"5"), '"5"'),
        (Reply(Kind.INTEGER, 5), "(integer) 5"),
        (NIL, "(nil) no value"),
        (Reply(Kind.NIL_ARRAY, None), "(nil) no value"),
        (error(b"ERR no"), "error ERR no"),
        (Reply(Kind.ARRAY, ()), "(empty array)"),
        (Reply(Kind.MAP, ()), "(empty hash)"),
        (Reply(Kind.DOUBLE, b"1.5"), "(double) 1.5"),
        (Reply(Kind.BOOLEAN, True), "(true)"),
        (bulk("naïve 🎈".encode()), '"naïve 🎈"'),
    ],
)
def test_each_kind_says_what_it_is(reply: Reply, words: str) -> None:
    assert Page(value_html(reply)).text == words


def test_an_array_is_a_table_with_caption_and_headings() -> None:
    html = reply_html(Reply(Kind.ARRAY, (bulk(b"a"), NIL)), code("LRANGE l 0 -1"), count=1_000)
    page = Page(html)
    assert page.tags == [
        "table",
        "caption",
        "code",
        "thead",
        "tr",
        "th",
        "th",
        "tbody",
        *["tr", "th", "td", "samp"] * 2,
    ]
    assert html.count('scope="col"') == html.count('scope="row"') == 2
    assert page.text.startswith("LRANGE l 0 -1: array of 1,000 values")


def test_pairs_that_resp2_sends_flat_stand_beside_one_another() -> None:
    flat = Reply(Kind.ARRAY, (bulk(b"f"), bulk(b"1"), bulk(b"g")))  # the rest was left out
    page = Page(reply_html(flat, "", count=4, pairs=("field", "value")))
    assert page.text == 'array of 4 valuesfieldvalue"f""1""g"'


def test_lists_within_a_reply_are_lists() -> None:
    nested = Reply(
        Kind.ARRAY, (Reply(Kind.ARRAY, (bulk(b"a"),)), Reply(Kind.MAP, ((bulk(b"k"), bulk(b"v")),)))
    )
    tags = Page(reply_html(nested, "")).tags
    assert "ol" in tags
    assert "dl" in tags


def test_a_reply_that_nests_deeply_says_where_the_rest_is() -> None:
    reply = bulk(b"innermost")
    for _ in range(900):
        reply = Reply(Kind.ARRAY, (reply,))
    page = Page(reply_html(reply, ""))
    assert page.tags.count("ol") == MOST_LEVELS
    assert "_redis has it" in page.text


@pytest.mark.parametrize("words", [b"SET a 1 EX 60", b"HGETALL", b"SET a <b> ]]>", b"NOSUCH x"])
def test_explanations_are_tables_with_the_words_of_the_text(words: bytes) -> None:
    from redislab.render.views import plain_text

    view = explain_view(Catalogue.load(), split(words))
    read = "".join(Page(view_html(view)).text.split())
    for word in plain_text(view, 10_000).split():
        assert word in read


def test_help_is_html_too() -> None:
    view = Stack((help_view(Catalogue.load(), [b"SET"]), Line(), line("end")))
    assert Page(view_html(view)).text.endswith("end")


def test_colours_are_the_pages_own() -> None:
    html = reply_html(Reply(Kind.ARRAY, (bulk(b"a"), error(b"b"))), code("X"))
    html += view_html(Note(NoteKind.ERROR, line("x")))
    styles = ";".join(re.findall(r'style="([^"]*)"', html)).split(";")
    colours = {style for style in styles if "color" in style or "background" in style or "opacity" in style}
    assert colours == {"color:inherit", "background:none"}
