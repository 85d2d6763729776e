"""Python solutions read as data: calls of redis-py with literals, never executed.

A lesson may come from a stranger; its Python is looked at in the syntax tree alone. What can be read is a
small part of the language, and docs/lesson-format.md lists it:

- calls of the clients `r` (A) and `b` (B) with literals; `print(…)` around one, a name before do not matter;
- `q = r.pipeline()` or `with r.pipeline() as q:`, calls of `q` also in a chain, `watch`, `multi`, `execute`;
- `p = r.pubsub()`: it has a connection of its own, which is client B here;
- `t = Thread(target=b.blpop, args=("mail", 10))`, for a call that waits: `t.start()` sends it;
- around a WATCH `while True:` and `try:`, read as one round in which nobody was faster; and `if`: one whose
  body only leaves is a guard and not taken, any other is taken; imports of redis and of Thread.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

CLIENTS = {"r": "A", "b": "B"}
_FORM = 'a Python solution is made of calls like r.set("name", "ada", ex=60)'
_LEAVES = (ast.Break, ast.Continue, ast.Pass, ast.Raise, ast.Return)
_PUBSUB = frozenset({"subscribe", "psubscribe", "unsubscribe", "punsubscribe"})
_PUBSUB_SILENT = frozenset({"get_message", "close"})
_EMPTYING = frozenset({"reset", "close"})  # of a pipeline
_CASTS = frozenset({"int", "float", "str", "print"})


class BadCall(Exception):
    """A statement that cannot be read, and its line in the source (from 1)."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Call:
    """`r.method(*args, **options)`, sent at once."""

    method: str
    args: tuple[Any, ...]
    options: dict[str, Any]
    line: int
    client: str = "A"


@dataclass(frozen=True, slots=True)
class Batch:
    """Calls of a pipeline, sent together; with MULTI and EXEC around them where it is a transaction."""

    calls: tuple[Call, ...]
    transaction: bool
    line: int
    client: str = "A"


Sent: TypeAlias = "Call | Batch"


