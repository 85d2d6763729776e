"""The check language: `TTL session:42 in 590..600`. A read-only command, an operator, JSON.

    CMD … == JSON     (!=, <, <=, >, >=)   the answer is that value
    CMD … ~= JSON     the same elements in any order
    CMD … has JSON    an element, a field, a part of a string; of an object: these pairs
    CMD … in a..b     a number from a to b
    exists KEY        KEY is list
    reply CMD … == …  the learner was shown this answer
    shown == JSON     the same, whatever the command was
    used A|B          one of these commands ran; `not used KEYS`: none did
    used SET with NX  one ran and had that word in it
    used A then B     one ran, and later the other
    calls SET <= 1    so many runs of a command; `trips <= 1`: so many round trips
    error "text"      the latest answer is an error with this text in it
    failed "text"     some answer since the step began was one
    B: used INCR      the same of what client B typed; of `A:` and `B:`, and of all but data and trips

A string equals the text of a bulk or a status, a number an integer or a string that spells it, an array
an array, an object a hash, null the nil reply.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from redislab.core.reply import Kind, Reply
from redislab.core.words import quote, split
from redislab.course.evidence import Evidence
from redislab.errors import InvalidLine

TYPES = ("string", "list", "hash", "set", "zset", "stream")
SHOWN_CHARACTERS = 60

_NONE = object()
_RANGE = re.compile(r"(-?[0-9.]+?)\.\.(-?[0-9.]+)")
_CLIENT = re.compile(r"([AB]): +")
_OPERATOR = re.compile(r"(?<=\s)(==|!=|<=|>=|<|>|~=|has|lacks|in)(?=\s)")
_FORM = (
    'a check is a command, one of == != < <= > >= ~= has lacks in, and JSON: GET name == "ada"; or '
    "exists KEY, KEY is list, used GET"
)


class BadCondition(Exception):
    """A line of a check that says nothing. The text says what is missing."""


@dataclass(frozen=True, slots=True)
class Range:
    """`a..b`, both ends included."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds, and what was seen: `TTL session:42 → -1, wanted 590..600`."""

    holds: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One line. `kind`: state, reply, shown, used, unused, order, calls, trips, error or failed."""

    kind: str
    text: str
    line: int
    args: tuple[bytes, ...] = ()  # of the command, for state and reply
    names: tuple[str, ...] = ()  # of commands, for used, unused, order and calls
    operator: str = ""
    wanted: Any = None
    client: str = ""  # whose lines count; both clients' where it is empty
    option: str = ""  # a word that the command had: `used SET with NX`
    order: tuple[tuple[str, ...], ...] = ()  # the names of `used A|B then C`, place by place

    def judge(self, evidence: Evidence) -> Verdict:
        """Look, and say what was seen."""
        if not self.client:
            return _JUDGES[self.kind](self, evidence)
        theirs = Evidence(evidence.ask, evidence.journal.of(self.client))
        verdict = _JUDGES[self.kind](self, theirs)
        return Verdict(verdict.holds, f"{self.client}: {verdict.seen}")


def parse(text: str, line: int) -> Condition:
    """One line of a check. Raises BadCondition."""
    text = text.strip()
    named = _CLIENT.match(text)
    if named is None:
        return _parse(text, line)
    condition = _parse(text[named.end() :], line)
    if condition.kind in ("state", "trips"):
        raise BadCondition(f"behind {named[1]}: stands what that client did: {named[1]}: used INCR")
    return replace(condition, text=text, client=named[1])


def _parse(text: str, line: int) -> Condition:
    if not text:
        raise BadCondition("there is no check here")
    first, _, rest = text.partition(" ")
    if first in ("error", "failed"):
        return _error(first, text, line, rest)
    compared = _compared_sides(text)
    if compared is None:
        return _without_operator(text, line)
    left, operator, wanted = compared
    names = [word.decode("utf-8", "surrogateescape") for word in left]
    kind = first if first in ("reply", "shown", "calls", "trips") else "state"
    if kind in ("state", "reply"):
        args = tuple(left[kind == "reply" :])
        if not args:
            raise BadCondition(_FORM)
        return Condition(kind, text, line, args, operator=operator, wanted=wanted)
    if kind == "shown":
        if len(names) > 1:
            raise BadCondition('shown names no command; reply does: reply GET name == "ada"')
        return Condition(kind, text, line, operator=operator, wanted=wanted)
    if not isinstance(wanted, int) or isinstance(wanted, bool):
        raise BadCondition(f"{kind} is compared with a whole number")
    return Condition(kind, text, line, names=_names(names[1:]), operator=operator, wanted=wanted)


def _without_operator(text: str, line: int) -> Condition:
    words = _words(text)
    if words is None:
        raise BadCondition("the quotes do not close")
    plain = [word.decode("utf-8", "surrogateescape") for word in words]
    if plain[0] == "used" or plain[:2] == ["not", "used"]:
        kind = "unused" if plain[0] == "not" else "used"
        told, _, option = " ".join(plain[1 + (kind == "unused") :]).partition(" with ")
        order = tuple(_names(part.split()) for part in f" {told} ".split(" then "))
        if not all(order) or (len(order) > 1 and kind == "unused"):
            raise BadCondition("used takes names of commands: used GET|MGET, used WATCH then EXEC")
        if option and (len(order) > 1 or " " in option):
            raise BadCondition("behind with stands one word of the command: used SET with NX")
        if len(order) > 1:
            names = tuple(name for place in order for name in place)
            return Condition("order", text, line, names=names, order=order)
        return Condition(kind, text, line, names=order[0], option=option.upper())
    if plain[0] == "exists" and len(words) == 2:
        return Condition("state", text, line, (b"EXISTS", words[1]), operator="==", wanted=1)
    if len(words) == 3 and plain[1] == "is":
        if plain[2] not in TYPES:
            raise BadCondition(f"{plain[2]!r} is no type; there are {', '.join(TYPES)}")
        return Condition("state", text, line, (b"TYPE", words[0]), operator="==", wanted=plain[2])
    raise BadCondition(_FORM)


def _error(kind: str, text: str, line: int, rest: str) -> Condition:
    wanted = _value("==", rest)
    if not isinstance(wanted, str) or not wanted:
        raise BadCondition(f'{kind} takes a text in double quotes: {kind} "syntax error"')
    return Condition(kind, text, line, operator="has", wanted=wanted)


def _names(words: Sequence[str]) -> tuple[str, ...]:
    """Of commands: `GET|MGET`, `CONFIG GET|SET` is not among what can be said."""
    names = tuple(name.strip().upper() for name in " ".join(words).split("|"))
    return names if all(names) else ()


def _compared_sides(text: str) -> tuple[list[bytes], str, Any] | None:
    """The words before the operator, the operator, the value behind; the first place where all fit."""
    for found in _OPERATOR.finditer(text):
        left = _words(text[: found.start()])
        wanted = _value(found[1], text[found.end() :])
        if left and wanted is not _NONE:
            return left, found[1], wanted
    return None


def _words(text: str) -> list[bytes] | None:
    try:
        return split(text.encode("utf-8", "surrogateescape"))
    except InvalidLine:
        return None


def _value(operator: str, text: str) -> Any:
    """What stands behind an operator; `_NONE` where it is nothing that can stand there."""
    try:
        if operator == "in":
            bounds = _RANGE.fullmatch(text.strip())
            return Range(float(bounds[1]), float(bounds[2])) if bounds else _NONE
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _NONE


def _no_constant(name: str) -> Any:
    raise ValueError(name)  # NaN and Infinity are no JSON


# -- what a reply says --------------------------------------------------------------------------


def equals(reply: Reply, wanted: Any, *, in_order: bool = True) -> bool:
    """Whether a reply is this JSON value."""
    if wanted is None:
        return reply.is_nil
    if reply.is_error or reply.is_nil:
        return False
    if isinstance(wanted, bool):
        return reply.kind is Kind.BOOLEAN and bool(reply.value) is wanted
    if isinstance(wanted, int | float):
        number = _number(reply)
        return number is not None and math.isclose(number, wanted, rel_tol=1e-12, abs_tol=0)
    if isinstance(wanted, str):
        return not reply.kind.is_aggregate and _text(reply) == wanted
    if not reply.kind.is_aggregate:
        return False
    if isinstance(wanted, dict):
        pairs = _pairs(reply)
        return len(pairs) == len(wanted) and _has_pairs(pairs, wanted)
    items = list(reply.items)
    if len(items) != len(wanted):
        return False
    if in_order:
        return all(equals(item, each) for item, each in zip(items, wanted, strict=True))
    return Counter(map(plain, items)) == Counter(map(_plain_json, wanted))


def has(reply: Reply, wanted: Any) -> bool:
    """An element, a field or a part of a string; of an object these pairs. Also in an array inside."""
    if not reply.kind.is_aggregate:
        return isinstance(wanted, str) and not reply.is_error and not reply.is_nil and wanted in _text(reply)
    if any(item.kind.is_aggregate and has(item, wanted) for item in reply.items):
        return True
    if isinstance(wanted, dict):
        return _has_pairs(_pairs(reply), wanted)
    return any(equals(item, wanted) for item in reply.items)


def plain(reply: Reply) -> str:
    """A reply in a line, as a checker reports it."""
    if reply.is_nil:
        return "nil"
    if reply.is_error:
        return f"(error) {_text(reply)}"
    if reply.kind.is_aggregate:
        return f"[{', '.join(map(plain, reply.items))}]"
    return _text(reply)


def _plain_json(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_plain_json, value))}]"
    return "nil" if value is None else str(value)


def _pairs(reply: Reply) -> Mapping[str, Reply]:
    items = reply.items
    return {_text(name): value for name, value in zip(items[::2], items[1::2], strict=False)}


def _has_pairs(pairs: Mapping[str, Reply], wanted: Mapping[str, Any]) -> bool:
    return all(name in pairs and equals(pairs[name], value) for name, value in wanted.items())


def _number(reply: Reply) -> float | None:
    if reply.kind.is_aggregate:
        return None
    try:
        return float(_text(reply))
    except ValueError:
        return None


def _text(reply: Reply) -> str:
    if isinstance(reply.value, bytes):
        return reply.value.decode("utf-8", "replace")
    return str(reply.value)


def _compared(test: Callable[[float, float], bool]) -> Callable[[Reply, Any], bool]:
    def compare(reply: Reply, wanted: Any) -> bool:
        number = _number(reply)
        return number is not None and not isinstance(wanted, str) and test(number, wanted)

    return compare


def _within(reply: Reply, wanted: Range) -> bool:
    number = _number(reply)
    return number is not None and wanted.low <= number <= wanted.high


_OPERATORS: Mapping[str, Callable[[Reply, Any], bool]] = {
    "==": equals,
    "!=": lambda reply, wanted: not equals(reply, wanted),
    "~=": lambda reply, wanted: equals(reply, wanted, in_order=False),
    "has": has,
    "lacks": lambda reply, wanted: not reply.is_error and not has(reply, wanted),
    "in": _within,
    "<": _compared(lambda number, wanted: number < wanted),
    "<=": _compared(lambda number, wanted: number <= wanted),
    ">": _compared(lambda number, wanted: number > wanted),
    ">=": _compared(lambda number, wanted: number >= wanted),
}


# -- judges -------------------------------------------------------------------------------------


def _wanted_text(condition: Condition) -> str:
    if isinstance(condition.wanted, Range):
        return f"{condition.wanted.low:g}..{condition.wanted.high:g}"
    shown = _shown_json(condition.wanted)
    return shown if condition.operator == "==" else f"{condition.operator} {shown}"


def _shown_json(value: Any) -> str:
    """As JSON, but what is called nil in an answer is called so here."""
    if value is None:
        return "nil"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown_json, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _seen(what: str, found: str, condition: Condition) -> str:
    return f"{what} → {_short(found)}, wanted {_wanted_text(condition)}"


def _short(found: str) -> str:
    """The first line, and not all of a long one."""
    first, _, more = found.strip("\r\n").partition("\n")
    first = first.rstrip("\r")
    return f"{first[:SHOWN_CHARACTERS]}…" if more or len(first) > SHOWN_CHARACTERS else first


def _state(condition: Condition, evidence: Evidence) -> Verdict:
    reply = evidence.ask(condition.args)
    line = quote(condition.args).decode("utf-8", "surrogateescape")
    return Verdict(
        _OPERATORS[condition.operator](reply, condition.wanted), _seen(line, plain(reply), condition)
    )


def _reply(condition: Condition, evidence: Evidence) -> Verdict:
    line = quote(condition.args).decode("utf-8", "surrogateescape")
    shown = evidence.journal.replies_to(condition.args)
    holds = any(_OPERATORS[condition.operator](reply, condition.wanted) for reply in shown)
    found = plain(shown[-1]) if shown else "not run yet"
    return Verdict(holds, _seen(line, found, condition))


def _shown(condition: Condition, evidence: Evidence) -> Verdict:
    replies = [entry.reply for entry in evidence.journal.entries]
    fits = next((each for each in replies if _OPERATORS[condition.operator](each, condition.wanted)), None)
    if fits is not None:
        return Verdict(True, _seen("shown", plain(fits), condition))
    latest = _short(plain(replies[-1])) if replies else "nothing yet"
    before = f" (before it {len(replies) - 1} more)" if len(replies) > 1 else ""
    return Verdict(False, f"shown → {latest}{before}, wanted {_wanted_text(condition)}")


def _was_used(condition: Condition, evidence: Evidence) -> Verdict:
    option = condition.option
    with_it = f" with {option}" * bool(option)
    used = ", ".join(
        f"{name}{with_it}" for name in condition.names if evidence.journal.calls(name, option.encode())
    )
    asked = " or ".join(condition.names) + with_it
    if condition.kind == "unused":
        return Verdict(not used, f"{used} → was run, wanted without" if used else f"{asked} → not run")
    return Verdict(bool(used), f"{used} → was run" if used else f"{asked} → not run yet")


def _was_in_order(condition: Condition, evidence: Evidence) -> Verdict:
    """One command of each place ran, each behind the one before it; others may stand between."""
    place = 0
    ran: list[str] = []
    for entry in evidence.journal.entries:
        if any(map(entry.succeeded, condition.names)) and ran[-1:] != [entry.name]:
            ran.append(entry.name)
        if place < len(condition.order) and any(map(entry.succeeded, condition.order[place])):
            place += 1
    wanted = " then ".join(" or ".join(names) for names in condition.order)
    holds = place == len(condition.order)
    return Verdict(holds, f"run → {_short(' then '.join(ran)) or 'none of them'}, wanted {wanted}")


def _counted(condition: Condition, evidence: Evidence) -> Verdict:
    journal = evidence.journal
    trips = condition.kind == "trips"
    count = journal.trips if trips else sum(map(journal.calls, condition.names))
    what = "round trips" if trips else f"calls of {'|'.join(condition.names)}"
    reply = Reply(Kind.INTEGER, count)
    return Verdict(
        _OPERATORS[condition.operator](reply, condition.wanted), _seen(what, str(count), condition)
    )


def _latest_error(condition: Condition, evidence: Evidence) -> Verdict:
    latest = evidence.journal.latest
    text = _text(latest) if latest is not None and latest.is_error else ""
    holds = condition.wanted.lower() in text.lower() and bool(text)
    return Verdict(holds, _seen_error("latest answer", text or "no error", condition))


def _any_error(condition: Condition, evidence: Evidence) -> Verdict:
    errors = [_text(entry.reply) for entry in evidence.journal.entries if entry.reply.is_error]
    holds = any(condition.wanted.lower() in text.lower() for text in errors)
    return Verdict(holds, _seen_error("errors so far", errors[-1] if errors else "none", condition))


def _seen_error(what: str, found: str, condition: Condition) -> str:
    return f"{what} → {_short(found)}, wanted one with {_shown_json(condition.wanted)}"


_JUDGES: Mapping[str, Callable[[Condition, Evidence], Verdict]] = {
    "state": _state,
    "reply": _reply,
    "shown": _shown,
    "used": _was_used,
    "unused": _was_used,
    "order": _was_in_order,
    "calls": _counted,
    "trips": _counted,
    "error": _latest_error,
    "failed": _any_error,
}
