"""What a command was answered: as redis-cli's text, as Python values, and as much as a page shows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redislab.core.link import Arrival
from redislab.core.parts import Assembler, Head, Part, Run, parts_of
from redislab.core.reply import Kind, Reply
from redislab.errors import CommandFailed
from redislab.render.plain import Format, Layout, formatter, is_verbatim

MOST_BYTES = 10_000  # of one string that are shown
LAYOUT = Layout(Format.STANDARD, for_terminal=True)


@dataclass(frozen=True, slots=True)
class Captured:
    """One top-level reply.

    `text` and `preview` have its first values: `omitted` is how many they leave out, `cut` of how many
    strings they have the first MOST_BYTES alone.
    `value` is all of it: strings decoded where they are UTF-8, else bytes; int, float, bool, None; lists
    for arrays, dicts for maps, sets; a CommandFailed for each error.
    """

    preview: Reply
    text: str
    omitted: int
    cut: int
    value: Any
    count: int  # of the values of the outermost aggregate, 0 for a leaf
    verbatim: bool = False


class Capture:
    """Collects the parts of one command's answer, and pushes that come between."""

    def __init__(self, args: Sequence[bytes], limit: int) -> None:
        self._verbatim = is_verbatim(args)
        self._limit = limit
        self._current = _Reply(limit, self._verbatim)
        self._pushes = Assembler()
        self.replies: list[Captured] = []
        self.pushes: list[Reply] = []

    def add(self, arrival: Arrival) -> None:
        if arrival.args is None:
            push = self._pushes.add(arrival.part)
            if push is not None:
                self.pushes.append(push)
            return
        whole = self._current.add(arrival.part)
        if whole is not None:
            self.replies.append(whole)
            self._current = _Reply(self._limit, self._verbatim)


def captured(reply: Reply, args: Sequence[bytes] = (), limit: int = 0) -> Captured:
    """The same of a reply that is whole already."""
    verbatim = is_verbatim(args)
    under_way = _Reply(limit, verbatim)
    whole = None
    for part in parts_of(reply):
        whole = under_way.add(part)
    assert whole is not None
    return whole


class _Reply:
    """One reply under way, told in three ways at once. Nothing here recurs: replies nest deeply."""

    def __init__(self, limit: int, verbatim: bool) -> None:
        self._limit = limit
        self._verbatim = verbatim
        self._preview = Assembler(limit or None)
        self._values = Values()
        self._formatter = formatter(LAYOUT, verbatim=verbatim)
        self._pieces: list[bytes] = []
        self._shown = 0
        self._cut = 0
        self._count: int | None = None

    def add(self, part: Part) -> Captured | None:
        """The whole, when `part` completes it."""
        if self._count is None and not (type(part) is Head and part.kind is Kind.ATTRIBUTE):
            self._count = part.count if type(part) is Head else 0
        self._values.add(part)
        part = self._shortened(part) if self._limit else part
        self._print(part)
        preview = self._preview.add(part)
        if preview is None:
            return None
        text = b"".join(self._pieces).decode("utf-8", "surrogateescape").removesuffix("\n")
        omitted, value = self._preview.omitted, self._values.result
        return Captured(preview, text, omitted, self._cut, value, self._count or 0, self._verbatim)

    def _shortened(self, part: Part) -> Part:
        """Long strings as far as they are shown; those that are not shown at all do not count."""
        if type(part) is Run and any(len(value) > MOST_BYTES for value in part.values):
            shown = part.values[: max(0, self._limit - self._shown)]
            self._cut += sum(len(value) > MOST_BYTES for value in shown)
            return Run([value[:MOST_BYTES] for value in part.values])
        if type(part) is Reply and len(part.text) > MOST_BYTES:
            self._cut += self._shown < self._limit
            return replace(part, value=part.text[:MOST_BYTES])
        return part

    def _print(self, part: Part) -> None:
        count = len(part.values) if type(part) is Run else int(type(part) is Reply)
        if self._limit and self._shown + max(count, 1) > self._limit:
            room = self._limit - self._shown
            if not (room and type(part) is Run):
                return
            part, count = Run(part.values[:room]), room
        self._shown += count
        self._pieces.append(self._formatter.add(part))


class Values:
    """Parts → Python values; `result` is the last one that was completed."""

    def __init__(self) -> None:
        self._frames: list[tuple[Kind, int, list[Any]]] = []
        self.result: Any = None

    def add(self, part: Part) -> None:
        if type(part) is Head:
            self._frames.append((part.kind, part.slots, []))
        elif type(part) is Run:
            self._frames[-1][2].extend(map(_text, part.values))
        else:
            assert type(part) is Reply
            self._put(_leaf(part))
        while self._frames and len(self._frames[-1][2]) >= self._frames[-1][1]:
            kind, _, values = self._frames.pop()
            if kind is not Kind.ATTRIBUTE:
                self._put(_aggregate(kind, values))

    def _put(self, value: Any) -> None:
        if self._frames:
            self._frames[-1][2].append(value)
        else:
            self.result = value


def _leaf(reply: Reply) -> Any:
    kind = reply.kind
    if kind is Kind.ERROR:
        return CommandFailed(str(_text(reply.text)))
    if kind is Kind.DOUBLE:
        return float(reply.text)
    if kind is Kind.BIG_NUMBER:
        return int(reply.text)
    return _text(reply.value) if isinstance(reply.value, bytes) else reply.value


def _aggregate(kind: Kind, values: list[Any]) -> Any:
    """A key or member that Python cannot hash leaves a list: of pairs, or of members."""
    try:
        if kind is Kind.MAP:
            return dict(zip(values[0::2], values[1::2], strict=True))
        if kind is Kind.SET:
            return set(values)
    except TypeError:
        if kind is Kind.MAP:
            return list(zip(values[0::2], values[1::2], strict=True))
    return values


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
