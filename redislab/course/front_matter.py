"""The lines between `---` at the top of a lesson: YAML of scalars and lists, and nothing else of YAML.

Read from the node tree, so that no value is ever constructed from a tag; anchors and aliases are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

FENCE = "---"
LISTS = ("needs", "teaches", "allow", "covers")
SCALARS = ("format", "id", "title", "minutes", "notebook")
REQUIRED = ("format", "id", "title")


class BadFrontMatter(Exception):
    """What is wrong, and in which line of the file."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Entry:
    """One name: its values, a scalar being one, and its line in the file."""

    values: tuple[str, ...]
    line: int


def split(text: str) -> tuple[str, str, int]:
    """Front matter, the rest, and the number of lines before the rest. Raises BadFrontMatter."""
    lines = text.split("\n")
    if lines[0].rstrip() != FENCE:
        raise BadFrontMatter(1, "a lesson begins with front matter: a line ---, then format, id and title")
    for number, each in enumerate(lines[1:], 1):
        if each.rstrip() == FENCE:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :]), number + 1
    raise BadFrontMatter(1, "the front matter is not closed: a second line --- is missing")


def read(text: str) -> dict[str, Entry]:
    """The entries by name. Raises BadFrontMatter."""
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                raise BadFrontMatter(_line(event.start_mark), "anchors and aliases have no place here")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = str(getattr(error, "problem", "") or "this is no YAML")
        raise BadFrontMatter(_line(mark), f"the front matter cannot be read: {what}") from None
    if not isinstance(node, yaml.MappingNode):
        raise BadFrontMatter(2, "front matter is made of lines like `title: Keys that disappear`")
    found: dict[str, Entry] = {}
    for name, value in node.value:
        line = _line(name.start_mark)
        if name.value in found:
            raise BadFrontMatter(line, f"{name.value} stands there twice")
        found[name.value] = Entry(tuple(_values(str(name.value), value, line)), line)
    for required in REQUIRED:
        if required not in found:
            raise BadFrontMatter(1, f"the front matter has no {required}")
    return found


def _values(name: str, node: yaml.Node, line: int) -> Iterator[str]:
    if name not in (*LISTS, *SCALARS):
        known = ", ".join((*SCALARS, *LISTS))
        raise BadFrontMatter(line, f"there is no {name} in front matter; there are {known}")
    if isinstance(node, yaml.ScalarNode):
        yield from node.value.replace(",", " ").split() if name in LISTS else [node.value]
        return
    if name not in LISTS or not isinstance(node, yaml.SequenceNode):
        raise BadFrontMatter(line, f"{name} takes {'names' if name in LISTS else 'one value'}")
    for item in node.value:
        if not isinstance(item, yaml.ScalarNode):
            raise BadFrontMatter(line, f"{name} takes names")
        yield item.value


def _line(mark: Any) -> int:
    """In the file: the front matter begins in its second line."""
    return mark.line + 2 if mark is not None else 2
