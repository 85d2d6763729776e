"""JupyterLab in headless Chromium: a server of its own, and notebooks that are opened in a page.

`window.jupyterapp` is what `--LabApp.expose_app_in_browser` gives: commands of Lab's are called by their
names, and what is waited for is a state of Lab's, never a time.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from playwright.sync_api import Browser, Dialog, Locator, Page, Playwright, Route, expect

from tests.notebook.playing import environment
from tests.servers import free_port, wait_until

START_TIMEOUT_S = 120.0  # Lab's own start, on a machine that has much else to do
PATIENCE_MS = 120_000.0

# All cells are in the page, out of sight or not; nobody is asked about news.
SETTINGS = {
    "notebook-extension/tracker": '{"windowingMode": "none"}',
    "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
}

CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


expect.set_options(timeout=PATIENCE_MS)


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def launch(playwright: Playwright) -> Browser:
    """Raises where `find_chromium` finds none."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_FLAGS))


class JupyterLab:
    """A Lab for the notebooks in `folder`, with settings of its own in `home`, until the end of `with`."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._home = home
        self._log = home / "jupyterlab.log"
        for name, text in SETTINGS.items():
            path = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> JupyterLab:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(),
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # the kernels with it
            )
        wait_until(self._answers, START_TIMEOUT_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.terminate()  # it ends its kernels
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _command(self) -> Sequence[str]:
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.folder,
            "IdentityProvider.token": "",
            "LabApp.expose_app_in_browser": True,
        }
        return (
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--{name}={value}" for name, value in options.items()),
        )

    def _environment(self) -> dict[str, str]:
        own = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        folders = {name: str(self._home / folder) for name, folder in own.items()}
        return {**environment(None), **folders}

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"JupyterLab has ended:\n{self._log.read_text()}")
        try:
            with urllib.request.urlopen(f"{self.url}/api/status", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False


def write_notebook(path: Path, *sources: str) -> None:
    """A notebook with these cells of code."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), "utf-8")


class Watch:
    """What a page does that nobody asked for. It reaches the addresses that are `allowed`, and no others."""

    def __init__(self, page: Page, allowed: Callable[[str], bool]) -> None:
        self.dialogs: list[str] = []
        self.elsewhere: list[str] = []
        self._allowed = allowed
        self._page = page
        page.add_init_script("window.harmed = []; window.harm = what => window.harmed.push(what)")
        page.on("dialog", self._dismiss)
        page.route("**/*", self._route)

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _route(self, route: Route) -> None:
        if self._allowed(route.request.url):
            route.continue_()
        else:
            self.elsewhere.append(route.request.url)
            route.abort()

    def assert_no_harm(self) -> None:
        assert self._page.evaluate("window.harmed") == []
        assert self.dialogs == []
        assert not [url for url in self.elsewhere if "evil.example" in url]


class LabPage:
    """A notebook of a Lab, opened in a page. Cells are counted from 0, and cells of code alone."""

    def __init__(self, page: Page, lab: JupyterLab, notebook: str) -> None:
        self.page = page
        self.watch = Watch(page, lambda url: url.startswith((lab.url, "data:", "blob:")))
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{lab.url}/lab/tree/{notebook}?reset")
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext?.isReady")
        self._wait_until_idle()

    def end_kernel(self) -> None:
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def run_all(self) -> None:
        """Until the last cell has answered. Raises AssertionError where one failed."""
        self.command("notebook:run-all-cells")
        self._wait_until_idle()
        failed = self.page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]')
        if failed.count():
            raise AssertionError(failed.first.inner_text())

    def command(self, name: str, **arguments: str) -> None:
        self.page.evaluate(
            "([name, given]) => jupyterapp.commands.execute(name, given).then(() => null)", [name, arguments]
        )

    def cell(self, number: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    def output(self, number: int) -> Locator:
        return self.cell(number).locator(".jp-OutputArea-output")

    def write(self, number: int, source: str) -> None:
        """Put `source` into a cell, in place of what is there."""
        self.page.evaluate(
            """([number, source]) => {
                const { widgets } = jupyterapp.shell.currentWidget.content;
                const cells = widgets.filter(cell => cell.model.type === "code");
                cells[number].model.sharedModel.setSource(source);
            }""",
            [number, source],
        )

    def edit(self, number: int) -> None:
        """Put the cursor at the end of a cell."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+End")

    def wear(self, theme: str) -> None:
        """`theme`: "JupyterLab Light" or "JupyterLab Dark"."""
        self.command("apputils:change-theme", theme=theme)
        light = str(theme.endswith("Light")).lower()
        self.page.wait_for_selector(
            f'body[data-jp-theme-name="{theme}"][data-jp-theme-light="{light}"]', state="attached"
        )

    def _wait_until_idle(self) -> None:
        self.page.wait_for_function(
            "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
        )
