"""The fences that the machine reads: what stands in each, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from redislab.core import words as word_splitter
from redislab.core.spans import read_span
from redislab.course.conditions import BadCondition, Condition, parse
from redislab.course.model import (
    Choice,
    Drill,
    Mistake,
    Prediction,
    PythonSolution,
    Quiz,
    Solution,
    Typed,
    Wait,
)
from redislab.errors import InvalidLine, UsageError

SHOWN = frozenset({"redis", "python", "text", "console", "json"})

_CLIENT = re.compile(r"([A-Z]):\s+(.*)", re.DOTALL)
_SIZE = re.compile(r"(\d{1,5})(kb|mb)")
LEAST_FILLED_BYTES, MOST_FILLED_BYTES = 100 << 10, 16 << 20
_CHOICE = re.compile(r"- \[( |x|X)\]\s+(.*?)\s+->\s+(.*)")


class BadFence(Exception):
    """What is wrong, in which line of the file, and what to do."""

    def __init__(self, line: int, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Fence:
    """One fence as it is written. `argument` is what follows its word; `line` is that of its opening."""

    word: str
    argument: str
    body: str
    line: int

    def lines(self) -> Iterator[tuple[int, str]]:
        """The lines that are not blank, each with its number in the file."""
        for number, text in enumerate(self.body.split("\n"), self.line + 1):
            if text.strip():
                yield number, text.strip()


@dataclass(slots=True)
class Read:
    """What the fences of one step come to."""

    seeds: list[Typed] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    checks: list[Condition] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    solutions: list[Solution] = field(default_factory=list)
    python: list[PythonSolution] = field(default_factory=list)
    quizzes: list[Quiz] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    drills: list[Drill] = field(default_factory=list)

    def add(self, fence: Fence) -> None:
        """Read one more. Raises BadFence."""
        _READERS[fence.word](self, fence)


def _check(read: Read, fence: Fence) -> None:
    _no_argument(fence)
    found = [_condition(text, number) for number, text in fence.lines()]
    if not found:
        raise BadFence(fence.line, "this check is empty", 'Write a line like GET name == "ada".')
    read.checks += found


def _mistake(read: Read, fence: Fence) -> None:
    if not fence.argument:
        raise BadFence(
            fence.line, "a mistake says when it is recognised", "Write ```mistake TTL session:42 == -1"
        )
    lines = list(fence.lines())
    tries = [typed_line(text.partition(":")[2].strip(), number) for number, text in lines if _is_try(text)]
    said = "\n".join(text for _, text in lines if not _is_try(text))
    if not tries:
        raise BadFence(fence.line, "a mistake has a line that makes it", "Write try: SET session:42 ada")
    if not said:
        raise BadFence(fence.line, "a mistake has words for whoever made it")
    read.mistakes.append(Mistake(_condition(fence.argument, fence.line), tuple(tries), said, fence.line))


def _is_try(text: str) -> bool:
    return text.lower().startswith("try:")


def _hint(read: Read, fence: Fence) -> None:
    _no_argument(fence)
    if not fence.body.strip():
        raise BadFence(fence.line, "this hint is empty")
    read.hints.append(fence.body.strip())


def _solution(read: Read, fence: Fence) -> None:
    if fence.argument == "python":
        if not fence.body.strip():
            raise BadFence(fence.line, "this solution is empty")
        read.python.append(PythonSolution(fence.body.strip("\n"), fence.line))
        return
    _no_argument(fence, "solution python is the only other kind")
    lines = tuple(typed_line(text, number) for number, text in fence.lines())
    if not lines:
        raise BadFence(fence.line, "this solution is empty")
    read.solutions.append(Solution(lines, fence.line))


def _seed(read: Read, fence: Fence) -> None:
    _no_argument(fence)
    read.seeds += [typed_line(text, number) for number, text in fence.lines()]


def _wait(read: Read, fence: Fence) -> None:
    try:
        read.waits.append(Wait(read_span(fence.argument), fence.line))
    except UsageError as error:
        raise BadFence(fence.line, error.message, "Write ```wait 9m") from None


def _quiz(read: Read, fence: Fence) -> None:
    _no_argument(fence)
    lines = list(fence.lines())
    choices = []
    for number, text in lines:
        if not text.startswith("- ["):
            continue
        found = _CHOICE.fullmatch(text)
        if found is None:
            raise BadFence(number, "an answer of a quiz is written - [ ] ANSWER -> WHAT IS SAID THEN")
        choices.append(Choice(found[2], found[1] != " ", found[3]))
    question = "\n".join(text for _, text in lines if not text.startswith("- ["))
    if not question or len(choices) < 2:
        raise BadFence(fence.line, "a quiz is a question and at least two answers")
    if sum(choice.right for choice in choices) != 1:
        raise BadFence(fence.line, "exactly one answer of a quiz is right: - [x]")
    read.quizzes.append(Quiz(question, tuple(choices), fence.line))


def _predict(read: Read, fence: Fence) -> None:
    if not fence.argument:
        raise BadFence(fence.line, "which reply is to be foretold?", "Write ```predict GET name")
    read.predictions.append(
        Prediction(typed_line(fence.argument, fence.line), fence.body.strip(), fence.line)
    )


def _drill(read: Read, fence: Fence) -> None:
    if fence.body.strip():
        raise BadFence(fence.line + 1, "nothing stands in a drill", "Its kind stands behind the word.")
    kind, _, rest = fence.argument.partition(" ")
    if kind == "kill" and not rest:
        read.drills.append(Drill(kind, fence.line))
    elif kind == "drop" and rest.strip() in ("A", "B"):
        read.drills.append(Drill(kind, fence.line, client=rest.strip()))
    elif kind == "memory" and (found := _SIZE.fullmatch(rest.strip())) is not None:
        size = int(found[1]) * (1 << 10 if found[2] == "kb" else 1 << 20)
        if not LEAST_FILLED_BYTES <= size <= MOST_FILLED_BYTES:
            raise BadFence(fence.line, "between 100kb and 16mb fill the memory", "Write ```drill memory 1mb")
        read.drills.append(Drill(kind, fence.line, size=size))
    else:
        remedy = "Write ```drill kill, ```drill memory 1mb or ```drill drop B"
        raise BadFence(fence.line, f"there is no drill {fence.argument!r}", remedy)


def typed_line(text: str, line: int) -> Typed:
    """A line for client A, or behind `B:` for the other one."""
    client = "A"
    found = _CLIENT.fullmatch(text)
    if found is not None:
        client, text = found[1], found[2]
        if client not in ("A", "B"):
            raise BadFence(line, f"there is no client {client}; there are A and B")
    try:
        args = word_splitter.split(text.encode("utf-8", "surrogateescape"))
    except InvalidLine:
        raise BadFence(line, "the quotes of this line do not close") from None
    if not args:
        raise BadFence(line, "a command is missing here")
    if args[0].startswith(b"#"):
        raise BadFence(line, "# begins no comment in Redis", "Put the remark into the prose.")
    return Typed(tuple(args), line, client)


def _condition(text: str, line: int) -> Condition:
    try:
        return parse(text, line)
    except BadCondition as fault:
        raise BadFence(line, str(fault)) from None


def _no_argument(fence: Fence, hint: str = "") -> None:
    if fence.argument:
        raise BadFence(fence.line, f"nothing follows the word {fence.word} of a fence", hint)


_READERS: Mapping[str, Callable[[Read, Fence], None]] = {
    "check": _check,
    "mistake": _mistake,
    "hint": _hint,
    "solution": _solution,
    "seed": _seed,
    "wait": _wait,
    "quiz": _quiz,
    "predict": _predict,
    "drill": _drill,
}
READ = frozenset(_READERS)
