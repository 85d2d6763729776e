"""Walking a syntax word by word: every reading that is still possible at once.

A reading is a stack of what is still to come, `(node, state, rest)` nested, `()` at the end. `state` is
what has happened to the node: the options given as bits, how many are left, 0 or 1 for a repetition.
What a stack allows next is worked out once and kept, so that a known line costs a look-up a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
    halves = token.halves if isinstance(token, Token) else None
    if halves is None:
        yield rest
        return
    for count in dict.fromkeys((max(1, (left + 1) // 2), max(1, left))):
        yield (halves.keys, count, (halves.ids, count, rest))


def _after_value(leaf: Leaf, rest: Stack, word: bytes) -> Stack | None:
    if leaf.counts is None:
        return rest
    count = int(word)
    return (leaf.counts, count, rest) if 0 <= count < MAX_COUNT else None


def _work_out(stack: Stack) -> Next:
    tokens: dict[bytes, list[Step]] = {}
    values: list[Value] = []
    steps: list[Step] = []
    may_end = False
    for taken, rest, again in _expand(stack):
        if taken is None:
            may_end = True
            continue
        if isinstance(taken, Token):
            tokens.setdefault(taken.word, []).append((taken, rest))
        else:
            values.append((taken, rest))
        if not again:
            steps.append((taken, rest))
    return Next({word: tuple(each) for word, each in tokens.items()}, tuple(values), may_end, tuple(steps))


def _expand(stack: Stack) -> Iterator[tuple[Token | Leaf | None, Stack, bool]]:
    """Each word that may come next with what follows it; None: the line may end.

    The third says that it is an option given before.
    """
    if not stack:
        yield None, (), False
        return
    node: Node = stack[0]
    state: int = stack[1]
    rest: Stack = stack[2]
    if isinstance(node, Token | Leaf):
        yield node, rest, False
    elif isinstance(node, Sequence_):
        for item in reversed(node.items):
            rest = (item, 0, rest)
        yield from _expand(rest)
    elif isinstance(node, Choice):
        for item in node.items:
            yield from _expand((item, 0, rest))
    elif isinstance(node, Repeat):
        yield from _expand((node.item, 0, (node, 1, rest)))
        if state:
            yield from _expand(rest)
    elif isinstance(node, Counted):
        if state > 0:
            yield from _expand((node.item, 0, (node, state - 1, rest)))
        else:
            yield from _expand(rest)
    elif isinstance(node, AnyWords):
        yield node.item, stack, False
        yield from _expand(rest)
    else:
        yield from _expand_options(node, state, rest)


def _expand_options(
    node: Options, given: int, rest: Stack
) -> Iterator[tuple[Token | Leaf | None, Stack, bool]]:
    excluded = 0
    for place, option in enumerate(node.items):
        if given >> place & 1:
            excluded |= option.excludes
    for place, option in enumerate(node.items):
        if excluded >> place & 1:
            continue
        again = bool(given & option.group)
        for taken, after, _ in _expand((option.node, 0, (node, given | 1 << place, rest))):
            yield taken, after, again
    if all(given & group for group in node.required):
        yield from _expand(rest)
