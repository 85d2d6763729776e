"""The sheet with the slips as a browser shows it, on the screen and on paper."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.classroom.folders import write_class

pytestmark = pytest.mark.skipif(
    os.environ.get("REDISLAB_LONG") != "1", reason="a browser takes time: REDISLAB_LONG=1"
)

NAMES = ["Ada Lovelace", "<img src=x onerror=document.title=1>", "محمد", "艾達"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mode", [[], ["--shared"], ["--jupyterhub"]])
def test_axe_finds_nothing(tmp_path: Path, chromium: Browser, scheme: str, mode: list[str]) -> None:
    write_class(tmp_path / "class", NAMES, *mode)
    # axe is a script that is put into the page, which lets none run.
    context = chromium.new_context(color_scheme=scheme, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto((tmp_path / "class" / "handout.html").as_uri())
    assert Axe().run(page).response["violations"] == []
    context.close()


def test_it_loads_nothing_and_prints_slips_alone(tmp_path: Path, chromium: Browser) -> None:
    write_class(tmp_path / "class", NAMES)
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "class" / "handout.html").as_uri())
    assert page.title() == "Redis class: links"
    assert len(asked) == 1
    assert page.locator("h2").all_inner_texts() == NAMES
    assert page.locator(".teacher").is_visible()
    page.emulate_media(media="print")
    assert not page.locator(".teacher").is_visible()
    page.close()
