"""What Tab offers in cells of ours, and where it leaves the field to IPython."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter

from redislab.notebook.cursor import Spot, spot_of
from redislab.shared import Shared
from tests.notebook.notebooks import Notebook


@pytest.fixture
def filled(anywhere: Notebook, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    monkeypatch.setattr("redislab.assist.finder.BUDGET_S", 5.0)
    anywhere.run("%%redis\nSET name ada\nHSET user:1 field v\nLPUSH jobs 1")
    return anywhere


def offered(notebook: Notebook, cell: str) -> list[str]:
    """At the | of the cell."""
    at = cell.index("|")
    with provisionalcompleter():
        found = list(notebook.shell.Completer.completions(cell.replace("|", "", 1), at))
    for each in found:
        assert each.end == at
    return [each.text for each in found]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%redis HG|", ["HGET", "HGETALL"]),
        ("x = %redis hgeta|", ["hgetall"]),
        ("    %redis hgeta|", ["hgetall"]),
        ("%%redis\nSET a 1\nhg|\nGET b", ["hget", "hgetall"]),
        ("%%redis --strict\n  B: HGETA|", ["HGETALL"]),
        ("%%redis\n5 HGETA|", ["HGETALL"]),
        ("%redis --strict --limit 5 HGETA|", ["HGETALL"]),
        ("%redis_explain CONFIG GE|", ["GET"]),
        ("%%redis --ex|\n", ["--explain"]),
        ("%%redis --explain |\n", ["off", "brief", "full"]),
        ("%redis --st|", ["--strict"]),
        ("%redis_connect --la|", ["--lab"]),
        ("%redis_connect --engine |", ["embedded", "server"]),
        ("%redis_clock r|", ["real"]),
    ],
)
def test_commands_and_options(notebook: Notebook, cell: str, words: list[str]) -> None:
    assert offered(notebook, cell) == words


def test_names_that_exist_where_data_may_be_looked_at(filled: Notebook, here_is_embedded: bool) -> None:
    seen = here_is_embedded  # on a server that others use nobody looks unasked
    assert offered(filled, "%%redis\nGET na|") == (["name"] if seen else ["na"])
    assert offered(filled, "%%redis\nHGET user:1 |") == (["field"] if seen else [""])
    assert offered(filled, "%redis LPUSH j|") == (["jobs"] if seen else ["j"])


@pytest.mark.parametrize("cell", ["%%redis\nSET name pri|", "%%redis\n# pri|", "%redis SET name pri|"])
def test_pythons_names_are_not_offered_in_lines_of_ours(notebook: Notebook, cell: str) -> None:
    assert offered(notebook, cell) == ["pri"]


@pytest.mark.parametrize(
    "cell", ["pri|", "s = 'a %redis'\npri|", "%%timeit\npri|", "%%redis_x\npri|", "x = 1\n%%redis\npri|"]
)
def test_elsewhere_ipython_completes_as_ever(notebook: Notebook, cell: str) -> None:
    assert "print" in offered(notebook, cell)


def test_unloaded_nothing_is_offered_any_more(notebook: Notebook) -> None:
    notebook.run("%unload_ext redislab")
    assert "HGETALL" not in offered(notebook, "%redis HGETA|")
    assert all("redislab" not in repr(each) for each in notebook.shell.Completer.custom_matchers)


def test_labs_are_offered_by_name(notebook: Notebook, here: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "labs", lambda: ("default", "mine"))
    assert offered(notebook, "%redis_connect --lab m|") == ["mine"]


@pytest.mark.parametrize(
    ("cell", "spot"),
    [
        ("%redis GET |a", Spot("redis", " GET a", " GET ")),
        ("%redis|", None),
        ("x = 1\n%redis GET a|", Spot("redis", " GET a", " GET a")),
        ("a.b, c[0] = %redis GET a|", Spot("redis", " GET a", " GET a")),
        ("\n%%redis\nGET a|", Spot("", "GET a", "GET a")),
        ("%%redis\n  # GET a|", Spot("#", "  # GET a", "  # GET a")),
        ("%%redis --st|\nGET a", Spot("redis", " --st", " --st")),
        ("%%bash\n%redis GET a|", None),
        ("%redistribute a|", None),
        ("|", None),
        ("", None),
    ],
)
def test_where_the_cursor_stands(cell: str, spot: Spot | None) -> None:
    at = cell.find("|") if "|" in cell else 99
    assert spot_of(cell.replace("|", "", 1), at) == spot
