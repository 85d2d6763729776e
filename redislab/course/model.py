"""A lesson as its file says it. Lines are counted from 1, in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redislab.core.words import legible
from redislab.course.conditions import Condition

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Typed:
    """A line for one of the two clients: `SET a 1`, or `B: SET a 1`."""

    args: tuple[bytes, ...]
    line: int
    client: str = "A"
    joined: bool = False  # it goes in one journey with the line before it, as in a pipeline

    def __str__(self) -> str:
        shown = legible(self.args)
        return shown if self.client == "A" else f"{self.client}: {shown}"


@dataclass(frozen=True, slots=True)
class Wait:
    """Time that passes, among commands."""

    seconds: float
    line: int


@dataclass(frozen=True, slots=True)
class Drill:
    """A failure, on purpose. `kind`: kill (the server), memory (is full), drop (the connection of `client`).

    `size` is that of the copies which fill the memory, in bytes.
    """

    kind: str
    line: int
    client: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Solution:
    """One way to do what a step asks for."""

    lines: tuple[Typed, ...]
    line: int


@dataclass(frozen=True, slots=True)
class PythonSolution:
    """The same in redis-py, as source."""

    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """A frequent wrong way: when it is recognised, what is said then, and a line that makes it."""

    condition: Condition
    tries: tuple[Typed, ...]
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a quiz, and what is said to whoever chooses it."""

    text: str
    right: bool
    feedback: str


@dataclass(frozen=True, slots=True)
class Quiz:
    question: str
    choices: tuple[Choice, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Prediction:
    """A command whose reply is to be foretold before it is run."""

    command: Typed
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """One task. `prose` is Markdown, with the fences that are shown and without those that are read."""

    id: str
    title: str
    prose: str
    line: int
    seeds: tuple[Typed, ...] = ()
    waits: tuple[Wait, ...] = ()
    checks: tuple[Condition, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    hints: tuple[str, ...] = ()
    solutions: tuple[Solution, ...] = ()
    python: tuple[PythonSolution, ...] = ()
    quizzes: tuple[Quiz, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    drills: tuple[Drill, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one file teaches. `needs` are ids of lessons, `teaches` and `allow` names of commands.

    `notebook`: the course has a notebook of it (any lesson can be written as one). `covers`: topics of a
    course's list, each as `step/topic`.
    """

    path: Path
    id: str
    title: str
    intro: str = ""
    needs: tuple[str, ...] = ()
    teaches: tuple[str, ...] = ()
    minutes: int | None = None
    allow: tuple[str, ...] = ()
    notebook: bool = False
    covers: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    lines_of: Mapping[str, int] = field(default_factory=dict)  # where each name of the front matter stands
    language: str = ""  # of its words; "" is English

    def step(self, id: str) -> Step | None:
        return next((step for step in self.steps if step.id == id), None)


def way_to(
    lesson: Lesson, step: Step, leaves_out: Callable[[Step], bool] = lambda _: False
) -> Iterator[tuple[Step, Typed | Wait | Drill]]:
    """All that runs before a step begins: of the steps before it the first solutions too.

    Of steps that are left out nothing runs.
    """
    for each in lesson.steps:
        left_out = leaves_out(each)
        if not left_out:
            yield from ((each, typed) for typed in each.seeds)
            yield from ((each, wait) for wait in each.waits)
            yield from ((each, drill) for drill in each.drills)
        if each is step:
            return
        if each.solutions and not left_out:
            yield from ((each, typed) for typed in each.solutions[0].lines)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a lesson: where, what, and what to do."""

    path: Path
    line: int
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" + (f" {self.remedy}" if self.remedy else "")
