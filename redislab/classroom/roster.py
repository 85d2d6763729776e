"""The roster: a CSV file with a column `name`, and if there are such columns `id` and `email`.

A spreadsheet has written it, and nobody has looked at it since. Whatever is wrong is one line with its row,
as the spreadsheet counts them: the header is row 1.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from redislab.core.safe import is_harmless, visible_text
from redislab.errors import ClassRefused

MOST_STUDENTS = 1000
MOST_BYTES = 1 << 20
MOST_NAME = 64
MOST_EMAIL = 254
DELIMITERS = ",;\t"
_JOINERS = "\u200c\u200d"  # part of names in several scripts; unseen, so never what tells two names apart
_FORMULA = ("=", "+", "-", "@")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Person:
    """One row. `id` and `email` are empty where the roster has none."""

    name: str
    id: str = ""
    email: str = ""

    @property
    def identity(self) -> str:
        """What makes a row the same student in the next roster: the id, else the name."""
        return f"id {self.id.casefold()}" if self.id else f"name {same_name(self.name)}"


def same_name(name: str) -> str:
    """Names that a person reads as the same one come out the same."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join("".join(letter for letter in folded if letter not in _JOINERS).split())


def read_roster(path: Path) -> list[Person]:
    """The students, in the roster's order. Raises ClassRefused with one line that names the row."""
    return parse_roster(_read(path), _shown(path.name))


def parse_roster(data: bytes, file: str) -> list[Person]:
    """The same from the file's bytes; `file` is what messages call it. Raises ClassRefused."""
    text = _decode(data, file)
    rows = _rows(text, file)
    header = next(rows, None)
    if header is None:
        raise ClassRefused(
            f"{file} is empty: a roster has a row with the word name, and a row for each student"
        )
    columns = _columns(header[1], file)
    people: list[Person] = []
    seen: dict[str, int] = {}
    for row, cells in rows:
        where = f"{file}, row {row}"
        if len(people) == MOST_STUDENTS:
            raise ClassRefused(f"{where}: a class has at most {MOST_STUDENTS:,} students")
        person = _person(cells, columns, where)
        for what, key in (("name", same_name(person.name)), ("id", person.id.casefold())):
            if key and seen.setdefault(f"{what} {key}", row) != row:
                value = person.name if what == "name" else person.id
                first = seen[f"{what} {key}"]
                raise ClassRefused(f"{where}: the {what} {_shown(value)} stands in row {first} already")
        people.append(person)
    if not people:
        raise ClassRefused(f"{file} has a header and no student")
    return people


# -- the file ------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ClassRefused(f"the roster {_shown(str(path))} cannot be read: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise ClassRefused(f"{_shown(path.name)} has more than {MOST_BYTES >> 20} MiB: that is no roster")
    return data


def _decode(data: bytes, file: str) -> str:
    try:
        if data.startswith(_UTF_16):
            raise UnicodeDecodeError("utf-8", data, 0, 2, "UTF-16")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise ClassRefused(
            f"{file}, row {row}: the file is not UTF-8; save it as “CSV UTF-8” and try again"
        ) from None


def _rows(text: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that have something in them, with their numbers. Raises ClassRefused."""
    header = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 0
    while True:
        row += 1
        try:
            cells = [cell.strip(" ") for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            raise ClassRefused(f"{file}, row {row}: a quotation mark is missing or one too many") from None
        if any(cells):
            yield row, cells


def _columns(header: Sequence[str], file: str) -> list[str]:
    columns = [cell.casefold() for cell in header]
    if columns.count("name") != 1:
        found = _shown(", ".join(header))[:80]
        raise ClassRefused(
            f"{file}, row 1: one column must be called name; there are: {found}"
            if "name" not in columns
            else f"{file}, row 1: two columns are called name"
        )
    for column in ("id", "email"):
        if columns.count(column) > 1:
            raise ClassRefused(f"{file}, row 1: two columns are called {column}")
    return columns


# -- a row ---------------------------------------------------------------------------------------


def _person(cells: Sequence[str], columns: Sequence[str], where: str) -> Person:
    if len(cells) > len(columns):
        raise ClassRefused(
            f"{where} has {len(cells)} cells and the header {len(columns)}: "
            "a name with a comma in it needs quotation marks around it"
        )
    found = {}
    for column, cell in zip(columns, cells, strict=False):
        ours = column in ("name", "id", "email")
        if cell.startswith(_FORMULA if ours else ("=", "@")):
            raise ClassRefused(f"{where}: {_shown(cell)} is a formula, not a {column if ours else 'text'}")
        if ours:
            found[column] = _plain(cell, column, where)
    if not found.get("name"):
        raise ClassRefused(f"{where} has no name")
    if "id" in columns and not found.get("id"):
        raise ClassRefused(f"{where}: {_shown(found['name'])} has no id, and the roster has a column for it")
    return Person(**found)


def _plain(cell: str, column: str, where: str) -> str:
    """The cell, if it is text that can be printed. Raises ClassRefused."""
    text = unicodedata.normalize("NFC", cell.replace("\u00a0", " ")).strip()
    most = MOST_EMAIL if column == "email" else MOST_NAME
    if len(text) > most:
        raise ClassRefused(f"{where}: the {column} {_shown(text[:20])}… has more than {most} characters")
    for at, character in enumerate(text):
        around = text[at - 1 : at] + text[at + 1 : at + 2]
        joins = character in _JOINERS and len(around) == 2 and all(map(_is_letter, around))
        if not joins and not is_harmless(character):
            raise ClassRefused(
                f"{where}: the {column} {_shown(text)} has a character that cannot be printed"
                f" (U+{ord(character):04X})"
            )
    if text and not any(unicodedata.category(character)[0] in "LNS" for character in text):
        raise ClassRefused(f"{where}: the {column} {_shown(text)} has no letter in it")
    return text


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _shown(text: str) -> str:
    return visible_text(text)[:200]
