"""Lesson → Jupyter notebook. Nothing is run, and the same lesson gives the same bytes.

A step becomes a task, a cell that begins it, one for Redis commands, one for redis-py, and one that checks.
Cell ids are made of the step's id, so that an edited lesson reads well as a diff. No solution, hint or right
answer stands in a twin or a sheet; `redislab.lesson` looks them up in the lesson when they are asked for.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

from redislab.core.words import quote
from redislab.course.model import Lesson, Quiz, Step, Typed
from redislab.course.panels import LETTERS
from redislab.course.reach import lines_of
from redislab.course.words import Words, notebook_words

FORMAT = 4, 5  # of notebooks: the first with cell ids

_SHELL_WORD = re.compile(r"(?<![\w`:]):(reset|hint|solution|why|undo|explain|clock)\b|`:([a-z]+)([^`\n]*)`")
_REDIS_FENCE = re.compile(r"^```redis[ \t]*$", re.MULTILINE)  # no page's colours know the word, some print it
_CALLS = {"reset": "start", "hint": "hint", "solution": "solution", "why": ""}
_MAGICS = {name: f"%redis_{name}" for name in ("undo", "explain", "clock")}
_BARE = re.compile(r"[^\s\"'\\]+")
_IN_DOUBLE_QUOTES = re.compile(r"[^\"\\]*")


class Edition(Enum):
    """What a notebook is for."""

    TWIN = "twin"  # to be worked through: tasks, empty cells, checks
    KEY = "key"  # solved, in both notations
    SHEET = "sheet"  # to be handed in: tasks and empty cells, no checks and hints


class NotANotebook(ValueError):
    """A file that cannot be read as a notebook."""


def write(lesson: Lesson, edition: Edition = Edition.TWIN, *, name: str = "", language: str = "") -> str:
    """The text of the notebook. `name`: by what `redislab.lesson` finds the lesson; "" is its id."""
    cells = list(_Writer(lesson, edition, name or lesson.id, language).cells())
    return _text(cells, {"lesson": name or lesson.id, "edition": edition.value, "written": _digest(cells)})


def is_as_written(text: str) -> bool:
    """Whether nobody has edited a cell of a notebook that we wrote; it may have been run.

    Raises NotANotebook.
    """
    whole = _read(text)
    about = whole["metadata"].get("redislab")
    return isinstance(about, dict) and about.get("written") == _digest(whole["cells"])


def sources(text: str) -> list[tuple[str, str]]:
    """Kind and source of each cell. Raises NotANotebook."""
    return _sources(_read(text)["cells"])


def stamped(text: str) -> str:
    """A notebook with the mark by which `is_as_written` knows it. Raises NotANotebook."""
    whole = _read(text)
    whole["metadata"]["redislab"] = {"written": _digest(whole["cells"])}
    return _dumped(whole)


def for_notebook(text: str, step: str) -> str:
    """A lesson's text with the shell's words as a notebook has them: `:reset` is `check.start("login")`."""

    def there(found: re.Match[str]) -> str:
        name, rest = found[1] or found[2], found[3] or ""
        if name in _MAGICS:
            return f"`{_MAGICS[name]}{rest}`"
        if name not in _CALLS or rest:
            return found[0]
        method = _CALLS[name]
        return f"`check{'.' * bool(method)}{method}({json.dumps(step)})`"

    return _SHELL_WORD.sub(there, _REDIS_FENCE.sub("```text", text))


def has_two_clients(step: Step) -> bool:
    return any(typed.client == "B" for typed in lines_of(step))


def may_raise(step: Step) -> bool:
    """Whether the task asks for an error: redis-py raises it, and the cells after it are run all the same."""
    return any(condition.kind in ("error", "failed") for condition in step.checks)


class _Writer:
    """The cells of one notebook, in order."""

    def __init__(self, lesson: Lesson, edition: Edition, name: str, language: str) -> None:
        self._lesson = lesson
        self._edition = edition
        self._name = name
        self._language = language
        self._words: Words = notebook_words(language)
        self._two = any(map(has_two_clients, lesson.steps))
        self._object = "lesson" if edition is Edition.SHEET else "check"

    def cells(self) -> Iterator[dict[str, Any]]:
        yield _markdown("title", self._title())
        yield _code("setup", self._setup())
        for number, step in enumerate(self._lesson.steps, 1):
            yield from self._step(step, number)
        if self._edition is Edition.TWIN:
            yield _markdown("end", self._words("end"))
            yield _code("report", "check.report()")

    def _title(self) -> str:
        lesson, words = self._lesson, self._words
        count = len(lesson.steps)
        size = (
            words("minutes", steps=count, minutes=lesson.minutes)
            if lesson.minutes
            else words("steps", steps=count)
        )
        how = words({Edition.TWIN: "how", Edition.KEY: "how_key", Edition.SHEET: "how_sheet"}[self._edition])
        second = [words("second_client")] if self._two else []
        intro = for_notebook(lesson.intro, lesson.steps[0].id) if lesson.steps else lesson.intro
        return "\n\n".join([f"# {lesson.title}", size, intro, " ".join([how, *second])])

    def _setup(self) -> str:
        options = [json.dumps(self._name)]
        if self._lesson.allow:
            options.append(f"allow={json.dumps(list(self._lesson.allow))}")
        if self._language:
            options.append(f"lang={json.dumps(self._language)}")
        lines = ["%load_ext redislab", "import redis", "", "import redislab", ""]
        lines.append(f"{self._object} = redislab.lesson({', '.join(options)})")
        lines.append("r = redislab.connect(decode_responses=True)")
        if self._two:
            lines.append('b = redislab.connect(decode_responses=True, client_name="B")')
        return "\n".join(lines)

    def _step(self, step: Step, number: int) -> Iterator[dict[str, Any]]:
        prose = for_notebook(step.prose, step.id)
        yield _markdown(f"{step.id}_task", f"## {number}. {step.title}\n\n{prose}".rstrip())
        if step.checks:
            yield from self._work(step)
        for place, quiz in enumerate(step.quizzes, 1):
            yield from self._quiz(step, quiz, place)

    def _work(self, step: Step) -> Iterator[dict[str, Any]]:
        start = f"{self._object}.start({json.dumps(step.id)})"
        check = _code(f"{step.id}_check", f"check({json.dumps(step.id)})")
        yield _code(f"{step.id}_start", start)
        if self._edition is Edition.KEY:
            yield _code(f"{step.id}_redis", _magic("\n".join(map(shown, step.solutions[0].lines))))
            yield check
            for number, python in enumerate(step.python):
                part = f"python{number + 1}" if number else "python"
                yield _code(f"{step.id}_{part}_start", start)
                yield _code(f"{step.id}_{part}", python.source, raises=may_raise(step))
                yield {**check, "id": f"{step.id}_{part}_check"}
            yield from self._other_ways(step)
            return
        if self._edition is Edition.TWIN:
            yield from self._predictions(step)
        two = "_two" * has_two_clients(step)
        yield _code(f"{step.id}_redis", _magic(self._words(f"redis_cell{two}")))
        yield _code(f"{step.id}_python", self._words(f"python_cell{two}"), raises=may_raise(step))
        if self._edition is Edition.TWIN:
            yield check

    def _predictions(self, step: Step) -> Iterator[dict[str, Any]]:
        for place, asked in enumerate(step.predictions, 1):
            text = for_notebook(asked.text, step.id)
            key = "before" if text else "before_plain"
            question = self._words(key, command=shown(asked.command), question=text)
            yield _markdown(f"{step.id}_before{place}", f"{question} {self._words('guess')}")
            yield _code(f"{step.id}_guess{place}", _call("predict", step, "", place))

    def _quiz(self, step: Step, quiz: Quiz, place: int) -> Iterator[dict[str, Any]]:
        choices = [
            f"- **{letter}**: {choice.text}" for letter, choice in zip(LETTERS, quiz.choices, strict=False)
        ]
        question = self._words("question", question=for_notebook(quiz.question, step.id))
        text = "\n".join([question, "", *choices])
        right = next(number for number, choice in enumerate(quiz.choices) if choice.right)
        if self._edition is Edition.KEY:
            text += f"\n\n**{LETTERS[right]}**: {for_notebook(quiz.choices[right].feedback, step.id)}"
        elif self._edition is Edition.SHEET:
            text += f"\n\n{self._words('answer_here')}"
        yield _markdown(f"{step.id}_question{place}", text)
        if self._edition is Edition.KEY:
            yield _code(f"{step.id}_answer{place}", _call("answer", step, LETTERS[right], place))
        elif self._edition is Edition.TWIN:
            letters = ", ".join(LETTERS[: len(quiz.choices)])
            comment = self._words("choose", letters=letters)
            yield _code(f"{step.id}_answer{place}", f"{_call('answer', step, '', place)}  # {comment}")

    def _other_ways(self, step: Step) -> Iterator[dict[str, Any]]:
        ways = ["\n".join(["```text", *map(shown, way.lines), "```"]) for way in step.solutions[1:]]
        if ways:
            yield _markdown(f"{step.id}_ways", "\n\n".join([self._words("other_ways"), *ways]))


def shown(typed: Typed) -> str:
    """A line as a person would type it: letters beyond ASCII stay as they are."""
    words = []
    for word in typed.args:
        text = word.decode("utf-8", "replace")
        if text.isprintable() and _BARE.fullmatch(text):
            words.append(text)
        elif text and text.isprintable() and _IN_DOUBLE_QUOTES.fullmatch(text) and "\ufffd" not in text:
            words.append(f'"{text}"')
        else:
            words.append(quote([word]).decode())
    line = " ".join(words)
    return line if typed.client == "A" else f"{typed.client}: {line}"


def _call(method: str, step: Step, value: str, place: int) -> str:
    """`place`: of several questions in a step; the first needs no number."""
    more = f", question={place}" if place > 1 else ""
    return f'check.{method}({json.dumps(step.id)}, "{value}"{more})'


def _magic(text: str) -> str:
    return f"%%redis\n{text}"


def _markdown(id: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": _lines(source)}


def _code(id: str, source: str, *, raises: bool = False) -> dict[str, Any]:
    metadata = {"tags": ["raises-exception"]} if raises else {}
    return {
        "cell_type": "code", "execution_count": None, "id": id, "metadata": metadata, "outputs": [],
        "source": _lines(source),
    }  # fmt: skip


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def _digest(cells: Sequence[dict[str, Any]]) -> str:
    """Of what stands in the cells; outputs do not count."""
    return hashlib.sha256(json.dumps(_sources(cells)).encode()).hexdigest()[:16]


def _sources(cells: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(cell["cell_type"], "".join(cell["source"])) for cell in cells]


def _read(text: str) -> dict[str, Any]:
    """Raises NotANotebook."""
    try:
        whole: dict[str, Any] = json.loads(text)
        _sources(whole["cells"])
        whole["metadata"].get("redislab")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NotANotebook("this is no notebook") from None
    return whole


def _text(cells: Sequence[dict[str, Any]], about: dict[str, str]) -> str:
    major, minor = FORMAT
    return _dumped(
        {
            "cells": cells,
            "metadata": {
                "kernelspec": {
                    "display_name": "Python 3 (ipykernel)",
                    "language": "python",
                    "name": "python3",
                },
                "language_info": {"name": "python"},
                "redislab": about,
            },
            "nbformat": major,
            "nbformat_minor": minor,
        }
    )


def _dumped(whole: dict[str, Any]) -> str:
    """As nbformat writes it, so that saving it in Jupyter changes nothing else."""
    return json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
