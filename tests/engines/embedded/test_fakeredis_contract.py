"""Every private name of fakeredis that the engine touches, held: an upgrade that moves one fails here."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import threading
from importlib.metadata import version
from pathlib import Path

import redislab.engines.embedded as package
from redislab.engines.embedded import clock, upstream

upstream.load()

import fakeredis  # noqa: E402
from fakeredis import FakeServer  # noqa: E402
from fakeredis._commands import SUPPORTED_COMMANDS, Signature  # noqa: E402
from fakeredis._core import CommandItem, Database  # noqa: E402
from fakeredis._helpers import NoResponse, SimpleError, SimpleString  # noqa: E402
from fakeredis._socket import FakeSocket  # noqa: E402
from fakeredis.model import ExpiringMembersSet, Hash, StreamEntryKey, XStream, ZSet  # noqa: E402
from fakeredis.model._stream import PelEntry, StreamConsumerInfo  # noqa: E402

IMPORTED = {
    ("fakeredis", "FakeServer"),
    ("fakeredis._commands", "SUPPORTED_COMMANDS"),
    ("fakeredis._commands", "Signature"),
    ("fakeredis._core", "CommandItem"),
    ("fakeredis._core", "Database"),
    ("fakeredis._core", "Item"),
    ("fakeredis._helpers", "NoResponse"),
    ("fakeredis._helpers", "SimpleError"),
    ("fakeredis._helpers", "SimpleString"),
    ("fakeredis._socket", "FakeSocket"),
    ("fakeredis.model", "ExpiringMembersSet"),
    ("fakeredis.model", "Hash"),
    ("fakeredis.model", "StreamEntryKey"),
    ("fakeredis.model", "StreamGroup"),
    ("fakeredis.model", "StreamRangeTest"),
    ("fakeredis.model", "XStream"),
    ("fakeredis.model", "ZSet"),
    ("fakeredis.model._stream", "MAX_KEY"),
    ("fakeredis.model._stream", "PelEntry"),
    ("fakeredis.model._stream", "StreamConsumerInfo"),
    ("fakeredis.model._stream", "_StreamNode"),
}
THEIR_COMMANDS = {
    *("bitcount", "bitop", "getbit", "setbit", "sort", "sort_ro", "xlen"),
    *("xgroup create", "xgroup destroy", "xgroup setid"),
}


def fake_socket() -> FakeSocket:
    import redis

    return FakeSocket(FakeServer(version=(7, 0, 15), server_type="redis"), 0, client_class=redis.Connection)


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("fakeredis") == "2.40.0"


def test_every_import_is_named_here() -> None:
    found = set()
    for path in Path(package.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "fakeredis":
                found |= {(node.module, name.name) for name in node.names}
    assert found == IMPORTED


def test_a_server_has_what_a_lab_replaces_and_uses() -> None:
    server = FakeServer(version=(7, 0, 15), server_type="redis")
    assert isinstance(server.lock, type(threading.Lock()))
    assert server.dbs.default_factory is not None  # type: ignore[attr-defined]
    assert isinstance(server.dbs[0], Database)
    assert server.sockets == []
    assert server.scan_cursors == {}
    assert server.get_next_client_id() == 1


def test_a_socket_has_what_a_client_uses() -> None:
    socket = fake_socket()
    assert socket in socket._server.sockets
    assert socket._db is socket._server.dbs[0]
    assert socket._db_num == 0
    assert socket._client_info["id"] == 1
    assert socket._watches == set()
    assert socket._watch_notified is False
    assert socket._script_resp is None
    assert isinstance(inspect.getattr_static(FakeSocket, "_resp_version"), property)
    assert list(inspect.signature(FakeSocket._scan).parameters) == [
        *("self", "keys", "cursor", "args", "scanned_key")
    ]
    socket._clear_watches()


def test_a_database_tells_of_changes_by_wake_all() -> None:
    woken = []

    class Watched(Database):
        def wake_all(self) -> None:
            woken.append(True)

    db = Watched(threading.Lock())
    item = CommandItem(b"k", db, item=None, default=None)
    item.value = b"v"
    item.writeback()
    assert woken
    assert db._dict[b"k"].value == b"v"
    assert db._dict[b"k"].expireat is None
    assert db._expiry_heap == []
    assert db._watches == {}
    assert {
        "expired",
        "swap",
        "random_key",
        "add_watch",
        "remove_watch",
        "notify_watch",
        "schedule_expiry",
    } <= set(dir(Database))


def test_an_item_keeps_its_time_only_where_it_is_updated() -> None:
    db = Database(threading.Lock())
    item = CommandItem(b"k", db, item=None, default=None)
    item.value, item.expireat = b"v", 5.0
    times = []
    item.update(b"w")
    times.append(item.expireat)
    item.value = b"x"
    times.append(item.expireat)
    assert times == [5.0, None]
    assert item.is_modified


def test_the_commands_that_are_still_theirs() -> None:
    for name in THEIR_COMMANDS:
        signature = SUPPORTED_COMMANDS[name]
        assert isinstance(signature, Signature)
        assert callable(getattr(FakeSocket, signature.func_name))


def test_no_other_command_is_theirs() -> None:
    from redislab.core.catalogue import Catalogue
    from redislab.engines.embedded.commands.registry import OWN, theirs

    names = Catalogue.load().names()
    left = {name.lower() for name in theirs(names) if name not in OWN}
    containers = {"function", "pubsub", "script"}  # they always lack a word
    assert left - THEIR_COMMANDS <= containers


def test_a_signature_gives_values_and_items() -> None:
    db = Database(threading.Lock())
    applied = SUPPORTED_COMMANDS["getbit"].apply([b"k", b"0"], db, (7, 0, 15))
    assert len(applied) == 2
    assert [type(item) for item in applied[1]] == [CommandItem]


def test_their_small_types() -> None:
    assert SimpleString(b"x").value == b"x"
    assert SimpleError("ERR x").value == "ERR x"
    assert isinstance(NoResponse(), NoResponse)


def test_values_keep_their_inside() -> None:
    members = ExpiringMembersSet()
    members.update([b"b", b"a"])
    assert list(members._values) == [b"b", b"a"]
    scores = ZSet()
    scores.add(b"m", 1.5)
    assert list(scores.islice_score(0, 1)) == [(1.5, b"m")]
    assert scores.rank(b"m")[0] == 0
    stream = XStream()
    assert (stream._last_id, stream._entries_added, stream._max_deleted_id) == ((0, 0), 0, (0, 0))
    assert stream.last_id == stream._last_id
    assert {"pel", "consumers", "last_delivered_key", "entries_read"} <= set(_group_attributes(stream))
    stream.add([b"f", b"v"], StreamEntryKey(1, 1), 100, 4096)
    assert stream.stream_read(StreamEntryKey(0, 0), None) == [(1, 1)]
    assert stream.format_record(StreamEntryKey(1, 1)) == [b"1-1", [b"f", b"v"]]
    assert stream.estimate_entries_read(StreamEntryKey(1, 1)) == 1
    assert list(inspect.signature(stream.trim).parameters)[:4] == ["maxlen", "minid", "approx", "limit"]
    assert PelEntry._fields == ("consumer_name", "time_read", "times_delivered")
    assert StreamConsumerInfo(b"ann").last_attempt > 0


def test_their_modules_ask_the_lab_for_the_time() -> None:
    """Whoever asks for the time is given the lab's, or cannot be reached by a command of our table."""
    root = Path(fakeredis.__file__).parent
    asking = {
        ".".join(path.relative_to(root.parent).with_suffix("").parts)
        for path in root.rglob("*.py")
        if any(
            isinstance(node, ast.Import) and "time" in [name.name for name in node.names]
            for node in ast.walk(ast.parse(path.read_text()))
        )
    }
    elsewhere = {"fakeredis.model._topk", "fakeredis._core._selector", "fakeredis.stack._timeseries_mixin"}
    assert asking == {*clock.THEIR_MODULES, *elsewhere}
    for name in clock.THEIR_MODULES:
        assert importlib.import_module(name).time is clock.THEIR_TIME
        used = set(re.findall(r"\btime\.(\w+)", inspect.getsource(importlib.import_module(name))))
        assert used <= {"time", "monotonic"}, name


