"""A lesson as a notebook goes through it, without a notebook, on the built-in engine and on redis-server."""

from __future__ import annotations

from pathlib import Path

import pytest

from redislab.core.reply import OK
from redislab.core.view import View
from redislab.core.words import split
from redislab.course.bench import Bench
from redislab.course.exercise import MOST_ENTRIES, Exercise
from redislab.course.library import course, load
from redislab.course.model import Typed
from redislab.course.words import notebook_words
from redislab.errors import UsageError
from redislab.render.views import plain_text

TTL = Path(__file__).parent / "ttl.md"


class Reader:
    """Works through an exercise and reads what is said."""

    def __init__(self, bench: Bench, path: Path, language: str = "") -> None:
        self.bench = bench
        self.exercise = Exercise(load(path), bench, notebook_words(language))

    def types(self, *lines: str) -> None:
        for each in lines:
            client, _, rest = each.rpartition(": ")
            self.bench.run(Typed(tuple(split(rest.encode())), 0, client or "A"))

    def check(self, step: str) -> tuple[bool, str]:
        told = self.exercise.check(step)
        return told.holds, read(told.view)

    def answer(self, step: str, choice: str, question: int = 1) -> tuple[bool, str]:
        told = self.exercise.answer(step, choice, question)
        return told.holds, read(told.view)


def read(view: View) -> str:
    return plain_text(view, 200)


@pytest.fixture
def ttl(bench: Bench) -> Reader:
    return Reader(bench, TTL)


def lesson_file(id: str) -> Path:
    return next(title.path for title in course() if title.id == id)


def test_a_solved_step_passes(ttl: Reader) -> None:
    assert read(ttl.exercise.start("login")) == "Step 1 of 2 begins: Log Ada in for ten minutes"
    ttl.types("SET session:42 ada EX 600")
    assert ttl.check("login") == (True, "Done: Log Ada in for ten minutes")


def test_a_step_that_was_not_begun_says_how(ttl: Reader) -> None:
    holds, said = ttl.check("login")
    assert not holds
    assert 'Run `check.start("login")`, then your commands' in said


def test_untouched_it_fails_and_spends_no_hint(ttl: Reader) -> None:
    ttl.exercise.start("login")
    for _ in range(2):
        holds, said = ttl.check("login")
        assert not holds
        assert "TTL session:42 → -2, wanted 590..600" in said
        assert "No command has run since the step began." in said
        assert "Hint" not in said


def test_a_wrong_attempt_gets_a_hint_and_the_next_one_the_next(ttl: Reader) -> None:
    ttl.exercise.start("login")
    ttl.types("SET session:42 bob EX 600")
    first, second, third = (ttl.check("login")[1] for _ in range(3))
    assert "GET session:42 → bob" in first
    assert "Hint 1 of 2: Two commands can do it" in first
    assert "Hint 2 of 2: `%redis_explain SET` lists" in second
    assert "Hint 1 of 2" in third
    assert 'check.solution("login") shows how it is done' in third


def test_a_known_mistake_gets_its_own_words(ttl: Reader) -> None:
    ttl.exercise.start("login")
    ttl.types("SET session:42 ada")
    holds, said = ttl.check("login")
    assert not holds
    assert "The value is right, but TTL answers -1: this key never expires." in said
    assert "Hint" not in said


def test_the_start_of_a_later_step_is_its_known_state(ttl: Reader) -> None:
    said = read(ttl.exercise.start("look"))
    assert "9m have passed: " in said
    assert ("clock" in said) is True
    ttl.types("TTL session:42")
    assert ttl.check("look")[0]
    ttl.exercise.start("login")
    assert ttl.bench.size == 0


def test_a_step_begun_anew_has_to_be_done_anew(ttl: Reader) -> None:
    ttl.exercise.start("look")
    ttl.types("TTL session:42")
    assert ttl.check("look")[0]
    ttl.exercise.start("look")
    assert not ttl.check("look")[0]


