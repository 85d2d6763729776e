"""What the server answered: an error, or nothing where something was hoped for."""

from __future__ import annotations

from collections.abc import Mapping

from redislab.core.catalogue import Command
from redislab.core.coach.advice import Advice, Typed, bytes_of, joined, text_of, wanted
from redislab.core.coach.guesses import GUESSES
from redislab.core.coach.nearest import nearest
from redislab.core.coach.tables import ERRORS, FOREIGN, NOT_REDIS, READERS, TYPES
from redislab.core.grammar import Wrong, match
from redislab.core.happened.told import kind, name
from redislab.core.keys import key_positions
from redislab.core.reply import Kind
from redislab.core.session import Outcome
from redislab.core.syntax import syntax_text
from redislab.core.words import quote


def odd(typed: Typed, outcome: Outcome) -> Advice | None:
    """A pattern where a name is wanted, a name where a pattern is; a field and its value in one word."""
    reply, args, command = outcome.reply, outcome.args, typed.command
    if reply is None or command is None:
        return None
    nothing = reply.is_nil or (reply.kind is Kind.INTEGER and not reply.number)
    stars = [args[place] for place in key_positions(command, args) if b"*" in args[place]]
    if stars and nothing and command.name in ("DEL", "UNLINK", "EXISTS", "GET", "EXPIRE", "TTL", "TOUCH"):
        return Advice(
            f"{command.name} takes names as they are written; * is a pattern in KEYS and SCAN alone.",
            typed.at(args.index(stars[0])),
            "the name of a key",
            f"SCAN 0 MATCH {text_of(quote(stars[:1]))}",
        )
    if nothing and (glued := _glued(typed)) is not None:
        return glued
    if (
        command.name == "KEYS"
        and reply.kind is Kind.ARRAY
        and not reply.items
        and not set(args[1]) & set(b"*?[")
    ):
        text = "KEYS compares whole names. A * stands for any letters."
        return Advice(text, typed.at(1), "a pattern", f"KEYS {text_of(args[1])}*")
    return None


def on_error(typed: Typed, outcome: Outcome, origins: Mapping[bytes, bytes]) -> Advice | None:
    reply = outcome.reply
    assert reply is not None
    if reply.code == "WRONGTYPE":
        return _wrong_type(typed, outcome, origins)
    text = text_of(reply.text)
    command = typed.command
    if command is None and "unknown command" in text:
        return _unknown(typed)
    if command is None:  # this server has a command that our catalogue has not
        typed = typed._replace(catalogue=typed.catalogue.knowing(typed.args))
        command = typed.command
    if command is None:
        return None
    if command.is_container:
        return _subcommand(typed, command)
    read = match(typed.catalogue, typed.args)
    wrong = read.if_sent
    advice = next(filter(None, (guess(typed, read, wrong) for guess in GUESSES)), None) if wrong else None
    if advice is None:
        advice = next(
            (Advice(said.format(command.name)) for pattern, said in ERRORS if pattern in text), None
        )
    if advice is None and wrong is None and ("not an integer" in text or "not a valid float" in text):
        advice = _no_number(typed, outcome)
    if advice is None and wrong is not None:
        advice = _by_grammar(typed, command, wrong)
    if advice is None and ("syntax" in text or "wrong number" in text):
        advice = Advice(f"The words are: {command.name} {syntax_text(command)}.")
    return advice


def _no_number(typed: Typed, outcome: Outcome) -> Advice:
    """The words are good: it is the value at the key that is no number."""
    seen = outcome.observed
    key = outcome.args[1] if len(outcome.args) > 1 else b""
    state = seen.before.get(key) if seen is not None else None
    holds = f" It holds {name(state.value)}." if state is not None and state.value is not None else ""
    ask = f"GET {text_of(quote([key]))}"
    return Advice(
        f"The string at {name(key)} is no number that {typed.name} can count.{holds}", typed.at(1), "", ask
    )


def _wrong_type(typed: Typed, outcome: Outcome, origins: Mapping[bytes, bytes]) -> Advice:
    command, seen = typed.command, outcome.observed
    works_on = TYPES.get(command.group, "") if command is not None else ""
    works = f"{typed.name} works on {works_on[1]}." if works_on else ""
    keys = [outcome.args[place] for place in key_positions(command, outcome.args)] if command else []
    for key in keys:
        state = seen.before.get(key) if seen is not None else None
        if state is None or not state.exists or state.type == (works_on[0] if works_on else ""):
            continue
        since = f" since `{text_of(origins[key])}` in this session" if key in origins else ""
        reader = READERS.get(state.type, "").format(text_of(quote([key])))
        reads = f" {reader.split()[0]} reads it." if reader else ""
        return Advice(
            f"{name(key)} is {kind(state)}{since}; {works}{reads}",
            typed.at(list(outcome.args).index(key)),
            works_on[2] if works_on else "",
            reader or None,
        )
    if not keys:
        return Advice("A key of this command holds a value of another type; TYPE key says which.")
    asks = f"TYPE {text_of(quote(keys[:1]))}"
    return Advice(f"{works} TYPE says what the key holds.".strip(), typed.at(1), "", asks)


