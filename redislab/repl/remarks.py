"""What is said to a person after a reply: what happened, what went wrong, the same call in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from redislab.core.coach import Advice, Origins, coach
from redislab.core.happened import happened, why
from redislab.core.redispy import python_call
from redislab.core.reply import Reply
from redislab.core.roles import Role
from redislab.core.safe import visible_text
from redislab.core.server_states import remedy
from redislab.core.session import Outcome
from redislab.core.view import Items, Line, Span, line
from redislab.core.words import quote
from redislab.render.views import text_width
from redislab.repl.desk import Desk

FAILURES_ADVISED = 3  # of one transaction
SHOWN_CHARACTERS = 60  # of a command that is quoted in a remark


def remark(desk: Desk, outcome: Outcome, typed: bytes) -> None:
    """Say what there is to say about one command; the reply itself stands above already."""
    _remedy(desk, outcome)
    if desk.settings.explain != "off":
        if desk.origins is None:
            desk.origins = Origins()
        known = desk.knowledge.catalogue
        advice = coach(outcome, typed, known, desk.origins, server=_server(desk, outcome))
        _advise(desk, advice, typed)
        desk.origins.note(outcome)
        _tell(desk, outcome)
    _name_failures(desk, outcome)
    if desk.settings.python:
        desk.screen.show(Items((line(Span(python_of(desk, outcome.args, outcome.in_multi), Role.DIM)),)))


def _server(desk: Desk, outcome: Outcome) -> str:
    """What answered, for an error about a command that the catalogue has not."""
    failed = outcome.reply is not None and outcome.reply.is_error
    unknown = failed and desk.knowledge.catalogue.lookup(outcome.args) is None
    return desk.knowledge.server() if unknown else ""


def python_of(desk: Desk, args: Sequence[bytes], in_multi: bool) -> str:
    """The redis-py call; from MULTI or WATCH to EXEC it is one of a pipeline."""
    client = "pipe" if in_multi or desk.session.link.state.watching else "r"
    return python_call(desk.knowledge.catalogue.knowing(args).lookup(args), args, client=client)


def remark_refusal(desk: Desk, typed: bytes) -> None:
    """A line that could not be split into words."""
    if desk.settings.explain != "off":
        _advise(desk, coach(None, typed, desk.knowledge.catalogue), typed)


def _remedy(desk: Desk, outcome: Outcome) -> None:
    """What helps against an error of the server's state."""
    reply = outcome.reply
    if reply is not None and reply.is_error and (helps := remedy(reply.code)):
        desk.screen.remedy(helps)


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


def _tell(desk: Desk, outcome: Outcome) -> None:
    sentence = why(outcome) if desk.settings.explain == "full" else happened(outcome)
    if sentence:
        desk.screen.show(Items((line(Span(sentence, Role.DIM)),)))


def _name_failures(desk: Desk, outcome: Outcome) -> None:
    """Which commands of a transaction failed."""
    failed = outcome.failed_items
    if not failed:
        return
    total = len(outcome.transaction)
    others = " Redis undoes nothing: the others have run." if len(failed) < total else ""
    title = (
        ""
        if desk.settings.explain != "off"
        else f"{len(failed)} of {total} command{'s' * (total > 1)} failed.{others}"
    )
    desk.screen.show(Items(tuple(_failure(place, args, item) for place, args, item in failed), title))
    if desk.settings.explain == "off":
        return
    for place, args, item in failed[:FAILURES_ADVISED]:
        single = replace(outcome, args=args, reply=item, transaction=(), observed=None)
        advice = coach(single, quote(args), desk.knowledge.catalogue, desk.origins)
        if advice is not None:
            desk.screen.remedy(f"{place}) {advice.text}")


def _failure(place: int, args: Sequence[bytes], error: Reply) -> Line:
    command = _text(quote(args))
    if len(command) > SHOWN_CHARACTERS:
        command = f"{command[:SHOWN_CHARACTERS]}…"
    return line(
        Span(f"{place}) ", Role.DIM), Span(command, Role.STRONG), ": ", Span(_text(error.text), Role.ERROR)
    )


def _text(data: bytes | str) -> str:
    return data if isinstance(data, str) else data.decode("utf-8", "surrogateescape")
