"""What redislab says around a lesson, in its language: `data/frame/` in the shell, `data/notebook/`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_DATA = Path(__file__).parents[1] / "data"
ENGLISH = "en"
FRAME, NOTEBOOK = "frame", "notebook"


class Words:
    """Texts by name; those that a language does not have are English."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __call__(self, name: str, **values: object) -> str:
        """The text, with its `{…}` filled in."""
        return self._texts[name].format_map(values)

    def counted(self, name: str, count: int, **values: object) -> str:
        """The text of that name, or of the name with `_one` behind it, for the one."""
        return self(f"{name}_one" if count == 1 else name, count=count, **values)


def frame_words(language: str = "") -> Words:
    return _words(FRAME, language)


def notebook_words(language: str = "") -> Words:
    return _words(NOTEBOOK, language)


def texts(room: str, language: str) -> Mapping[str, str]:
    """As the file has them; none where there is no such file."""
    path = _DATA / room / f"{language}.json"
    if not path.is_file():
        return {}
    found: dict[str, str] = json.loads(path.read_text("utf-8"))
    return found


@cache
def _words(room: str, language: str) -> Words:
    return Words({**texts(room, ENGLISH), **texts(room, language or ENGLISH)})
