"""Every private name of redis-py by which its clients reach a lab: an upgrade that moves one fails here."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any

import redis
import redis.asyncio.connection
import redis.connection

import redislab.engines.embedded.redispy as module

plain: Any = redis.connection
coroutines: Any = redis.asyncio.connection


def test_only_these_private_names_are_used() -> None:
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    ours = {"_" + name for name in ("connection", "answers", "requests", "timer", "noted", "closed", "lab")}
    ours |= {"_reader", "_unread", "_timeout_s", "_engine", "_loop", "_soon", "_ring", "_pump"}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {
        each.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for each in node.names
    }
    private = {name for name in attributes | imported if name.startswith("_") and not name.startswith("__")}
    assert private - ours == {"_writer", "_RESP2Parser"}


def test_a_connection_opens_what_it_then_uses_as_a_socket() -> None:
    assert "self._connect" in inspect.getsource(plain.AbstractConnection)
    assert "self._sock = sock" in inspect.getsource(plain.AbstractConnection)
    assert "return sock" in inspect.getsource(plain.UnixDomainSocketConnection._connect)


def test_a_connection_of_asyncio_opens_a_reader_and_a_writer_and_greets() -> None:
    opened = inspect.getsource(coroutines.UnixDomainSocketConnection._connect)
    for step in ("self._reader = reader", "self._writer = writer", "await self.on_connect()"):
        assert step in opened


def test_what_is_asked_of_a_socket_the_lab_has() -> None:
    used = {
        node.func.attr
        for name in ("AbstractConnection", "UnixDomainSocketConnection")
        for node in ast.walk(ast.parse(inspect.getsource(getattr(plain, name))))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) in ("self._sock", "conn_sock")
    }
    assert used
    assert used <= set(dir(module.LabSocket)), used


def test_the_parser_written_in_python_asks_no_system_about_its_socket() -> None:
    from redis._parsers import socket as buffered

    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(inspect.getsource(buffered.SocketBuffer)))
        if isinstance(node, ast.Call)
    }
    of_socket = {call.rpartition(".")[2] for call in calls if call.startswith(("sock.", "self._sock."))}
    assert of_socket == {"recv", "settimeout"}


def test_what_is_asked_of_a_writer_the_lab_has() -> None:
    source = inspect.getsource(coroutines.AbstractConnection)
    used = {
        node.func.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) in ("self._writer", "writer")
    }
    assert used
    assert used <= set(dir(module.LabWriter)), used


def test_a_pool_makes_connections_of_the_class_that_it_is_given() -> None:
    for library in (redis, redis.asyncio):
        pool: Any = library.Redis(unix_socket_path="nowhere").connection_pool
        assert pool.connection_class.__name__ == "UnixDomainSocketConnection"
        made: list[dict[str, Any]] = []
        pool.connection_class = lambda made=made, **options: made.append(options)
        pool.connection_kwargs["engine"] = "mine"
        pool.make_connection()
        assert made[0]["engine"] == "mine"
