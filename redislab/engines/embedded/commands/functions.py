"""FUNCTION, FCALL and FCALL_RO. Ours: upstream has none of them."""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK, Kind
from redislab.engines.embedded import glob
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import c_string
from redislab.engines.embedded.functions import Library
from redislab.engines.embedded.numbers import as_integer
from redislab.engines.embedded.results import Fail, Typed, status


@handles("FCALL", "FCALL_RO")
def fcall(client: Client, args: list[bytes]) -> Any:
    functions = client.lab.functions
    if functions.find(args[1]) is None:
        raise Fail(b"ERR Function not found")
    number = as_integer(args[2])
    if number is None:
        raise Fail(b"ERR Bad number of keys provided")
    if number > len(args) - 3:
        raise Fail(b"ERR Number of keys can't be greater than number of args")
    if number < 0:
        raise Fail(b"ERR Number of keys can't be negative")
    return functions.call(client, args[1], args[3 : 3 + number], args[3 + number :], args)


@handles("FUNCTION LOAD")
def load(client: Client, args: list[bytes]) -> Any:
    *options, code = args[2:]
    for option in options:
        if option.upper() != b"REPLACE":
            raise Fail(b"ERR Unknown option given: %b" % c_string(option))
    name = client.lab.functions.load(client, code, replace=bool(options))
    client.lab.libraries_changed()
    return name


@handles("FUNCTION DELETE")
def delete(client: Client, args: list[bytes]) -> Any:
    client.lab.functions.delete(args[2])
    client.lab.libraries_changed()
    return OK


@handles("FUNCTION FLUSH")
def flush(client: Client, args: list[bytes]) -> Any:
    if len(args) > 3:
        given = args[1].decode("latin-1")
        raise Fail(f"ERR unknown subcommand or wrong number of arguments for '{given}'. Try FUNCTION HELP.")
    if len(args) == 3 and args[2].upper() not in (b"SYNC", b"ASYNC"):
        raise Fail(b"ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
    client.lab.functions.libraries.clear()
    client.lab.libraries_changed()
    return OK


@handles("FUNCTION KILL")
def kill(client: Client, args: list[bytes]) -> Any:
    client.lab.scripts.kill(is_function=True)
    return OK


@handles("FUNCTION STATS")
def stats(client: Client, args: list[bytes]) -> Any:
    running = client.lab.scripts.running
    libraries = client.lab.functions.libraries
    about: dict[bytes, Any] | None = None
    if running is not None and not running.is_function:
        raise Fail(running.busy_text)
    if running is not None:
        about = {
            b"name": running.name,
            b"command": list(running.words),
            b"duration_ms": int(running.lasted_s * 1000),
        }
    counts = {
        b"libraries_count": len(libraries),
        b"functions_count": client.lab.functions.count,
    }
    return {b"running_script": about, b"engines": {b"LUA": counts}}


@handles("FUNCTION LIST")
def list_(client: Client, args: list[bytes]) -> Any:
    with_code, pattern = False, None
    place = 2
    while place < len(args):
        word = args[place].upper()
        if word == b"WITHCODE" and not with_code:
            with_code = True
        elif word == b"LIBRARYNAME" and pattern is None:
            place += 1
            if place == len(args):
                raise Fail(b"ERR library name argument was not given")
            pattern = args[place]
        else:
            raise Fail(b"ERR Unknown argument %b" % c_string(args[place]))
        place += 1
    libraries = client.lab.functions.libraries.values()
    matches = glob.matcher((pattern or b"*").lower())
    return [_described(each, with_code) for each in libraries if matches(each.name.lower())]


def _described(library: Library, with_code: bool) -> dict[bytes, Any]:
    row: dict[bytes, Any] = {
        b"library_name": library.name,
        b"engine": b"LUA",
        b"functions": [
            {
                b"name": function.name,
                b"description": function.description,
                b"flags": Typed(Kind.SET, [status(flag) for flag in function.flags]),
            }
            for function in library.functions.values()
        ],
    }
    if with_code:
        row[b"library_code"] = library.code
    return row
