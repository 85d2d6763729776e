"""`match`: a line's words against the syntax of its command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from redislab.core.catalogue import Argument, Catalogue, Command
from redislab.core.grammar import reasons
from redislab.core.grammar.checks import faults
from redislab.core.grammar.machine import Machine, Thread, refused_with
from redislab.core.grammar.nodes import Leaf, Token
from redislab.core.grammar.values import KINDS, is_double
from redislab.core.keys import key_positions
from redislab.core.roles import Role

Words = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """What one word of a line is."""

    role: Role
    argument: Argument | None  # None for names and wrong words
    path: str  # dotted names through the syntax: `expiration.seconds`; "" for names and wrong words


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first word that is wrong; `place` is the number of words where one is missing."""

    place: int
    reason: str  # a short line for a person
    expected: tuple[str, ...]  # words, or <names> of values, that would fit there


@dataclass(frozen=True, slots=True)
class Expected:
    """One thing that may come next."""

    text: str  # the token, or what the value is called
    argument: Argument | None  # None: a subcommand's name
    path: str
    is_token: bool


@dataclass(frozen=True, slots=True)
class Match:
    """What a line is."""

    command: Command | None
    places: tuple[Place, ...]  # one a word
    wrong: Wrong | None  # None: complete, or it may become so with more words
    complete: bool  # it could be sent as it is
    following: tuple[Expected, ...]  # what may come next at the end
    missing: Wrong | None = None  # why it cannot be sent yet, where nothing is wrong but words are missing

    @property
    def if_sent(self) -> Wrong | None:
        """What a server would object to, were the line sent now."""
        return self.wrong or self.missing


_machines: WeakKeyDictionary[Catalogue, dict[str, Machine]] = WeakKeyDictionary()


def match(catalogue: Catalogue, words: Words) -> Match:
    """Read `words`, the command's name first. Never raises, whatever the words are."""
    command = catalogue.lookup(words)
    if command is None:
        return _without_command(catalogue, words)
    if command.is_container:
        return _container(command, words)
    machine = _machine(catalogue, command)
    return _Reading(machine, words).result()


def _machine(catalogue: Catalogue, command: Command) -> Machine:
    known = _machines.setdefault(catalogue, {})
    machine = known.get(command.name)
    if machine is None or machine.command is not command:
        machine = known[command.name] = Machine(command)
    return machine


def _plain(word: bytes) -> Place:
    return Place(Role.NUMBER if is_double(word) else Role.VALUE, None, "")


def _without_command(catalogue: Catalogue, words: Words) -> Match:
    if not words:
        return Match(None, (), None, False, ())
    places = (_WRONG, *map(_plain, words[1:]))
    elsewhere = catalogue.beyond.lookup(words)
    reason = reasons.no_such_command(words[0]) if elsewhere is None else reasons.not_here(elsewhere)
    return Match(None, places, Wrong(0, reason, ()), False, ())


def _container(command: Command, words: Words) -> Match:
    names = tuple(name.partition(" ")[2] for name in command.subcommands)
    first = Place(Role.COMMAND, None, "")
    if len(words) == 1:
        following = tuple(Expected(name, None, "", True) for name in names)
        if _arity_holds(command.arity, 1):  # COMMAND alone
            return Match(command, (first,), None, True, following)
        missing = Wrong(1, reasons.needs_subcommand(command.name), names)
        return Match(command, (first,), None, False, following, missing)
    places = (first, _WRONG, *map(_plain, words[2:]))
    return Match(
        command, places, Wrong(1, reasons.no_such_subcommand(command.name, words[1]), names), False, ()
    )


_WRONG = Place(Role.UNKNOWN, None, "")
_HAS_NUMBER = re.compile(rb"[0-9]|inf", re.IGNORECASE).search
_NAMES = (Place(Role.COMMAND, None, ""), Place(Role.SUBCOMMAND, None, ""))


