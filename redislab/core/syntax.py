"""The one-line syntax of a command, as redis-cli's HELP shows it."""

from __future__ import annotations

from collections.abc import Iterable

from redislab.core.catalogue import Argument, Command


def syntax_text(command: Command) -> str:
    """What follows the command's name: `key value [NX|XX] [GET] [EX seconds|…]`; "" if nothing does."""
    return " ".join(map(argument_text, command.arguments))


def argument_text(argument: Argument) -> str:
    """One argument: brackets for what may be left out, bars between choices, `...` for repetition."""
    text = _value(argument)
    token = '""' if argument.token == "" else argument.token
    if argument.multiple:
        text = _joined([text, f"[{_joined([token if argument.multiple_token else None, text])} ...]"])
    text = _joined([token, text])
    return f"[{text}]" if argument.optional else text


def _value(argument: Argument) -> str:
    if argument.type == "oneof":
        return "|".join(map(argument_text, argument.arguments))
    if argument.type == "block":
        return " ".join(map(argument_text, argument.arguments))
    return "" if argument.type == "pure-token" else argument.display or argument.name


def _joined(words: Iterable[str | None]) -> str:
    return " ".join(word for word in words if word)
