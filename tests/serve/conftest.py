"""A served lab for one test, and one for many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serve.serving import Served, served


@pytest.fixture
def lab() -> Iterator[Served]:
    with served() as here:
        yield here
