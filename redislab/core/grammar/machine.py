"""Walking a syntax word by word: every reading that is still possible at once.

A reading is a stack of what is still to come, `(node, state, rest)` nested, `()` at the end. `state` is
what has happened to the node: the options given as bits, how many are left, 0 or 1 for a repetition.
What a stack allows next is worked out once and kept, so that a known line costs a look-up a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from redislab.core.catalogue import Command
from redislab.core.grammar import rules
from redislab.core.grammar.nodes import (
    AnyWords,
    Choice,
    Counted,
    Leaf,
    Node,
    Options,
    Repeat,
    Sequence_,
    Token,
    compile_command,
)

Stack = tuple[Any, ...]  # () or (Node, int, Stack); recursive, which mypy takes no tuples for
Step = tuple[Token | Leaf, Stack]
Value = tuple[Leaf, Stack]

MAX_KEPT = 4_000  # stacks of one command; counts make new ones without end
MAX_COUNT = 1 << 40


@dataclass(frozen=True, slots=True)
class Next:
    """What a stack allows: the words that are tokens, the values, and whether the line may end here."""

    tokens: dict[bytes, tuple[Step, ...]]
    values: tuple[Value, ...]
    may_end: bool
    steps: tuple[Step, ...]  # both, in the order of the syntax; not what is allowed a second time
    needed: tuple[Token | Leaf, ...]  # of these what must come before the line may end, one of them


@dataclass(frozen=True, slots=True)
class Thread:
    """One reading: what is still to come, and how the last word was taken (the rest in `before`)."""

    stack: Stack
    taken: Token | Leaf | None = None  # None: at the start, or a word that fits nowhere
    before: Thread | None = None


class Machine:
    """The syntax of one command, and what has been found out about it."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.start: Stack = (compile_command(command), 0, ())
        self._tokens_may_be_values = command.name in rules.TOKENS_MAY_BE_VALUES
        self._kept: dict[Stack, Next] = {}

    def next(self, stack: Stack) -> Next:
        found = self._kept.get(stack)
        if found is None:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            found = self._kept[stack] = _work_out(stack)
        return found

    def step(self, threads: list[Thread], word: bytes, left: int) -> list[Thread]:
        """The readings after one more word; `left` words follow it. []: it fits none."""
        upper = word.upper()
        found: dict[Stack, Thread] = {}
        for thread in threads:
            after = self.next(thread.stack)
            steps = after.tokens.get(upper)
            if steps is not None:  # an option's word is never a value where the option may stand
                for token, rest in steps:
                    for stack in _after_token(token, rest, left):
                        if stack not in found:
                            found[stack] = Thread(stack, token, thread)
                if not self._tokens_may_be_values:
                    continue
            for leaf, rest in after.values:
                if leaf.accepts(word):
                    behind = _after_value(leaf, rest, word)
                    if behind is not None and behind not in found:
                        found[behind] = Thread(behind, leaf, thread)
        return list(found.values())


def _after_token(token: Token | Leaf, rest: Stack, left: int) -> Iterator[Stack]:
    """Behind STREAMS the words that are left say how many keys there are: half, or all with IDs to come."""
    halves = token.halves if isinstance(token, Token) else None
    if halves is None:
        yield rest
        return
    for count in dict.fromkeys((max(1, (left + 1) // 2), max(1, left), left + 1)):
        yield (halves.keys, count, (halves.ids, count, rest))


def _after_value(leaf: Leaf, rest: Stack, word: bytes) -> Stack | None:
    if leaf.counts is None:
        return rest
    count = int(word)
    return (leaf.counts, count, rest) if 0 <= count < MAX_COUNT else None


class _Need(Enum):
    MUST = 0
    MAY = 1
    AGAIN = 2  # an option given before


def _work_out(stack: Stack) -> Next:
    tokens: dict[bytes, list[Step]] = {}
    values: list[Value] = []
    steps: list[Step] = []
    needed: list[Token | Leaf] = []
    may_end = False
    for taken, rest, need in _expand(stack):
        if taken is None:
            may_end = True
            continue
        if isinstance(taken, Token):
            tokens.setdefault(taken.word, []).append((taken, rest))
        else:
            values.append((taken, rest))
        if need is not _Need.AGAIN:
            steps.append((taken, rest))
        if need is _Need.MUST:
            needed.append(taken)
    by_word = {word: tuple(each) for word, each in tokens.items()}
    return Next(by_word, tuple(values), may_end, tuple(steps), tuple(needed))


_Ahead = Iterator[tuple["Token | Leaf | None", Stack, _Need]]


def _expand(stack: Stack, begun: tuple[Stack, ...] = ()) -> _Ahead:
    """Each word that may come next with what follows it; None: the line may end.

    `begun` are repetitions in which no word has been taken yet: one of nothing would never end.
    """
    if not stack:
        yield None, (), _Need.MAY
        return
    node: Node = stack[0]
    state: int = stack[1]
    rest: Stack = stack[2]
    if isinstance(node, Token | Leaf):
        yield node, rest, _Need.MUST
    elif isinstance(node, Sequence_):
        for item in reversed(node.items):
            rest = (item, 0, rest)
        yield from _expand(rest, begun)
    elif isinstance(node, Choice):
        for item in node.items:
            yield from _expand((item, 0, rest), begun)
    elif isinstance(node, Repeat):
        if stack in begun:
            return
        for taken, after, need in _expand((node.item, 0, (node, 1, rest)), (*begun, stack)):
            yield taken, after, _Need.MAY if state else need
        if state:
            yield from _expand(rest, begun)
    elif isinstance(node, Counted):
        if state > 0:
            yield from _expand((node.item, 0, (node, state - 1, rest)), begun)
        else:
            yield from _expand(rest, begun)
    elif isinstance(node, AnyWords):
        yield node.item, stack, _Need.MAY
        yield from _expand(rest, begun)
    else:
        yield from _expand_options(node, state, rest, begun)


def _expand_options(node: Options, given: int, rest: Stack, begun: tuple[Stack, ...]) -> _Ahead:
    excluded = 0
    for place, option in enumerate(node.items):
        if given >> place & 1:
            excluded |= option.excludes
    wanted = [group for group in node.required if not given & group]
    for place, option in enumerate(node.items):
        if excluded >> place & 1:
            continue
        must = any(group >> place & 1 for group in wanted)
        need = _Need.AGAIN if given & option.group else _Need.MUST if must else _Need.MAY
        for taken, after, _ in _expand((option.node, 0, (node, given | 1 << place, rest)), begun):
            yield taken, after, need
    if not wanted:
        yield from _expand(rest, begun)


def first_words(node: Node) -> Iterator[bytes]:
    """The tokens that an option may begin with."""
    if isinstance(node, Token):
        yield node.word
    elif isinstance(node, Sequence_):
        yield from first_words(node.items[0])
    elif isinstance(node, Choice):
        for item in node.items:
            yield from first_words(item)
    elif isinstance(node, Repeat):
        yield from first_words(node.item)


def refused_with(stack: Stack, word: bytes) -> bytes | None:
    """The option given before because of which this one may not follow; None: that is not why."""
    if not stack or not isinstance(stack[0], Options):
        return None
    items, given = stack[0].items, stack[1]
    for place, option in enumerate(items):
        if word in first_words(option.node):
            for other, each in enumerate(items):
                if given >> other & 1 and each.excludes >> place & 1:
                    return next(first_words(each.node), None)
    return None
