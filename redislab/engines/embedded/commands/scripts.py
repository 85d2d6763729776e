"""EVAL and its kin, SCRIPT.

Ours: upstream EVAL reaches Python, files and other scripts' globals, and an endless script hangs the
program.
"""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail


@handles("EVAL", "EVAL_RO")
def eval_(client: Client, args: list[bytes]) -> Any:
    keys, rest = _keys(args)
    return client.lab.scripts.run(client, client.lab.scripts.add(args[1]), keys, rest, args)


@handles("EVALSHA", "EVALSHA_RO")
def evalsha(client: Client, args: list[bytes]) -> Any:
    name = args[1].lower()
    if name not in client.lab.scripts.sources:
        raise Fail(b"NOSCRIPT No matching script. Please use EVAL.")
    keys, rest = _keys(args)
    return client.lab.scripts.run(client, name, keys, rest, args)


def _keys(args: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    number = integer(args[2])
    if number > len(args) - 3:
        raise Fail(b"ERR Number of keys can't be greater than number of args")
    if number < 0:
        raise Fail(b"ERR Number of keys can't be negative")
    return args[3 : 3 + number], args[3 + number :]


@handles("SCRIPT DEBUG")
def script_debug(client: Client, args: list[bytes]) -> Any:
    if args[2].upper() not in (b"YES", b"SYNC", b"NO"):
        raise Fail(b"ERR Use SCRIPT DEBUG YES/SYNC/NO")
    if args[2].upper() != b"NO":
        raise Fail(b"ERR redislab's built-in engine has no debugger for scripts; a Redis server has")
    return OK


@handles("SCRIPT LOAD")
def script_load(client: Client, args: list[bytes]) -> Any:
    return client.lab.scripts.add(args[2])


@handles("SCRIPT EXISTS")
def script_exists(client: Client, args: list[bytes]) -> Any:
    return [int(name.lower() in client.lab.scripts.sources) for name in args[2:]]


@handles("SCRIPT FLUSH")
def script_flush(client: Client, args: list[bytes]) -> Any:
    if len(args) > 3 or (len(args) == 3 and args[2].upper() not in (b"SYNC", b"ASYNC")):
        raise Fail(b"ERR SCRIPT FLUSH only support SYNC|ASYNC option")
    client.lab.scripts.sources.clear()
    return OK


@handles("SCRIPT KILL")
def script_kill(client: Client, args: list[bytes]) -> Any:
    client.lab.scripts.kill(is_function=False)
    return OK
