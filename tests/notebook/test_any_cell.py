"""Cells of any text, on the embedded engine: what comes out is shown, or one of our exceptions."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redislab.core.parts import Assembler, Head, Part, Run, parts_of
from redislab.core.reply import Kind, Reply
from redislab.errors import CommandFailed, RedislabError
from redislab.notebook import running
from redislab.notebook.captured import Values, captured
from redislab.notebook.desk import Desk
from redislab.notebook.running import Wishes
from redislab.notebook.shown import Shown
from redislab.shared import Shared
from tests.render.pages import Page
from tests.render.test_html import replies

LINES = (
    "SET a 1", "GET a", "GET", "LPUSH a x", "INCR n", "MULTI", "EXEC", "DISCARD", "WATCH a", "B: GET a",
    "A: GET a", "B: SUBSCRIBE c", "SUBSCRIBE c", "B: UNSUBSCRIBE", "UNSUBSCRIBE", "PUBLISH c m", "B: MONITOR",
    "BLPOP q 0.01", "B: BLPOP q 0.01", "LPUSH q 1", "QUIT", "B: QUIT", "RESET", "HELLO 3", "HELLO 2",
    "CLIENT REPLY OFF", "CLIENT REPLY ON", "CLIENT REPLY SKIP", "SELECT 3", "SELECT x", "5 PING", "0 PING",
    "HELP", "HELP SET", "? x", "# x", ":undo", "CLEAR", "CONNECT a 1", "restart", "GET 'a", 'ECHO "a\nb"',
    "raise ValueError(1)", "raise x", "INFO", "B:", "EVAL 'return {1,{2,{3}}}' 0", "HGETALL h", "FLUSHALL",
    "CLIENT KILL TYPE normal SKIPME no", "COMMAND DOCS GET",
)  # fmt: skip
LONG = os.environ.get("REDISLAB_LONG") == "1"

cells = st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=30)), max_size=12).map("\n".join)
wishes = st.builds(
    Wishes, st.booleans(), st.sampled_from(["off", "brief", "full"]), st.sampled_from([0, 1, 2, 200])
)


@settings(max_examples=600 if LONG else 40, suppress_health_check=[HealthCheck.too_slow])
@given(cells, wishes)
def test_any_cell_ends_with_what_can_be_shown_or_with_an_exception_of_ours(cell: str, asked: Wishes) -> None:
    desk = Desk(Shared({}))
    run = running.Run(desk, cell, asked)
    items = []
    raised: Exception | None = None
    try:
        for item in run.items():
            items.append(item)
    except (RedislabError, ValueError) as error:
        raised = error
    desk.leave()
    assert raised is None or isinstance(raised, RedislabError) or raised is run.asked_for
    shown = Shown(items, run.value)
    Page(shown.html)
    assert isinstance(shown.text, str)
    assert run.done <= run.total


@given(replies)
def test_a_reply_is_the_same_in_python_whichever_parts_carry_it(reply: Reply) -> None:
    whole = captured(reply)
    assert plain(whole.value) == plain(of(reply))
    assert (whole.omitted, whole.cut) == (0, 0)
    values, assembler = Values(), Assembler()
    for part in joined(list(parts_of(reply))):
        values.add(part)
        assembler.add(part)
    assert plain(values.result) == plain(whole.value)


def joined(parts: list[Part]) -> list[Part]:
    """Neighbouring bulk strings of one aggregate as runs, as a connection gives them."""
    found: list[Part] = []
    for part in parts:
        if type(part) is Reply and part.kind is Kind.BULK and found and type(found[-1]) is Head:
            found.append(Run([part.text]))
        else:
            found.append(part)
    return found


def of(reply: Reply) -> object:
    """The Python value, told once more and by recursion."""
    if reply.kind is Kind.MAP:
        sides = [of(each) for each in reply.items]
        pairs = list(zip(sides[::2], sides[1::2], strict=True))
        try:
            return dict(pairs)
        except TypeError:
            return pairs
    if reply.kind.is_aggregate:
        items = [of(each) for each in reply.items]
        try:
            return set(items) if reply.kind is Kind.SET else items
        except TypeError:
            return items
    if reply.is_error:
        return CommandFailed(reply.text.decode())
    if reply.kind is Kind.DOUBLE:
        return float(reply.text)
    if isinstance(reply.value, bytes):
        try:
            return reply.value.decode()
        except UnicodeDecodeError:
            return reply.value
    return reply.value


def plain(value: object) -> object:
    """Exceptions by what they say: two of them are never equal."""
    if isinstance(value, CommandFailed):
        return ("failed", value.message)
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, tuple):
        return tuple(plain(each) for each in value)
    if isinstance(value, set):
        return sorted(map(repr, map(plain, value)))
    if isinstance(value, dict):
        return sorted((repr(plain(key)), repr(plain(each))) for key, each in value.items())
    return value
