"""What is still to come of a line that is being typed, in the very words of redis-cli 7.2 and newer.

redis-cli reads a line in its own greedy way, which is coarser than `core.grammar` (`4x` is a number to
it, a list of keys takes all words to the end). A hint that is to be equal to its text has to read so too;
nothing else should.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from redislab.core import words
from redislab.core.catalogue import Argument, Catalogue

_INTEGER = re.compile(rb"\s*[+-]?[0-9]").match
_DOUBLE = re.compile(rb"\s*[+-]?(?:[0-9]|\.[0-9]|inf|nan)", re.IGNORECASE).match
_LOOKS_RIGHT = {"integer": _INTEGER, "unix-time": _INTEGER, "double": _DOUBLE}

Words = Sequence[bytes]


def hint(catalogue: Catalogue, line: bytes) -> str:
    """`SET name ` → `value [NX|XX] …`; "" where redis-cli shows nothing.

    A word counts when a space stands behind it: of a name, too, nothing is said before.
    """
    found, fault = words.scan(line)
    if fault is not None:
        return ""
    typed = [word.value for word in found]
    if line and not line[-1:].isspace():
        typed = typed[:-1]
    command = catalogue.lookup(typed)
    if command is None or (command.is_container and not command.arguments):
        return ""
    given = typed[command.words :]
    parts = [_Part(argument) for argument in command.arguments]
    return _text(parts, " ").lstrip() if _match_all(parts, given) == len(given) else ""


syntax_hint = hint


class _Part:
    """An argument, and what has been seen of it."""

    __slots__ = ("argument", "done", "matched", "named", "parts", "token", "token_seen")

    def __init__(self, argument: Argument) -> None:
        self.argument = argument
        self.token = None if argument.token is None else argument.token.lower().encode()
        self.parts = [_Part(each) for each in argument.arguments]
        self.matched = 0  # how many words, of its last repetition
        self.token_seen = False
        self.named = False  # its value was seen
        self.done = False  # nothing of it is to come

    def clear(self) -> None:
        self.matched = 0
        self.token_seen = self.named = self.done = False
        for part in self.parts:
            part.clear()


def _match_all(parts: Sequence[_Part], given: Words) -> int:
    """How many words the parts take, in order; 0 where one that must come does not."""
    taken = place = 0
    while taken < len(given) and place < len(parts):
        if parts[place].argument.optional:
            end = _end_of_options(parts, place)
            taken += _match_options(parts[place:end], given[taken:])
            place = end
            continue
        count = _match(parts[place], given[taken:])
        if not count:
            return 0
        taken += count
        place += 1
    return taken


def _end_of_options(parts: Sequence[_Part], place: int) -> int:
    while place < len(parts) and parts[place].argument.optional:
        place += 1
    return place


def _match_options(options: Sequence[_Part], given: Words) -> int:
    """Options stand in any order; one that another follows is done, whatever it lacks."""
    taken = 0
    last: _Part | None = None
    while taken < len(given):
        for option in options:
            count = 0 if option.matched else _match(option, given[taken:])
            if count:
                break
        else:
            break
        if last is not None:
            last.done = True
        last = option
        taken += count
    return taken


def _match(part: _Part, given: Words) -> int:
    """As many words as the part takes, repetitions included."""
    taken = _match_once(part, given)
    if not part.argument.multiple:
        return taken
    while part.done and taken < len(given):
        part.clear()
        if part.token is not None and not part.argument.multiple_token:
            count = _match_value(part, given[taken:])
            part.token_seen = bool(part.matched)
        else:
            count = _match_once(part, given[taken:])
        taken += count
    part.done = False  # more may come
    return taken


def _match_once(part: _Part, given: Words) -> int:
    if part.token is None:
        return _match_value(part, given)
    if given[0].lower() != part.token:
        return 0
    part.token_seen, part.matched = True, 1
    if part.argument.type == "pure-token":
        part.done = True
        return 1
    if len(given) == 1:
        return 1
    return part.matched if _match_value(part, given[1:]) else 0


def _match_value(part: _Part, given: Words) -> int:
    kind = part.argument.type
    if kind == "block":
        part.matched += _match_all(part.parts, given)
        part.done = all(each.done for each in part.parts)
    elif kind == "oneof":
        for each in part.parts:
            if _match(each, given):
                part.matched += each.matched
                part.done = each.done
                break
    elif kind in _LOOKS_RIGHT and not _LOOKS_RIGHT[kind](given[0]):
        part.matched, part.named = 0, False
    else:
        part.matched += 1
        part.named = part.done = True
    return part.matched


def _text(parts: Sequence[_Part], separator: str) -> str:
    """What is to come of the parts. An option that was begun stands first among its neighbours."""
    found: list[str] = []
    place = 0
    while place < len(parts):
        if not parts[place].argument.optional:
            found.append(_text_of(parts[place]))
            place += 1
            continue
        end = _end_of_options(parts, place)
        options = parts[place:end]
        begun = [part for part in options if part.matched and not part.done]
        found += map(_text_of, begun)
        if end == len(parts) or not parts[end].matched:
            found += [_text_of(part) for part in options if part not in begun[-1:]]
        place = end
    return separator.join(filter(None, found))


def _text_of(part: _Part) -> str:
    """Two oddities are redis-cli's own, both because a repetition forgets what was seen of it.

    It closes a bracket that it did not open (`[key ...]]`), and sets itself off by a second space.
    """
    if part.done:
        return ""
    argument = part.argument
    opens = "[" if argument.optional and not part.matched else ""
    token = "" if part.token is None or part.token_seen else argument.token or '""'
    value, repetition = _value_text(part), _repetition(part)
    closes = "]" if argument.optional and not part.matched else ""
    space = " " if repetition and not (opens or token or value) else ""
    return f"{space}{opens}{' '.join(filter(None, (token, value, repetition)))}{closes}"


def _value_text(part: _Part) -> str:
    kind = part.argument.type
    if kind == "oneof":
        if part.matched:
            return "".join(_text_of(each) for each in part.parts if each.matched)
        return _text(part.parts, "|")
    if kind == "block":
        return _text(part.parts, " ")
    if kind == "pure-token" or part.named:
        return ""
    return part.argument.display or part.argument.name


def _repetition(part: _Part) -> str:
    argument = part.argument
    if not argument.multiple:
        return ""
    part.clear()
    token = (argument.token or '""') if argument.multiple_token else ""
    return f"[{' '.join(filter(None, (token, _value_text(part))))} ...]"
