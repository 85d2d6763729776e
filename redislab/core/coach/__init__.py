"""What was probably meant: advice on an error reply, or on a line that does something else than it seems to.

The advice stands beside the server's own text and never repeats it. Errors of the server's state (NOAUTH,
OOM …) are for `server_states`. A line is looked at as it is written (`habits`), then what came of it
(`replies`, with `guesses` about what the grammar refuses); `tables` holds the words of other languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from redislab.core.catalogue import Catalogue
from redislab.core.coach.advice import Advice, Origins, Typed
from redislab.core.coach.habits import HABITS, pasted, quotes, smart_quotes
from redislab.core.coach.replies import odd, on_error
from redislab.core.secrets import is_sensitive
from redislab.core.server_states import REMEDIES
from redislab.core.session import Outcome
from redislab.core.words import scan

__all__ = ["Advice", "Origins", "coach"]


def coach(
    outcome: Outcome | None,
    line: bytes,
    catalogue: Catalogue,
    history_of_types: Mapping[bytes, bytes] | None = None,
    *,
    server: str = "",
) -> Advice | None:
    """Advice on a line that was entered; None where there is nothing to say.

    `outcome` is None for a line that was refused before it was sent. `history_of_types` says which
    command gave a key its type (`Origins`), `server` what answers, where that is known. A line that carries
    a password gets no suggestion.
    """
    found, fault = scan(line)
    shift = max(0, len(found) - len(outcome.args)) if outcome is not None else 0
    typed = Typed(line, found[shift:], catalogue, server)
    if not typed.words:
        return None
    advice = None
    if fault is not None:
        advice = smart_quotes(typed, outcome) or pasted(typed, outcome) or quotes(typed, fault)
    for habit in HABITS:
        advice = advice or habit(typed, outcome)
    reply = outcome.reply if outcome is not None else None
    if advice is None and outcome is not None and reply is not None:
        if reply.is_error and reply.code not in REMEDIES:
            advice = on_error(typed, outcome, history_of_types or {})
        elif not reply.is_error:
            advice = odd(typed, outcome)
    if advice is not None and advice.suggestion is not None and is_sensitive(line):
        advice = replace(advice, suggestion=None)
    return advice
