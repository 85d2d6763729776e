"""What notebooks say of themselves, in the lesson's language: `data/notebook/`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "data" / "notebook"
ENGLISH = "en"


class Words:
    """Texts by name; those that a language does not have are English."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def __call__(self, name: str, **values: object) -> str:
        """The text, with its `{…}` filled in."""
        return self._texts[name].format_map(values)


@cache
def notebook_words(language: str = "") -> Words:
    return Words({**texts(ENGLISH), **texts(language or ENGLISH)})


def texts(language: str) -> Mapping[str, str]:
    """As the file has them; none where there is no such file."""
    path = _FOLDER / f"{language}.json"
    if not path.is_file():
        return {}
    found: dict[str, str] = json.loads(path.read_text("utf-8"))
    return found
