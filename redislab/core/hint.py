"""What is still to come of a line that is being typed: the rest of the command's syntax."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from redislab.core import words
from redislab.core.catalogue import Argument, Catalogue
from redislab.core.syntax import argument_text


def syntax_hint(catalogue: Catalogue, line: bytes) -> str:
    """`SET name ` → `value [NX|XX] …`; "" where there is nothing to say.

    A first reading from left to right: plain arguments are counted off, options already given are left
    out. What a later word rules out is not known here.
    """
    found, fault = words.scan(line)
    typed = [word.value for word in found]
    command = catalogue.lookup(typed) if fault is None else None
    if command is None or command.is_container:
        return ""
    return " ".join(_still_to_come(command.arguments, typed[command.words :]))


def _still_to_come(arguments: Sequence[Argument], given: Sequence[bytes]) -> Iterator[str]:
    words_given = {word.upper().decode("latin-1") for word in given}
    left = len(given)  # words typed that no argument has taken yet
    for place, argument in enumerate(arguments):
        if argument.optional or argument.token:
            options = set(_tokens(argument))
            if options & words_given:
                left -= len(options & words_given) + _values(argument)
            elif left <= 0 or not _followed_by_plain(arguments, place):
                yield argument_text(argument)
        elif left <= 0:
            yield argument_text(argument)
        else:
            values = _values(argument) or 1
            if argument.multiple:
                yield from _rest_of_repeated(argument, left % values)
                left = 0
            else:
                left -= values


def _rest_of_repeated(argument: Argument, begun: int) -> Iterator[str]:
    if begun:
        yield from map(argument_text, argument.arguments[begun:])
    yield f"[{argument_text(replace(argument, multiple=False))} ...]"


def _followed_by_plain(arguments: Sequence[Argument], place: int) -> bool:
    return any(not (each.optional or each.token) for each in arguments[place + 1 :])


def _values(argument: Argument) -> int:
    """How many words the argument takes beside its option words; of a choice the first counts."""
    if argument.type == "pure-token":
        return 0
    if argument.type == "oneof":
        return _values(argument.arguments[0])
    return sum(map(_values, argument.arguments)) if argument.arguments else 1


def _tokens(argument: Argument) -> Iterator[str]:
    if argument.token:
        yield argument.token.upper()
    for inner in argument.arguments:
        yield from _tokens(inner)