class _Reading:
    """One line read by one machine."""

    def __init__(self, machine: Machine, words: Words) -> None:
        self._machine, self._words = machine, words
        self._command = machine.command
        self._bad: set[int] = set()
        self._wrong: Wrong | None = None
        self._threads = self._read()

    def _read(self) -> list[Thread]:
        threads = [Thread(self._machine.start)]
        words, last = self._words, len(self._words) - 1
        for place in range(self._command.words, len(words)):
            found = self._machine.step(threads, words[place], last - place)
            if not found:
                self._bad.add(place)
                if self._wrong is None:
                    self._wrong = self._explain(threads, place)
                found = self._recover(threads)
            threads = found
        return threads

    def _recover(self, threads: list[Thread]) -> list[Thread]:
        """Go on behind a wrong word: it took the place of what must stand there, or of nothing."""
        for thread in threads:
            ahead = self._machine.next(thread.stack)
            for leaf, rest in ahead.values:
                return [Thread((leaf.counts.loose, 0, rest) if leaf.counts else rest, leaf, thread)]
            behind = {rest for _, rest in ahead.steps}
            if len(behind) == 1 and not ahead.may_end:  # a choice of words, one of which must be
                return [Thread(behind.pop(), None, thread)]
        return [Thread(thread.stack, None, thread) for thread in threads]

    def result(self) -> Match:
        best, complete = self._best()
        complete = complete and self._wrong is None and _arity_holds(self._command.arity, len(self._words))
        places = self._places(best, complete)
        missing = None
        if self._wrong is None:
            missing = None if complete else self._missing()
            for fault in faults(self._command.name, self._words, places)[:1]:
                found = Wrong(fault.place, fault.reason, ())
                complete = False
                if fault.mendable:
                    missing = missing or found
                else:
                    self._wrong, missing = found, None
                    places = (*places[: fault.place], _WRONG, *places[fault.place + 1 :])
        return Match(self._command, places, self._wrong, complete, self._following(), missing)

    def _best(self) -> tuple[Thread, bool]:
        """The reading in which the line may end here, else the first."""
        for thread in self._threads:
            if self._machine.next(thread.stack).may_end:
                return thread, True
        return self._threads[0], False

    def _places(self, thread: Thread | None, complete: bool) -> tuple[Place, ...]:
        words, found = self._words, []
        keys = frozenset(key_positions(self._command, words)) if complete else None
        place = len(words) - 1
        while thread is not None and thread.before is not None:
            taken = thread.taken
            if place in self._bad:
                found.append(_WRONG)
            elif taken is None:
                found.append(_plain(words[place]))
            else:
                found.append(Place(_role(taken, words[place], place, keys), taken.argument, taken.path))
            thread, place = thread.before, place - 1
        found.extend(reversed(_NAMES[: self._command.words]))
        return tuple(reversed(found))

    def _following(self) -> tuple[Expected, ...]:
        found: dict[tuple[str, str], Expected] = {}
        for thread in self._threads:
            for taken, _ in self._machine.next(thread.stack).steps:
                found.setdefault((reasons.text(taken), taken.path), _expected(taken))
        return tuple(found.values())

    def _explain(self, threads: list[Thread], place: int) -> Wrong:
        ahead = [self._machine.next(thread.stack) for thread in threads]
        steps = [taken for each in ahead for taken, _ in each.steps]
        word = self._words[place].upper()
        for thread in threads:
            other = refused_with(thread.stack, word)
            if other is not None:
                return Wrong(place, reasons.refused(word, other), _names(steps))
        reason = reasons.why(self._command, steps, may_end=any(each.may_end for each in ahead))
        return Wrong(place, reason, _names(steps))

    def _missing(self) -> Wrong:
        ahead = [self._machine.next(thread.stack) for thread in self._threads]
        steps = [taken for each in ahead for taken in each.needed]
        if not steps:  # the syntax has an end here, but the server wants more words
            steps = [taken for each in ahead for taken, _ in each.steps]
        return Wrong(len(self._words), reasons.missing(steps), _names(steps))


def _names(steps: Sequence[Token | Leaf]) -> tuple[str, ...]:
    texts = (reasons.text(each) if isinstance(each, Token) else f"<{reasons.text(each)}>" for each in steps)
    return tuple(dict.fromkeys(texts))


def _expected(taken: Token | Leaf) -> Expected:
    return Expected(reasons.text(taken), taken.argument, taken.path, isinstance(taken, Token))


def _arity_holds(arity: int, count: int) -> bool:
    return count == arity if arity > 0 else count >= -arity


def _role(taken: Token | Leaf, word: bytes, place: int, keys: frozenset[int] | None) -> Role:
    """The key specs decide what a key is, as soon as the line is complete."""
    if keys is not None and place in keys:
        return Role.KEY
    if isinstance(taken, Token):
        return Role.TOKEN
    if taken.kind == "key":
        return Role.KEY if keys is None else Role.VALUE
    is_number = KINDS[taken.kind].is_number and _HAS_NUMBER(word)  # a bound may be `-` or `$`
    return Role.NUMBER if is_number else Role.VALUE