def test_values_are_made_of_what_is_copied() -> None:
    """A part that an upgrade adds would be shared between a kept value and the live one."""
    stream = XStream()
    stream.group_add(b"g", stream.last_id, None)
    stream.add([b"f", b"v"], StreamEntryKey(1, 1))
    parts = {type(each): set(vars(each)) for each in (Hash(), ExpiringMembersSet(), ZSet(), stream)}
    assert parts == {
        Hash: {"_expirations", "_values", "_expiry_heap", "_expired_fields"},
        ExpiringMembersSet: {"_values", "_may_expire", "_members"},
        ZSet: {"_bylex", "_byscore"},
        XStream: {
            *("_ids", "_values_dict", "_nodes", "_groups", "_max_deleted_id", "_entries_added", "_last_id"),
            *("_idmp_duration", "_idmp_max_size", "_idmp_map", "_iids_added", "_iids_duplicates"),
        },
    }
    [group] = stream._groups.values()
    assert set(vars(group)) == {
        *("stream", "name", "entries_read", "consumers", "last_delivered_key", "pel"),
    }
    assert set(vars(stream._nodes[0])) == {
        *("master_id", "master_fields", "last_id", "live", "deleted", "lp_bytes"),
    }


def _group_attributes(stream: XStream) -> dict[str, object]:
    stream.group_add(b"g", stream.last_id, None)
    return vars(stream.group_get(b"g"))
