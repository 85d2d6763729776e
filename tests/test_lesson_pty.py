"""Lessons as a student sees them: a real terminal, real keys, a screen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from redislab.course.library import course, find, load
from tests.servers import RedisServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no ptys on Windows")

if sys.platform != "win32":
    from tests.screens import Terminal

LONG = bool(os.environ.get("REDISLAB_LONG"))
ON_A_SERVER = ("--engine", "server")
PLAYED: list[tuple[str, ...]] = [(str(number),) for number in (range(1, 19) if LONG else (1, 3, 8, 16))]
PLAYED += [("11", *ON_A_SERVER), ("17", *ON_A_SERVER)] if LONG else []  # where something fails for real
ASKED = ("guess:", "answer?", "[y/N]")
SMALL = Path(__file__).parent / "course" / "small" / "04-small.md"


def lesson(*args: str) -> Terminal:
    """The small lesson; labs and progress lie where this test has its home."""
    return Terminal("lesson", str(SMALL), *args, lines=60)


def has(text: str) -> Callable[[list[str]], bool]:
    return lambda lines: any(text in line for line in lines)


def sees(terminal: Terminal, line: str, text: str) -> None:
    """Type a line; the prompt comes back, and the screen has that text."""
    if line:
        terminal.send(line)
    else:
        terminal.type("\r")
    terminal.wait_for(has(text), repr(text))
    terminal.wait_for_prompt()


def answered(terminal: Terminal) -> None:
    """The prompt comes back; meanwhile no guess is made, and every question gets a yes."""
    terminal.wait_for(lambda lines: lines[-1:] != [] and lines[-1].endswith((">", *ASKED)), "an answer")
    if not terminal.lines[-1].endswith(">"):
        terminal.type("y\r" if terminal.lines[-1].endswith("[y/N]") else "\r")
    terminal.wait_for_prompt()


def run(*args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "redislab", "lesson", *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_student_makes_a_mistake_leaves_comes_back_and_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with lesson() as terminal:
        terminal.wait_for(has("Keep a fruit   step 1 of 4"), "the task")
        terminal.wait_for_prompt("redislab> ")
        sees(terminal, "SET furit apple", "not yet: The key is called `fruit`.")
        sees(terminal, ":undo", "furit")
        sees(terminal, ":hint", "hint 1 of 2: A command of three words.")
        sees(terminal, ":why", 'GET fruit → nil, wanted "apple"')
        sees(terminal, "SET fruit apple", "Done: step 1 of 4.")
        sees(terminal, "", "Look at it   step 2 of 4")
        terminal.send("LRANGE basket 0 -1")
        terminal.wait_for_prompt("Your guess: ")
        terminal.send("plum pear")
        terminal.wait_for(has("Not as you said: you said plum pear."), "the verdict")
        terminal.wait_for(has("What is a basket?"), "the quiz")
        terminal.wait_for_prompt("redislab> ")
        terminal.send(":quit")
        terminal.wait_for(has("goes on here."), "where one comes back")
        assert terminal.ended() == 0
    with lesson() as terminal:
        terminal.wait_for(has("Look at it   step 2 of 4"), "the same step")
        terminal.wait_for(has("What is a basket?"), "the same question")
        terminal.wait_for_prompt("redislab> ")
        sees(terminal, "1", "not so: Ask TYPE.")
        sees(terminal, "2", "Done: step 2 of 4.")
        sees(terminal, "", "Hand one over   step 3 of 4")
        terminal.wait_for_prompt("redislab A> ")
        sees(terminal, "BLPOP queue 0", "A waits.")
        terminal.send(":client B")
        terminal.wait_for_prompt("redislab B> ")
        terminal.send("RPUSH queue fig")
        terminal.wait_for(has("A: the answer to BLPOP queue 0"), "the answer beside the prompt")
        terminal.wait_for(has("Done: step 3 of 4."), "the step")
        terminal.wait_for_prompt("redislab B> ")
        sees(terminal, "", "Ten minutes later   step 4 of 4")
        terminal.wait_for_prompt("redislab(+10m) A> ")
        sees(terminal, "TTL milk", "Done: step 4 of 4.")
        sees(terminal, "", "Small talk: 4 of 4 steps solved")
        sees(terminal, ":export notes.md", "notes.md has the notes of this lesson.")
        assert "What I typed:\n\n```redis\nSET furit apple\nSET fruit apple\n```" in (
            tmp_path / "notes.md"
        ).read_text("utf-8")


@pytest.mark.parametrize("played", PLAYED, ids=" ".join)
def test_a_lesson_of_the_course_is_played_at_the_keyboard(
    played: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """Every step by its first solution, guesses left out, quizzes answered right."""
    if ON_A_SERVER[0] in played:
        request.getfixturevalue("redis_server_path")
    told = load(find(played[0], course()))
    with Terminal("lesson", *played, lines=60) as terminal:
        if told.allow:
            answered(terminal)
        for place, step in enumerate(told.steps, 1):
            terminal.wait_for(has(f"   step {place} of {len(told.steps)}"), f"step {step.id}")
            terminal.wait_for_prompt()
            for typed in step.solutions[0].lines if step.solutions else ():
                terminal.send(str(typed))
                answered(terminal)
            assert not has("cannot be undone")(terminal.lines)
            for quiz in step.quizzes:
                terminal.send(str(1 + [choice.right for choice in quiz.choices].index(True)))
                terminal.wait_for_prompt()
            terminal.wait_for(has(f"Done: step {place} of {len(told.steps)}."), f"{step.id} done")
            terminal.send(":clear")
            terminal.type("\r")
        terminal.wait_for(has(f"{len(told.steps)} of {len(told.steps)} steps solved"), "the end")


def test_kill_9_loses_nothing(tmp_path: Path) -> None:
    with lesson() as terminal:
        terminal.wait_for_prompt("redislab> ")
        sees(terminal, "SET mine 1", "OK")
        sees(terminal, "SET fruit apple", "Done: step 1 of 4.")
        os.kill(terminal.pid, signal.SIGKILL)
    with lesson() as terminal:
        terminal.wait_for(has("This step is done. Enter goes on."), "the step that was solved")
        terminal.wait_for_prompt("redislab> ")
        sees(terminal, "GET mine", '"1"')
    assert run(str(SMALL)).returncode == 1  # no terminal


def test_a_lesson_runs_nothing_where_else_one_went_meanwhile(server: RedisServer) -> None:
    server.cli("SET", "theirs", "1")
    with lesson() as terminal:
        terminal.wait_for_prompt("redislab> ")
        sees(terminal, f":connect 127.0.0.1 {server.port}", f"127.0.0.1:{server.port}>")
        sees(terminal, "SET fruit apple", "OK")
        assert not has("Done")(terminal.lines)
        sees(terminal, ":skip", "Look at it   step 2 of 4")
        terminal.wait_for_prompt("redislab> ")
        terminal.send("LRANGE basket 0 -1")
        terminal.wait_for_prompt("Your guess: ")
    assert server.cli("KEYS", "*").stdout.split() in ([b"theirs", b"fruit"], [b"fruit", b"theirs"])


def test_ctrl_c_ends_the_wait_of_one_client_and_not_the_shell() -> None:
    with Terminal("repl", lines=60) as terminal:
        terminal.wait_for_prompt("redislab> ")
        terminal.send(":client B")
        terminal.wait_for_prompt("redislab B> ")
        sees(terminal, "BLPOP nothing 0", "B waits.")
        sees(terminal, "PING", "B still waits for its answer")
        sees(terminal, "A: ECHO across", '"across"')
        terminal.type("\x03")
        terminal.wait_for(has("B no longer waits."), "the end of the wait")
        terminal.wait_for_prompt("redislab B> ")
        sees(terminal, "ECHO back", '"back"')
        terminal.type("\x04")
        assert terminal.ended() == 0


def test_messages_come_while_the_other_client_is_typed_into(server: RedisServer) -> None:
    with Terminal("repl", "-p", str(server.port), lines=60) as terminal:
        terminal.wait_for_prompt("> ")
        terminal.send(":client B")
        terminal.wait_for_prompt(" B> ")
        terminal.send("SUBSCRIBE news")
        terminal.wait_for_prompt("(subscribed mode) B> ")
        sees(terminal, "A: PUBLISH news hello", '3) "hello"')
        terminal.send(":client A")
        terminal.wait_for_prompt(f"{server.port} A> ")
        sees(terminal, "PUBLISH news again", '3) "again"')


def test_help_and_completion_know_the_words_of_a_lesson_inside_one_alone() -> None:
    with lesson() as terminal:
        terminal.wait_for_prompt("redislab> ")
        sees(terminal, ":help", ":solution")
        terminal.type(":sk")
        terminal.wait_for(has("on without having done it"), "the offer")
    with Terminal("repl") as terminal:
        terminal.wait_for_prompt("redislab> ")
        sees(terminal, ":skip", "there is no :skip")


def test_on_a_server_a_lesson_asks_and_leaves_the_database_as_it_was(server: RedisServer) -> None:
    server.cli("SET", "theirs", "1")
    with lesson("-p", str(server.port), "-n", "9") as terminal:
        terminal.wait_for_prompt("[y/N] ")
        assert has("works in database 9")(terminal.lines)
        terminal.send("y")
        terminal.wait_for_prompt("[9]> ")
        sees(terminal, "SET fruit apple", "Done: step 1 of 4.")
        terminal.send(":quit")
        assert terminal.ended() == 0
    assert b"db9" not in server.cli("INFO", "keyspace").stdout
    assert server.cli("GET", "theirs").stdout.strip() == b"1"


def test_on_a_server_a_database_that_holds_something_is_refused(server: RedisServer) -> None:
    server.cli("SET", "theirs", "1")
    with lesson("-p", str(server.port)) as terminal:
        terminal.wait_for(has("holds 1 key; a lesson needs"), "the refusal")
        assert terminal.ended() == 1
    assert server.cli("GET", "theirs").stdout.strip() == b"1"


def test_a_server_of_ones_own_is_asked_about_once_and_keeps_where_one_is(server: RedisServer) -> None:
    server.cli("-n", "5", "SET", "mine", "1")
    own = {"REDISLAB_URL": f"redis://127.0.0.1:{server.port}", "REDISLAB_OWN": "1"}
    with Terminal("lesson", str(SMALL), environ=own, lines=60) as terminal:
        terminal.wait_for_prompt("is yours alone and holds 1 key. A lesson empties all of it. Go on? [y/N] ")
        terminal.send("y")
        terminal.wait_for_prompt(f"127.0.0.1:{server.port}> ")
        sees(terminal, "SET fruit apple", "Done: step 1 of 4.")
        terminal.send(":quit")
        assert terminal.ended() == 0
    assert b"db5" not in server.cli("INFO", "keyspace").stdout
    with Terminal("lesson", str(SMALL), environ=own, lines=60) as terminal:
        terminal.wait_for_prompt(f"127.0.0.1:{server.port}> ")
        assert not has("[y/N]")(terminal.lines)
        sees(terminal, "GET fruit", "apple")


def test_lessons_that_leave_their_database_run_on_a_server_of_ones_own(server: RedisServer) -> None:
    own = {"REDISLAB_URL": f"redis://127.0.0.1:{server.port}", "REDISLAB_OWN": "1"}
    with Terminal("lesson", "3", environ=own, lines=60) as terminal:
        terminal.wait_for_prompt(f"127.0.0.1:{server.port}> ")
    with Terminal("lesson", "3", environ={**own, "REDISLAB_OWN": ""}, lines=60) as terminal:
        terminal.wait_for(has("reaches beyond one database"), "the refusal")
        assert terminal.ended() == 1


def test_no_is_no(server: RedisServer) -> None:
    with lesson("-p", str(server.port)) as terminal:
        terminal.wait_for_prompt("[y/N] ")
        terminal.send("n")
        terminal.wait_for(has("Nothing was run."), "that")
        assert terminal.ended() == 0


def test_what_a_lesson_runs_beyond_the_usual_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "own.md"
    text = SMALL.read_text("utf-8").replace("minutes: 5", "minutes: 5\nallow: EVAL")
    path.write_text(
        text.replace("SETNX fruit apple", "EVAL \"redis.call('SET','fruit','apple')\" 0"), "utf-8"
    )
    with Terminal("lesson", str(path)) as terminal:
        terminal.wait_for_prompt("This lesson runs EVAL in a lab of its own. Go on? [y/N] ")
    path.write_text(path.read_text("utf-8").replace("allow: EVAL\n", ""), "utf-8")
    done = run(str(path))
    assert done.returncode == 1
    assert "commands that it does not name in allow" in done.stderr


def test_a_lesson_sends_nothing_to_the_terminal_but_words(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x9b2J\u202e[/x][link=http://x]y[/link]"
    path = tmp_path / "evil.md"
    text = SMALL.read_text("utf-8").replace("# Keep a fruit", f"# Keep {evil}")
    for words in ("The key is called", "A command of three words", "Two programs talk"):
        text = text.replace(words, f"{words} {evil}")
    path.write_text(text, "utf-8")
    with Terminal("lesson", str(path), lines=60) as terminal:
        terminal.wait_for_prompt("redislab> ")
        sees(terminal, "SET furit apple", "not yet: The key is called")
        sees(terminal, ":hint", "hint 1 of 2: A command of three words")
        sees(terminal, ":lesson", "you are here")
        assert has("[/x][link=http://x]y[/link]")(terminal.lines)
        assert terminal.screen.title == ""
        for hostile in ("\x1b]0;owned", "\x9b", "\u202e"):
            assert hostile.encode() not in terminal.received


def test_the_list_is_plain_in_a_pipe() -> None:
    done = run()
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[-1] == "Next: redislab lesson 1"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["99"], "there is no lesson '99'"),
        (["1", "2"], "one lesson at a time"),
        ([str(SMALL), "--from", "7"], "there is no step '7' in small; there are: keep, look, hand, later"),
        ([str(SMALL), "--lang", "de"], "languages there are: fr"),
        ([str(SMALL), "--lab", "mine"], "a lesson has a lab of its own"),
        (["--from"], "--from needs a value: --from STEP"),
    ],
)
def test_a_wrong_wish_gets_one_line(args: list[str], message: str) -> None:
    done = run(*args)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_was_answered_wrong_comes_back_in_a_review() -> None:
    with Terminal("lesson", "4", "--from", "1", lines=60) as terminal:
        terminal.wait_for_prompt("redislab> ")
        terminal.send("INCR visits")
        terminal.wait_for_prompt("Your guess: ")
        terminal.send("17")
        terminal.wait_for(has("Not as you said"), "the verdict")
        terminal.wait_for_prompt("redislab> ")
        terminal.send(":quit")
        terminal.ended()
    with Terminal("lesson", "review") as terminal:
        terminal.wait_for_prompt("answer? ")
        terminal.send("1")
        terminal.wait_for(has("As you said."), "the verdict")
        terminal.ended()
    with Terminal("lesson", "review") as terminal:
        terminal.wait_for(has("There is nothing to review"), "that")


def test_a_lesson_in_another_language() -> None:
    with lesson("--lang", "fr") as terminal:
        terminal.wait_for(has("Garder un fruit   étape 1 sur 4"), "the title")
        terminal.wait_for_prompt("redislab> ")
        sees(terminal, "SET fruit apple", "Fait : étape 1 sur 4.")
