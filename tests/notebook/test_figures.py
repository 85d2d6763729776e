"""Plots read on light and on dark pages, and say in words what they show."""

from __future__ import annotations

import html

import matplotlib
import pytest

from redislab.notebook import figures

matplotlib.use("agg")
from matplotlib import pyplot

SENTENCE = "It rises from 3 to 4, & <b>not</b> further."


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("page", figures.PAGES)
@pytest.mark.parametrize("colour", [figures.BLUE, figures.ORANGE, figures.GREEN])
def test_colours_stand_out_on_both_pages(colour: str, page: str) -> None:
    darker, lighter = sorted((luminance(colour), luminance(page)))
    assert (lighter + 0.05) / (darker + 0.05) >= 3


@pytest.fixture
def bundle() -> dict[str, str]:
    with pyplot.style.context(figures.STYLE):
        figure, axes = pyplot.subplots()
        axes.plot([1, 2], [3, 4], label="a <line>")
        axes.set(xlabel="time (ms)", title="A title")
        axes.legend()
        return figures.picture(figure, SENTENCE)._repr_mimebundle_()


def test_a_plot_takes_its_ink_from_the_page(bundle: dict[str, str]) -> None:
    drawn = bundle["text/html"]
    assert "currentColor" in drawn
    assert "#010203" not in drawn
    assert "#ffffff" not in drawn.lower()


def test_a_plot_leaves_the_rest_of_the_page_alone(bundle: dict[str, str]) -> None:
    assert "<style" not in bundle["text/html"]
    assert "<?xml" not in bundle["text/html"]


def test_a_plot_has_its_sentence_as_text(bundle: dict[str, str]) -> None:
    assert bundle["text/plain"] == SENTENCE
    assert f"<figcaption>{html.escape(SENTENCE)}</figcaption>" in bundle["text/html"]
    assert "a &lt;line&gt;" in bundle["text/html"]


def test_a_plot_is_shown_once(bundle: dict[str, str]) -> None:
    assert not pyplot.get_fignums()
