"""What a command means: for `%redis_explain`, and for Shift-Tab."""

from __future__ import annotations

from collections.abc import Sequence

from redislab.core.ahead import NOTHING, Ahead, ahead
from redislab.core.explain import explain_view, page_view
from redislab.core.line import split_prefix
from redislab.core.probe import Probe
from redislab.core.view import Line, Stack, View
from redislab.core.words import scan
from redislab.notebook.desk import FIRST, Desk


def explained(desk: Desk, words: Sequence[bytes]) -> View:
    """Each word of a command, and what running it would meet where data may be looked at."""
    desk.settle()
    desk.knowledge.learn(words)
    return explain_view(desk.knowledge.catalogue, words, _ahead(desk, words))


def documented(desk: Desk, line: str) -> View | None:
    """A line that is being written, and its command's page; None where it names none. Looks at no data."""
    _, command = split_prefix(line.encode("utf-8", "surrogateescape"))
    words = [word.value for word in scan(command)[0]]
    if len(words) > 1 and words[0].isdigit():  # 5 PING
        words = words[1:]
    here = desk.knowledge
    here.learn(words)
    found = here.catalogue.knowing(words).lookup(words)
    if found is None:
        return None
    page = page_view(here.catalogue, found)
    if len(words) == found.words:
        return page
    return Stack((explain_view(here.catalogue, words), Line(), page))


def _ahead(desk: Desk, words: Sequence[bytes]) -> Ahead:
    """Nothing where data may not be looked at, or inside MULTI."""
    state = desk.seat(FIRST).session.link.state
    if not desk.may_look or state.in_multi:
        return NOTHING
    catalogue = desk.knowledge.catalogue
    probe = Probe(desk.engine, catalogue=catalogue)
    probe.enabled = True
    look = probe.look(words, state.wanted_db)
    probe.close()
    return ahead(catalogue.lookup(words), words, look)
