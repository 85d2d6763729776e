"""What the shell says to a person after a reply, by `assist.remarks`, and the same call in Python."""

from __future__ import annotations

from collections.abc import Sequence

from redislab.assist.remarks import Failure, remark_on_refusal, remarks_on
from redislab.core.coach import Advice, Origins
from redislab.core.redispy import python_call
from redislab.core.roles import Role
from redislab.core.safe import visible_text
from redislab.core.session import Outcome
from redislab.core.view import Items, Line, Span, line
from redislab.core.words import quote
from redislab.render.views import text_width
from redislab.repl.desk import Desk

SHOWN_CHARACTERS = 60  # of a command that is quoted in a remark


def remark(desk: Desk, outcome: Outcome, typed: bytes) -> None:
    """Say what there is to say about one command; the reply itself stands above already."""
    if desk.origins is None:
        desk.origins = Origins()
    found = remarks_on(outcome, typed, desk.knowledge, desk.origins, desk.settings.explain)
    if found.helps:
        desk.screen.remedy(found.helps)
    _advise(desk, found.advice, typed)
    if found.told:
        desk.screen.show(Items((line(Span(found.told, Role.DIM)),)))
    if found.failures:
        desk.screen.show(Items(tuple(map(_failure, found.failures)), found.summary))
    for failure in found.failures:
        if failure.advice:
            desk.screen.remedy(f"{failure.place}) {failure.advice}")
    if desk.settings.python:
        desk.screen.show(Items((line(Span(python_of(desk, outcome.args, outcome.in_multi), Role.DIM)),)))


def python_of(desk: Desk, args: Sequence[bytes], in_multi: bool) -> str:
    """The redis-py call; from MULTI or WATCH to EXEC it is one of a pipeline."""
    client = "pipe" if in_multi or desk.session.link.state.watching else "r"
    return python_call(desk.knowledge.catalogue.knowing(args).lookup(args), args, client=client)


def remark_refusal(desk: Desk, typed: bytes) -> None:
    """A line that could not be split into words."""
    _advise(desk, remark_on_refusal(typed, desk.knowledge, desk.settings.explain).advice, typed)


def _advise(desk: Desk, advice: Advice | None, typed: bytes) -> None:
    """What was probably meant; where a place in the line is to blame, the line with a mark below it."""
    if advice is None:
        return
    text = visible_text(typed.decode("utf-8", "surrogateescape"))
    if advice.caret is not None and b"\n" not in typed and len(text) <= SHOWN_CHARACTERS:
        before = visible_text(typed[: advice.caret].decode("utf-8", "surrogateescape"))
        column = text_width(before) + max(0, advice.caret - len(typed))
        expected = f" {advice.expected}" if advice.expected else ""
        desk.screen.show(
            Items((line(Span(text, Role.DIM)), line(" " * column, Span(f"^{expected}", Role.ERROR))))
        )
    desk.screen.remedy(advice.text)
    if advice.suggestion is not None:
        desk.screen.show(Items((line(Span(advice.suggestion, Role.COMMAND)),)))


def _failure(failure: Failure) -> Line:
    command = _text(quote(failure.args))
    if len(command) > SHOWN_CHARACTERS:
        command = f"{command[:SHOWN_CHARACTERS]}…"
    return line(
        Span(f"{failure.place}) ", Role.DIM),
        Span(command, Role.STRONG),
        ": ",
        Span(_text(failure.error.text), Role.ERROR),
    )


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
