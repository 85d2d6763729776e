"""Failures on purpose: proved on both engines, played by a person, told where a server is not one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from redislab.app import catalogue
from redislab.core.engine import Engine
from redislab.core.view import Stack, View
from redislab.core.words import split
from redislab.course.bench import Bench
from redislab.course.model import Typed
from redislab.course.reader import read_lesson, read_text
from redislab.course.runner import Phase, Runner
from redislab.course.standing import Earned
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.private import PrivateEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.render.views import plain_text
from tests.course.test_check import check, checked
from tests.servers import RedisServer

LESSON = Path(__file__).parent / "drills.md"
TEXT = LESSON.read_text("utf-8")


def test_they_are_proved_on_both_engines(redis_server_path: str) -> None:
    done = check(LESSON)
    assert done.stdout == (
        "1 lesson, 8 steps, 8 solutions, 3 mistakes, 0 faults, on the built-in engine and redis-server\n"
    )


def test_on_a_server_of_others_the_rest_is_proved_and_nothing_fails(server: RedisServer) -> None:
    before = server.cli("CONFIG", "GET", "*").stdout
    run_id = next(line for line in server.cli("INFO", "server").stdout.splitlines() if b"run_id" in line)
    done = check("-p", str(server.port), LESSON)
    assert done.returncode == 0, done.stdout
    assert "0 faults, on the built-in engine and the server" in done.stdout
    assert server.cli("CONFIG", "GET", "*").stdout == before
    assert run_id in server.cli("INFO", "server").stdout
    assert server.cli("DBSIZE").stdout == b"0\n"


# what is replaced, by what → the text of the line that is named, and the message
BUGS = {
    "a drill that is none": ("```drill kill", "```drill burn", "```drill burn", "there is no drill 'burn'"),
    "something in it": ("```drill kill\n", "```drill kill\nnow\n", "now", "nothing stands in a drill"),
    "a third client": ("```drill drop B", "```drill drop C", "```drill drop C", "there is no drill 'drop C'"),
    "too much": ("drill memory 1mb", "drill memory 99mb", "```drill memory 99mb", "between 100kb and 16mb"),
    "no size": ("drill memory 1mb", "drill memory much", "```drill memory much", "there is no drill"),
    "nothing was saved": ("SAVE\nSET visits 42", "SET visits 42", "```solution", "does not pass"),
    "not allowed": ("[SAVE, CONFIG SET]", "[SAVE]", "CONFIG SET appendonly yes", "CONFIG SET is not allowed"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_what_is_wrong_with_one_is_said(tmp_path: Path, bug: str) -> None:
    old, new, named, message = BUGS[bug]
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    done = checked(tmp_path, text)
    assert done.returncode == 1
    line = text.splitlines().index(named) + 1
    assert re.search(rf"lesson.md:{line}: .*{re.escape(message)}", done.stdout), done.stdout


def shown(views: Sequence[View]) -> str:
    return plain_text(Stack(tuple(views)), 2_000).strip()


# -- played -------------------------------------------------------------------------------------


class Person:
    """Types into a runner, and remembers all that was shown."""

    def __init__(self, engine: Engine) -> None:
        lesson, faults = read_lesson(LESSON)
        assert lesson is not None
        assert not faults
        self.bench = Bench(engine, catalogue())
        self.runner = Runner(lesson, self.bench)
        self.seen = shown(self.runner.begin())

    def types(self, *lines: str) -> str:
        """What is shown after the last line."""
        for line in lines:
            client = "B" if line.startswith("B: ") else "A"
            self.bench.run(Typed(tuple(split(line.removeprefix("B: ").encode())), 0, client))
            self.seen = shown(self.runner.look())
        return self.seen

    def enter(self) -> str:
        self.seen = shown(self.runner.enter())
        return self.seen

    def goes_to(self, step: str) -> str:
        self.seen = shown(self.runner.begin(step))
        return self.seen


@pytest.fixture(params=["built-in", "redis-server"])
def person(request: pytest.FixtureRequest) -> Iterator[Person]:
    if request.param == "redis-server":
        request.getfixturevalue("redis_server_path")
    engine = EmbeddedEngine() if request.param == "built-in" else PrivateEngine()
    person = Person(engine)
    yield person
    person.bench.close()
    engine.close()


def test_a_person_lives_through_them(person: Person) -> None:
    assert "Done: step 1" in person.types("SAVE", "SET visits 42")
    panel = person.enter()
    pretends = isinstance(person.bench.engine, EmbeddedEngine)
    assert ("Simulated:" if pretends else "was killed with kill -9") in panel
    assert panel.index("drill:") < panel.index("What is left?")
    person.types("GET visits")
    assert person.runner.phase is Phase.ASKED
    assert "Done: step 2" in shown(person.runner.answer("1") or [])
    person.enter()
    assert "Done: step 3" in person.types("CONFIG SET appendonly yes", "SET visits 43")
    person.enter()
    assert "Done: step 4" in person.types("GET visits")
    assert "have filled the memory" in person.enter()
    assert "Not yet." in person.types("CONFIG SET maxmemory-policy allkeys-lru")
    person.seen = shown(person.runner.reset())
    assert person.bench.ask((b"CONFIG", b"GET", b"maxmemory-policy")).items[1].text == b"noeviction"
    assert "Done: step 5" in person.types("SET order:2 pen")
    person.enter()
    assert "Done: step 6" in person.types("CONFIG SET maxmemory-policy volatile-lru", "SET order:2 pen")
    person.enter()
    assert "Done: step 7" in person.types("B: SUBSCRIBE news", "PUBLISH news one")
    assert "connection of client B has broken" in person.enter()
    assert "Done: step 8" in person.types("PUBLISH news two", "B: SUBSCRIBE news", "PUBLISH news three")
    assert {person.runner.standing.steps[step.id] for step in person.runner.lesson.steps} == {Earned.DONE}


def test_who_comes_back_in_the_middle_of_one_begins_that_step_anew(person: Person) -> None:
    person.goes_to("full")
    person.types("GET order:1")
    person.bench.ask((b"CONFIG", b"SET", b"maxmemory", b"0"))  # as in a new process: settings are not kept
    again = Runner(person.runner.lesson, person.bench, person.runner.keep())
    assert "have filled the memory" in shown(again.resume())
    assert "Done: step 5" in person.types("SET order:2 pen") or "Done" in shown(again.look())


def test_after_the_lesson_no_file_and_no_setting_is_left(person: Person) -> None:
    person.goes_to("evict")
    person.bench.empty()
    assert person.bench.ask((b"CONFIG", b"GET", b"maxmemory")).items[1].text == b"0"
    assert person.bench.ask((b"CONFIG", b"GET", b"appendonly")).items[1].text == b"no"
    assert person.bench.size == 0


def test_on_a_server_of_others_such_steps_are_told(server: RedisServer) -> None:
    person = Person(RealEngine(Target(port=server.port)))
    assert "others may use this one" in person.seen
    assert "Enter goes on." in person.seen
    assert "Done: step 1" in person.enter()
    panel = person.enter()
    assert "not here:" in panel
    assert "What is lost?" in panel
    assert "you are asked what it answers" not in panel
    assert "not so:" in shown(person.runner.answer("2") or [])
    assert "Done: step 2" in shown(person.runner.answer("1") or [])
    assert server.cli("DBSIZE").stdout == b"0\n"
    person.goes_to("listen")
    assert "Done: step 7" in person.types("B: SUBSCRIBE news", "PUBLISH news one")
    person.enter()
    assert "Done: step 8" in person.types("PUBLISH news two", "B: SUBSCRIBE news", "PUBLISH news three")
    earned = person.runner.standing.steps
    assert (earned["write"], earned["killed"], earned["dropped"]) == (Earned.SHOWN, Earned.SHOWN, Earned.DONE)
    person.bench.close()


def test_a_drop_without_a_connection_is_none() -> None:
    text = TEXT[: TEXT.index("## Write")] + TEXT[TEXT.index("## Dropped") :]
    lesson, faults = read_text(text, LESSON)
    assert lesson is not None
    assert not faults
    bench = Bench(EmbeddedEngine(), catalogue())
    bench.lead_to(lesson, lesson.steps[0])
    assert bench.size == 0
