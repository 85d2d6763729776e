"""One true sentence about what a command did, from its `Outcome` alone; and the rule behind it.

`happened` says what can be said for certain: from the reply, and more where a probe has seen the keys
before and after. "" where there is nothing specific to say. A module for each family of commands holds
the sentences, a function marked with the commands that it tells and the rule that `why` adds.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from redislab.core.catalogue import Catalogue, Command
from redislab.core.happened.told import Rule, Rules, Told
from redislab.core.session import Outcome

_MODULE_OF = {
    "string": "strings",
    "generic": "keyspace",
    "list": "lists",
    "hash": "hashes",
    "set": "sets",
    "sorted-set": "sorted_sets",
    "stream": "streams",
    "bitmap": "bits",
    "hyperloglog": "bits",
    "geo": "bits",
    "connection": "dialogue",
    "transactions": "dialogue",
    "pubsub": "dialogue",
    "scripting": "server",
    "server": "server",
}
_QUEUED = "Queued, not run: it runs with EXEC, and its answer comes there."
_QUEUED_WHY = (
    "After MULTI the server checks each command's name and number of words and keeps it for later, so "
    "nothing has changed yet. EXEC runs them all, with no other client's command in between; DISCARD "
    "forgets them."
)


def happened(outcome: Outcome) -> str:
    """One line about what the command did; "" if nothing true and specific can be said."""
    if outcome.reply is None or outcome.reply.is_error or not outcome.args:
        return ""
    if _queued(outcome):
        return _QUEUED
    found = _rule(outcome)
    if found is None or _cut_inside(outcome):
        return ""
    try:
        return found[1].sentence(Told(outcome, found[0]))
    except (IndexError, KeyError, ValueError):  # a server that answers in another shape than Redis 7.0
        return ""


def why(outcome: Outcome) -> str:
    """The same at length: the sentence, and the rule behind it. "" for commands without a rule."""
    if outcome.reply is None or outcome.reply.is_error or not outcome.args:
        return ""
    if _queued(outcome):
        return f"{_QUEUED} {_QUEUED_WHY}"
    found = _rule(outcome)
    return "" if found is None else f"{happened(outcome)} {found[1].why}".lstrip()


@cache
def told_commands() -> frozenset[str]:
    """The commands that have a sentence."""
    return frozenset(name for module in set(_MODULE_OF.values()) for name in _rules(module).of)


def _cut_inside(outcome: Outcome) -> bool:
    """Whether parts of a nested reply are missing: then nobody knows how many there were."""
    items = outcome.reply.items if outcome.reply is not None else ()
    return bool(outcome.omitted) and any(item.kind.is_aggregate for item in items)


def _queued(outcome: Outcome) -> bool:
    return outcome.in_multi and outcome.reply is not None and outcome.reply.text == b"QUEUED"


def _rule(outcome: Outcome) -> tuple[Command, Rule] | None:
    command = Catalogue.load().lookup(outcome.args)
    if command is None:
        return None
    module = _MODULE_OF.get(command.group)
    rule = None if module is None else _rules(module).of.get(command.name)
    return None if rule is None else (command, rule)


@cache
def _rules(module: str) -> Rules:
    """The rules of one family, loaded when its first command is told."""
    found: Rules = import_module(f"redislab.core.happened.{module}").RULES
    return found
