"""A roster as spreadsheets write it, and as they spoil it: one line with the row, or the students."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from redislab.classroom.roster import MOST_BYTES, MOST_STUDENTS, Person, parse_roster, read_roster
from redislab.cli import main
from redislab.errors import ClassRefused
from redislab.streams import Streams


def names(text: str) -> list[str]:
    return [person.name for person in parse_roster(text.encode(), "r.csv")]


def refusal(data: str | bytes) -> str:
    with pytest.raises(ClassRefused) as refused:
        parse_roster(data.encode() if isinstance(data, str) else data, "r.csv")
    assert "\n" not in refused.value.message
    assert refused.value.message.isprintable()
    return refused.value.message


def test_columns_in_any_order_others_ignored() -> None:
    text = "Group,ID,Name,EMail\nred,7,Ada Lovelace,ada@example.org\n,8,艾達,\n"
    assert parse_roster(text.encode(), "r.csv") == [
        Person("Ada Lovelace", "7", "ada@example.org"),
        Person("艾達", "8"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_spreadsheets_write(delimiter: str, ending: str, mark: str) -> None:
    rows = [["name", "email"], ["Ada", "a@example.org"], ["", ""], ['"Byron, A; B"', "b@example.org"]]
    text = mark + ending.join(delimiter.join(row) for row in rows) + ending
    assert names(text) == ["Ada", "Byron, A; B"]


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien",
        "Zoë",
        "Łukasz",
        "Анна",
        "محمد",
        "علی\u200cرضا",
        "李 小龙",
        "<b>Bob</b>",
        "Ada 🙂",
        "x" * 64,
        "R2-D2",
    ],
)
def test_names_that_people_have(name: str) -> None:
    assert names(f"name\n{name}\n") == [name]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "r.csv is empty"),
        ("\n\n", "r.csv is empty"),
        ("name\n", "r.csv has a header and no student"),
        ("student\nAda\n", "row 1: one column must be called name; there are: student"),
        ("name|email\nAda|x\n", "row 1: one column must be called name; there are: name|email"),
        ("name,Name\nAda,Bob\n", "row 1: two columns are called name"),
        ("name,id,ID\nAda,1,2\n", "row 1: two columns are called id"),
        ("name\nAda\nBob\n\nADA \n", "row 5: the name ADA stands in row 2 already"),
        ("name\nCafé\nCafe\u0301\n", "row 3: the name Café stands in row 2 already"),
        ("name\nAli\u200creza\nAlireza\n", "row 3: the name Alireza stands in row 2 already"),
        ("name,id\nAda,7\nBob,7\n", "row 3: the id 7 stands in row 2 already"),
        ("name,id\nAda,7\nBob,\n", "row 3: Bob has no id, and the roster has a column for it"),
        ("name,email\nAda,x\n,y\n", "row 3 has no name"),
        ("name\nLovelace, Ada\n", "row 2 has 2 cells and the header 1: a name with a comma in it needs"),
        ("name\n=cmd|' /C calc'!A0\n", "row 2: =cmd|' /C calc'!A0 is a formula, not a name"),
        ("name\n+49 30\n", "row 2: +49 30 is a formula"),
        ("name\n-Ada\n", "row 2: -Ada is a formula"),
        ("name\n@Ada\n", "row 2: @Ada is a formula"),
        ("name,note\nAda,\"=HYPERLINK(\"\"x\"\")\"\n", 'row 2: =HYPERLINK("x") is a formula, not a text'),
        ("name\nA\x1b]0;\x07\n", "row 2: the name A\\x1b]0;\\x07 has a character that cannot be"),
        ("name\nAda\u202e\n", "(U+202E)"),
        ("name\nA\u200bda\n", "(U+200B)"),
        ("name\n\u200dAda\n", "(U+200D)"),
        ("name\nAda\u3164\n", "(U+3164)"),
        ("name\n\"Ada\nLovelace\"\n", "(U+000A)"),
        ("name\nAd\x00a\n", "(U+0000)"),
        ("name\n...\n", "row 2: the name ... has no letter in it"),
        ("name\nAda\n" + "x" * 65 + "\n", "row 3: the name xxxxxxxxxxxxxxxxxxxx… has more than 64"),
        ('name\nAda\n"Bob\nEve\n', "row 3: a quotation mark is missing or one too many"),
    ],
)  # fmt: skip
def test_one_line_with_the_row(text: str, said: str) -> None:
    assert said in refusal(text)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_another_encoding(encoding: str) -> None:
    text = "name\nAda\nZoë\n"
    row = 1 if encoding == "utf-16" else 3
    said = refusal(text.encode(encoding))
    assert said == f"r.csv, row {row}: the file is not UTF-8; save it as “CSV UTF-8” and try again"


def test_a_class_has_an_end() -> None:
    rows = [f"student {number}" for number in range(5000)]
    assert len(names("\n".join(["name", *rows[:MOST_STUDENTS]]))) == MOST_STUDENTS
    said = refusal("\n".join(["name", *rows]))
    assert said == f"r.csv, row {MOST_STUDENTS + 2}: a class has at most 1,000 students"


def test_a_file_that_is_no_roster(tmp_path: Path) -> None:
    (tmp_path / "disk.img").write_bytes(bytes(MOST_BYTES + 1))
    with pytest.raises(ClassRefused, match=r"disk\.img has more than 1 MiB"):
        read_roster(tmp_path / "disk.img")
    with pytest.raises(ClassRefused, match="No such file"):
        read_roster(tmp_path / "none.csv")
    with pytest.raises(ClassRefused, match="Is a directory"):
        read_roster(tmp_path)


def test_refused_on_the_command_line_with_nothing_written(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("name\nAda\nada\n")
    errors = io.BytesIO()
    streams = Streams(io.BytesIO(), io.BytesIO(), errors, stdin_is_tty=False, stdout_is_tty=False, environ={})
    code = main(["classroom", str(tmp_path / "r.csv"), "--out", str(tmp_path / "class")], streams)
    assert code == 1
    assert errors.getvalue() == b"r.csv, row 3: the name ada stands in row 2 already\n"
    assert not (tmp_path / "class").exists()
