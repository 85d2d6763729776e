"""What went wrong, as one message in place of a traceback.

IPython asks an exception for `_render_traceback_`, and shows the lines that it gives. So the cell fails, what
stands below it in a "Run all" does not run, and a person reads a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from redislab.core.safe import visible_text
from redislab.errors import RedislabError

if TYPE_CHECKING:
    from redislab.notebook.running import Run


@contextmanager
def plainly(run: Run | None = None) -> Iterator[None]:
    """Whatever is raised in here is shown as a message; `run` can say how far a cell came."""
    try:
        yield
    except KeyboardInterrupt as stop:
        if not hasattr(stop, "_render_traceback_"):
            _render(stop, run.stopped if run is not None else "Stopped.", "")
        raise
    except RedislabError as error:
        if not hasattr(error, "_render_traceback_"):
            left = run.left if run is not None else ""
            _render(error, f"{error.message}{left}" if left else error.message, error.remedy)
        raise
    except Exception as error:
        if run is not None and run.asked_for is error:
            _render(error, f"{type(error).__name__}: {error}".rstrip(": "), "")
        raise


def _render(error: BaseException, message: str, remedy: str) -> None:
    lines = [visible_text(each) for each in (message, remedy) if each]
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]
