"""What there is to say to a person after a reply: what happened, what went wrong, what helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from redislab.assist.knowledge import Knowledge
from redislab.core.coach import Advice, Origins, coach
from redislab.core.happened import happened, why
from redislab.core.reply import Reply
from redislab.core.server_states import remedy
from redislab.core.session import Outcome
from redislab.core.words import quote

FAILURES_ADVISED = 3  # of one transaction


@dataclass(frozen=True, slots=True)
class Failure:
    """One command of a transaction that failed: its place from 1, its words, the error, what helps."""

    place: int
    args: Sequence[bytes]
    error: Reply
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Remarks:
    """Empty where there is nothing to say."""

    helps: str = ""  # against an error of the server's state
    advice: Advice | None = None
    told: str = ""  # what happened
    summary: str = ""  # of the failures, where no advice says it
    failures: tuple[Failure, ...] = ()


def remarks_on(outcome: Outcome, typed: bytes, here: Knowledge, origins: Origins, explain: str) -> Remarks:
    """`explain` is off, brief or full. `origins` takes note of the command."""
    reply, failed = outcome.reply, outcome.failed_items
    helps = remedy(reply.code) if reply is not None and reply.is_error else ""
    if explain == "off":
        total = len(outcome.transaction)
        others = " Redis undoes nothing: the others have run." if len(failed) < total else ""
        summary = f"{len(failed)} of {total} command{'s' * (total > 1)} failed.{others}"
        return Remarks(
            helps, summary=summary if failed else "", failures=tuple(Failure(*each) for each in failed)
        )
    advice = coach(outcome, typed, here.catalogue, origins, server=_server(here, outcome))
    origins.note(outcome)
    told = why(outcome) if explain == "full" else happened(outcome)
    advised = [_advised(outcome, each, here, origins) for each in failed[:FAILURES_ADVISED]]
    rest = [Failure(*each) for each in failed[FAILURES_ADVISED:]]
    return Remarks(helps, advice, told, failures=(*advised, *rest))


def remark_on_refusal(typed: bytes, here: Knowledge, explain: str) -> Remarks:
    """A line that could not be split into words."""
    return Remarks(advice=None if explain == "off" else coach(None, typed, here.catalogue))


def _server(here: Knowledge, outcome: Outcome) -> str:
    """What answered, for an error about a command that the catalogue has not."""
    failed = outcome.reply is not None and outcome.reply.is_error
    return here.server() if failed and here.catalogue.lookup(outcome.args) is None else ""


def _advised(
    outcome: Outcome, failure: tuple[int, tuple[bytes, ...], Reply], here: Knowledge, origins: Origins
) -> Failure:
    place, args, error = failure
    single = replace(outcome, args=args, reply=error, transaction=(), observed=None)
    advice = coach(single, quote(args), here.catalogue, origins)
    return Failure(place, args, error, advice.text if advice is not None else "")
