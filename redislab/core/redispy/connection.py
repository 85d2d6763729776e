"""Commands that change what their connection is for: pipelines and pub/sub, which redis-py makes objects of.

redis-py's client takes any connection of its pool for each command, so `r.execute_command("MULTI")` would
begin a transaction that the next command may not be part of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from redislab.core.redispy import literal

Words = Sequence[bytes]
PIPELINE = "pipe"  # what lines between MULTI or WATCH and EXEC call their client


def _call(client: str, method: str, words: Words) -> str:
    return f"{client}.{method}({', '.join(map(literal.text, words))})"


def _multi(words: Words, client: str) -> str | None:
    if words:
        return None
    if client == PIPELINE:  # after WATCH
        return "pipe.multi()  # MULTI is sent by pipe.execute()"
    return f"pipe = {client}.pipeline()  # MULTI is sent by pipe.execute()"


def _exec(words: Words, client: str) -> str | None:
    return None if words else "pipe.execute()"


def _discard(words: Words, client: str) -> str | None:
    return None if words else "pipe.reset()  # sends nothing of what was queued, so no DISCARD"


def _watch(words: Words, client: str) -> str | None:
    if not words:
        return None
    watched = _call(PIPELINE, "watch", words)
    return watched if client == PIPELINE else f"pipe = {client}.pipeline(); {watched}"


def _unwatch(words: Words, client: str) -> str | None:
    return "pipe.unwatch()" if client == PIPELINE and not words else None  # r.unwatch() sends nothing


def _monitor(words: Words, client: str) -> str | None:
    return None if words else f"with {client}.monitor() as m: print(m.next_command())"


def _subscribes(method: str) -> Callable[[Words, str], str | None]:
    def shown(words: Words, client: str) -> str | None:
        if not words:
            return None
        if len(set(words)) < len(words):  # the method would send each once
            arguments = ", ".join([f'"{method.upper()}"', *map(literal.text, words)])
            return f"p = {client}.pubsub(); p.execute_command({arguments})"
        return f"p = {client}.pubsub(); {_call('p', method, words)}"

    return shown


def _unsubscribes(method: str) -> Callable[[Words, str], str | None]:
    return lambda words, client: _call("p", method, words)


OWN_CONNECTION: Mapping[str, Callable[[Words, str], str | None]] = {
    "MULTI": _multi,
    "EXEC": _exec,
    "DISCARD": _discard,
    "WATCH": _watch,
    "UNWATCH": _unwatch,
    "MONITOR": _monitor,
    "SUBSCRIBE": _subscribes("subscribe"),
    "PSUBSCRIBE": _subscribes("psubscribe"),
    "SSUBSCRIBE": _subscribes("ssubscribe"),
    "UNSUBSCRIBE": _unsubscribes("unsubscribe"),
    "PUNSUBSCRIBE": _unsubscribes("punsubscribe"),
    "SUNSUBSCRIBE": _unsubscribes("sunsubscribe"),
}
