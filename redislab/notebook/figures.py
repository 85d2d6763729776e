"""Plots for notebooks: their ink is the page's own, so that they read on light and on dark pages.

Each comes with a sentence, for whoever does not see the picture. matplotlib is the caller's.
"""

from __future__ import annotations

import html
import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Three hues of Okabe and Ito's palette for colour-blind readers: those with a contrast of at least 3 on
# white and on the #111111 of JupyterLab's dark pages.
BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"
PAGES = ("#FFFFFF", "#111111")

_INK = "#010203"  # stands for the page's own colour until `show` puts that in its place

# For `matplotlib.pyplot.style.use`.
STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": _INK,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": _INK,
    "axes.prop_cycle": f"cycler('color', {[BLUE, ORANGE, GREEN]})",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "figure.figsize": (8, 3.2),
    "figure.constrained_layout.use": True,
    "grid.alpha": 0.15,
    "grid.color": _INK,
    "legend.frameon": False,
    "legend.labelcolor": _INK,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


class Picture:
    """A figure as SVG within the page, above the sentence that says what it shows."""

    def __init__(self, svg: str, summary: str) -> None:
        self._svg = svg
        self._summary = summary

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        caption = html.escape(self._summary)
        return {
            "text/plain": self._summary,
            "text/html": f"<figure style='margin:0'>{self._svg}<figcaption>{caption}</figcaption></figure>",
        }


def show(figure: Figure, summary: str) -> None:
    """Display a figure that was drawn in `STYLE`; `summary` says with its numbers what it shows."""
    from IPython.display import display

    display(picture(figure, summary))  # type: ignore[no-untyped-call]


def picture(figure: Figure, summary: str) -> Picture:
    """What `show` displays. The figure is closed, so that no notebook shows it a second time."""
    from matplotlib import pyplot

    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return Picture(_within_a_page(drawn.getvalue()), summary)


def _within_a_page(svg: str) -> str:
    """A drawing that takes the page's colour, and whose style rules do not reach the rest of the page."""
    start, style = svg.index("<svg"), "stroke-linejoin:round;max-width:100%;height:auto"
    svg = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", "", svg[start:], flags=re.DOTALL)
    # The sentence below says it; a reader of screens would spell out each number at each axis.
    svg = svg.replace("<svg", f'<svg aria-hidden="true" style="{style}"', 1)
    return svg.replace(_INK, "currentColor")
