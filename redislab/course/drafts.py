"""Collected attempts → drafts of `mistake` fences, for the author to add a sentence to.

An attempt comes from somebody's file: its lines run on the built-in engine alone, and only commands that the
lesson may run. A draft is given only if `redislab check` would take it with a sentence in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from redislab.core.reply import Kind, Reply
from redislab.core.words import quote
from redislab.course.attempts import Attempt, counted
from redislab.course.bench import Bench
from redislab.course.conditions import BadCondition, Condition, parse
from redislab.course.fences import BadFence, typed_line
from redislab.course.model import Lesson, Mistake, PythonSolution, Step, Typed
from redislab.course.proof import Proof, judged, lint, recognised
from redislab.course.reach import is_allowed
from redislab.errors import RedislabError

_ROOM = {b"TTL": 10, b"PTTL": 10_000}
MOST_VALUE_CHARACTERS = 80  # of a value in a condition


@dataclass(frozen=True, slots=True)
class Draft:
    """A fence without its sentence. `times`: how many attempts end in its condition."""

    lesson: Lesson
    step: Step
    condition: Condition
    lines: tuple[str, ...]
    times: int

    @property
    def text(self) -> str:
        tries = "\n".join(f"try: {line}" for line in self.lines)
        return f"```mistake {self.condition.text}\n{tries}\n```"


class Drafting:
    """For one lesson. `bench` gives an emptied one on the built-in engine; `python` is as for `Proof`."""

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

    def drafts(self, attempts: Iterable[Attempt]) -> list[Draft]:
        """The most frequent first; attempts that a mistake answers meanwhile have none."""
        grouped: dict[tuple[str, str], Draft] = {}
        for attempt, times in counted(attempts).items():
            step = self._lesson.step(attempt.step)
            if attempt.lesson != self._lesson.id or step is None or not step.checks:
                continue
            draft = self._draft(step, attempt, times)
            if draft is None:
                continue
            key = step.id, draft.condition.text
            known = grouped.get(key)
            if known is not None:
                shorter = min((known.lines, draft.lines), key=len)
                draft = replace(draft, lines=shorter, times=known.times + times)
            grouped[key] = draft
        return sorted(grouped.values(), key=lambda draft: -draft.times)

    # -- inside ---------------------------------------------------------------------------------

    def _draft(self, step: Step, attempt: Attempt, times: int) -> Draft | None:
        lines = self._allowed(attempt.lines)
        if not lines:
            return None
        try:
            bench = self._at(step)
            answered = [(typed, bench.run(typed)) for typed in lines]
            if all(verdict.holds for verdict in judged(step, bench)) or recognised(step, bench) is not None:
                return None
            candidates = list(_candidates(step, answered, bench))
        except RedislabError:
            return None
        for text in candidates:
            condition = _parsed(text, step.line)
            if condition is not None and self._is_proved(step, condition, lines):
                return Draft(self._lesson, step, condition, tuple(map(str, lines)), times)
        return None

    def _allowed(self, lines: Sequence[str]) -> list[Typed]:
        """The lines as they are run; [] where one may not be."""
        found: list[Typed] = []
        for line in lines:
            try:
                typed = typed_line(line, 0)
            except BadFence:
                return []
            command = self._bench().catalogue.lookup(typed.args)
            if command is not None and not is_allowed(command.name, command.group, self._lesson.allow):
                return []
            found.append(typed)
        return found

    def _at(self, step: Step) -> Bench:
        bench = self._bench()
        bench.lead_to(self._lesson, step)
        return bench

    def _is_proved(self, step: Step, condition: Condition, lines: Sequence[Typed]) -> bool:
        """Whether the lesson holds with this mistake behind the others of its step."""
        added = Mistake(condition, tuple(lines), "…", step.line)
        richer = replace(step, mistakes=(*step.mistakes, added))
        steps = tuple(richer if each is step else each for each in self._lesson.steps)
        proof = Proof(replace(self._lesson, steps=steps), self._bench, python=self._python)
        proof.step(richer)
        if proof.report.faults:
            return False
        catalogue = self._bench().catalogue
        with_it = replace(self._lesson, steps=steps)
        return len(list(lint(with_it, catalogue))) == len(list(lint(self._lesson, catalogue)))


def _candidates(step: Step, answered: Sequence[tuple[Typed, Reply | None]], bench: Bench) -> Iterator[str]:
    """Conditions that hold now and may tell this attempt from others, the most telling first."""
    typed, reply = answered[-1]
    if reply is not None and reply.is_error:
        words = reply.text.decode("utf-8", "replace")
        yield f"error {json.dumps(words.removeprefix('ERR ')[:MOST_VALUE_CHARACTERS], ensure_ascii=False)}"
    for condition in step.checks:
        if condition.kind == "state" and not condition.judge(bench.evidence()).holds:
            compared = _compared(condition.args[0].upper(), bench.ask(condition.args))
            if compared:
                yield f"{quote(condition.args).decode('utf-8', 'replace')} {compared}"
    for typed, reply in reversed(answered):
        value = None if reply is None else _as_json(reply)
        if value is not None:
            shown = quote(typed.args).decode("utf-8", "replace")
            client = "" if typed.client == "A" else f"{typed.client}: "
            yield f"{client}reply {shown} == {value}"


def _compared(name: bytes, reply: Reply) -> str:
    """The operator and the right side by which a reply is recognised; time goes on, so that has room."""
    room = _ROOM.get(name)
    if room is not None and reply.kind is Kind.INTEGER and reply.number > 0:
        return f"in {max(0, reply.number - room)}..{reply.number}"
    value = _as_json(reply)
    return "" if value is None else f"== {value}"


def _as_json(reply: Reply) -> str | None:
    """A reply as the right side of a condition; None for what is large, or an error."""
    if reply.is_error:
        return None
    text = json.dumps(_plain(reply), ensure_ascii=False)
    return text if len(text) <= MOST_VALUE_CHARACTERS else None


def _plain(reply: Reply) -> object:
    if reply.is_nil:
        return None
    if reply.kind is Kind.INTEGER:
        return reply.number
    if reply.kind.is_aggregate:
        return [_plain(item) for item in reply.items]
    return reply.text.decode("utf-8", "replace")


def _parsed(text: str, line: int) -> Condition | None:
    try:
        return parse(text, line)
    except BadCondition:
        return None
