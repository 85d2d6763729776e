"""Replies → redis-cli's output, byte for byte, part by part: nothing waits for the end of a large reply."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from redislab.core.escape import escaped, json_string, repr_bytes
from redislab.core.parts import Head, Nesting, Part, Run, parts_of
from redislab.core.reply import Kind, Reply
from redislab.core.safe import visible


class Format(Enum):
    """The output formats of redis-cli."""

    STANDARD = "standard"
    RAW = "raw"
    CSV = "csv"
    JSON = "json"
    QUOTED_JSON = "quoted-json"


@dataclass(frozen=True)
class Layout:
    """How replies are printed. `for_terminal`: a real screen reads it, so controls are shown, not sent."""

    format: Format
    item_delimiter: bytes = b"\n"
    command_delimiter: bytes = b"\n"
    for_terminal: bool = False
    utf8: bool = False  # standard format: show UTF-8 decoded


# First words, and how many words there must be (0: any number), of what redis-cli 7.0 prints raw.
_VERBATIM: dict[tuple[bytes, ...], int] = {
    (b"info",): 0,
    (b"lolwut",): 0,
    (b"debug", b"htstats"): 0,
    (b"debug", b"htstats-key"): 0,
    (b"debug", b"client-eviction"): 0,
    (b"memory", b"malloc-stats"): 0,
    (b"memory", b"doctor"): 0,
    (b"cluster", b"nodes"): 2,
    (b"cluster", b"info"): 2,
    (b"client", b"list"): 0,
    (b"client", b"info"): 0,
    (b"latency", b"graph"): 3,
    (b"latency", b"doctor"): 2,
    (b"proxy", b"info"): 0,
}
_VERBATIM_FIRST = frozenset(words[0] for words in _VERBATIM)


def is_verbatim(args: Sequence[bytes]) -> bool:
    """Whether redis-cli prints this command's reply raw whatever the format."""
    name = args[0].lower() if args else b""
    if name not in _VERBATIM_FIRST:
        return False
    count = _VERBATIM.get((name,))
    if count is None and len(args) > 1:
        count = _VERBATIM.get((name, args[1].lower()))
    return count is not None and count in (0, len(args))


def formatter(layout: Layout, *, verbatim: bool = False) -> Formatter:
    """What prints replies in this layout, any number of them, one after the other."""
    if verbatim:
        return RawFormatter(layout, end=b"")
    if layout.format is Format.STANDARD:
        from redislab.render.standard import StandardFormatter

        return StandardFormatter(layout)
    if layout.format is Format.RAW:
        return RawFormatter(layout, end=layout.command_delimiter)
    if layout.format is Format.CSV:
        return CsvFormatter(layout)
    return JsonFormatter(layout)


def format_reply(reply: Reply, layout: Layout, *, verbatim: bool = False) -> bytes:
    """A whole reply at once."""
    out = formatter(layout, verbatim=verbatim)
    return b"".join([out.add(part) for part in parts_of(reply)])


def format_push(push: Reply, layout: Layout) -> bytes:
    """A push that nobody asked for; redis-cli has a line of its own for invalidated keys."""
    items = push.items
    if (
        layout.format is Format.STANDARD
        and len(items) == 2
        and items[0].kind is Kind.BULK
        and items[0].text.startswith(b"invalidate")
        and items[1].kind is Kind.ARRAY
    ):
        keys = [c_string(item.text, layout) for item in items[1].items]
        return b"-> invalidate: " + b", ".join(b"'%b'" % key for key in keys) + b"\n"
    return format_reply(push, layout)


def c_string(text: bytes, layout: Layout) -> bytes:
    """What C's %s prints: up to a NUL. A terminal gets all of it, with controls shown."""
    return visible(text) if layout.for_terminal else text.split(b"\0", 1)[0]


class Frame:
    """An open aggregate: how many values it takes, how many have begun, a key of it being in quotes."""

    __slots__ = ("begun", "kind", "slots", "wrapped")

    def __init__(self, head: Head) -> None:
        self.kind = head.kind
        self.slots = head.slots
        self.begun = 0
        self.wrapped = False

    @property
    def pairs(self) -> bool:
        return self.kind is Kind.MAP or self.kind is Kind.ATTRIBUTE


class Formatter(Protocol):
    """Prints replies, any number of them, one after the other."""

    def add(self, part: Part) -> bytes:
        """The output that `part` makes certain."""


