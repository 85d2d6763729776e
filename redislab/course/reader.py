"""A Markdown file → `Lesson`. What is wrong is collected, with the lines of the file, not raised.

A lesson comes from anybody: it is data. Nothing in it is executed here, its size is bounded, and a file
is read only where it really lies in the folder that was named.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from redislab.course import front_matter
from redislab.course.fences import READ, SHOWN, BadFence, Fence, Read
from redislab.course.front_matter import BadFrontMatter, Entry
from redislab.course.model import FORMAT, Fault, Lesson, Step

MOST_BYTES = 1 << 20

_HEADING = re.compile(r"(.*?)\s*\{#([^}]*)\}\s*")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


def read_lesson(path: Path) -> tuple[Lesson | None, list[Fault]]:
    """The lesson in a file, as far as it can be read, and all that is wrong with it."""
    try:
        text = _text(path)
    except ValueError as error:
        return None, [Fault(path, 1, str(error))]
    except OSError as error:
        return None, [Fault(path, 1, f"the file cannot be read: {error.strerror}")]
    return read_text(text, path)


def read_text(text: str, path: Path) -> tuple[Lesson | None, list[Fault]]:
    """The same of a text; `path` is for the messages."""
    try:
        head, body, before = front_matter.split(text)
        entries = front_matter.read(head)
    except BadFrontMatter as fault:
        return None, [Fault(path, fault.line, str(fault))]
    reader = _Body(path, body, before)
    reader.run()
    faults = [*_front_faults(path, entries), *reader.faults]
    lesson = Lesson(
        path,
        _one(entries, "id"),
        _one(entries, "title"),
        reader.intro,
        _many(entries, "needs"),
        tuple(name.upper() for name in _many(entries, "teaches")),
        int(minutes) if (minutes := _one(entries, "minutes")).isdigit() else None,
        tuple(name.upper() for name in _many(entries, "allow")),
        _one(entries, "notebook") == "true",
        _many(entries, "covers"),
        tuple(reader.steps),
        {name: entry.line for name, entry in entries.items()},
    )
    return lesson, faults


def _text(path: Path) -> str:
    """The file's text. Raises ValueError in words, or OSError."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("this is no plain file")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError("a lesson has at most 1 MB")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"a lesson is UTF-8; byte {error.start} is not") from None


def _front_faults(path: Path, entries: dict[str, Entry]) -> Iterator[Fault]:
    checks: list[tuple[str, Callable[[str], object], str]] = [
        ("format", lambda value: value == str(FORMAT), f"the format that is known is {FORMAT}"),
        ("id", lambda value: _ID.fullmatch(value), "an id is made of a-z, 0-9 and -: keys-that-disappear"),
        ("title", lambda value: value.strip(), "the title is empty"),
        ("notebook", lambda value: value in ("true", "false"), "notebook is true or false"),
        ("minutes", lambda value: value.isdigit() and int(value) > 0, "minutes is a whole number"),
    ]
    for name, is_good, message in checks:
        entry = entries.get(name)
        if entry is not None and not (entry.values and is_good(entry.values[0])):
            yield Fault(path, entry.line, message + ".")


def _one(entries: dict[str, Entry], name: str) -> str:
    return (entries[name].values or ("",))[0] if name in entries else ""


def _many(entries: dict[str, Entry], name: str) -> tuple[str, ...]:
    return entries[name].values if name in entries else ()


@dataclass
class _Section:
    """What stands under one heading. Lines of the body count from 0."""

    id: str
    title: str
    start: int
    read: Read = field(default_factory=Read)
    hidden: list[range] = field(default_factory=list)  # lines of fences that are not shown


class _Body:
    """The part behind the front matter; `before` lines of the file stand ahead of it."""

    def __init__(self, path: Path, body: str, before: int) -> None:
        self._path = path
        self._lines = body.split("\n")
        self._tokens: Sequence[Token] = MarkdownIt("commonmark").parse(body)
        self._before = before
        self.faults: list[Fault] = []
        self.steps: list[Step] = []
        self.intro = ""

    def run(self) -> None:
        section = _Section("", "", 0)
        for place, token in enumerate(self._tokens):
            if token.type == "heading_open" and token.tag == "h2" and token.level == 0:
                assert token.map is not None
                self._close(section, token.map[0])
                section = self._open(self._tokens[place + 1].content, token.map[1], token.map[0])
            elif token.type == "fence":
                self._fence(section, token)
        self._close(section, len(self._lines))

    def _open(self, heading: str, start: int, at: int) -> _Section:
        found = _HEADING.fullmatch(heading)
        if found is None or not _ID.fullmatch(found[2]) or not found[1]:
            self._fault(at, "a step begins with a title and an id.", "Write ## Log Ada in {#login}")
            return _Section(f"step-{len(self.steps) + 1}", heading, start)
        if any(step.id == found[2] for step in self.steps):
            self._fault(at, f"the id {found[2]} is taken by an earlier step.")
        return _Section(found[2], found[1], start)

    def _fence(self, section: _Section, token: Token) -> None:
        assert token.map is not None
        word, _, argument = token.info.strip().partition(" ")
        if word in SHOWN or not word:
            return
        if word not in READ:
            known = ", ".join(sorted(READ | SHOWN))
            self._fault(token.map[0], f"there is no fence {word!r}.", f"There are {known}.")
            return
        section.hidden.append(range(*token.map))
        if token.level:
            self._fault(token.map[0], f"a {word} stands in a list or a quotation; it must stand alone.")
        elif not section.id:
            self._fault(
                token.map[0], f"a {word} belongs to a step, and none has begun.", "Write ## Title {#id}"
            )
        else:
            fence = Fence(word, argument.strip(), token.content, token.map[0] + self._before + 1)
            try:
                section.read.add(fence)
            except BadFence as fault:
                self.faults.append(Fault(self._path, fault.line, f"{fault}.", fault.remedy))

    def _close(self, section: _Section, end: int) -> None:
        hidden = {line for lines in section.hidden for line in lines[1:]}
        parted = {lines[0] for lines in section.hidden}  # what stands around a fence is no one paragraph
        lines = [line for line in range(section.start, end) if line not in hidden]
        shown = ["" if line in parted else self._lines[line] for line in lines]
        prose = re.sub(r"\n{3,}", "\n\n", "\n".join(shown)).strip()
        if not section.id:
            self.intro = prose
            return
        read = section.read
        self.steps.append(
            Step(
                section.id, section.title, prose, section.start + self._before,
                tuple(read.seeds), tuple(read.waits), tuple(read.checks), tuple(read.mistakes),
                tuple(read.hints), tuple(read.solutions), tuple(read.python), tuple(read.quizzes),
                tuple(read.predictions), tuple(read.drills),
            )
        )  # fmt: skip

    def _fault(self, line: int, message: str, remedy: str = "") -> None:
        self.faults.append(Fault(self._path, line + self._before + 1, message, remedy))
