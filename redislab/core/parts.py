"""A reply while it arrives, so that a large one is never built as a tree.

An aggregate arrives as a `Head`, then its items in order: leaves as `Reply`, neighbouring bulk
strings as one `Run`, aggregates by a `Head` of their own. How many items belong to a Head stands in
the Head, so there is no closing part; `Nesting` tells when a top-level reply is complete, and
`Assembler` builds the tree where one is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from redislab.core.reply import Kind, Reply


@dataclass(frozen=True, slots=True)
class Head:
    """An aggregate begins: `count` items follow (for MAP and ATTRIBUTE `count` pairs)."""

    kind: Kind
    count: int

    @property
    def slots(self) -> int:
        """How many values follow, keys and values of a map counted each."""
        return self.count * 2 if self.kind is Kind.MAP or self.kind is Kind.ATTRIBUTE else self.count


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring bulk strings of one aggregate, never empty."""

    values: Sequence[bytes]


Part: TypeAlias = "Reply | Head | Run"


class Nesting:
    """Counts what is still to come of one top-level reply."""

    __slots__ = ("_left", "_prefix")

    def __init__(self) -> None:
        self._left: list[int] = []  # values missing in each open aggregate, outermost first
        self._prefix: list[bool] = []  # it is an attribute: complete, it fills no place in its parent

    @property
    def depth(self) -> int:
        return len(self._left)

    @property
    def remaining(self) -> int:
        """Values still missing in the innermost open aggregate (0 between replies)."""
        return self._left[-1] if self._left else 0

    def add(self, part: Part) -> bool:
        """Count `part`; True when it completes a top-level reply."""
        filled = 1
        if type(part) is Head:
            attribute = part.kind is Kind.ATTRIBUTE
            if part.count:
                self._left.append(part.slots)
                self._prefix.append(attribute)
                return False
            filled = 0 if attribute else 1
        elif type(part) is Run:
            filled = len(part.values)
        left = self._left
        while left:
            left[-1] -= filled
            if left[-1] > 0:
                return False
            left.pop()
            filled = 0 if self._prefix.pop() else 1
        return filled > 0


class _Frame:
    """An aggregate under construction: its kind, the values kept, how many are still to arrive."""

    __slots__ = ("attributes", "kept", "kind", "missing", "values")

    def __init__(self, head: Head, attributes: tuple[tuple[Reply, Reply], ...], kept: bool) -> None:
        self.kind = head.kind
        self.missing = head.slots
        self.attributes = attributes
        self.kept = kept
        self.values: list[Reply] = []

    def reply(self) -> Reply:
        values = self.values
        if self.kind is Kind.MAP or self.kind is Kind.ATTRIBUTE:
            pairs = tuple(zip(values[0::2], values[1::2], strict=False))  # a limit may cut a pair
            return Reply(self.kind, pairs, attributes=self.attributes)
        return Reply(self.kind, tuple(values), attributes=self.attributes)


class Assembler:
    """Parts → `Reply`. With a `limit`, leaves beyond it are counted in `omitted` and not kept.

    A truncated aggregate holds what arrived first (a map: whole pairs). `omitted` speaks of the
    reply under construction or, once it is complete, of that one until the next part comes.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._limit = limit
        self._frames: list[_Frame] = []
        self._attributes: tuple[tuple[Reply, Reply], ...] = ()  # arrived ahead of the next value
        self._kept = 0
        self._complete = False
        self.omitted = 0

    def add(self, part: Part) -> Reply | None:
        """The reply that `part` completes, or None while more is to come."""
        if self._complete:
            self._complete, self._kept, self.omitted = False, 0, 0
        if type(part) is Head:
            self._frames.append(_Frame(part, self._attributes, kept=self._room() > 0))
            self._attributes = ()
        elif type(part) is Run:
            self._add_run(part.values)
        else:
            assert type(part) is Reply
            if not self._frames:
                return self._finish(self._dress(part))
            self._add_leaf(part)
        return self._close()

    def _room(self) -> int:
        return 1 << 62 if self._limit is None else self._limit - self._kept

    def _dress(self, leaf: Reply) -> Reply:
        if self._attributes:
            leaf, self._attributes = replace(leaf, attributes=self._attributes), ()
        return leaf

    def _add_leaf(self, leaf: Reply) -> None:
        frame = self._frames[-1]
        frame.missing -= 1
        if self._room() > 0:
            self._kept += 1
            frame.values.append(self._dress(leaf))
        else:
            self.omitted += 1

    def _add_run(self, values: Sequence[bytes]) -> None:
        frame = self._frames[-1]
        frame.missing -= len(values)
        kept = min(len(values), max(0, self._room()))
        if kept and self._attributes:
            frame.values.append(self._dress(Reply(Kind.BULK, values[0])))
            values, kept, self._kept = values[1:], kept - 1, self._kept + 1
        frame.values.extend(Reply(Kind.BULK, value) for value in values[:kept])
        self._kept += kept
        self.omitted += len(values) - kept

    def _close(self) -> Reply | None:
        while self._frames and self._frames[-1].missing == 0:
            frame = self._frames.pop()
            reply = frame.reply()
            if frame.kind is Kind.ATTRIBUTE:
                self._attributes = reply.value  # type: ignore[assignment]
                return None
            if not self._frames:
                return self._finish(reply)
            parent = self._frames[-1]
            parent.missing -= 1
            if frame.kept:
                parent.values.append(reply)
        return None

    def _finish(self, reply: Reply) -> Reply:
        self._complete = True
        return reply


def parts_of(reply: Reply) -> Iterator[Part]:
    """A whole reply as the parts that would have carried it."""
    if reply.attributes:
        yield Head(Kind.ATTRIBUTE, len(reply.attributes))
        for key, value in reply.attributes:
            yield from parts_of(key)
            yield from parts_of(value)
    if not reply.kind.is_aggregate:
        yield replace(reply, attributes=()) if reply.attributes else reply
        return
    items = reply.items
    yield Head(reply.kind, len(reply.value))  # type: ignore[arg-type]
    for item in items:
        yield from parts_of(item)
