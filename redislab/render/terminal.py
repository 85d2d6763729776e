"""Views in colour, for a terminal. The only module that uses rich.

The layout is `views`'s, so what is on the screen is the plain text plus colour. Harmless text in,
one style a span, nothing interpreted: rich reads no markup, emoji names or links here.
"""

from __future__ import annotations

from io import StringIO

from redislab.core.view import View
from redislab.render.palette import STYLES
from redislab.render.views import layout, plain_text


def coloured_text(view: View, *, width: int, colours: bool) -> str:
    """The view as lines joined by newlines, none at the end; without `colours` it is the plain text."""
    if not colours:
        return plain_text(view, width)
    from rich.console import Console  # tens of milliseconds that plain output does not pay
    from rich.text import Text

    text = Text("\n").join(
        Text.assemble(*((span.text, STYLES.get(span.role, "")) for span in line.spans), end="")
        for line in layout(view, width)
    )
    file = StringIO()
    console = Console(
        file=file,
        width=width,
        force_terminal=True,
        color_system="256",
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    console.print(text, soft_wrap=True, end="")
    return file.getvalue()
