"""Wrong attempts: collected where a person agreed, and drafted into mistakes that `redislab check` takes."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from redislab.app import Place, catalogue, open_engine
from redislab.course.attempts import MOST_BYTES, Attempt, Collection, read_attempts
from redislab.course.bench import Bench
from redislab.course.library import load
from redislab.course.model import Typed
from redislab.course.runner import Runner
from tests.course.test_check import check, checked
from tests.screens import Terminal

TTL = Path(__file__).parent / "ttl.md"
TEXT = TTL.read_text("utf-8")


def attempt(*lines: str, step: str = "login") -> Attempt:
    return Attempt("ttl", step, lines)


def written(path: Path, *attempts: Attempt) -> Path:
    rows = [json.dumps({"lesson": each.lesson, "step": each.step, "lines": each.lines}) for each in attempts]
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def drafts(*args: str | Path, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {"REDISLAB_HOME": str(home)} if home is not None else {}
    return subprocess.run(
        [sys.executable, "-m", "redislab", "check", "--drafts", *map(str, args)],
        capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", **environ},
    )  # fmt: skip


# -- kept ---------------------------------------------------------------------------------------


def test_the_file_is_its_owners_alone_and_holds_each_attempt_in_turn_once(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "attempts")
    assert collection.add(attempt("SET session:42 ada"))
    assert not collection.add(attempt("SET session:42 ada"))
    assert collection.add(attempt("SET a é", "B: GET a"))
    assert stat.S_IMODE(collection.path.stat().st_mode) == 0o600
    assert list(read_attempts(collection.path)) == [
        attempt("SET session:42 ada"),
        attempt("SET a é", "B: GET a"),
    ]


@pytest.mark.parametrize(
    "line", ["AUTH s3cret", "B: AUTH s3cret", "CONFIG SET requirepass s3cret", "ATUH s3cret"]
)
def test_no_password_gets_into_it(tmp_path: Path, line: str) -> None:
    collection = Collection(tmp_path / "attempts")
    assert not collection.add(attempt("SET a 1", line))
    assert not collection.path.exists()


def test_it_does_not_grow_without_end(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "attempts")
    for number in range(5_000):
        collection.add(attempt(*[f"SET key:{number} {'x' * 400}"] * 3))
    assert MOST_BYTES // 2 < collection.path.stat().st_size <= MOST_BYTES


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "attempts").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        Collection(tmp_path / "attempts").add(attempt("SET a 1"))


def test_lines_that_are_no_attempts_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "attempts", attempt("SET a 1"))
    with open(path, "ab") as file:
        file.write(b'{"lesson": 1}\n[[[\n{"lesson": "ttl", "step": "login", "lines": [1]}\n\xff\n{"lesson"')
    assert list(read_attempts(path)) == [attempt("SET a 1")]


# -- collected ----------------------------------------------------------------------------------


def collected(*lines: str, then: str = "why") -> list[Attempt]:
    found: list[Attempt] = []
    engine = open_engine(Place())
    bench = Bench(engine, catalogue())
    runner = Runner(load(TTL), bench, collect=found.append)
    runner.begin()
    for line in lines:
        bench.run(Typed(tuple(line.encode().split()), 0))
        runner.look()
    getattr(runner, then)()
    bench.close()
    engine.close()
    return found


@pytest.mark.parametrize("then", ["enter", "hint", "why", "solution", "reset", "skip"])
def test_who_asks_for_help_has_tried_in_vain(then: str) -> None:
    assert collected("SET session:24 ada EX 600", then=then) == [attempt("SET session:24 ada EX 600")]


def test_what_a_mistake_answers_is_not_collected() -> None:
    assert collected("SET session:42 ada") == []


def test_nor_what_begins_a_solution_nor_nothing_nor_what_is_right() -> None:
    assert collected() == []
    assert collected("SET session:42 ada EX 600") == []


def test_nobody_is_asked_there_is_nothing(tmp_path: Path) -> None:
    with Terminal("lesson", str(TTL), lines=60) as terminal:
        terminal.wait_for_prompt("redislab> ")
        terminal.send("SET session:24 ada EX 600")
        terminal.wait_for_prompt("redislab> ")
        terminal.send(":why")
        terminal.wait_for(lambda lines: any("wanted" in line for line in lines), "why")
        assert not any("noted" in line for line in terminal.lines)
    assert not list(tmp_path.rglob("attempts"))


def test_at_the_keyboard_it_is_said_where_and_drafted_from_there(tmp_path: Path) -> None:
    with Terminal("lesson", str(TTL), "--collect", lines=60) as terminal:
        terminal.wait_for(lambda lines: any("this machine." in line for line in lines), "notice")
        terminal.wait_for_prompt("redislab> ")
        for line in ("SET session:24 ada EX 600", "AUTH s3cret", ":reset", "SET session:24 ada EX 600"):
            terminal.send(line)
            terminal.wait_for_prompt("redislab> ")
        terminal.send(":why")
        terminal.wait_for(lambda lines: any("wanted" in line for line in lines), "why")
        path = tmp_path / "home" / "attempts"
        assert "s3cret" not in path.read_text("utf-8")
        assert list(read_attempts(path)) == [attempt("SET session:24 ada EX 600")]
        done = drafts(TTL, path)
        assert done.stdout.startswith(f"{TTL}, step login: 1 attempt\n```mistake reply SET session:24 ")


# -- drafted ------------------------------------------------------------------------------------

ATTEMPTS = (
    attempt("GET session:42", "SET session:42 adam EX 600"),
    attempt("SET session:42 adam EX 600"),
    attempt("SET session:24 ada EX 600"),
    attempt("SET session:24 ada EX 600"),
    attempt("SET session:42 ada EX 60"),
    attempt("SET session:42 ada EX ten"),
    attempt("SET session:42 ada"),  # a mistake of the lesson answers it
    attempt("SET session:42 ada EX 600"),  # it is right
    attempt("FLUSHALL"),  # no lesson may run it unasked
    attempt('SET "session'),
    attempt("GET session:42", step="look"),
    attempt("GET session:42", step="nosuch"),
    Attempt("another", "login", ("SET a 1",)),
)


def test_attempts_become_mistakes_the_most_frequent_first(tmp_path: Path) -> None:
    path = written(tmp_path / "attempts", *ATTEMPTS)
    done = drafts(TTL, path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        f"{TTL}, step login: 2 attempts\n"
        '```mistake GET session:42 == "adam"\ntry: SET session:42 adam EX 600\n```\n\n'
        f"{TTL}, step login: 2 attempts\n"
        '```mistake reply SET session:24 ada EX 600 == "OK"\ntry: SET session:24 ada EX 600\n```\n\n'
        f"{TTL}, step login: 1 attempt\n"
        "```mistake TTL session:42 in 50..60\ntry: SET session:42 ada EX 60\n```\n\n"
        f"{TTL}, step login: 1 attempt\n"
        '```mistake error "value is not an integer or out of range"\ntry: SET session:42 ada EX ten\n```\n\n'
        f"{TTL}, step look: 1 attempt\n"
        '```mistake reply GET session:42 == "ada"\ntry: GET session:42\n```\n\n'
        "5 drafts of 13 attempts. Write into each what you would say, and paste it into its step; "
        "redislab check proves it.\n"
    )


def test_what_is_drafted_is_taken_once_it_has_words(tmp_path: Path) -> None:
    path = written(tmp_path / "attempts", *ATTEMPTS)
    text = TEXT
    for part in drafts(TTL, path).stdout.split("\n\n")[:-1]:
        where, _, fence = part.partition("\n")
        with_words = fence.removesuffix("```") + "Here stands what the author says.\n```\n"
        anchor = "```hint\nTwo commands" if "login" in where else "```hint\nShort"
        assert anchor in text
        text = text.replace(anchor, with_words + anchor, 1)
    done = checked(tmp_path, text)
    assert "7 mistakes, 0 faults" in done.stdout
    assert done.returncode == 0
    assert check(TTL).returncode == 0


def test_pasted_without_words_it_is_a_fault(tmp_path: Path) -> None:
    path = written(tmp_path / "attempts", ATTEMPTS[0])
    fence = drafts(TTL, path).stdout.split("\n", 1)[1].split("\n\n")[0]
    done = checked(tmp_path, TEXT.replace("```hint\nTwo", f"{fence}\n```hint\nTwo", 1))
    assert "a mistake has words for whoever made it" in done.stdout


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    done = drafts(TTL, home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing has been collected in" in done.stderr
    assert "there is no file" in drafts(TTL, tmp_path / "nosuch").stderr
    assert "takes files" in drafts("--watch", TTL).stderr


def test_attempts_are_data(tmp_path: Path) -> None:
    path = written(tmp_path / "attempts", attempt("SET session:42 \x1b]0;owned\x07 EX 600"))
    done = drafts(TTL, path)
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
