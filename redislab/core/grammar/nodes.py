"""A command's syntax as nodes that a machine can walk: compiled from the catalogue's arguments.

A node says what may stand in a line. `Token` and `Leaf` take one word each; the others put these
together. Nodes are compared by identity and never change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from redislab.core.catalogue import Argument, Command
from redislab.core.grammar import rules, values


@dataclass(frozen=True, eq=False, slots=True)
class Token:
    """An option's own word, in any case."""

    word: bytes  # upper case
    argument: Argument
    path: str
    halves: Halves | None = None  # what is left of the line is shared between keys and IDs


@dataclass(frozen=True, eq=False, slots=True)
class Leaf:
    """One value."""

    accepts: Callable[[bytes], object]
    kind: str  # of `values.KINDS`
    argument: Argument
    path: str
    token: str = ""  # the option that it belongs to
    counts: Counted | None = None  # its value says how often that follows


@dataclass(frozen=True, eq=False, slots=True)
class Sequence_:
    """All of them, in order."""

    items: tuple[Node, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """One of them."""

    items: tuple[Node, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Repeat:
    """One or more."""

    item: Node


@dataclass(frozen=True, eq=False, slots=True)
class Counted:
    """As many as a word before it said; `loose` where that word is wrong."""

    item: Node
    loose: Repeat


@dataclass(frozen=True, eq=False, slots=True)
class Halves:
    """`keys`, then as many `ids`: how many, only the line's length tells."""

    keys: Counted
    ids: Counted


@dataclass(frozen=True, eq=False, slots=True)
class Option:
    """One of a set of options. Once it is given, no option whose bit is in `excludes` may follow."""

    node: Node
    excludes: int
    group: int  # the bits of those that it was a choice with, its own too


@dataclass(frozen=True, eq=False, slots=True)
class Options:
    """Any of them, in any order; `required` are groups of bits, of each of which one must be given."""

    items: tuple[Option, ...]
    required: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class AnyWords:
    """Whatever may follow a command of whose arguments nothing is known."""

    item: Leaf = field(default_factory=lambda: _leaf(Argument("arg", "string"), "arg", "any", ""))


_COUNTS = ("numkeys", "numfields")  # arguments that say how many of the next one follow

Node = Token | Leaf | Sequence_ | Choice | Repeat | Counted | Options | AnyWords


def compile_command(command: Command) -> Node:
    """What may follow the command's name."""
    if not command.arguments and not 0 <= command.arity <= command.words:
        return AnyWords()
    node = _Compiler(command.name).sequence(command.arguments, "")
    return Sequence_((node, AnyWords())) if command.name in rules.IGNORES_THE_REST else node


@dataclass(frozen=True)
class _Compiler:
    name: str

    def sequence(self, arguments: Sequence[Argument], above: str) -> Node:
        items: list[Node] = []
        place = 0
        while place < len(arguments):
            together = self._together(arguments, place, above)
            if together:
                items.append(self._options(together, above))
                place += len(together)
                continue
            argument = arguments[place]
            following = arguments[place + 1] if place + 1 < len(arguments) else None
            if argument.name in _COUNTS and following is not None and following.multiple:
                items.append(self._counting(argument, following, above))
                place += 2
                continue
            items.append(self.argument(argument, above))
            place += 1
        return items[0] if len(items) == 1 else Sequence_(tuple(items))

    def _together(self, arguments: Sequence[Argument], place: int, above: str) -> Sequence[Argument]:
        """The arguments from `place` on that may come in any order."""
        end = place
        loose = rules.IN_ANY_ORDER.get(self.name, ()) if not above else ()
        while end < len(arguments) and (arguments[end].optional or arguments[end].name in loose):
            end += 1
        return arguments[place:end]

    def _options(self, arguments: Sequence[Argument], above: str) -> Node:
        """Choices among options become options that exclude each other."""
        flat: list[tuple[Argument, str, int]] = []
        required: list[int] = []
        for number, argument in enumerate(arguments):
            first = len(flat)
            inside = _join(above, argument.name)
            last: Argument | None = None
            if argument.type == "oneof" and argument.arguments and not (argument.token or argument.multiple):
                flat += [(inner, inside, number) for inner in argument.arguments]
            elif (self.name, argument.name) in rules.ENDS_ANYWHERE and not above:
                last = argument.arguments[-1]
                flat.append((replace(argument, arguments=argument.arguments[:-1]), above, number))
            else:
                flat.append((argument, above, number))
            if not argument.optional:
                required.append((1 << len(flat)) - (1 << first))
            if last is not None:
                flat.append((last, inside, -number - 1))
        words = [_first_token(argument) for argument, _, _ in flat]
        options: list[Option] = []
        for place, (argument, inside, number) in enumerate(flat):
            group = sum(1 << other for other, each in enumerate(flat) if each[2] == number)
            excludes = 0
            for other in range(len(flat)):
                same = flat[other][2] == number
                if rules.excludes(self.name, words[place], words[other], same_choice=same):
                    excludes |= 1 << other
            if not _begins_with_token(argument):
                excludes |= 1 << place
            if (self.name, words[place]) in rules.TAKES_THE_REST:
                excludes = (1 << len(flat)) - 1
            options.append(Option(self.argument(argument, inside), excludes, group))
        return Options(tuple(options), tuple(required))

    def _counting(self, count: Argument, counted: Argument, above: str) -> Node:
        item = _counted(self._value(counted, _join(above, counted.name)))
        return _leaf(count, _join(above, count.name), self._kind(count, _join(above, count.name)), "", item)

    def argument(self, argument: Argument, above: str) -> Node:
        """The argument with its token, as often as it may come."""
        path = _join(above, argument.name)
        if argument.token is None:
            value = self._value(argument, path)
            if (self.name, path) in rules.MAY_LACK:
                return Options((Option(Repeat(value), excludes=1, group=1),))
            return Repeat(value) if argument.multiple else value
        if argument.token == "STREAMS" and len(argument.arguments) == 2:
            return self._streams(argument, path)
        token = Token(argument.token.upper().encode(), argument, path)
        if argument.type == "pure-token":
            return token
        value = self._value(argument, path)
        if not argument.multiple:
            return Sequence_((token, value))
        if argument.multiple_token:
            return Repeat(Sequence_((token, value)))
        return Sequence_((token, Repeat(value)))

    def _value(self, argument: Argument, path: str) -> Node:
        if argument.type == "oneof" and argument.arguments:
            items = [self.argument(each, path) for each in argument.arguments]
            for each in argument.arguments:
                inside = _join(path, each.name)
                if (self.name, inside) in rules.FIRST_ALONE:
                    items.append(self.argument(each.arguments[0], inside))
            return Choice(tuple(items))
        if argument.type == "block" and argument.arguments:
            return self.sequence(argument.arguments, path)
        if argument.type == "pure-token":
            return Token((argument.token or argument.name).upper().encode(), argument, path)
        words = rules.WORDS.get((self.name, path))
        if words:
            return Choice(tuple(Token(word.encode(), argument, path) for word in words.split()))
        return _leaf(argument, path, self._kind(argument, path), argument.token or "")

    def _streams(self, argument: Argument, path: str) -> Node:
        keys, ids = (
            _counted(_leaf(each, _join(path, each.name), self._kind(each, _join(path, each.name)), ""))
            for each in argument.arguments
        )
        return Token(b"STREAMS", argument, path, Halves(keys, ids))

    def _kind(self, argument: Argument, path: str) -> str:
        return rules.KINDS.get(f"{self.name} {path}") or argument.type


def _counted(item: Node) -> Counted:
    return Counted(item, Repeat(item))


def _leaf(argument: Argument, path: str, kind: str, token: str, counts: Counted | None = None) -> Leaf:
    known = kind if kind in values.KINDS else "any"
    return Leaf(values.KINDS[known].accepts, known, argument, path, token, counts)


def _join(above: str, name: str) -> str:
    return f"{above}.{name}" if above else name


def _begins_with_token(argument: Argument) -> bool:
    """Such an option may be given again; a value without a token could not be told from the next one."""
    if argument.token is not None:
        return True
    if argument.type == "oneof":
        return all(map(_begins_with_token, argument.arguments))
    if not argument.arguments or argument.arguments[0].optional:
        return False
    return _begins_with_token(argument.arguments[0])


def _first_token(argument: Argument) -> str:
    if argument.token is not None:
        return argument.token.upper()
    return _first_token(argument.arguments[0]) if argument.arguments else argument.name