def _unknown(typed: Typed) -> Advice | None:
    """No such command: one of another server, another language's word, two words for one, a typing error."""
    elsewhere = typed.catalogue.beyond.lookup(typed.args)
    if elsewhere is not None:
        return _not_here(typed, elsewhere)
    first = text_of(typed.words[0].value)
    rest, lower = typed.raw(1), first.lower()
    if lower in NOT_REDIS:
        return Advice(NOT_REDIS[lower], typed.at(0), "a Redis command")
    if (glued := _glued(typed)) is not None:
        return glued
    if lower in FOREIGN:
        foreign, text = FOREIGN[lower]
        line = _fitting(typed, foreign)
        return Advice(
            f"Redis has no {first.upper()}. {text}", typed.at(0), foreign.split()[0] if foreign else "", line
        )
    found = _nearest_command(typed, first.upper())
    if not found:
        return Advice(
            f"Redis has no command {name(bytes_of(first))}. HELP lists what there is.",
            typed.at(0),
            "a command",
        )
    others = f", or {' or '.join(found[1:3])}" if len(found) > 1 else ""
    return Advice(f"Did you mean {found[0]}{others}?", typed.at(0), found[0], joined(found[0], rest))


def _not_here(typed: Typed, command: Command) -> Advice:
    """A command that newer servers have, or those with a module."""
    server = typed.server or "this one"
    if command.module:
        text = f"{command.name} comes with {command.origin}, which {server} has not loaded."
    elif typed.server:
        text = f"{command.name} came with {command.origin}; this server is {server}."
    else:
        text = f"{command.name} came with {command.origin}; this server does not have it."
    return Advice(text, typed.at(0), "a command of this server")


def _glued(typed: Typed) -> Advice | None:
    """`FLUSH ALL`, `HGET ALL key`: a name written as two words."""
    if len(typed.words) < 2 or len(typed.args[1]) < 2:
        return None
    found = typed.catalogue.get(text_of(typed.args[0] + typed.args[1]).upper())
    if found is None:
        return None
    return Advice(f"The name is one word: {found.name}.", typed.at(0), "", joined(found.name, typed.raw(2)))


def _fitting(typed: Typed, foreign: str) -> str | None:
    """The command with the user's words, or alone, whichever could be sent."""
    args, rest = foreign.encode().split(), typed.words[1:]
    if foreign and match(typed.catalogue, [*args, *(word.value for word in rest)]).complete:
        return joined(foreign, typed.raw(1))
    return foreign if args and match(typed.catalogue, args).complete else None


def _nearest_command(typed: Typed, word: str) -> list[str]:
    """Names close to a word; those first that the other words fit."""
    catalogue = typed.catalogue
    usual = [each for each in catalogue.starting("") if (found := catalogue.get(each)) and not found.internal]
    close = nearest(word, usual)
    fits = {each for each in close if match(catalogue, [each.encode(), *typed.args[1:]]).complete}
    return [each for each in close if each in fits] or close


def _subcommand(typed: Typed, command: Command) -> Advice:
    known = [each.partition(" ")[2] for each in command.subcommands]
    if len(typed.words) == 1:
        text = (
            f"{command.name} needs a word that says what: "
            f"{', '.join(known[:8])}{' …' if len(known) > 8 else ''}."
        )
        return Advice(text, typed.end, "a subcommand")
    close = nearest(text_of(typed.args[1]).upper(), known)
    if close:
        line = joined(f"{command.name} {close[0]}", typed.raw(2))
        return Advice(f"Did you mean {command.name} {close[0]}?", typed.at(1), close[0], line)
    listed = f"{', '.join(known[:8])}{' …' if len(known) > 8 else ''}"
    return Advice(f"{command.name} knows {listed}.", typed.at(1), "a subcommand")


def _by_grammar(typed: Typed, command: Command, wrong: Wrong) -> Advice:
    """The place and the reason that the grammar gives."""
    expected = wanted(wrong)
    if wrong.place >= len(typed.words):
        syntax = f"{command.name} {syntax_text(command)}".strip()
        missing = f"{expected} is missing" if expected else wrong.reason
        return Advice(f"{missing[:1].upper()}{missing[1:]}: {syntax}", typed.end, expected)
    if wrong.reason.startswith("nothing may follow"):
        takes = (
            f"{command.name} takes {command.arity - command.words or 'no'} words" if command.arity > 0 else ""
        )
        count = command.arity - command.words
        takes = takes.replace("1 words", "1 word") if count == 1 else takes
        return Advice(
            f"{takes or 'Nothing may follow'}, and here is one too many.",
            typed.at(wrong.place),
            "the end of the line",
        )
    return Advice(f"{wrong.reason[:1].upper()}{wrong.reason[1:]}.", typed.at(wrong.place), expected)
