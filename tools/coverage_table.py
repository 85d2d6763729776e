"""docs/coverage.md: which lesson and step covers what. `python tools/coverage_table.py [--check]`.

The topics are lessons/topics.tsv: an id, `!` where the course puts a common claim right, words. Which step
covers one says `covers:` in the front matter of its lesson. `--check` writes nothing; its exit code is 1
where the page is not current. A topic that nothing covers, or that is not in the list, is an error.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from redislab.course.library import course, load

ROOT = Path(__file__).resolve().parent.parent
TOPICS, PAGE = ROOT / "lessons" / "topics.tsv", ROOT / "docs" / "coverage.md"
HEAD = """# What the course covers

Written by `tools/coverage_table.py` from `lessons/topics.tsv` and the `covers` of each lesson. A `!` stands
where a claim is often heard that is wrong or out of date; the step puts it right.

| | topic | lesson and step |
|---|---|---|
"""


class Topic(NamedTuple):
    id: str
    is_myth: bool
    words: str


def topics() -> list[Topic]:
    """The list, in its order."""
    rows = (line.split("\t") for line in TOPICS.read_text("utf-8").splitlines())
    return [Topic(id, mark == "!", words) for id, mark, words in rows]


def covered() -> dict[str, list[str]]:
    """By a topic's id: the steps, as the page names them."""
    found: dict[str, list[str]] = defaultdict(list)
    for title in course(ROOT / "lessons"):
        lesson = load(title.path)
        for each in lesson.covers:
            id, _, topic = each.partition("/")
            step = lesson.step(id)
            assert step is not None, f"{title.path}: no step {id}"
            found[topic].append(f"[{title.number}](../lessons/{title.path.name}), {step.title}")
    return found


def page() -> str:
    """The whole page. Raises ValueError where a topic has no step, or a step's topic is unknown."""
    steps, known = covered(), topics()
    unknown = steps.keys() - {topic.id for topic in known}
    empty = [topic.id for topic in known if topic.id not in steps]
    if unknown or empty:
        raise ValueError(f"not in topics.tsv: {sorted(unknown)}; covered by no step: {empty}")
    return HEAD + "".join(_row(topic, steps[topic.id]) for topic in known)


def _row(topic: Topic, steps: list[str]) -> str:
    return f"| {'!' if topic.is_myth else ''} | {topic.words} | {'; '.join(steps)} |\n"


def main(arguments: list[str]) -> Iterator[str]:
    """What to say; nothing where the page is current."""
    text = page()
    if not PAGE.exists() or PAGE.read_text("utf-8") != text:
        yield f"{PAGE.relative_to(ROOT)} is not as the lessons are"
        if "--check" not in arguments:
            PAGE.write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    said = list(main(sys.argv[1:]))
    print("\n".join(said) or "the page is current")
    sys.exit(1 if said and "--check" in sys.argv else 0)