def test_a_quiz(ttl: Reader) -> None:
    assert ttl.answer("look", "") == (False, "No answer yet. Write one of a, b between the quotes.")
    assert ttl.answer("look", "a") == (False, "Not so: That is -1.")
    assert ttl.answer("look", "B)")[0]
    assert ttl.answer("look", "2") == (True, "Right: Expired, deleted or never set: Redis cannot say which.")
    with pytest.raises(UsageError, match="no answer 'c'; there are a, b"):
        ttl.answer("look", "c")
    with pytest.raises(UsageError, match="asks 1 questions"):
        ttl.answer("look", "a", 2)


def test_a_step_that_only_asks_is_done_when_it_is_answered(bench: Bench) -> None:
    path = lesson_file("round-trips")
    step = load(path).step("pipeline")
    assert step is not None
    right = ["abc"[[choice.right for choice in quiz.choices].index(True)] for quiz in step.quizzes]
    reader = Reader(bench, path)
    assert reader.check("pipeline") == (False, "Not yet: questions that are open: 2")
    assert reader.answer("pipeline", right[0])[0]
    assert reader.answer("pipeline", right[1], 2)[0]
    assert reader.check("pipeline")[0]


def test_a_guess_is_judged_when_the_command_has_run(bench: Bench) -> None:
    reader = Reader(bench, lesson_file("counting"))
    exercise = reader.exercise
    exercise.start("incr")
    assert read(exercise.predict("incr", " ")) == "No guess. That is allowed."
    assert read(exercise.predict("incr", "1")).startswith("Noted. Now run INCR visits")
    assert "what you said" not in reader.check("incr")[1]
    reader.types("INCR visits")
    assert "INCR visits answered what you said." in reader.check("incr")[1]
    assert "what you said" not in reader.check("incr")[1], "it is said once"
    assert "has run already" in read(exercise.predict("incr", "2"))
    exercise.start("incr")
    exercise.predict("incr", "zero")
    reader.types("INCR visits")
    assert "something else than you said, zero." in reader.check("incr")[1]


def test_the_report_says_what_is_open(ttl: Reader) -> None:
    def states() -> list[str]:
        return [row.split("  ")[-1].strip() for row in read(ttl.exercise.report().view).split("\n")[2:]]

    assert states() == ["open", "open"]
    ttl.exercise.solution("login")
    ttl.exercise.start("login")
    ttl.types("SET session:42 ada EX 600")
    ttl.check("login")
    ttl.exercise.start("look")
    ttl.types("TTL session:42")
    ttl.check("look")
    assert states() == ["done, with its solution", "a question is open"]
    assert not ttl.exercise.report().holds
    ttl.answer("look", "b")
    assert states() == ["done, with its solution", "done"]
    assert ttl.exercise.report().holds


def test_a_solution_is_shown_in_both_notations(ttl: Reader) -> None:
    said = read(ttl.exercise.solution("login"))
    assert "SET session:42 ada EX 600" in said
    assert 'r.set("session:42", "ada", ex=600)' in said


def test_a_step_that_does_not_exist(ttl: Reader) -> None:
    for ask in (ttl.exercise.check, ttl.exercise.start, ttl.exercise.hint, ttl.exercise.solution):
        with pytest.raises(UsageError, match="no step 'x'; there are login, look"):
            ask("x")


def test_a_loop_does_not_fill_the_memory(ttl: Reader) -> None:
    ttl.exercise.start("login")
    for number in range(MOST_ENTRIES + 100):
        ttl.exercise.note([b"SET", b"a", b"%d" % number], OK, client="A", trips=1)
    kept = ttl.bench.journal.entries
    assert len(kept) == MOST_ENTRIES
    assert [kept[0].args[2], kept[-1].args[2]] == [b"0", b"%d" % (MOST_ENTRIES + 99)]


def test_it_speaks_the_lesson_s_language(bench: Bench) -> None:
    reader = Reader(bench, TTL, "fr")
    assert "L'étape 1 sur 2 commence" in read(reader.exercise.start("login"))
    assert "Pas encore" in reader.check("login")[1]
