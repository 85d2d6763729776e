"""What each word of a line is, what may follow, and the first word that is wrong."""

from __future__ import annotations

import pytest

from redislab.core.catalogue import Catalogue
from redislab.core.grammar import match

CATALOGUE = Catalogue.load()


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("SET k v 60", 3),
        ("SET k v EX soon", 4),
        ("SET k v NX XX", 4),
        ("GET name Brian Holt", 2),
        ("CLIENT FOO", 1),
        ("FOO", 0),
        ("SET k v ex 60 nx get", None),
        ("BLPOP a b", None),
        ("XREAD STREAMS a b", None),
        ("GEOSEARCH k BYRADIUS 1 km ASC FROMMEMBER m", None),
    ],
)
def test_the_first_word_that_is_wrong(line: str, place: int | None) -> None:
    wrong = match(CATALOGUE, line.encode().split()).wrong
    assert (wrong.place if wrong else None) == place
