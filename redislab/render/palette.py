"""One colour for each role, for every renderer that has colours.

Styles are words that rich and prompt_toolkit both read. The colours are of the 256-colour cube, which
themes leave alone: the background is not known here, and these have a contrast of at least 4 : 1 on
black and on white.
"""

from __future__ import annotations

from collections.abc import Mapping

from redislab.core.roles import Role

_BLUE, _GREEN, _GREY, _ORANGE, _PURPLE, _RED = (
    "#0087af",
    "#008700",
    "#767676",
    "#af5f00",
    "#875fd7",
    "#d7005f",
)

STYLES: Mapping[Role, str] = {
    Role.STRONG: "bold",
    Role.DIM: _GREY,
    Role.HEADING: "bold underline",
    Role.COMMAND: "bold",
    Role.SUBCOMMAND: "bold",
    Role.KEY: _GREEN,
    Role.TOKEN: _BLUE,
    Role.NUMBER: _PURPLE,
    Role.UNKNOWN: _RED,
    Role.INFO: f"bold {_BLUE}",
    Role.WARNING: f"bold {_ORANGE}",
    Role.ERROR: f"bold {_RED}",
    Role.REMEDY: f"bold {_GREEN}",
}
