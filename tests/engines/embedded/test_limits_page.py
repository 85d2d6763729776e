"""The page that says what the built-in engine cannot do: it answers as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from redislab.engines.embedded import EmbeddedEngine
from tests.engines.embedded.asking import say

PAGE = Path(__file__).parents[3] / "docs" / "embedded.md"
ROW = re.compile(r"^\| [^|]+ \| `([^`]+)`[^|]* \| `([^`]+)` \|$", re.MULTILINE)


def rows() -> list[tuple[str, str]]:
    return ROW.findall(PAGE.read_text())


def test_the_rows_are_read() -> None:
    assert len(rows()) >= 11


@pytest.mark.parametrize(("line", "answer"), rows())
def test_it_answers_what_the_page_says(line: str, answer: str) -> None:
    engine = EmbeddedEngine()
    connection = engine.connect()
    for before in ("SET key v", "CONFIG SET maxmemory-policy allkeys-lfu"):
        say(connection, before)
    assert say(connection, line).text.decode().startswith(answer)
    engine.close()


def test_no_command_is_without_an_answer() -> None:
    """What is neither implemented nor on the page would be a promise that nobody made."""
    from redislab.core.catalogue import Catalogue
    from redislab.engines.embedded import upstream

    upstream.load()
    from redislab.engines.embedded.commands.registry import OWN, theirs

    names = Catalogue.load("7.0").names()
    containers = {name for name in names if Catalogue.load("7.0").get(name).is_container}  # type: ignore[union-attr]
    left = set(names) - set(OWN) - set(theirs(names)) - containers
    assert left == {"MEMORY STATS", "MEMORY MALLOC-STATS", "PSYNC", "SYNC", "REPLCONF"}
