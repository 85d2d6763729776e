"""What is said to a person after a reply: what happened, what went wrong, the same call in Python."""

from __future__ import annotations

from collections.abc import Sequence

from redislab.app import catalogue
from redislab.core.happened import happened, why
from redislab.core.redispy import python_call
from redislab.core.reply import Reply
from redislab.core.roles import Role
from redislab.core.server_states import remedy
from redislab.core.session import Outcome
from redislab.core.view import Items, Line, Span, line
from redislab.core.words import quote
from redislab.repl.desk import Desk

SHOWN_CHARACTERS = 60  # of a command that is quoted in a remark


def remark(desk: Desk, outcome: Outcome, typed: bytes) -> None:
    """Say what there is to say about one command; the reply itself stands above already."""
    _advise(desk, outcome)
    if desk.settings.explain != "off":
        _tell(desk, outcome)
    _name_failures(desk, outcome)
    if desk.settings.python:
        command = catalogue().lookup(outcome.args)
        desk.screen.show(Items((line(Span(python_call(command, outcome.args), Role.DIM)),)))


def _advise(desk: Desk, outcome: Outcome) -> None:
    """What helps against an error of the server's state."""
    reply = outcome.reply
    if reply is not None and reply.is_error and (helps := remedy(reply.code)):
        desk.screen.remedy(helps)


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


def _failure(place: int, args: Sequence[bytes], error: Reply) -> Line:
    command = _text(quote(args))
    if len(command) > SHOWN_CHARACTERS:
        command = f"{command[:SHOWN_CHARACTERS]}…"
    return line(
        Span(f"{place}) ", Role.DIM), Span(command, Role.STRONG), ": ", Span(_text(error.text), Role.ERROR)
    )


def _text(data: bytes | str) -> str:
    return data if isinstance(data, str) else data.decode("utf-8", "surrogateescape")
