"""Command lines made from the catalogue's syntax, for tests: complete ones, broken ones, half typed ones."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from redislab.core.catalogue import Argument, Catalogue
from redislab.core.words import quote

_SAMPLES = {
    "key": ("k", "key"),
    "integer": ("1", "10", "-3"),
    "unix-time": ("1700000000",),
    "double": ("1.5", "2"),
}
_ODD = ("abc", "4x", "-5", ".5", "inf", "0", "NX", "", "12")
_STRAY = ("FOO", "NX", "COUNT", "1", "LIMIT")


def words_for(rng: Random, arguments: Sequence[Argument], odd: float = 0.0) -> list[str]:
    """Words that the syntax allows; every so often (`odd`) a value of another look."""
    words: list[str] = []
    place = 0
    while place < len(arguments):
        end = place
        while end < len(arguments) and arguments[end].optional:
            end += 1
        if end > place:
            options = list(arguments[place:end])
            if rng.random() < 0.5:
                rng.shuffle(options)
            for option in options:
                if rng.random() < 0.5:
                    words += _one(rng, option, odd)
            place = end
        else:
            words += _one(rng, arguments[place], odd)
            place += 1
    return words


def partial_line(rng: Random, catalogue: Catalogue, name: str) -> str:
    """The beginning of a line, now and then with a word too many or a word half typed."""
    command = catalogue.get(name)
    assert command is not None
    words = words_for(rng, command.arguments, odd=0.06)
    if rng.random() < 0.15:
        words.insert(rng.randrange(len(words) + 1), rng.choice(_STRAY))
    words = words[: rng.randrange(len(words) + 2)]
    if words and rng.random() < 0.2:
        words[-1] = words[-1][:1]
    line = quote([word.encode() for word in [*name.split(), *words]]).decode()
    return line + rng.choice((" ", " ", " ", "", "  "))


def _one(rng: Random, argument: Argument, odd: float) -> list[str]:
    words: list[str] = []
    for again in range(rng.choice((1, 1, 2, 3)) if argument.multiple else 1):
        if argument.token is not None and (not again or argument.multiple_token):
            words.append(argument.token if rng.random() < 0.7 else argument.token.lower())
        if argument.type == "oneof":
            words += _one(rng, rng.choice(argument.arguments), odd)
        elif argument.type == "block":
            words += words_for(rng, argument.arguments, odd)
        elif argument.type != "pure-token":
            words.append(
                rng.choice(_ODD if rng.random() < odd else _SAMPLES.get(argument.type, ("v", "word", "3")))
            )
    return words


def fuzzed_words(rng: Random, catalogue: Catalogue) -> list[bytes]:
    """A name and then anything: words of its syntax out of order, other options, bytes of no meaning."""
    name = rng.choice(catalogue.names())
    command = catalogue.get(name)
    assert command is not None
    found = [word.encode() for word in words_for(rng, command.arguments, odd=0.3)]
    for _ in range(rng.randrange(4)):
        place = rng.randrange(len(found) + 1)
        change = rng.randrange(4)
        if change == 0:
            found.insert(place, rng.choice(_STRAY).encode())
        elif change == 1:
            found.insert(place, rng.randbytes(rng.randrange(5)))
        elif change == 2:
            del found[place : place + 1]
        else:
            rng.shuffle(found)
    names = name.lower().split() if rng.random() < 0.3 else name.split()
    return [*(word.encode() for word in names[: rng.choice((1, 2, 2))]), *found]
