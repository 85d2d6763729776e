"""A notebook in this process: cells go in, what IPython would display comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config


class _Silent(DisplayHook):
    """Results are taken from `run_cell`, and not printed too."""

    def write_output_prompt(self) -> None: ...

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None: ...

    def finish_displayhook(self) -> None: ...

    def flush(self) -> None:
        """Forgets no results, and so needs no search for garbage, which takes longer than most tests."""


_publisher: Any = CapturingDisplayPublisher  # untyped


class Shell(InteractiveShell):
    """Keeps what a front end would be sent in place of a traceback."""

    displayhook_class = Type(_Silent)
    errors: list[list[str]]

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        self.errors.append(stb)


@dataclass(frozen=True)
class Ran:
    """One cell. `displays` are bundles by MIME type, the result of the last expression being the last."""

    displays: list[Mapping[str, str]]
    result: Any
    error: BaseException | None
    shown_error: str  # in place of a traceback; "" where there was none

    @property
    def text(self) -> str:
        return "\n".join(each["text/plain"] for each in self.displays)

    @property
    def html(self) -> str:
        return "\n".join(each.get("text/html", "") for each in self.displays)


class Notebook:
    """An IPython shell, one for all tests of a process, emptied, with the extension loaded."""

    def __init__(self, folder: Path) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        self.shell: Any = Shell.instance(config=config, ipython_dir=str(folder))
        self.shell.errors = []
        emptied: Any = self.shell.reset
        emptied(new_session=False)
        self.shell.display_pub = _publisher()
        assert self.run("%load_ext redislab").error is None

    def run(self, cell: str) -> Ran:
        publisher: Any = self.shell.display_pub
        publisher.outputs.clear()
        self.shell.errors.clear()
        done = self.shell.run_cell(cell)
        displays = [output["data"] for output in publisher.outputs]
        if done.result is not None:
            data, _ = self.shell.display_formatter.format(done.result)
            displays.append(data)
        shown = "\n".join(self.shell.errors[-1]) if self.shell.errors else ""
        return Ran(displays, done.result, done.error_in_exec or done.error_before_exec, shown)

    def last(self) -> Any:
        """What `_redis` holds."""
        return self.shell.user_ns["_redis"]

    def close(self) -> None:
        self.shell.run_cell("%unload_ext redislab")
