"""docs/pictures/notebook-*.png, taken of JupyterLab in headless Chromium: `python tools/take_pictures.py`.

They are taken when what they show has changed, not by the tests. It needs chromium and what `.[test]` brings.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.notebook.jupyterlab import JupyterLab, LabPage, launch, write_notebook  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
COLOURS = 128
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"

CELLS = (
    "%load_ext redislab\nimport redislab",
    "%%redis\nHSET user:1 name ada city London\nHGETALL user:1\nINCR user:1",
    "r = redislab.connect(decode_responses=True)\nr.hgetall('user:1')",
)


class Studio:
    """Opens notebooks in a Lab and keeps what is seen of them."""

    def __init__(self, lab: JupyterLab, browser: Browser) -> None:
        self._lab = lab
        self._browser = browser

    def open(self, notebook: str, theme: str, height: int) -> LabPage:
        page = LabPage(self._browser.new_page(viewport={"width": 900, "height": height}), self._lab, notebook)
        page.command("application:set-mode", mode="single-document")
        page.page.evaluate("jupyterapp.shell.collapseLeft()")
        page.wear(theme)
        return page

    def keep(self, page: LabPage, name: str) -> None:
        seen = Image.open(io.BytesIO(page.page.locator(".jp-NotebookPanel-notebook").screenshot()))
        # Few colours, as flat as a screen is: a third of the bytes.
        seen.convert("RGB").quantize(COLOURS).save(PICTURES / name, optimize=True)
        print(PICTURES / name)


def take(studio: Studio) -> None:
    page = studio.open("cells.ipynb", LIGHT, 820)
    page.run_all()
    page.cell(0).locator(".jp-InputPrompt").click()  # no cursor that blinks
    studio.keep(page, "notebook-cells.png")

    page = studio.open("completion.ipynb", DARK, 420)
    page.run_all()
    page.write(1, "%%redis\nHSET user:1 name ada\nHGET")
    page.edit(1)
    page.page.keyboard.press("Tab")
    page.page.wait_for_selector(".jp-Completer-item")
    studio.keep(page, "notebook-completion.png")

    page = studio.open("06-hashes.ipynb", DARK, 760)
    page.write(2, "%%redis\nHSET user:1A name Alice city Paris")
    page.run_all()
    page.page.locator("h2").first.evaluate("heading => heading.scrollIntoView()")
    page.cell(4).locator(".jp-InputPrompt").click()
    studio.keep(page, "notebook-lesson.png")

    page = studio.open("caching-in-practice.ipynb", LIGHT, 520)
    page.run_all()
    page.page.locator("figure").nth(1).evaluate("figure => figure.scrollIntoView({block: 'center'})")
    studio.keep(page, "notebook-plot.png")


def main() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder, home = Path(made) / "notebooks", Path(made) / "home"
        folder.mkdir()
        home.mkdir()
        write_notebook(folder / "cells.ipynb", *CELLS)
        write_notebook(folder / "completion.ipynb", "%load_ext redislab", "%%redis\nHSET user:1 name ada")
        for notebook in (ROOT / "notebooks").glob("*.ipynb"):
            shutil.copy(notebook, folder)
        with JupyterLab(folder, home) as lab, sync_playwright() as playwright:
            take(Studio(lab, launch(playwright)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
