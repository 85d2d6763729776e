"""The words of a line, read by a pattern: what each of its names stands for, as Python source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from redislab.core.redispy import literal
from redislab.core.redispy.pattern import Choice, Constant, Many, Option, Piece, Slot, width

Bound = dict[str, "str | list[str]"]


class _Differs(Exception):
    """The words are not what the pattern wants."""


def read(pieces: Sequence[Piece], words: Sequence[bytes]) -> Bound | None:
    """What the names stand for if `words` are all of these pieces; None if they are not.

    A name that is repeated stands for a list. An option that was not given binds nothing.
    """
    reader = _Reader(words)
    try:
        reader.run(pieces)
    except _Differs:
        return None
    return reader.bound if reader.place == len(words) else None


class _Reader:
    def __init__(self, words: Sequence[bytes]) -> None:
        self.words = words
        self.place = 0
        self.bound: Bound = {}

    def run(self, pieces: Sequence[Piece]) -> None:
        rest = list(pieces)
        while rest:
            piece = rest.pop(0)
            if isinstance(piece, Option):
                options = [piece]
                while rest and isinstance(rest[0], Option):
                    options.append(rest.pop(0))  # type: ignore[arg-type]  # an Option, as asked above
                self._options(options, width(rest))
            elif isinstance(piece, Many):
                self._many(piece, rest)
            else:
                self._one(piece)

    def _one(self, piece: Piece, *, several: bool = False) -> None:
        if isinstance(piece, Constant):
            self._bind(piece.name, piece.source)
            return
        if self.place >= len(self.words):
            raise _Differs
        word = self.words[self.place]
        self.place += 1
        if isinstance(piece, Slot):
            self._bind(piece.name, _source(piece, word), several)
        elif isinstance(piece, Choice):
            found = next((one for one in piece.words if one.upper().encode() == word.upper()), None)
            if found is None:
                raise _Differs
            if piece.name is not None:
                flag = len(piece.words) == 1
                self._bind(piece.name, "True" if flag else f'"{found}"')

    def _bind(self, name: str, source: str, several: bool = False) -> None:
        if several:
            found = self.bound.setdefault(name, [])
            assert isinstance(found, list)
            found.append(source)
        elif name in self.bound:
            raise _Differs  # given twice
        else:
            self.bound[name] = source

    def _options(self, options: list[Option], kept: int) -> None:
        """The options in any order, each once unless it may be repeated; `kept` words are for others."""
        left = list(options)
        while left:
            taken = next((option for option in left if self._try(option, kept)), None)
            if taken is None:
                break
            if not taken.repeated:
                left.remove(taken)
        if any(option.required for option in left):
            raise _Differs

    def _try(self, option: Option, kept: int) -> bool:
        before, lengths = self.place, {name: len(found) for name, found in self.bound.items()}
        for choice in option.choices:
            try:
                if option.repeated:
                    for piece in choice:
                        self._one(piece, several=True)
                else:
                    self.run(choice)
                if before < self.place <= len(self.words) - kept:
                    return True
            except _Differs:
                pass
            self.place = before
            self._forget(lengths)
        return False

    def _forget(self, lengths: Mapping[str, int]) -> None:
        """Bind again what was bound when names stood for so much."""
        for name, found in list(self.bound.items()):
            if name not in lengths:
                del self.bound[name]
            elif isinstance(found, list):
                del found[lengths[name] :]

    def _many(self, many: Many, rest: Sequence[Piece]) -> None:
        if many.counted:
            times = self._count(many)
        elif many.halves:
            return self._halves(many)
        else:
            times = self._times(many, rest)
        if times < many.least:
            raise _Differs
        for piece in many.pieces:
            if isinstance(piece, Slot):
                self.bound.setdefault(piece.name, [])
        for _ in range(times):
            for piece in many.pieces:
                self._one(piece, several=True)

    def _count(self, many: Many) -> int:
        if self.place >= len(self.words):
            raise _Differs
        source = literal.number(self.words[self.place]) or ""
        if not source.isdigit():
            raise _Differs
        self.place += 1
        if many.count_name is not None:
            self._bind(many.count_name, source)
        return min(int(source), len(self.words) + 1)  # more than there are: reading them will fail

    def _times(self, many: Many, rest: Sequence[Piece]) -> int:
        end = len(self.words) - width(rest)
        if rest and isinstance(rest[0], Option):
            begins = {word.encode() for option in rest for word in _beginnings(option)}
            places = range(self.place, end)
            end = next((place for place in places if self.words[place].upper() in begins), end)
        times, left_over = divmod(max(end - self.place, 0), width(many.pieces))
        if left_over:
            raise _Differs
        return times

    def _halves(self, many: Many) -> None:
        half, odd = divmod(len(self.words) - self.place, 2)
        if odd or not half:
            raise _Differs
        for piece in many.pieces:
            for _ in range(half):
                self._one(piece, several=True)


def _beginnings(option: Piece) -> Iterator[str]:
    """The words that an option may begin with."""
    for choice in option.choices if isinstance(option, Option) else ():
        if isinstance(choice[0], Choice):
            yield from (word.upper() for word in choice[0].words)


def _source(slot: Slot, word: bytes) -> str:
    kind = slot.kind
    if kind == "!" and not word:
        raise _Differs
    if kind == "%":
        return _needed(literal.json_value(word))
    if not kind.startswith("#"):
        shown = literal.text(word)
        return _needed(None if kind == "$" and shown.startswith("b") else shown)
    found = literal.number(word)
    if kind == "#":
        return found or literal.text(word)
    return _needed(found if found is not None and _fits(kind[1:], found) else None)


def _needed(source: str | None) -> str:
    if source is None:
        raise _Differs
    return source


def _fits(wanted: str, source: str) -> bool:
    if wanted == ">":
        return float(source) > 0
    if not source.lstrip("-").isdigit():
        return False
    least, ranged, most = wanted.partition("-")
    return not ranged or int(least) <= int(source) <= int(most or source)
