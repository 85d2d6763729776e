"""A script that runs too long: the others hear BUSY, may end it, and are not kept waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from redislab.core.engine import Connection
from redislab.core.reply import Reply
from redislab.engines.embedded import EmbeddedEngine
from redislab.errors import ConnectionLost
from tests.engines.embedded.asking import ask, say, whole_replies
from tests.servers import wait_until

THRESHOLD_MS = 50
BUSY = b"BUSY Redis is busy running a script. You can only call %b KILL or SHUTDOWN NOSAVE."
LIBRARY = b"""#!lua name=lib
redis.register_function('endless', function() while true do end end)
"""


@pytest.fixture
def engine() -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine()
    say(engine.connect(), f"CONFIG SET busy-reply-threshold {THRESHOLD_MS}")
    yield engine
    engine.close()


class Elsewhere:
    """A command that another thread sends; `reply` when it has one, `lost` if its connection broke."""

    def __init__(self, connection: Connection, *args: bytes) -> None:
        self._connection, self._args = connection, args
        self.reply: Reply | None = None
        self.lost = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.reply = ask(self._connection, *self._args)
        except ConnectionLost:
            self.lost = True

    def ended(self) -> Reply | None:
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self.reply


def running(engine: EmbeddedEngine, *args: bytes) -> Elsewhere:
    script = Elsewhere(engine.connect(), *args)
    wait_until(lambda: engine._opened().scripts.running is not None)
    return script


def test_others_hear_busy_and_end_the_script(engine: EmbeddedEngine) -> None:
    other = engine.connect()
    say(other, "SELECT 1")
    script = running(engine, b"EVAL", b"while true do end", b"0")
    assert say(other, "GET k").text == BUSY % b"SCRIPT"
    assert say(other, "nope").text.startswith(b"ERR unknown command")
    assert say(other, "MULTI").text == b"OK"
    assert say(other, "GET k").text == BUSY % b"SCRIPT"
    assert say(other, "EXEC").text == b"EXECABORT Transaction discarded because of: " + BUSY % b"SCRIPT"
    assert say(other, "FUNCTION KILL").text == BUSY % b"SCRIPT"
    assert say(other, "SCRIPT KILL").text == b"OK"
    reply = script.ended()
    assert reply is not None
    assert reply.text.startswith(b"ERR Script killed by user with SCRIPT KILL... script: ")
    assert reply.text.endswith(b"on @user_script:1.")
    assert say(other, "PING").text == b"PONG"


def test_a_script_that_catches_everything_is_ended_too(engine: EmbeddedEngine) -> None:
    script = running(engine, b"EVAL", b"while true do pcall(function() while true do end end) end", b"0")
    assert say(engine.connect(), "SCRIPT KILL").text == b"OK"
    reply = script.ended()
    assert reply is not None
    assert reply.is_error


def test_a_script_that_has_written_goes_on_until_a_shutdown(engine: EmbeddedEngine) -> None:
    other = engine.connect()
    script = running(engine, b"EVAL", b"redis.call('SET', 'k', 'v') while true do end", b"0")
    wait_until(lambda: engine._opened().scripts.running.wrote)  # type: ignore[union-attr]
    assert say(other, "SCRIPT KILL").text.startswith(b"UNKILLABLE Sorry the script already executed write")
    with pytest.raises(ConnectionLost):
        say(other, "SHUTDOWN NOSAVE")
    script.ended()
    assert script.lost or script.reply is not None


def test_functions_are_ended_by_their_own_command(engine: EmbeddedEngine) -> None:
    other = engine.connect()
    assert ask(other, b"FUNCTION", b"LOAD", LIBRARY).text == b"lib"
    script = running(engine, b"FCALL", b"endless", b"0")
    assert say(other, "PING").text == BUSY % b"FUNCTION"
    assert say(other, "SCRIPT KILL").text == BUSY % b"FUNCTION"
    about = say(other, "FUNCTION STATS").items[1]
    assert [each.value for each in about.items[:2]] == [b"name", b"endless"]
    assert say(other, "FUNCTION KILL").text == b"OK"
    reply = script.ended()
    assert reply is not None
    assert reply.text.endswith(b"on @user_function:2.")


def test_there_is_nothing_to_end_otherwise(engine: EmbeddedEngine) -> None:
    other = engine.connect()
    for line in ("SCRIPT KILL", "FUNCTION KILL"):
        assert say(other, line).text == b"NOTBUSY No scripts in execution right now."


def test_one_thread_for_all_hears_the_others_while_a_script_runs(engine: EmbeddedEngine) -> None:
    """What a front does that serves everybody in one thread."""
    from redislab.engines.embedded.client import Client

    lab = engine._opened()
    first, second = engine.connect(), Client(lab, lambda: None)
    lab.join(second)
    lines = iter([[b"GET", b"k"], [b"WATCH", b"k"], [b"SCRIPT", b"KILL"]])
    answered = []

    def pump() -> None:
        args = next(lines, None)
        if args is not None:
            answered.append((args[0], second.take_while_busy(args)))

    lab.while_script_runs = pump
    reply = ask(first, b"EVAL", b"while true do end", b"0")
    assert reply.text.startswith(b"ERR Script killed by user")
    assert answered == [(b"GET", True), (b"WATCH", False), (b"SCRIPT", True)]
    assert [result.text[:4] for result, _ in second.output] == [b"BUSY", b"OK"]


def test_where_nobody_else_is_there_a_script_ends_by_itself(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redislab.engines.embedded import scripting

    engine._opened()
    monkeypatch.setattr(scripting, "LIMIT_S", 0.2)
    started_s = time.monotonic()
    reply = ask(engine.connect(), b"EVAL", b"while true do end", b"0")
    assert b"was stopped" in reply.text
    assert time.monotonic() - started_s < 2


def test_who_waits_for_a_key_is_not_held_by_a_script(engine: EmbeddedEngine) -> None:
    waiting, other = engine.connect(), engine.connect()
    waiting.send([[b"BLPOP", b"list", b"0.05"]])
    script = running(engine, b"EVAL", b"while true do end", b"0")
    assert say(other, "PING").text == BUSY % b"SCRIPT"
    assert list(whole_replies(waiting, 0.3)) == []  # its time is up when the script has ended
    say(other, "SCRIPT KILL")
    script.ended()
    assert next(whole_replies(waiting, 5)).is_nil