def read_calls(source: str) -> list[Sent]:
    """What is sent, in order. Raises BadCall."""
    try:
        tree = ast.parse(source)
        reading = _Reading()
        reading.block(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadCall(getattr(error, "lineno", None) or 1, "this is no Python") from None
    return reading.sent


@dataclass(slots=True)
class _Pipeline:
    """What redis-py's pipeline knows of itself."""

    client: str
    transaction: bool
    queued: list[Call] = field(default_factory=list)
    watching: bool = False
    multi: bool = False

    def call(self, call: Call) -> Iterator[Sent]:
        """What one call of it sends."""
        if call.method == "execute":
            yield from self._execute(call)
        elif call.method in _EMPTYING:
            yield from self.empty(call.line)
        elif call.method == "multi":
            if self.multi or self.queued:
                raise BadCall(call.line, "multi() comes once, behind watch() and before what is queued")
            self.multi = True
        elif call.method == "watch" and self.multi:
            raise BadCall(call.line, "watch() comes before multi()")
        elif call.method == "unwatch" and not self.watching:
            return
        elif (self.watching or call.method == "watch") and not self.multi:
            self.watching = call.method != "unwatch"
            yield _as_command(call) if call.method in ("watch", "unwatch") else call
        else:
            self.queued.append(call)

    def empty(self, line: int) -> Iterator[Sent]:
        """At the end of `with`, by `reset()`: what is queued is forgotten."""
        if self.watching:
            yield _as_command(Call("unwatch", (), {}, line, self.client))
        self.queued, self.watching, self.multi = [], False, False

    def _execute(self, call: Call) -> Iterator[Sent]:
        transaction = self.transaction or self.multi
        if self.queued or (self.watching and transaction):
            yield Batch(tuple(self.queued), transaction, call.line, self.client)
        self.watching = self.watching and not transaction  # EXEC has ended it
        yield from self.empty(call.line)


@dataclass(slots=True)
class _PubSub:
    """Listens on a connection of its own."""

    def call(self, call: Call) -> Iterator[Sent]:
        if call.method in _PUBSUB:
            yield _as_command(call)
        elif call.method not in _PUBSUB_SILENT:
            raise BadCall(
                call.line, f"of a pubsub only {', '.join(sorted(_PUBSUB | _PUBSUB_SILENT))} can be read"
            )


@dataclass(slots=True)
class _Thread:
    """One call that waits beside the others."""

    target: Call

    def call(self, call: Call) -> Iterator[Sent]:
        if call.method == "start":
            yield self.target
        elif call.method != "join":
            raise BadCall(call.line, "of a Thread only start() and join() can be read")


_Named: TypeAlias = "_Pipeline | _PubSub | _Thread"


class _Reading:
    """One source, statement by statement."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._named: dict[str, _Named] = {}

    def block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        if isinstance(node, ast.With) and len(node.items) == 1:
            self._with(node)
        elif isinstance(node, ast.While) and _is_true(node.test) and not node.orelse:
            self.block(node.body)
        elif isinstance(node, ast.Try) and not node.finalbody:
            self.block([*node.body, *node.orelse])  # nobody was faster: no handler is entered
        elif isinstance(node, ast.If) and not node.orelse:
            self._test(node.test)
            if not all(isinstance(each, _LEAVES) for each in node.body):
                self.block(node.body)
        elif (
            isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)
        ):
            self._assigned(node.targets[0].id, node.value)
        elif isinstance(node, ast.Expr):
            self._expression(node.value)
        elif not isinstance(node, ast.Break | ast.Continue | ast.Pass) and not _is_import(node):
            raise BadCall(node.lineno, _FORM)

    def _with(self, node: ast.With) -> None:
        item = node.items[0]
        made = self._made(item.context_expr)
        if not isinstance(made, _Pipeline) or not isinstance(item.optional_vars, ast.Name):
            raise BadCall(node.lineno, "with is read around a pipeline: with r.pipeline() as q:")
        self._named[item.optional_vars.id] = made
        self.block(node.body)
        self.sent += made.empty(node.body[-1].lineno)

    def _assigned(self, name: str, node: ast.expr) -> None:
        made = self._made(node)
        if made is None:
            self._expression(node)
        elif name in CLIENTS:
            raise BadCall(node.lineno, f"{name} is a client; give this another name")
        else:
            self._named[name] = made

    def _made(self, node: ast.expr) -> _Named | None:
        """A pipeline, a pubsub or a thread, if that is what an expression makes."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Thread":
            return _Thread(_target(node))
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            return None
        owner = node.func.value
        if not (isinstance(owner, ast.Name) and owner.id in CLIENTS):
            return None
        if node.func.attr == "pubsub":
            return _PubSub()
        if node.func.attr != "pipeline":
            return None
        args, options = _arguments(node)
        transaction = options.get("transaction", args[0] if args else True)
        return _Pipeline(CLIENTS[owner.id], bool(transaction))

    def _test(self, node: ast.AST) -> None:
        """Of an `if`: what it asks the server is sent; what is made of the answer does not matter."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            self._expression(node)
            return
        for each in ast.iter_child_nodes(node):
            self._test(each)

    def _expression(self, node: ast.expr) -> None:
        while (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in _CASTS
            and len(node.args) == 1
            and not node.keywords
        ):
            node = node.args[0]
        chain: list[ast.Call] = []
        owner: ast.expr = node
        while isinstance(owner, ast.Call) and isinstance(owner.func, ast.Attribute):
            chain.append(owner)
            owner = owner.func.value
        if not chain or not isinstance(owner, ast.Name):
            raise BadCall(node.lineno, _FORM)
        for call in reversed(chain):
            self._call(owner.id, call, is_chain=len(chain) > 1)

    def _call(self, name: str, node: ast.Call, *, is_chain: bool) -> None:
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if method.startswith("_"):
            raise BadCall(node.lineno, _FORM)
        args, options = _arguments(node)
        owner = self._named.get(name)
        if isinstance(owner, _Pipeline):
            self.sent += owner.call(Call(method, args, options, node.lineno, owner.client))
        elif isinstance(owner, _PubSub | _Thread):
            self.sent += owner.call(Call(method, args, options, node.lineno, "B"))
        elif method in ("watch", "unwatch"):
            raise BadCall(node.lineno, f"{method}() belongs to a pipeline: q = r.pipeline()")
        elif name in CLIENTS and not is_chain:
            self.sent.append(Call(method, args, options, node.lineno, CLIENTS[name]))
        else:
            raise BadCall(node.lineno, _FORM)


def _as_command(call: Call) -> Call:
    """Of methods that are not those of a client: their name is the command's."""
    return Call("execute_command", (call.method.upper(), *call.args), {}, call.line, call.client)


def _target(node: ast.Call) -> Call:
    """What a Thread is to call: `Thread(target=b.blpop, args=("mail", 10))`."""
    given = {each.arg: each.value for each in node.keywords}
    target = given.pop("target", None)
    if not (
        isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id in CLIENTS
        and not target.attr.startswith("_")
        and given.keys() <= {"args", "daemon"}
        and not node.args
    ):
        raise BadCall(node.lineno, 'a Thread is read as Thread(target=b.blpop, args=("mail", 10))')
    try:
        args = tuple(ast.literal_eval(given["args"])) if "args" in given else ()
    except (ValueError, TypeError, RecursionError, MemoryError):
        raise BadCall(node.lineno, "the arguments of a call are literals") from None
    return Call(target.attr, args, {}, node.lineno, CLIENTS[target.value.id])


def _arguments(node: ast.Call) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        args = tuple(value for each in node.args for value in _values(each))
        options = {str(each.arg): ast.literal_eval(each.value) for each in node.keywords if each.arg}
    except (ValueError, TypeError, RecursionError, MemoryError):
        message = "the arguments of a call are literals: numbers, texts, lists, dicts"
        raise BadCall(node.lineno, message) from None
    if len(options) < len(node.keywords):
        raise BadCall(node.lineno, "** has no place here: write the arguments one by one")
    return args, options


def _values(node: ast.expr) -> Iterator[Any]:
    if isinstance(node, ast.Starred):
        yield from ast.literal_eval(node.value)
    else:
        yield ast.literal_eval(node)


def _is_import(node: ast.stmt) -> bool:
    """Of redis, or of Thread."""
    if isinstance(node, ast.Import):
        return all(each.name.partition(".")[0] == "redis" for each in node.names)
    if not isinstance(node, ast.ImportFrom):
        return False
    is_thread = node.module == "threading" and [each.name for each in node.names] == ["Thread"]
    return is_thread or (node.module or "").partition(".")[0] == "redis"


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
