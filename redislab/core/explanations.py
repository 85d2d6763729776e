"""What every command does, in sentences for learners, from `data/explanations/<group>.json`.

A group's file is read when one of its commands is asked for. `tests/core/test_explanations.py` holds
that nothing is missing or misspelt, and runs every example.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from redislab.core.catalogue import Argument, Command

SERVER_SAYS = "The server says:"  # before its own words about a command that we have no text for
Example: TypeAlias = "tuple[tuple[str, str | None], ...]"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The texts of one command.

    `arguments` has a sentence for each path of `argument_paths` that is no mere group. Commands that
    a learner meets have all of the rest, others have "" and ().
    """

    does: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    mistake: str = ""  # the usual misunderstanding, and what really happens
    python: str = ""  # the comparison with dict, list, set …, and where it breaks
    cost: str = ""
    examples: tuple[Example, ...] = ()  # (line, answer as redis-cli prints it); None: it cannot be foretold

    @property
    def is_full(self) -> bool:
        """Whether this is a command that a learner meets, with everything said."""
        return all((self.mistake, self.python, self.cost, self.examples))


def explanation(command: Command) -> Explanation | None:
    """The texts of a command; None for one that the data do not know, as most modules'."""
    return _group(command.group).get(command.name)


def argument_paths(arguments: Sequence[Argument]) -> Iterator[tuple[str, Argument]]:
    """Every argument of a syntax tree with its path, groups before their members.

    A path joins names with dots: `expiration.seconds`. A sibling that has the name of one before it is
    numbered from 2: SORT's `pattern` (of BY) and `pattern#2` (of GET).
    """
    for name, argument in numbered(arguments):
        yield name, argument
        for below, inner in argument_paths(argument.arguments):
            yield f"{name}.{below}", inner


def sentence(command: Command, argument: Argument) -> str:
    """What is said of one argument of a command's syntax; "" where nothing is.

    The argument is found by identity: two of one command may have the same name (SORT's patterns).
    """
    told = explanation(command)
    if told is None:
        return ""
    found = (path for path, each in argument_paths(command.arguments) if each is argument)
    return told.arguments.get(next(found, ""), "")


def numbered(arguments: Sequence[Argument]) -> Iterator[tuple[str, Argument]]:
    """Siblings with the names that their paths have."""
    met: dict[str, int] = {}
    for argument in arguments:
        count = met[argument.name] = met.get(argument.name, 0) + 1
        yield (argument.name if count == 1 else f"{argument.name}#{count}"), argument


@cache
def _group(group: str) -> Mapping[str, Explanation]:
    try:
        data = pkgutil.get_data("redislab.data", f"explanations/{group}.json")
    except OSError:  # a group of commands that came with a module
        return {}
    if data is None:
        return {}
    return {name: _explanation(texts) for name, texts in json.loads(data).items()}


def _explanation(texts: Mapping[str, Any]) -> Explanation:
    examples = texts.get("examples", ())
    return Explanation(**{**texts, "examples": tuple(tuple(map(tuple, each)) for each in examples)})
