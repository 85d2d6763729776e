"""A lesson as a student goes through it, without a terminal, on the built-in engine and on redis-server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from redislab.app import Place, catalogue, open_engine
from redislab.core.view import Stack, View
from redislab.core.words import split
from redislab.course.bench import Bench
from redislab.course.library import Title, course, load
from redislab.course.model import Typed
from redislab.course.runner import Phase, Runner
from redislab.course.standing import Earned, Missed, Standing
from redislab.render.views import plain_text

SMALL = Path(__file__).parent / "small" / "04-small.md"
TTL = Path(__file__).parent / "ttl.md"


class Student:
    """Types lines as the shell passes them on, and reads what is said."""

    def __init__(self, bench: Bench, lesson: Path, standing: Standing | None = None) -> None:
        self.bench = bench
        self.runner = Runner(load(lesson), bench, standing)

    def types(self, *lines: str) -> str:
        """What is said after the last of them."""
        said = ""
        for line in lines:
            client, _, rest = line.rpartition(": ")
            self.bench.run(Typed(tuple(split(rest.encode())), 0, client or "A"))
            said = self.read(self.runner.look())
        return said

    @staticmethod
    def read(views: Sequence[View]) -> str:
        return plain_text(Stack(tuple(views)), 200).strip()

    def enter(self) -> str:
        return self.read(self.runner.enter())


@pytest.fixture
def student(bench: Bench) -> Student:
    student = Student(bench, SMALL)
    student.runner.begin()
    return student


def test_a_lesson_from_its_first_step_to_its_last(student: Student) -> None:
    runner = student.runner
    assert student.types("SET fruit apple").startswith("Done: step 1 of 4.")
    assert "Look at it" in student.enter()
    assert "What is a basket?" in student.types("LRANGE basket 0 -1")
    assert student.read(list(runner.answer("2") or [])).startswith("right: Its elements")
    assert "Hand one over" in student.enter()
    assert student.types("B: RPUSH queue fig", "BLPOP queue 0").startswith("Done: step 3")
    assert "Ten minutes later" in student.enter()
    assert "Enter shows what you have learnt." in student.types("TTL milk")
    shown = student.enter()
    assert "Small talk: 4 of 4 steps solved" in shown
    assert "SET  GET  RPUSH  BLPOP" in shown
    assert runner.phase is Phase.FINISHED
    assert set(runner.standing.steps.values()) == {Earned.DONE}


@pytest.mark.parametrize("title", course(), ids=lambda title: title.id)
def test_every_lesson_of_the_course_is_gone_through_without_a_word_too_many(title: Title) -> None:
    """By the last solution of each step: nothing is said before it is done, and no step is left out."""
    engine = open_engine(Place())
    bench = Bench(engine, catalogue())
    lesson = load(title.path)
    runner = Runner(lesson, bench)
    runner.begin()
    for step in lesson.steps:
        assert runner.step is step
        lines = step.solutions[-1].lines if step.solutions else ()
        for typed in lines:
            bench.run(typed)
            said = runner.look()
            if runner.phase is not Phase.WORKING:
                break
            assert not said, f"{step.id}: {typed}"
        for quiz in step.quizzes:
            assert runner.answer(str(1 + [choice.right for choice in quiz.choices].index(True)))
        assert runner.phase is Phase.PASSED, step.id
        runner.enter()
    assert runner.phase is Phase.FINISHED
    bench.close()
    engine.close()


def test_any_correct_way_passes(student: Student) -> None:
    assert student.types("MSET fruit apple other x").startswith("Done")


def test_exploring_is_met_with_silence(student: Student) -> None:
    assert student.types("PING", "SET a 1", "GET nothing", "LPUSH list x", "INCR list") == ""


def test_a_mistake_gets_its_words_once_for_as_long_as_it_stands(student: Student) -> None:
    assert student.types("SET furit apple") == "not yet: The key is called `fruit`."
    assert student.types("GET furit") == ""
    assert student.types("DEL furit") == ""
    assert student.types("SET furit pear") == "not yet: The key is called `fruit`."


def test_a_new_mistake_is_said_beside_one_that_stands(student: Student) -> None:
    student.types("SET furit apple")
    assert student.types("SET fruit") == "not yet: SET takes a value as well."
    assert student.types("SET fruit") == "not yet: SET takes a value as well."


def test_a_mistake_is_held_back_while_it_is_the_beginning_of_a_solution(bench: Bench) -> None:
    student = Student(bench, TTL)
    student.runner.begin()
    assert student.types("set session:42 ada") == ""
    assert "never expires" in student.enter()
    assert student.types("EXPIRE session:42 600").startswith("Done")


def test_a_key_in_other_letters_is_no_beginning_of_a_solution(bench: Bench) -> None:
    student = Student(bench, TTL)
    student.runner.begin()
    assert "never expires" in student.types("SET session:42 ADA")
    student.runner.reset()
    assert student.types("set session:42 ada") == ""
    assert student.types("expire session:42 600").startswith("Done")


def test_what_was_held_back_is_said_when_the_way_is_left(bench: Bench) -> None:
    student = Student(bench, TTL)
    student.runner.begin()
    assert student.types("SET session:42 ada") == ""
    assert "never expires" in student.types("GET session:42")


def test_an_empty_line_before_the_step_is_solved(student: Student) -> None:
    assert student.enter() == "not yet: `:why` says what is missing, `:hint` helps."


def test_why_says_what_the_checker_saw(student: Student) -> None:
    assert student.read(student.runner.why()) == 'not yet  GET fruit → nil, wanted "apple"'
    student.types("SET fruit pear")
    assert student.read(student.runner.why()) == 'not yet  GET fruit → pear, wanted "apple"'


def test_hints_come_one_after_the_other_and_then_all(student: Student) -> None:
    hints = [student.read(student.runner.hint()) for _ in range(3)]
    assert hints[:2] == ["hint 1 of 2: A command of three words.", "hint 2 of 2: SET key value"]
    assert all(text in hints[2] for text in ("A command of three words", "SET key value", "`:solution`"))


def test_a_solution_that_was_looked_at_is_remembered(student: Student) -> None:
    shown = student.read(student.runner.solution())
    assert all(text in shown for text in ("SET fruit apple", "SETNX fruit apple", 'r.set("fruit", "apple")'))
    student.types("SET fruit apple")
    assert student.runner.standing.steps == {"keep": Earned.SHOWN}


def test_to_skip_earns_nothing_and_the_next_step_has_its_state(student: Student) -> None:
    assert "Look at it" in student.read(student.runner.skip())
    assert student.runner.standing.earned == 0
    assert student.bench.ask((b"GET", b"fruit")).text == b"apple"
    assert student.bench.ask((b"LLEN", b"basket")).number == 2


def test_reset_gives_the_start_of_this_step(student: Student) -> None:
    student.runner.skip()
    student.types("DEL basket", "SET junk 1")
    student.runner.reset()
    assert student.bench.ask((b"LLEN", b"basket")).number == 2
    assert student.bench.ask((b"EXISTS", b"junk")).number == 0
    assert student.runner.number == 2


def test_a_wrong_answer_has_its_own_words_and_comes_back_later(student: Student) -> None:
    student.runner.begin("look")
    student.types("LRANGE basket 0 -1")
    assert student.read(list(student.runner.answer("1") or [])).startswith("not so: Ask TYPE.")
    assert student.runner.phase is Phase.ASKED
    assert student.runner.answer("LRANGE basket 0 -1") is None
    student.runner.answer("b")
    assert student.runner.standing.passed
    assert student.runner.standing.missed == [Missed("look", "quiz", 0)]


@pytest.mark.parametrize(
    ("guess", "missed"), [("pear plum", 0), ('1) "pear" 2) "plum"', 0), ("plum pear", 1), ("", 0), ("2", 1)]
)
def test_a_reply_is_foretold(student: Student, guess: str, missed: int) -> None:
    student.runner.begin("look")
    args = (b"lrange", b"basket", b"0", b"-1")
    asked = student.runner.question(args)
    assert asked is not None
    reply = student.bench.run(Typed(args, 0))
    assert reply is not None
    student.runner.foretold(asked, guess, reply)
    assert len(student.runner.standing.missed) == missed
    assert student.runner.question(args) is None  # it has been seen


def test_one_comes_back_exactly_to_where_one_left(student: Student, bench: Bench) -> None:
    student.types("SET fruit apple")
    student.enter()
    student.types("SET mine 1", "LRANGE basket 0 -1")
    kept = Standing.from_json(student.runner.keep().to_json())
    again = Student(bench, SMALL, kept)
    assert "What is a basket?" in again.read(again.runner.resume())
    assert again.runner.phase is Phase.ASKED
    assert bench.ask((b"GET", b"mine")).text == b"1"
    again.runner.answer("2")
    assert again.runner.standing.steps == {"keep": Earned.DONE, "look": Earned.DONE}


def test_keys_that_expired_meanwhile_are_told_of(student: Student, bench: Bench) -> None:
    student.types("SET other 1")
    kept = Standing.from_json(student.runner.keep().to_json())
    bench.ask((b"DEL", b"other"))
    again = Student(bench, SMALL, kept)
    assert "1 key has expired since you left" in again.read(again.runner.resume())


def test_a_lesson_whose_steps_have_changed_goes_on_at_the_first_open_one(bench: Bench) -> None:
    standing = Standing(at="gone", steps={"keep": Earned.DONE, "gone": Earned.DONE})
    student = Student(bench, SMALL, standing)
    assert "Look at it" in student.read(student.runner.resume())


def test_no_password_is_kept(student: Student) -> None:
    for password in ("hunter2", "''"):
        student.types(f"CONFIG SET masterauth {password}")
    student.types("AUTH hunter2", "SET fruit apple")
    kept = str(student.runner.keep().to_json())
    assert "SET fruit apple" in kept
    assert "hunter2" not in kept


def test_the_screen_is_no_place_for_a_lessons_markup(student: Student) -> None:
    shown = student.read(student.runner.begin("keep"))
    assert "Two programs talk about fruit. The <b>shop</b> is at here (http://example.org)." in shown
    assert "- one command" in shown
