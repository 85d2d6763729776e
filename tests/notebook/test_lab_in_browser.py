"""JupyterLab as a learner sees it: what is shown, what completes, and that data stays data."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.notebook.jupyterlab import (
    PATIENCE_MS,
    JupyterLab,
    LabPage,
    Watch,
    write_notebook,
)
from tests.notebook.playing import NOTEBOOKS, PATIENCE_S, environment

pytestmark = pytest.mark.skipif(
    os.environ.get("REDISLAB_LONG") != "1", reason="a browser takes minutes: REDISLAB_LONG=1"
)

THEMES = ("JupyterLab Light", "JupyterLab Dark")
LINE_PX = 20  # of text in a notebook
OURS = ".jp-OutputArea-output .redislab"

SHOWN = (
    "%load_ext redislab",
    "%%redis\nHSET user:1 name ada city London\nHGETALL user:1\nLPUSH queue a b\nLRANGE queue 0 -1",
    "%%redis\nGET nothing\nINCR user:1\nGTE user:1\nMULTI\nSET a 1\nINCR user:1\nEXEC\nCOMMAND INFO GET",
    "%redis_explain SET name ada EX 60",
)

# A value, and what of it a person must be able to read.
HOSTILE = {
    "<img src=x onerror=\"harm('img')\">": "<img src=x onerror=",
    "</script><script>harm('script')</script>": "</script><script>harm('script')</script>",
    "</samp></td></tr></table><svg onload=harm('svg')>": "</samp></td></tr></table><svg onload=harm('svg')>",
    "javascript:harm('address')": "javascript:harm('address')",
    "<a href=javascript:harm('link')>press</a>": "<a href=javascript:harm('link')>press</a>",
    "<style>*{display:none}</style>": "<style>*{display:none}</style>",
    "http://evil.example/address": "http://evil.example/address",
    "<iframe src=http://evil.example/frame>": "<iframe src=http://evil.example/frame>",
    "![picture](http://evil.example/picture.png)": "![picture](http://evil.example/picture.png)",
    "$x^2$": "$x^2$",
    "\\(y_1\\)": "\\\\(y_1\\\\)",
    "$$\\href{javascript:harm('formula')}{z}$$": "$$\\\\href{javascript:harm('formula')}{z}$$",
    "\x1b[31mred\x1b[0m": "\\x1b[31mred\\x1b[0m",
    "\x1b]8;;http://evil.example/osc\x07here\x1b]8;;\x07": "\\x1b]8;;http://evil.example/osc\\x07here",
    "photo\u202egnp.exe": "photo\\xe2\\x80\\xaegnp.exe",
}
HARMFUL = (
    "script, style, link, meta, base, img, svg, iframe, object, embed, form, input, a, audio, video, math, "
    "mjx-container, [onerror], [onload], [onclick]"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="module")
def lab(folder: Path, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterLab]:
    with JupyterLab(folder, tmp_path_factory.mktemp("home")) as made:
        yield made


@pytest.fixture
def opened(lab: JupyterLab, folder: Path, chromium: Browser) -> Iterator[Callable[..., LabPage]]:
    """Open a notebook, or one made of cells; its page cannot reach anything but the Lab."""
    context = chromium.new_context(viewport={"width": 1100, "height": 900})
    pages: list[LabPage] = []

    def open_(*cells: str, notebook: Path | None = None) -> LabPage:
        path = folder / (f"made-{len(list(folder.iterdir()))}.ipynb" if notebook is None else notebook.name)
        if notebook is None:
            write_notebook(path, *cells)
        else:
            shutil.copy(notebook, path)
        pages.append(LabPage(context.new_page(), lab, path.name))
        return pages[-1]

    yield open_
    for page in pages:
        page.end_kernel()
    context.close()


def violations(page: Page, within: str) -> list[str]:
    """What axe finds, each with the piece of the page."""
    assert page.locator(within).count()
    found: Any = Axe().run(page, context={"include": [within]})
    return [
        f"{rule['id']}: {node['html']}" for rule in found.response["violations"] for node in rule["nodes"]
    ]


def test_a_lesson_runs_from_top_to_bottom(opened: Callable[..., LabPage]) -> None:
    page = opened(notebook=NOTEBOOKS / "06-hashes.ipynb")
    page.write(2, "%%redis\nHSET user:1A name Alice city Paris\nHGETALL user:1A")
    page.run_all()
    expect(page.output(2).get_by_role("table")).to_contain_text("Paris")
    expect(page.cell(2).locator("caption")).to_contain_text("HGETALL user:1A")
    above = page.cell(2).locator("caption").bounding_box()
    assert above is not None
    assert above["height"] < 2 * LINE_PX, "a caption is as wide as what it says, not as its table"
    expect(page.output(4)).to_contain_text(["Done: One card, two lines", "True"])


def test_commands_and_keys_complete_within_a_cell(opened: Callable[..., LabPage]) -> None:
    page = opened("%load_ext redislab\n%redis HSET user:1 name ada", "%%redis\nSET a 1\nHGET")
    page.run_all()
    page.edit(1)
    page.page.keyboard.press("Tab")
    offered = page.page.locator(".jp-Completer .jp-Completer-item")
    expect(offered.filter(has_text="HGETALL")).to_be_visible()
    page.page.keyboard.press("Escape")
    page.page.keyboard.type("ALL us")
    page.page.keyboard.press("Tab")
    expect(offered.filter(has_text="user:1")).to_be_visible()
    page.page.keyboard.press("Enter")
    expect(page.cell(1).locator(".cm-content")).to_contain_text("HGETALL user:1")


@pytest.mark.parametrize("theme", THEMES)
def test_a_command_is_documented_within_a_cell(opened: Callable[..., LabPage], theme: str) -> None:
    page = opened("%load_ext redislab", "%%redis\nSET a 1\nHGETALL")
    page.wear(theme)
    page.run_all()
    page.edit(1)
    page.page.keyboard.press("Shift+Tab")
    expect(page.page.locator(".jp-Tooltip")).to_contain_text("HGETALL key")
    assert violations(page.page, ".jp-Tooltip .redislab") == []


@pytest.mark.parametrize("theme", THEMES)
def test_what_is_shown_is_accessible(opened: Callable[..., LabPage], theme: str) -> None:
    page = opened(*SHOWN)
    page.wear(theme)
    page.run_all()
    assert violations(page.page, OURS) == []


@pytest.mark.parametrize("theme", THEMES)
def test_what_a_lesson_says_is_accessible(opened: Callable[..., LabPage], theme: str) -> None:
    page = opened(notebook=NOTEBOOKS / "06-hashes.ipynb")
    page.wear(theme)
    page.run_all()
    expect(page.output(4)).to_contain_text(["user:1A", "False"])
    assert violations(page.page, OURS) == []


@pytest.mark.parametrize("theme", THEMES)
def test_plots_are_accessible(opened: Callable[..., LabPage], theme: str) -> None:
    page = opened(notebook=NOTEBOOKS / "round-trips.ipynb")
    page.wear(theme)
    page.run_all()
    expect(page.page.locator("figure svg")).to_have_count(3)
    assert violations(page.page, "figure") == []


def test_hostile_values_are_text_in_lab(opened: Callable[..., LabPage]) -> None:
    page = opened(*hostile_cells())
    page.run_all()
    page.page.wait_for_load_state("networkidle")
    assert_text_alone(page.page, page.watch)


def test_hostile_names_are_text_where_they_are_offered(opened: Callable[..., LabPage]) -> None:
    page = opened(*hostile_cells()[:2], "%%redis\n# GET")
    page.run_all()
    page.write(2, "%%redis\nGET ")
    page.edit(2)
    page.page.keyboard.press("Tab")
    offered = page.page.locator(".jp-Completer")
    expect(offered.locator(".jp-Completer-item").first).to_be_visible()
    assert offered.locator(".jp-Completer-item").count() >= len(HOSTILE)
    assert offered.locator(HARMFUL).count() == 0
    for _ in range(len(HOSTILE)):  # each is looked at; the last is taken
        page.page.keyboard.press("ArrowDown")
    page.page.keyboard.press("Enter")
    expect(offered).to_be_hidden()
    page.watch.assert_no_harm()


def test_hostile_values_are_text_in_an_exported_page(folder: Path, chromium: Browser) -> None:
    write_notebook(folder / "hostile.ipynb", *hostile_cells())
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "hostile.ipynb"],
        cwd=folder,
        env=environment(None),
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
    )
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    address = (folder / "hostile.html").as_uri()
    watch = Watch(page, lambda url: url == address)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert_text_alone(page, watch)
    page.close()


def hostile_cells() -> list[str]:
    """Hostile values as keys, fields, values, members, in errors, and in what is said about them."""
    return [
        "%load_ext redislab",
        "import redislab\n"
        "r = redislab.connect(decode_responses=True)\n"
        f"values = {list(HOSTILE)!r}\n"
        "for value in values:\n"
        "    r.set(value, value)\n"
        "    r.hset('hash', value, value)\n"
        "    r.rpush('list', value)\n"
        "    r.zadd('zset', {value: 1})\n"
        "quote = lambda text: '\"' + text.replace('\\\\', '\\\\\\\\').replace('\"', '\\\\\"') + '\"'\n"
        "for value in values:\n"
        "    get_ipython().run_line_magic('redis', f'INCR {quote(value)}')",
        "%%redis\nHGETALL hash\nLRANGE list 0 -1\nZRANGE zset 0 -1 WITHSCORES\nKEYS *",
        "%%redis\n" + "\n".join(value for value in HOSTILE if value.isprintable()),
        "for value in values:\n"
        "    display(get_ipython().run_line_magic('redis', f'GET {quote(value)}'))\n"
        "    display(get_ipython().run_line_magic('redis', f'LPUSH {quote(value)} {quote(value)}'))",
    ]


def assert_text_alone(page: Page, watch: Watch) -> None:
    ours = page.locator(OURS)
    expect(ours.first).to_be_visible()
    text = "\n".join(ours.all_inner_texts())
    assert [fragment for fragment in HOSTILE.values() if fragment not in text] == []
    assert ours.locator(HARMFUL).count() == 0
    watch.assert_no_harm()
