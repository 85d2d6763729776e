"""redis-cli's format for people: types in brackets, strings quoted, items numbered and indented."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, count

from redislab.core.escape import escaped_all, repr_bytes
from redislab.core.parts import Head, Nesting, Part, Run
from redislab.core.reply import Kind, Reply
from redislab.core.safe import repr_utf8, visible
from redislab.render.plain import Layout, c_string

_EMPTY = {
    Kind.ARRAY: b"(empty array)",
    Kind.MAP: b"(empty hash)",
    Kind.SET: b"(empty set)",
    Kind.PUSH: b"(empty push)",
}
_MARKS = {Kind.ARRAY: b")", Kind.PUSH: b")", Kind.SET: b"~", Kind.MAP: b"#", Kind.ATTRIBUTE: b"|"}


class _Level:
    """An open aggregate: where its items stand."""

    __slots__ = ("begun", "child_prefix", "mark", "pairs", "prefix", "slots", "width")

    def __init__(self, head: Head, prefix: bytes) -> None:
        self.slots = head.slots
        self.begun = 0
        self.pairs = head.kind is Kind.MAP or head.kind is Kind.ATTRIBUTE
        self.width = len(str(head.count))
        self.mark = _MARKS[head.kind]
        self.prefix = prefix
        self.child_prefix = prefix + b" " * (self.width + 2)

    def label(self, place: int) -> bytes:
        """`12) `; the first item stands on a line that its parent has begun."""
        number = place // 2 if self.pairs else place
        return (self.prefix if place else b"") + b"%*d%b " % (self.width, number + 1, self.mark)


class StandardFormatter:
    """Parts in, bytes out. An attribute stands ahead of its reply, as a map with `|`.

    A line break is held back until it is known that no ` => ` follows. The value of a map is held
    back while it is not known whether it takes several lines: chains of single items, no more.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._levels: list[_Level] = []
        self._break = False
        self._held: list[Part] = []  # a map's value, from its head on, until its shape is known
        self._skipped: Nesting | None = None  # of an attribute inside a reply: it is not shown

    def add(self, part: Part) -> bytes:
        """The output that `part` makes certain."""
        if self._skips(part):
            return b""
        if not self._held and not (self._opens_value() and type(part) is Head and part.count == 1):
            return self._put(part)
        self._held.append(part)
        several = _several_lines(self._held)
        if several is None:
            return b""
        held, self._held = self._held, []
        return self._put(held[0], several=several) + b"".join([self.add(each) for each in held[1:]])

    def _skips(self, part: Part) -> bool:
        if self._skipped is not None:
            if self._skipped.add(part):
                self._skipped = None
            return True
        if type(part) is Head and part.kind is Kind.ATTRIBUTE and (self._levels or not part.count):
            if part.count:
                self._skipped = Nesting()
                self._skipped.add(Head(Kind.ARRAY, part.slots))
            return True
        return False

    def _opens_value(self) -> bool:
        return bool(self._levels) and self._levels[-1].pairs and self._levels[-1].begun % 2 == 1

    def _put(self, part: Part, *, several: bool | None = None) -> bytes:
        if type(part) is Run:
            return self._run(part.values)
        if type(part) is Head:
            if not part.count:
                return self._before(False) + _EMPTY[part.kind] + self._closing()
            many = part.count > 1 if several is None else several
            lead = self._before(many)
            self._levels.append(_Level(part, self._levels[-1].child_prefix if self._levels else b""))
            return lead
        assert type(part) is Reply
        return self._before(False) + self._leaf(part) + self._closing()

    def _before(self, several: bool) -> bytes:
        """What leads to the next value: a line break, its number, or ` => `."""
        if not self._levels:
            return self._take_break()
        level = self._levels[-1]
        place = level.begun
        level.begun += 1
        if level.pairs and place % 2:
            self._break = False
            return b" => " + (b"\n" + level.child_prefix if several else b"")
        return self._take_break() + level.label(place)

    def _take_break(self) -> bytes:
        held, self._break = self._break, False
        return b"\n" if held else b""

    def _closing(self) -> bytes:
        self._break = True
        while self._levels and self._levels[-1].begun == self._levels[-1].slots:
            self._levels.pop()
        return b"" if self._levels else self._take_break()

    def _run(self, values: Sequence[bytes]) -> bytes:
        level = self._levels[-1]
        if level.pairs:
            return b"".join([self._put(Reply(Kind.BULK, value)) for value in values])
        lead = b""
        if not level.begun:
            lead, values = self._put(Reply(Kind.BULK, values[0])), values[1:]
            if not values:
                return lead
        lead += self._take_break()
        texts = map(repr_utf8, values) if self.layout.utf8 else escaped_all(values)
        quoted = b"%b" if self.layout.utf8 else b'"%b"'
        line = level.prefix + b"%" + b"%d" % level.width + b"d" + level.mark + b" " + quoted
        numbers = count(level.begun + 1)
        level.begun += len(values)
        lines = b"\n".join([line] * len(values)) % tuple(
            chain.from_iterable(zip(numbers, texts, strict=False))
        )
        return lead + lines + self._closing()

    def _leaf(self, reply: Reply) -> bytes:
        kind = reply.kind
        if kind is Kind.BULK:
            return repr_utf8(reply.text) if self.layout.utf8 else repr_bytes(reply.text)
        if kind is Kind.INTEGER:
            return b"(integer) %d" % reply.number
        if kind is Kind.STATUS:
            return c_string(reply.text, self.layout)
        if kind is Kind.ERROR:
            return b"(error) " + c_string(reply.text, self.layout)
        if kind is Kind.VERBATIM:
            return visible(reply.text) if self.layout.for_terminal else reply.text
        if kind is Kind.DOUBLE:
            return b"(double) " + reply.text
        if kind is Kind.BOOLEAN:
            return b"(true)" if reply.value else b"(false)"
        if kind is Kind.BIG_NUMBER:
            return b"(big number) " + reply.text
        return b"(nil)"


def _several_lines(parts: Sequence[Part]) -> bool | None:
    """Whether a value that begins with these parts takes several lines; None: more must be seen."""
    for index, part in enumerate(parts):
        if type(part) is not Head or not part.count:
            return False
        if part.count > 1:
            return True
        if part.kind is Kind.MAP:
            rest = _after_key(parts[index + 1 :])
            return None if rest is None else _several_lines(rest)
    return None


def _after_key(parts: Sequence[Part]) -> Sequence[Part] | None:
    """What stands after the first value of `parts`; None while that is not complete, or nothing does."""
    nesting = Nesting()
    for index, part in enumerate(parts):
        if type(part) is Run and not nesting.depth and len(part.values) > 1:
            return [Run(part.values[1:])]
        if nesting.add(part):
            return parts[index + 1 :] or None
    return None
