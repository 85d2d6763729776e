"""Keyspace notifications: what is published when a key changes, if `notify-keyspace-events` asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from fakeredis._core import CommandItem
from fakeredis.model import XStream

from redislab.engines.embedded.database import LabDatabase

if TYPE_CHECKING:
    from redislab.engines.embedded.lab import Lab
    from redislab.engines.embedded.table import Entry

_CLASSES = {"string": "$", "list": "l", "set": "s", "hash": "h", "sorted-set": "z", "stream": "t"}
_CLASSES |= {"bitmap": "$", "hyperloglog": "$", "geo": "z"}

# What a command's event is called, where it is not the command's own name.
_NAMES = {
    **dict.fromkeys(("SETEX", "PSETEX", "SETNX", "GETSET", "MSET", "MSETNX", "BITOP"), "set"),
    **dict.fromkeys(("INCR", "DECR", "DECRBY"), "incrby"),
    **dict.fromkeys(("HMSET", "HSETNX"), "hset"),
    **dict.fromkeys(("PEXPIRE", "EXPIREAT", "PEXPIREAT"), "expire"),
    **dict.fromkeys(("BITFIELD",), "setbit"),
    **dict.fromkeys(("PFMERGE",), "pfadd"),
    **dict.fromkeys(("GEOADD",), "zadd"),
    **dict.fromkeys(("GEORADIUS", "GEORADIUSBYMEMBER"), "georadiusstore"),
    **dict.fromkeys(("SORT",), "sortstore"),
    **{"ZINCRBY": "zincr", "LPUSHX": "lpush", "RPUSHX": "rpush", "GETEX": "expire", "GETDEL": "del"},
    **{"BLPOP": "lpop", "BRPOP": "rpop", "BZPOPMIN": "zpopmin", "BZPOPMAX": "zpopmax"},
    **{"COPY": "copy_to", "XGROUP CREATE": "xgroup-create", "XGROUP SETID": "xgroup-setid"},
}
# Commands on two keys: the event of the first and of the second.
_PAIRS = {
    "RENAME": ("rename_from", "rename_to"),
    "RENAMENX": ("rename_from", "rename_to"),
    "MOVE": ("move_from", "move_to"),
    "SMOVE": ("srem", "sadd"),
    "RPOPLPUSH": ("rpop", "lpush"),
    "BRPOPLPUSH": ("rpop", "lpush"),
}


def changed(items: Sequence[CommandItem]) -> list[CommandItem]:
    """Those of a command's keys that it changes; to be asked before they are stored.

    A key that was not there and is not there is none of them.
    """
    return [item for item in items if item.is_modified and (item.value is not None or item.key in item.db)]


def made(items: Sequence[CommandItem]) -> list[CommandItem]:
    """Those of the changed ones that are not there yet; to be asked before they are stored."""
    return [item for item in items if item.key not in item.db and not _is_gone(item)]


def _is_gone(item: CommandItem) -> bool:
    return item.value is None or not (isinstance(item.value, bytes | XStream) or item.value)


def tell(
    lab: Lab, entry: Entry, words: list[bytes], items: Sequence[CommandItem], made: Sequence[CommandItem]
) -> None:
    """Say what a command has done to its keys: `changed` and `made` before."""
    pushes_first = entry.name in _MOVES and len(items) > 1
    for item in reversed(items) if pushes_first else items:
        number = cast(LabDatabase, item.db).number
        gone = _is_gone(item)
        if item in made:
            publish(lab, "n", "new", item.key, number)
        names, kind = _events(entry, words, items.index(item), item)
        for name in names:
            publish(lab, kind, name, item.key, number)
        if gone and "del" not in names and kind != "g":
            publish(lab, "g", "del", item.key, number)


def _events(entry: Entry, words: list[bytes], place: int, item: CommandItem) -> tuple[list[str], str]:
    """The names, and the class that must be asked for."""
    name, kind = entry.name, _CLASSES.get(entry.command.group, "g")
    if name in ("LMOVE", "BLMOVE"):
        ends = [word.upper() == b"LEFT" for word in words[3:5]]
        both = "lpop" if ends[0] else "rpop", "lpush" if ends[1] else "rpush"
        return [both[min(place, 1)]], kind
    if name in ("LMPOP", "BLMPOP", "ZMPOP", "BZMPOP"):
        given = {word.upper() for word in words}
        if kind == "l":
            return ["lpop" if b"LEFT" in given else "rpop"], kind
        return ["zpopmin" if b"MIN" in given else "zpopmax"], kind
    if name in ("SET", "SETEX", "PSETEX"):
        return (["set", "expire"] if item.expireat is not None else ["set"]), "$"
    if name in _PAIRS:
        return [_PAIRS[name][min(place, 1)]], kind
    if name in ("DEL", "UNLINK", "GETDEL") or (item.value is None and kind == "g"):
        return ["del"], "g"
    if name == "GETEX":
        return ["expire" if item.expireat is not None else "persist"], "g"
    return [_NAMES.get(name, name.lower())], kind


_MOVES = frozenset({"LMOVE", "BLMOVE", "RPOPLPUSH", "BRPOPLPUSH"})


def publish(lab: Lab, kind: str, name: str, key: bytes, number: int) -> None:
    """`kind` is the letter of the event's class."""
    wanted = lab.settings["notify-keyspace-events"]
    if not (kind in wanted or ("A" in wanted and kind not in "nm")):
        return
    event = name.encode()
    if "K" in wanted:
        lab.publish(b"__keyspace@%d__:%b" % (number, key), event)
    if "E" in wanted:
        lab.publish(b"__keyevent@%d__:%b" % (number, event), key)
