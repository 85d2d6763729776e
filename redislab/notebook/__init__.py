"""IPython's magics: `%redis` and its kin, on the engine that `redislab.connect()` shares.

    magics      `%redis`, `%%redis`, `%redis_connect` …; `given` reads the options
    desk        the two clients of a notebook, and what is known of where they are
    running     lines of a cell → exchanges
    captured    a reply as text, as Python values, and its beginning for the page
    shown       exchanges → what IPython displays; `streaming` while a cell runs, with a bar
    exercise    a lesson: steps that are begun and checked
    figures     plots that read on light and dark pages, for the notebooks written by hand
    faults      one message in place of a traceback
    explaining  what a command means
    completing  Tab in lines of ours, `inspecting` Shift-Tab, `cursor` where either stands

The one room that imports IPython.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from redislab.notebook.exercise import Check as Check


def load(ipython: InteractiveShell) -> None:
    """Register the magics; doing so twice changes nothing."""
    from redislab.notebook.magics import register

    register(ipython)


def unload(ipython: InteractiveShell) -> None:
    """Take out of IPython what `load` has put in. The data stays where it is."""
    from redislab.notebook.magics import unregister

    unregister(ipython)


def open_lesson(wanted: str | int, *, allow: Sequence[str], language: str, clear: bool) -> Check:
    """A lesson where the notebook is; see `redislab.lesson`."""
    from redislab.notebook import exercise

    return exercise.open_lesson(wanted, allow=allow, language=language, clear=clear)
