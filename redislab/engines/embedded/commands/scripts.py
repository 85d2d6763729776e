"""EVAL and its kin, SCRIPT; and what is refused because it would run what it is given.

Ours: upstream EVAL reaches Python, files and other scripts' globals, and an endless script hangs the
program; DUMP and RESTORE are Python's pickle there, which executes whatever is restored.
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
    name = client.lab.scripts.add(args[1])
    return client.lab.scripts.run(client, name, keys, rest, args[0].upper().endswith(b"_RO"))


@handles("EVALSHA", "EVALSHA_RO")
def evalsha(client: Client, args: list[bytes]) -> Any:
    name = args[1].lower()
    if name not in client.lab.scripts.sources:
        raise Fail(b"NOSCRIPT No matching script. Please use EVAL.")
    keys, rest = _keys(args)
    return client.lab.scripts.run(client, name, keys, rest, args[0].upper().endswith(b"_RO"))


def _keys(args: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    number = integer(args[2])
    if number > len(args) - 3:
        raise Fail(b"ERR Number of keys can't be greater than number of args")
    if number < 0:
        raise Fail(b"ERR Number of keys can't be negative")
    return args[3 : 3 + number], args[3 + number :]


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
    raise Fail(b"NOTBUSY No scripts in execution right now.")


def _refused(what: str) -> Any:
    def refuse(client: Client, args: list[bytes]) -> Any:
        raise Fail(f"ERR redislab's built-in engine cannot {what}; a Redis server can")

    return refuse


@handles("DUMP")
def dump(client: Client, args: list[bytes]) -> Any:
    if client.db.get(args[1]) is None:
        return None
    return _refused("write a value in Redis's dump format")(client, args)


handles("RESTORE", "RESTORE-ASKING")(_refused("read Redis's dump format"))
handles("MIGRATE")(_refused("send keys to a server"))
for _name in ("LOAD", "DELETE", "LIST", "STATS", "KILL", "DUMP", "RESTORE"):
    handles(f"FUNCTION {_name}")(_refused("keep functions; use EVAL"))


@handles("FUNCTION FLUSH")
def function_flush(client: Client, args: list[bytes]) -> Any:
    """There are none to forget."""
    return OK


handles("FCALL", "FCALL_RO")(_refused("run functions; use EVAL"))
