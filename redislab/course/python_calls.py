"""Python solutions read as data: `r.set("session:42", "ada", ex=600)`, a call of a literal a line.

Nothing is executed. A lesson may come from a stranger; its Python is looked at in the syntax tree, and only
calls of the client `r` with literals are taken; `print(…)` around one and a name before it do not matter.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

CLIENT = "r"


class BadCall(Exception):
    """A statement that is no call of a literal, and its line in the source (from 1)."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Call:
    """`r.method(*args, **options)`."""

    method: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    line: int


def read_calls(source: str) -> list[Call]:
    """The calls, in order. Raises BadCall."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadCall(getattr(error, "lineno", None) or 1, "this is no Python") from None
    return [_call(node) for node in tree.body]


def _call(statement: ast.stmt) -> Call:
    line = statement.lineno
    node = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
        node = node.args[0] if len(node.args) == 1 and not node.keywords else None
    if not (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == CLIENT
        and not node.func.attr.startswith("_")
    ):
        raise BadCall(line, 'a Python solution is made of calls like r.set("name", "ada", ex=60)')
    try:
        args = tuple(value for each in node.args for value in _values(each))
        options = {str(each.arg): ast.literal_eval(each.value) for each in node.keywords if each.arg}
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise BadCall(line, "the arguments of a call are literals: numbers, texts, lists, dicts") from None
    if len(options) < len(node.keywords):
        raise BadCall(line, "** has no place here: write the arguments one by one")
    return Call(node.func.attr, args, options, line)


def _values(node: ast.expr) -> Iterator[Any]:
    if isinstance(node, ast.Starred):
        yield from ast.literal_eval(node.value)
    else:
        yield ast.literal_eval(node)
