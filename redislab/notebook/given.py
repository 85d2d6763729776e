"""The options of `%redis` and `%%redis`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from redislab.errors import UsageError

EXPLAIN = ("off", "brief", "full")
_OPTION = re.compile(r"\s*(--[\w-]*)(?:=(\S*))?(?=\s|$)")
_VALUE = re.compile(r"\s+(\S+)")


@dataclass(frozen=True, slots=True)
class Option:
    """One row: what follows the name ("": nothing), and what it does."""

    value: str
    help: str


OPTIONS: Mapping[str, Option] = {
    "--strict": Option("", "the first error ends the cell with an exception"),
    "--explain": Option("off|brief|full", "how much is said about each command"),
    "--limit": Option("N", "so many values of a reply are shown; 0: all"),
    "--url": Option("URL", "run this there, over connections of its own"),
}


def read_options(line: str) -> tuple[dict[str, str], str]:
    """The options in front, by name, and what stands behind them. Raises UsageError."""
    given: dict[str, str] = {}
    place = 0
    while (found := _OPTION.match(line, place)) is not None:
        name, value = found[1], found[2]
        place = found.end()
        option = OPTIONS.get(name)
        if option is None:
            raise UsageError(_unknown(name))
        if option.value and value is None:
            following = _VALUE.match(line, place)
            if following is None:
                raise UsageError(f"{name} needs a value: {name} {option.value}")
            value, place = following[1], following.end()
        elif not option.value and value is not None:
            raise UsageError(f"{name} takes no value.")
        given[name] = value or ""
    return given, line[place:].strip()


def behind_options(line: str) -> str | None:
    """The beginning of a command behind the options; None where an option is still being typed."""
    place = 0
    while (found := _OPTION.match(line, place)) is not None:
        place = found.end()
        option = OPTIONS.get(found[1])
        if option is not None and option.value and found[2] is None:
            following = _VALUE.match(line, place)
            if following is None:
                return None
            place = following.end()
        if place == len(line):
            return None
    rest = line[place:].lstrip()
    return None if rest.startswith("-") else rest


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, OPTIONS, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"%redis has no option {name}.{hint} There are: {', '.join(OPTIONS)}."
