"""How the words after a command's name are read, as a row of `data/redispy.json` writes it.

| written | reads |
|---|---|
| `key` | one word, as a string |
| `key!` | one word that is not empty |
| `path$` | one word that must be UTF-8 |
| `value%` | one word that must be JSON, spaced as Python spaces it: as the value that it stands for |
| `count#` | one word, as a number where redis-py would send the same bytes, else as a string |
| `count#!`, `count#1-`, `bit#0-1` | one word that must be an integer; from 1 on; from 0 to 1 |
| `radius#>` | one word that must be a number greater than 0 |
| `STREAMS`, `""` | this word, in any case; an empty word |
| `NX:nx` | this word; `nx` is then True |
| `LEFT|RIGHT:src` | one of these words; `src` is the one found, as written here |
| `approximate=False` | no word; a value that redis-py wants here |
| `key+`, `key*`, `(score# member)+` | as many as there are, one at least or none |
| `{key}`, `{key*:numkeys}` | a count, and as many of them, which may be none; `numkeys` is the count |
| `<key,id>` | the rest, in halves: the keys, then as many ids |
| `[COUNT count#]` | may be left out; with its neighbours in brackets in any order |
| `[EX ex# / PX px#]` | one of these at the most |
| `[GET get]+`, `[BYLEX:bylex / BYSCORE:byscore]!` | may be repeated; may not be left out |

What is repeated is read up to the words that the pieces behind it need, or, if those are in brackets, up to
the first word that begins one of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

_TOKEN = re.compile(r"\[|\][+!]?|\(|\)[+*]|[^\s\[\]()]+")
_SLOT = re.compile(r"([a-z_][a-z_0-9]*)(#(?:[!>]|[0-9]+-[0-9]*)?|[!$%])?([+*])?").fullmatch
_CONSTANT = re.compile(r"([a-z_]+)=(\S+)").fullmatch
_CHOICE = re.compile(r"([^a-z:{]+)|([^:{]+):([a-z_]+)").fullmatch
_HALVES = re.compile(r"<([a-z_]+),([a-z_]+)>").fullmatch
_COUNTED = re.compile(r"\{([^:*}]+)(\*)?(?::([a-z_]+))?\}").fullmatch


@dataclass(frozen=True, slots=True)
class Slot:
    """One word; `kind` is what stands behind the name: "", `!`, `#`, `#!` and so on."""

    name: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these words, in any case."""

    words: tuple[str, ...]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Constant:
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Many:
    """`pieces` again and again: to the end, or as often as a count says, or in two halves."""

    pieces: tuple[Piece, ...]
    least: int = 0
    counted: bool = False
    count_name: str | None = None
    halves: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """One of these, among its neighbours in any order; or nothing, unless it is `required`."""

    choices: tuple[tuple[Piece, ...], ...]
    repeated: bool = False
    required: bool = False


Piece = Slot | Choice | Constant | Many | Option

_OR = Choice(("/",))


@cache
def parse(pattern: str) -> tuple[Piece, ...]:
    """The pieces of a pattern. Raises ValueError if it is not written as in the table."""
    pieces, end = _pieces(iter(_TOKEN.findall(pattern)))
    if end:
        raise ValueError(f"{end} without its beginning: {pattern}")
    return pieces


def names(pieces: Sequence[Piece]) -> Iterator[tuple[str, Piece]]:
    """Every name that reading may bind, each with the piece at the top that binds it."""
    for piece in pieces:
        if isinstance(piece, Option):
            yield from ((name, piece) for choice in piece.choices for name, _ in names(choice))
        elif isinstance(piece, Many):
            if piece.count_name:
                yield piece.count_name, Slot(piece.count_name)
            yield from ((name, piece) for name, _ in names(piece.pieces))
        elif piece.name is not None:
            yield piece.name, piece


def width(pieces: Sequence[Piece]) -> int:
    """How many words these pieces need at the least."""
    total = 0
    for piece in pieces:
        if isinstance(piece, (Slot, Choice)):
            total += 1
        elif isinstance(piece, Many):
            total += 1 if piece.counted else piece.least * width(piece.pieces)
    return total


def _pieces(tokens: Iterator[str]) -> tuple[tuple[Piece, ...], str]:
    """The pieces up to a closing sign, and that sign; "" at the end."""
    found: list[Piece] = []
    for token in tokens:
        if token[0] in "])":
            return tuple(found), token
        found.append(_group(token, tokens) if token in "[(" else _piece(token))
    return tuple(found), ""


def _group(opening: str, tokens: Iterator[str]) -> Piece:
    pieces, end = _pieces(tokens)
    if end in ("]", "]+", "]!") and opening == "[":
        return Option(_choices(pieces), repeated=end == "]+", required=end == "]!")
    if end in (")+", ")*") and opening == "(":
        return Many(pieces, least=1 if end == ")+" else 0)
    raise ValueError(f"{opening} is closed by {end or 'nothing'}")


def _choices(pieces: Sequence[Piece]) -> tuple[tuple[Piece, ...], ...]:
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece == _OR:
            found.append([])
        else:
            found[-1].append(piece)
    return tuple(map(tuple, found))


def _piece(token: str) -> Piece:
    if match := _SLOT(token):
        slot = Slot(match[1], match[2] or "")
        return Many((slot,), least=1 if match[3] == "+" else 0) if match[3] else slot
    if match := _COUNTED(token):
        inner = tuple(_piece(name) for name in match[1].split(","))
        return Many(inner, least=0 if match[2] else 1, counted=True, count_name=match[3])
    if match := _HALVES(token):
        return Many((Slot(match[1]), Slot(match[2])), least=1, halves=True)
    if match := _CONSTANT(token):
        return Constant(match[1], match[2])
    if match := _CHOICE(token):
        words = (match[1] or match[2]).replace('""', "").split("|")
        return Choice(tuple(words), match[3])
    raise ValueError(f"no pattern: {token}")
