"""The teacher's terminal: a shell on a pty, and whether what a student left reached it as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.screens import Terminal

PAYLOAD = r"\x1b]0;owned\x07\xe2\x80\xae"  # sets a window's title; then text runs from right to left
ESCAPES = b"\x1b]0;owned\x07\xe2\x80\xae"  # its bytes
HARMFUL = (b"\x1b]0;owned", b"\x07", "\u202e".encode())
_SHOWN = r"\x1b]0;owned"


@dataclass(frozen=True)
class Later:
    """What a student does while a command of the teacher's goes on, once its output has `ready`."""

    ready: str
    is_asked_first: bool
    act: Callable[[], object]


def reaches_the_screen(url: str, *lines: str, later: Later | None = None) -> str:
    """Type lines into `redislab repl` at this URL: of each, whether the payload was shown escaped.

    `later` happens after the last line.
    """
    seen = []
    with Terminal("repl", environ={"REDISLAB_URL": url}, lines=200) as terminal:

        def shown() -> int:
            return "".join(terminal.lines).count(_SHOWN)

        terminal.wait_for_prompt()
        for line in lines:
            before = len(terminal.received), shown()
            terminal.send(line)
            if later is not None and line == lines[-1]:
                if later.is_asked_first:
                    terminal.wait_for(lambda texts: texts[-1].endswith("[y/N]"), "the question")
                    terminal.type("y\r")
                terminal.wait_for(lambda texts: any(later.ready in text for text in texts), later.ready)
                later.act()
            terminal.wait_for(lambda _, before=before: shown() > before[1], "the payload")  # type: ignore[misc]
            harmful = [each for each in HARMFUL if each in terminal.received[before[0] :]]
            seen.append(f"{line}: {'as it is' if harmful else 'escaped'}")
    return "; ".join(seen)
