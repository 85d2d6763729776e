"""`redislab check`: what a lesson promises is run, step by step, and what does not hold is said.

A step begins in a known state: the seeds, waits and first solutions of the steps before it, then its own
seeds and waits. From there it must not be solved, nor a mistake recognised; each solution must solve it and
set off no mistake; each `try:` must not solve it and must be recognised as its own mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from redislab.core.catalogue import Catalogue
from redislab.course.bench import Bench
from redislab.course.conditions import Condition, Range, Verdict
from redislab.course.model import Drill, Fault, Lesson, Mistake, PythonSolution, Step, Typed, Wait
from redislab.course.python_calls import BadCall
from redislab.course.reach import HARMLESS, is_allowed, is_told, lines_of
from redislab.errors import RedislabError

_TIMES = {b"TTL": 1, b"PTTL": 1_000}
LEAST_ROOM_S = 5


@dataclass(slots=True)
class Report:
    """What a proof found, and how much was proved."""

    faults: list[Fault] = field(default_factory=list)
    steps: int = 0
    solutions: int = 0
    mistakes: int = 0

    def add(self, other: Report) -> None:
        self.faults += other.faults
        self.steps += other.steps
        self.solutions += other.solutions
        self.mistakes += other.mistakes


def lint(lesson: Lesson, catalogue: Catalogue) -> Iterator[Fault]:
    """What can be said without running anything."""
    if not lesson.steps:
        yield Fault(lesson.path, 1, "a lesson has at least one step.", "Write ## Title {#id}")
    for name in (*lesson.teaches, *lesson.allow):
        if catalogue.get(name) is None:
            line = lesson.lines_of.get("teaches" if name in lesson.teaches else "allow", 1)
            yield Fault(lesson.path, line, f"{name} is no command of Redis {catalogue.version}.")
    for covered in lesson.covers:
        step_id, _, topic = covered.partition("/")
        if lesson.step(step_id) is None or not topic:
            remedy = "Write step/topic, with the id of a step."
            yield Fault(lesson.path, lesson.lines_of["covers"], f"covers: no step for {covered}.", remedy)
    for step in lesson.steps:
        yield from _lint_step(lesson, step, catalogue)


def _lint_step(lesson: Lesson, step: Step, catalogue: Catalogue) -> Iterator[Fault]:
    def fault(message: str, remedy: str = "", line: int = step.line) -> Fault:
        return Fault(lesson.path, line, f"step {step.id}: {message}", remedy)

    if not step.checks and not step.quizzes:
        yield fault("it has no check and no quiz, so nobody can pass it.", "Write a ```check.")
    if step.checks and not step.hints:
        yield fault("it has no hint.", "Write a ```hint.")
    if step.checks and not step.solutions:
        yield fault("it has no solution in Redis commands.", "Write a ```solution.")
    for condition in (*step.checks, *(mistake.condition for mistake in step.mistakes)):
        if condition.kind == "state" and not _only_reads(condition, catalogue):
            name = condition.args[0].decode("utf-8", "replace").upper()
            yield fault(f"a check only reads, and {name} is no command that reads.", line=condition.line)
        if _races(condition):
            yield fault("time goes on while it is done.", "Leave room: TTL key in 590..600", condition.line)
        for name in condition.names:
            if catalogue.get(name) is None:
                yield fault(f"{name} is no command.", line=condition.line)
    for typed in lines_of(step):
        command = catalogue.lookup(typed.args)
        if command is not None and not is_allowed(command.name, command.group, lesson.allow):
            remedy = f"Write allow: {command.name} in the front matter; the student is asked first."
            yield fault(f"{command.name} is not allowed in a lesson.", remedy, typed.line)


def lint_course(lessons: Sequence[Lesson], catalogue: Catalogue) -> Iterator[Fault]:
    """What only the whole course shows: ids, what a lesson needs, commands used before they are taught."""
    known: dict[str, Lesson] = {}
    taught: set[str] = set()
    for lesson in lessons:
        for needed in lesson.needs:
            if needed not in known:
                message = f"it needs the lesson {needed}, which does not come before it."
                yield Fault(lesson.path, lesson.lines_of["needs"], message)
        if lesson.id in known:
            message = f"the id {lesson.id} is taken by {known[lesson.id].path.name}."
            yield Fault(lesson.path, lesson.lines_of["id"], message)
        known[lesson.id] = lesson
        taught.update(lesson.teaches)
        for step in lesson.steps:
            for solution in step.solutions[:1]:
                for typed in solution.lines:
                    command = catalogue.lookup(typed.args)
                    if command is not None and command.name not in taught:
                        message = f"step {step.id}: {command.name} is needed before a lesson teaches it."
                        yield Fault(lesson.path, typed.line, message, "Name it in teaches.")


def _races(condition: Condition) -> bool:
    """Whether the time that a learner takes decides: seconds that are exact, or leave hardly any room."""
    unit = _TIMES.get(condition.args[0].upper() if condition.args else b"")
    if unit is None:
        return False
    wanted = condition.wanted
    if isinstance(wanted, Range):
        return wanted.low > 0 and wanted.high - wanted.low < LEAST_ROOM_S * unit
    return condition.operator == "==" and isinstance(wanted, int) and wanted > 0


def _only_reads(condition: Condition, catalogue: Catalogue) -> bool:
    command = catalogue.lookup(condition.args)
    return command is not None and ("readonly" in command.flags or command.name in HARMLESS)


class Proof:
    """Runs one lesson on benches.

    `bench` gives an empty one each time; `python` the commands of a solution in redis-py, or raises BadCall.
    """

    def __init__(
        self,
        lesson: Lesson,
        bench: Callable[[], Bench],
        *,
        python: Callable[[PythonSolution], Sequence[Typed]],
    ) -> None:
        self._lesson = lesson
        self._bench = bench
        self._python = python
        self.report = Report()

    def run(self) -> Report:
        """Prove every step. Faults are in the report; nothing is raised for them."""
        for step in self._lesson.steps:
            self.report.steps += 1
            if step.checks:
                self.step(step)
        return self.report

    def step(self, step: Step) -> None:
        """Prove one step, from where it begins."""
        bench = self._at(step)
        if bench is None or is_told(self._lesson, step, bench.engine):
            return
        solved = judged(step, bench)
        if all(verdict.holds for verdict in solved):
            self._fault(step, step.line, "it is solved before anything was done.", solved)
        found = recognised(step, bench)
        if found is not None:
            message = "this mistake is recognised before anything was done:"
            self._fault(step, found.line, message, [found.condition.judge(bench.evidence())])
        for solution in step.solutions:
            self._solution(step, solution.lines, solution.line)
        for source in step.python:
            self._python_solution(step, source)
        for mistake in step.mistakes:
            self._mistake(step, mistake)

    def _python_solution(self, step: Step, source: PythonSolution) -> None:
        try:
            lines = self._python(source)
        except BadCall as fault:
            self._fault(step, source.line + fault.line, f"{fault}.")
            return
        self._solution(step, lines, source.line)

    def _solution(self, step: Step, lines: Sequence[Typed], line: int) -> None:
        bench = self._at(step)
        if bench is None or not self._run(step, bench, lines):
            return
        self.report.solutions += 1
        verdicts = judged(step, bench)
        if not all(verdict.holds for verdict in verdicts):
            self._fault(step, line, "this solution does not pass:", verdicts)
        found = recognised(step, bench)
        if found is not None:
            self._fault(step, found.line, f"the solution of line {line} is taken for this mistake.")

    def _mistake(self, step: Step, mistake: Mistake) -> None:
        bench = self._at(step)
        if bench is None or not self._run(step, bench, mistake.tries):
            return
        self.report.mistakes += 1
        if all(verdict.holds for verdict in judged(step, bench)):
            self._fault(step, mistake.line, "what this mistake tries solves the step.")
            return
        found = recognised(step, bench)
        if found is None:
            seen = [mistake.condition.judge(bench.evidence())]
            self._fault(step, mistake.line, "what it tries is not recognised as this mistake:", seen)
        elif found is not mistake:
            message = f"what it tries is taken for the mistake of line {found.line}."
            self._fault(
                step, mistake.line, message, remedy="The first that fits is said: put this one before it."
            )

    def _at(self, step: Step) -> Bench | None:
        """A bench in the state in which the step begins; None if that state cannot be reached."""
        bench = self._bench()
        for owner, each in bench.way(self._lesson, step):
            if not self._bring(owner, bench, each):
                return None
        bench.begin()
        return bench

    def _run(self, step: Step, bench: Bench, lines: Sequence[Typed]) -> bool:
        return all(self._bring(step, bench, typed) for typed in lines)

    def _bring(self, step: Step, bench: Bench, each: Typed | Wait | Drill) -> bool:
        try:
            bench.bring(each)
        except RedislabError as error:
            what = str(each) if isinstance(each, Typed) else type(each).__name__.lower()
            self._fault(step, each.line, f"{what}: {error.message}.")
            return False
        return True

    def _fault(
        self, step: Step, line: int, message: str, verdicts: Sequence[Verdict] = (), remedy: str = ""
    ) -> None:
        failed = [verdict for verdict in verdicts if not verdict.holds] or verdicts
        seen = "; ".join(verdict.seen for verdict in failed)
        text = f"step {step.id}: {message}" + (f" {seen}." if seen else "")
        fault = Fault(self._lesson.path, line, text, remedy)
        if fault not in self.report.faults:
            self.report.faults.append(fault)


def judged(step: Step, bench: Bench) -> list[Verdict]:
    evidence = bench.evidence()
    return [condition.judge(evidence) for condition in step.checks]


def recognised(step: Step, bench: Bench) -> Mistake | None:
    """The mistake that the learner would be told of."""
    return next(all_recognised(step, bench), None)


def all_recognised(step: Step, bench: Bench) -> Iterator[Mistake]:
    """Every mistake that fits what was done."""
    evidence = bench.evidence()
    return (mistake for mistake in step.mistakes if mistake.condition.judge(evidence).holds)
