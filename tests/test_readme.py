"""What the README shows is what happens."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no ptys on Windows")

if sys.platform != "win32":
    from tests.screens import Terminal

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
LINKS = re.findall(r"\]\((?!https?:)([^)#]+)", README)


def test_the_transcript_is_what_the_shell_shows() -> None:
    found = re.search(r"```console\n(.*?)```", README, re.DOTALL)
    assert found is not None
    transcript = found[1].splitlines()
    with Terminal(lines=len(transcript) + 12) as terminal:  # room for the menu below
        terminal.wait_for_prompt("redislab> ")
        for line in transcript:
            prompt, sign, typed = line.partition("> ")
            if sign and prompt.startswith("redislab"):
                terminal.enter(typed)
        assert terminal.lines[1:] == [*transcript, "redislab>"]


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_somewhere(link: str) -> None:
    assert (Path(__file__).parent.parent / link).exists()
