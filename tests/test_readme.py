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


TRANSCRIPTS = re.findall(r"```console\n(redislab>.*?)```", README, re.DOTALL)
ASKED = "Go on? [y/N] "


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_transcripts_are_what_the_shell_shows(text: str) -> None:
    transcript = text.splitlines()
    with Terminal("repl", "--fresh", lines=len(transcript) + 12) as terminal:  # room for the menu below
        terminal.wait_for_prompt("redislab> ")
        for line, follows in zip(transcript, [*transcript[1:], ""], strict=True):
            prompt, sign, typed = line.partition("> ")
            if ASKED in line:
                terminal.send(line.partition(ASKED)[2])
                terminal.wait_for_prompt()
            elif sign and prompt.startswith("redislab"):
                terminal.send(typed)
                terminal.wait_for_prompt(ASKED if ASKED in follows else "> ")
        assert [_undated(line) for line in terminal.lines[1:-1]] == [_undated(line) for line in transcript]


def _undated(line: str) -> str:
    return re.sub(r"^[0-9-]{10} [0-9:]{8} UTC", "NOW", line)


@pytest.mark.parametrize("link", LINKS)
def test_links_lead_somewhere(link: str) -> None:
    assert (Path(__file__).parent.parent / link).exists()
