"""The call that a row of `data/redispy.json` shows, filled with what its names stand for.

A template is a call without its client, in Python: `zadd(key, {member: score}, nx=nx)`. A name that is
repeated fills a list, a dict (with another, pair by pair) or `*name`. What stands for nothing is left
out, with its keyword. `...` is every other name, as keywords of the same name, last. A method alone is a
call with what must be given in order, what is repeated as `*name`, and the rest as `...`. What follows
` # ` is a comment that begins with another call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

from redislab.core.redispy.pattern import Many, Option, names, parse
from redislab.core.redispy.reader import Bound


def fill(template: str, pattern: str, bound: Bound, client: str) -> str | None:
    """The call as Python source; None if a dict cannot hold the pairs: a key twice, or without its value."""
    code, _, comment = template.partition(" # ")
    call = _call(code, pattern)
    mentioned = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    arguments = list(_arguments(call, bound, mentioned))
    if None in arguments:
        return None
    shown = f"{client}.{ast.unparse(call.func)}({', '.join(filter(None, arguments))})"
    return f"{shown}  # {_comment(comment, pattern, bound, client)}" if comment else shown


def _comment(comment: str, pattern: str, bound: Bound, client: str) -> str:
    """`incr(key) sends INCRBY`: a call, then words."""
    end = comment.index(")") + 1
    return f"{fill(comment[:end], pattern, bound, client)}{comment[end:]}"


@cache
def _call(template: str, pattern: str) -> ast.Call:
    if not template.endswith(")"):
        found = list(names(parse(pattern)))
        given = [
            f"*{name}" if isinstance(piece, Many) else name
            for name, piece in found
            if not isinstance(piece, Option)
        ]
        template = f"{template}({', '.join([*given, '...'])})"
    call = ast.parse(template, mode="eval").body
    if not isinstance(call, ast.Call):
        raise ValueError(f"no call: {template}")
    return call


def template_names(template: str, pattern: str) -> set[str]:
    """The names that a template uses; `...` uses all that are left."""
    call = _call(template.partition(" # ")[0], pattern)
    nodes = [node for argument in (*call.args, *call.keywords) for node in ast.walk(argument)]
    if any(isinstance(node, ast.Constant) and node.value is ... for node in nodes):
        return {name for name, _ in names(parse(pattern))}
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _arguments(call: ast.Call, bound: Bound, mentioned: set[str]) -> Iterator[str | None]:
    """The arguments' source; "" for what is left out, None for what Python cannot say."""
    others = False
    for argument in call.args:
        if isinstance(argument, ast.Constant) and argument.value is ...:
            others = True
        else:
            yield _source(argument, bound)
    for keyword in call.keywords:
        source = _source(keyword.value, bound)
        yield f"{keyword.arg}={source}" if source else source
    for name, found in bound.items() if others else ():
        if name not in mentioned:
            yield f"{name}={found if isinstance(found, str) else _listed(found)}"


def _source(node: ast.expr, bound: Bound) -> str | None:
    match node:
        case ast.Name(id=name):
            found = bound.get(name, "")
            return found if isinstance(found, str) else _listed(found) if found else ""
        case ast.Starred(value=ast.Name(id=name)):
            return ", ".join(_many(name, bound))
        case ast.Starred(value=ast.List(elts=elements)):
            return ", ".join(_rows(elements, bound))
        case ast.List(elts=elements):
            rows = list(_rows(elements, bound))
            return _listed(rows) if rows else ""
        case ast.Dict(keys=[ast.Name(id=key)], values=[ast.Name(id=value)]):
            pairs = dict(zip(_many(key, bound), _many(value, bound), strict=False))
            if not len(pairs) == len(_many(key, bound)) == len(_many(value, bound)):
                return None
            return f"{{{', '.join(f'{one}: {other}' for one, other in pairs.items())}}}"
        case ast.Constant(value=str(constant)):
            return f'"{constant}"'
        case ast.Constant():
            return ast.unparse(node)
    raise ValueError(f"no template: {ast.unparse(node)}")


def _rows(elements: list[ast.expr], bound: Bound) -> Iterator[str]:
    """The items of a list: the names' values in turn, as tuples if the template writes one."""
    if len(elements) == 1 and isinstance(elements[0], ast.Tuple):
        yield from (f"({', '.join(row)})" for row in _together(elements[0].elts, bound))
    else:
        for row in _together(elements, bound):
            yield from row


def _together(elements: list[ast.expr], bound: Bound) -> Iterator[tuple[str, ...]]:
    return zip(*(_many(ast.unparse(element), bound) for element in elements), strict=True)


def _many(name: str, bound: Bound) -> list[str]:
    found = bound.get(name, [])
    return [found] if isinstance(found, str) else found


def _listed(items: list[str]) -> str:
    return f"[{', '.join(items)}]"
