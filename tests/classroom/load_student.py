"""One student who plays lessons as fast as it goes: python -m tests.classroom.load_student FIRST LAST.

Where is as in a class: REDISLAB_URL, REDISCLI_AUTH, REDISLAB_HOME. Each step is first done wrong, where the
lesson knows a mistake, then begun anew and done right; a quiz is first answered wrong. In the middle of each
lesson the student leaves and comes back. Progress is kept after each line, as the shell does it. One line of
JSON says how it went.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass

from redislab import options
from redislab.app import catalogue, open_engine
from redislab.core.engine import Engine
from redislab.course.bench import Bench
from redislab.course.library import course, load
from redislab.course.model import Lesson, Step, Typed
from redislab.course.runner import Phase, Runner
from redislab.progress import Progress


@dataclass
class Told:
    """What a student did, and what it took."""

    lessons: int = 0
    steps: int = 0
    lines: int = 0
    mistakes: int = 0
    wrong_answers: int = 0
    longest_s: float = 0.0  # from a line to what the lesson says of it
    cpu_s: float = 0.0
    most_mb: int = 0


class Student:
    def __init__(self, engine: Engine) -> None:
        self.told = Told()
        self._engine = engine
        self._notices: list[str] = []
        self._progress = Progress(dict(os.environ), self._notices.append)
        self._bench = Bench(engine, catalogue())

    def play(self, lesson: Lesson) -> None:
        """From the first step to the end. Raises AssertionError for what should not be so."""
        runner = self._come_back(lesson)
        runner.begin()
        for place, step in enumerate(lesson.steps):
            if place == len(lesson.steps) // 2:
                self._keep(lesson, runner)
                self._bench.close()
                self._bench = Bench(self._engine, catalogue())
                runner = self._come_back(lesson)
                runner.resume()
            assert runner.step.id == step.id, f"{lesson.id}: at {runner.step.id}, not at {step.id}"
            self._do(lesson, runner, step)
        assert runner.phase is Phase.FINISHED
        self.told.lessons += 1
        assert not self._notices, self._notices

    def _come_back(self, lesson: Lesson) -> Runner:
        return Runner(lesson, self._bench, self._progress.read().get(lesson.id))

    def _do(self, lesson: Lesson, runner: Runner, step: Step) -> None:
        if step.mistakes:
            for typed in step.mistakes[self.told.steps % len(step.mistakes)].tries:
                self._type(lesson, runner, typed)
            assert runner.phase is not Phase.PASSED, f"{lesson.id} {step.id}: a mistake has passed"
            self.told.mistakes += 1
            runner.reset()
        for typed in step.solutions[-1].lines if step.solutions else ():
            if runner.phase is Phase.WORKING:
                self._type(lesson, runner, typed)
        for quiz in step.quizzes:
            right = [choice.right for choice in quiz.choices].index(True)
            wrong = (right + 1) % len(quiz.choices)
            assert runner.answer(str(wrong + 1))
            self.told.wrong_answers += 1
            assert runner.answer(str(right + 1))
            self._keep(lesson, runner)
        assert runner.phase is Phase.PASSED, f"{lesson.id} {step.id} was not passed"
        runner.enter()
        self._keep(lesson, runner)
        self.told.steps += 1

    def _type(self, lesson: Lesson, runner: Runner, typed: Typed) -> None:
        began_s = time.monotonic()
        self._bench.run(typed)
        runner.look()
        self._keep(lesson, runner)
        self.told.lines += 1
        self.told.longest_s = max(self.told.longest_s, time.monotonic() - began_s)

    def _keep(self, lesson: Lesson, runner: Runner) -> None:
        self._progress.save(lesson.id, runner.keep())


def main() -> None:
    first, last = map(int, sys.argv[1:])
    place = options.place(options.Options(), os.environ)
    student = Student(open_engine(place))
    for title in course():
        if first <= title.number <= last:
            student.play(load(title.path))
    used = resource.getrusage(resource.RUSAGE_SELF)
    student.told.cpu_s = used.ru_utime + used.ru_stime
    student.told.most_mb = used.ru_maxrss >> 10
    sys.stdout.write(json.dumps(asdict(student.told)) + "\n")


if __name__ == "__main__":
    main()
