"""Users of the built-in engine: passwords, the log of what was refused, connections of users who are gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from redislab.engines.embedded import EmbeddedEngine
from redislab.errors import ConnectionLost
from tests.engines.embedded.asking import ask, say

SHOWN = (b"count", b"reason", b"context", b"object")


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine()
    yield engine
    engine.close()


def test_a_new_connection_must_log_in_when_the_default_user_has_a_password(engine: EmbeddedEngine) -> None:
    say(engine.connect(), "ACL SETUSER default >secret")
    stranger = engine.connect()
    assert say(stranger, "GET k").text == b"NOAUTH Authentication required."
    assert say(stranger, "AUTH secret").text == b"OK"
    assert say(stranger, "GET k").is_nil


def test_what_is_refused_is_logged_and_counted(engine: EmbeddedEngine) -> None:
    say(engine.connect(), "ACL SETUSER ada on nopass ~a:* +get +eval +multi +exec")
    ada, admin = engine.connect(), engine.connect()
    say(ada, "AUTH ada x")
    say(ada, "CLIENT SETNAME me")
    for line in ("GET secret", "GET secret", "DEL a:1", "AUTH ada2 x"):
        assert say(ada, line).is_error
    ask(ada, b"EVAL", b"return redis.call('GET', 'hidden')", b"0")
    say(ada, "MULTI")
    say(ada, "GET secret")
    rows = [dict(zip(row.items[0::2], row.items[1::2], strict=True)) for row in say(admin, "ACL LOG").items]
    found = [
        tuple(
            value.value
            for name, value in row.items()
            if name.text in (b"count", b"reason", b"context", b"object")
        )
        for row in rows
    ]
    assert found == [
        (1, b"key", b"multi", b"secret"),
        (1, b"key", b"lua", b"hidden"),
        (1, b"auth", b"toplevel", b"AUTH"),
        (1, b"command", b"toplevel", b"del"),
        (2, b"key", b"toplevel", b"secret"),
        (1, b"command", b"toplevel", b"client|setname"),
    ]


def test_rules_that_change_count_at_once_and_in_transactions(engine: EmbeddedEngine) -> None:
    admin, ada = engine.connect(), engine.connect()
    say(admin, "ACL SETUSER ada on nopass ~* +@all")
    say(ada, "AUTH ada x")
    say(ada, "MULTI")
    say(ada, "SET k v")
    say(admin, "ACL SETUSER ada -set")
    (refused,) = say(ada, "EXEC").items
    assert refused.text.startswith(b"NOPERM ACLs rules changed between the moment")
    assert say(ada, "SET k v").text == b"NOPERM this user has no permissions to run the 'set' command"


def test_a_user_who_is_removed_loses_the_connection(engine: EmbeddedEngine) -> None:
    admin, ada = engine.connect(), engine.connect()
    say(admin, "ACL SETUSER ada on nopass ~* +@all")
    say(ada, "AUTH ada x")
    assert say(admin, "ACL DELUSER ada").value == 1
    with pytest.raises(ConnectionLost):
        say(ada, "PING")


def test_a_rule_that_is_wrong_changes_nothing(engine: EmbeddedEngine) -> None:
    admin = engine.connect()
    before = say(admin, "ACL LIST")
    assert say(admin, "ACL SETUSER default -@all nonsense").is_error
    assert say(admin, "ACL LIST") == before
