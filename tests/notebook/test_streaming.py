"""Cells that take their time or answer much: batches, the bar, and what is left out."""

from __future__ import annotations

import pytest

from redislab.notebook import captured, streaming
from redislab.notebook.shown import Shown
from tests.notebook.notebooks import Notebook


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command takes longer than a person waits."""
    monkeypatch.setattr(streaming, "BAR_AFTER_S", -1.0)
    monkeypatch.setattr(streaming, "SHOW_EVERY_S", -1.0)


@pytest.mark.usefixtures("impatient")
def test_a_long_cell_shows_how_far_it_is(notebook: Notebook) -> None:
    ran = notebook.run("%%redis\n" + "INCR n\n" * 12)
    bars = [each for each in ran.displays if "<progress" in each.get("text/html", "")]
    assert [each["text/plain"] for each in bars][:2] == ["0 of 12 commands", "1 of 12 commands"]
    assert bars[-1]["text/plain"].startswith("12 of 12 commands in ")
    replies = [each["text/plain"] for each in ran.displays if each not in bars]
    assert replies == [f"(integer) {n}" for n in range(1, 13)]


@pytest.mark.usefixtures("impatient")
def test_the_bar_of_a_cell_that_fails_says_how_far_it_came(notebook: Notebook) -> None:
    ran = notebook.run("%%redis --strict\n" + "INCR n\n" * 6 + "LPUSH n x\n" + "INCR n\n" * 6)
    bars = [each["text/plain"] for each in ran.displays if "<progress" in each.get("text/html", "")]
    assert bars[-1].startswith("6 of 13 commands in ")


@pytest.mark.usefixtures("impatient")
def test_a_short_cell_has_no_bar(notebook: Notebook) -> None:
    assert "<progress" not in notebook.run("%%redis\nSET a 1\nGET a").html


def test_a_cell_that_is_done_at_once_is_one_display(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "SHOW_EVERY_S", 60.0)  # "at once" on a busy machine
    assert len(notebook.run("%%redis\nSET a 1\nGET a").displays) == 1


def test_of_very_many_commands_the_first_are_shown_and_all_that_failed(notebook: Notebook) -> None:
    count = streaming.MOST_EXCHANGES + 50
    ran = notebook.run("%%redis --explain off\n" + "INCR n\n" * count + "LPUSH n x\n")
    assert ran.text.count("(integer)") == streaming.MOST_EXCHANGES
    assert ran.text.count("WRONGTYPE") == 1
    assert "50 more commands ran" in ran.text
    assert notebook.run("%redis GET n").result.value == str(count)


def test_a_long_string_is_shown_in_part_and_kept_whole(notebook: Notebook) -> None:
    length = captured.MOST_BYTES + 5
    notebook.run(f"import redislab; redislab.connect().mset(dict(a='x' * {length}, b='short'))")
    ran = notebook.run("%redis MGET a b")
    assert ran.text.count("x") == captured.MOST_BYTES
    assert ran.text.endswith("1 string is cut after 10,000 bytes; _redis has all, and --limit 0 shows all.")
    assert notebook.last() == ["x" * length, "short"]
    assert notebook.run("%redis --limit 0 GET a").text.count("x") == length


def test_pairs_stand_beside_one_another_in_html(notebook: Notebook) -> None:
    notebook.run("%redis HSET h f 1 g 2")
    shown = notebook.run("%redis HGETALL h").result
    assert isinstance(shown, Shown)
    assert '<th scope="col"' in shown.html
    assert ">field</th>" in shown.html
    assert shown.text == '1) "f"\n2) "1"\n3) "g"\n4) "2"'