class FlatFormatter(ABC):
    """Parts in, bytes out, for the formats without layout. Attributes are left out."""

    _between = b","  # two items of an aggregate

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._frames: list[Frame] = []
        self._attribute: Nesting | None = None  # what is still to come of the attribute being skipped

    def add(self, part: Part) -> bytes:
        """The output that `part` makes certain."""
        if self._attribute is not None:
            if self._attribute.add(part):
                self._attribute = None
            return b""
        if type(part) is Head:
            if part.kind is Kind.ATTRIBUTE:
                return self._skip_attribute(part)
            before = self._before(part.kind)
            frame = Frame(part)
            self._frames.append(frame)
            return before + self._opening(frame) + (self._closing() if not frame.slots else b"")
        if type(part) is Run:
            return self._run(part.values)
        assert type(part) is Reply
        return self._before(part.kind) + self._leaf(part) + self._closing()

    def _skip_attribute(self, head: Head) -> bytes:
        if head.count:
            self._attribute = Nesting()
            self._attribute.add(Head(Kind.ARRAY, head.slots))
        return b""

    def _run(self, values: Sequence[bytes]) -> bytes:
        frame = self._frames[-1]
        if frame.pairs:
            return b"".join([self.add(Reply(Kind.BULK, value)) for value in values])
        lead = self._between if frame.begun else b""
        frame.begun += len(values)
        return lead + self._between.join(self._strings(values)) + self._closing()

    def _before(self, kind: Kind) -> bytes:
        """What separates this value from the one before it."""
        if not self._frames:
            return b""
        frame = self._frames[-1]
        place = frame.begun
        frame.begun += 1
        return self._separator(frame, place, kind)

    def _closing(self) -> bytes:
        """What follows a value that is complete, and every aggregate that it completes."""
        out = self._after_value()
        while self._frames and self._frames[-1].begun == self._frames[-1].slots:
            out += self._end_of(self._frames.pop())
            out += self._after_value()
        return out if self._frames else out + self._end()

    def _after_value(self) -> bytes:
        return b""

    @abstractmethod
    def _leaf(self, reply: Reply) -> bytes: ...

    @abstractmethod
    def _strings(self, values: Sequence[bytes]) -> Sequence[bytes]:
        """Bulk strings, each as `_leaf` writes it."""

    def _opening(self, frame: Frame) -> bytes:
        return b""

    def _separator(self, frame: Frame, place: int, kind: Kind) -> bytes:
        return self._between if place else b""

    def _end_of(self, frame: Frame) -> bytes:
        return b""

    def _end(self) -> bytes:
        """What follows a whole reply."""
        return b"\n"


class RawFormatter(FlatFormatter):
    """Bytes as they are, arrays flattened."""

    def __init__(self, layout: Layout, *, end: bytes) -> None:
        super().__init__(layout)
        self._after = end
        self._between = layout.item_delimiter

    def _separator(self, frame: Frame, place: int, kind: Kind) -> bytes:
        return b" " if frame.pairs and place % 2 else super()._separator(frame, place, kind)

    def _strings(self, values: Sequence[bytes]) -> Sequence[bytes]:
        return list(map(visible, values)) if self.layout.for_terminal else values

    def _leaf(self, reply: Reply) -> bytes:
        kind = reply.kind
        if kind is Kind.NIL or kind is Kind.NIL_ARRAY:
            return b""
        if kind is Kind.BOOLEAN:
            return b"(true)" if reply.value else b"(false)"
        if kind is Kind.INTEGER:
            return b"%d" % reply.number
        text = visible(reply.text) if self.layout.for_terminal else reply.text
        return text + b"\n" if kind is Kind.ERROR else text

    def _end(self) -> bytes:
        return self._after


class CsvFormatter(FlatFormatter):
    """One line a reply; CSV has no maps, so keys and values take turns."""

    def _strings(self, values: Sequence[bytes]) -> Sequence[bytes]:
        return list(map(repr_bytes, values))

    def _leaf(self, reply: Reply) -> bytes:
        kind = reply.kind
        if kind is Kind.ERROR:
            return b"ERROR," + repr_bytes(reply.text.split(b"\0", 1)[0])
        if kind is Kind.NIL or kind is Kind.NIL_ARRAY:
            return b"NULL"
        number = _number(reply)
        return repr_bytes(reply.text) if number is None else number


class JsonFormatter(FlatFormatter):
    """JSON, and `--quoted-json`, whose strings are redis-cli's quoted form."""

    def _leaf(self, reply: Reply) -> bytes:
        kind = reply.kind
        if kind is Kind.ERROR:
            return b"error:" + self._string(reply.text.split(b"\0", 1)[0])
        if kind is Kind.NIL or kind is Kind.NIL_ARRAY:
            return b"null"
        number = _number(reply)
        return self._string(reply.text) if number is None else number

    def _string(self, text: bytes) -> bytes:
        if self.layout.format is Format.QUOTED_JSON:
            return b'"%b"' % escaped(text).replace(b"\\", b"\\\\")
        if self.layout.for_terminal:
            return visible(json_string(text), lines=False)
        return json_string(text)

    def _opening(self, frame: Frame) -> bytes:
        return b"{" if frame.pairs else b"["

    def _end_of(self, frame: Frame) -> bytes:
        return b"}" if frame.pairs else b"]"

    def _separator(self, frame: Frame, place: int, kind: Kind) -> bytes:
        if frame.pairs and place % 2:
            return b":"
        lead = super()._separator(frame, place, kind)
        if frame.pairs and kind not in _JSON_KEYS:  # JSON knows no other keys: such a one is put in quotes
            frame.wrapped = True
            return lead + b'"'
        return lead

    def _after_value(self) -> bytes:
        if self._frames and self._frames[-1].wrapped:
            self._frames[-1].wrapped = False
            return b'"'
        return b""

    def _strings(self, values: Sequence[bytes]) -> Sequence[bytes]:
        return list(map(self._string, values))


_JSON_KEYS = frozenset({Kind.ERROR, Kind.STATUS, Kind.BULK, Kind.VERBATIM})


def _number(reply: Reply) -> bytes | None:
    """The text of a value that is written without quotes; None for a string."""
    if reply.kind is Kind.INTEGER:
        return b"%d" % reply.number
    if reply.kind is Kind.BOOLEAN:
        return b"true" if reply.value else b"false"
    return reply.text if reply.kind in (Kind.DOUBLE, Kind.BIG_NUMBER) else None
