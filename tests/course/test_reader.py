"""A Markdown file → a lesson; and what is said, with file and line, where it is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from random import Random

import pytest

from redislab.course.reader import MOST_BYTES, read_lesson, read_text
from redislab.errors import RedislabError

LESSON = Path(__file__).parent / "ttl.md"
TEXT = LESSON.read_text("utf-8")


def test_a_lesson_is_read() -> None:
    lesson, faults = read_lesson(LESSON)
    assert faults == []
    assert lesson is not None
    assert (lesson.id, lesson.title, lesson.needs) == ("ttl", "Keys that disappear", ("strings",))
    assert lesson.intro == "A login should not last for ever. Redis can delete the key for us."
    login, look = lesson.steps
    assert (login.id, login.title, login.line) == ("login", "Log Ada in for ten minutes", 9)
    assert login.prose == "Store `ada` at `session:42` so that Redis deletes it 600 seconds from now."
    assert [condition.line for condition in login.checks] == [12, 13]
    assert [mistake.text.split()[0] for mistake in login.mistakes] == ["The", "Redis"]
    assert login.mistakes[0].tries[0].args == (b"SET", b"session:42", b"ada")
    assert [len(solution.lines) for solution in login.solutions] == [1, 2]
    assert login.python[0].source == 'r.set("session:42", "ada", ex=600)'
    assert len(login.hints) == 2
    assert look.waits[0].seconds == 540
    assert [choice.right for choice in look.quizzes[0].choices] == [False, True]


def test_shown_fences_are_prose() -> None:
    text = TEXT.replace("Store `ada`", "```redis\nSET a 1\n```\n\nStore `ada`")
    lesson, faults = read_text(text, LESSON)
    assert faults == []
    assert lesson is not None
    assert lesson.steps[0].prose.startswith("```redis\nSET a 1\n```\n\nStore")


def test_prose_on_both_sides_of_a_fence_is_two_paragraphs() -> None:
    text = "---\nformat: 1\nid: x\ntitle: X\n---\n## One {#one}\nBefore.\n```hint\nH\n```\nBehind.\n"
    lesson, _ = read_text(text, LESSON)
    assert lesson is not None
    assert lesson.steps[0].prose == "Before.\n\nBehind."


# what is replaced, by what → the line and the message
BROKEN = [
    ("---\nformat: 1", "format: 1", 1, "begins with front matter"),
    ("needs: strings\n---\n", "needs: strings\n", 1, "not closed"),
    ("format: 1", "format: 2", 2, "the format that is known is 1"),
    ("id: ttl", "id: TTL!", 3, "an id is made of"),
    ("id: ttl\n", "", 1, "has no id"),
    ("title: Keys", "title: [Keys", 5, "cannot be read"),
    ("needs: strings", "needs: {a: b}", 5, "needs takes names"),
    ("needs: strings", "wants: strings", 5, "there is no wants"),
    ("needs: strings", "id: other", 5, "stands there twice"),
    ("needs: strings", "needs: &a [b]", 5, "anchors and aliases"),
    ("needs: strings", "minutes: soon", 5, "minutes is a whole number"),
    (" {#login}", "", 9, "a title and an id"),
    (" {#look}", " {#login}", 40, "is taken by an earlier step"),
    ("```check\nGET", "```checks\nGET", 11, "there is no fence 'checks'"),
    ("TTL session:42 in 590..600", "TTL session:42 about 600", 13, "a check is a command"),
    ('GET session:42 == "ada"\n', "GET session:42 == ada\n", 12, "a check is a command"),
    ("```mistake TTL session:42 == -1", "```mistake", 15, "says when it is recognised"),
    ("try: SET session:42 ada\n", "", 15, "has a line that makes it"),
    ("try: SET session:42 ada\n", 'try: SET session:42 "ada\n', 16, "do not close"),
    ("SET session:42 ada EX 600", "C: SET session:42 ada EX 600", 30, "there is no client C"),
    ("SET session:42 ada EX 600", "# SET session:42 ada", 30, "no comment in Redis"),
    ("```wait 9m", "```wait soon", 42, "no span of time"),
    ("- [x] There", "- [ ] There", 53, "exactly one answer"),
    ("-> That is -1.", "", 55, "an answer of a quiz"),
    ("```hint\nShort for", "> ```hint\n> Short for", 47, "must stand alone"),
]


@pytest.mark.parametrize(("old", "new", "line", "message"), BROKEN)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, line: int, message: str) -> None:
    assert old in TEXT
    _, faults = read_text(TEXT.replace(old, new, 1), LESSON)
    assert any(fault.line == line and message in fault.message for fault in faults), faults
    assert all(str(fault).startswith(f"{LESSON}:") for fault in faults)


def test_no_text_whatever_raises() -> None:
    chance = Random(11)
    pieces = [
        *TEXT.splitlines(keepends=True),
        "```",
        "---\n",
        "\t",
        "> ",
        "- ",
        "{#x}",
        "\x00",
        "é",
        "&a *a\n",
    ]
    for _ in range(400):
        lines = TEXT.splitlines(keepends=True)
        for _ in range(chance.randrange(1, 6)):
            lines[chance.randrange(len(lines))] = chance.choice(pieces)
        try:
            read_text("".join(lines), LESSON)
        except RedislabError as error:  # pragma: no cover - a failure of this test
            raise AssertionError(lines) from error


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.md"
    path.write_bytes(TEXT.encode() + b" " * MOST_BYTES)
    lesson, faults = read_lesson(path)
    assert lesson is None
    assert "1 MB" in faults[0].message


@pytest.mark.parametrize("data", [b"---\nid: \xff\n---\n", b""])
def test_bytes_that_are_no_lesson(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.md"
    path.write_bytes(data)
    lesson, faults = read_lesson(path)
    assert lesson is None
    assert len(faults) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither links for everybody nor FIFOs")
def test_a_link_or_a_pipe_is_no_lesson(tmp_path: Path) -> None:
    link, pipe = tmp_path / "link.md", tmp_path / "pipe.md"
    link.symlink_to(LESSON)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path):
        lesson, faults = read_lesson(path)
        assert lesson is None
        assert len(faults) == 1


def test_windows_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "windows.md"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    lesson, faults = read_lesson(path)
    assert faults == []
    assert lesson is not None
    assert len(lesson.steps) == 2
