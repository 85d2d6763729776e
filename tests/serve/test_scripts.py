"""Scripts that run long: the other clients are heard."""

from __future__ import annotations

import socket

from tests.serve.serving import PATIENCE_S, Served, asked, read_to_end
from tests.servers import wait_until

ENDLESS = b"EVAL 'while true do end' 0\r\n"
BUSY = b"-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n"


def begin_endless(lab: Served, data: bytes = ENDLESS) -> socket.socket:
    """A connection whose script runs, and is busy soon."""
    lab.engine.lab.settings.change([(b"busy-reply-threshold", b"50")])
    running = lab.dial()
    running.sendall(data)
    wait_until(lambda: lab.engine.lab.scripts.running is not None)
    return running


def test_others_hear_busy_and_end_the_script(lab: Served) -> None:
    running = begin_endless(lab, ENDLESS + b"PING\r\n")
    with lab.dial() as other:
        asked(other, b"GET k\r\nEVAL 'return 1' 0\r\n", BUSY + BUSY)
        asked(other, b"SCRIPT KILL\r\n", b"+OK\r\n")
        asked(other, b"EVAL 'return 1' 0\r\nPING\r\n", b":1\r\n+PONG\r\n")
    with running:
        answer = running.recv(1 << 16)
        assert answer.startswith(b"-ERR Script killed by user with SCRIPT KILL")


def test_commands_wait_for_a_script_that_is_not_busy_yet_in_their_order(lab: Served) -> None:
    slow = b'EVAL \'for i = 1, 3000000 do end redis.call("INCR", "n") return 1\' 0\r\n'
    with lab.dial() as one, lab.dial() as other:
        one.sendall(slow + b"INCR n\r\n")
        wait_until(lambda: lab.engine.lab.scripts.running is not None)
        asked(other, b"GET n\r\n", b"$1\r\n")
        asked(one, b"", b":1\r\n:2\r\n")


def test_a_transaction_with_a_script_runs_as_one(lab: Served) -> None:
    with lab.dial() as one:
        asked(
            one,
            b"MULTI\r\nEVAL 'return 7' 0\r\nINCR n\r\nEXEC\r\nPING\r\n",
            b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:7\r\n:1\r\n+PONG\r\n",
        )


def test_the_end_of_serving_ends_a_script(lab: Served) -> None:
    running = begin_endless(lab)
    lab.handle.close()
    assert lab.handle.wait(PATIENCE_S)
    assert lab.engine.lab.scripts.running is None
    read_to_end(running)
    running.close()


def test_shutdown_is_heard_while_a_script_runs(lab: Served) -> None:
    running = begin_endless(lab)
    with lab.dial() as other:
        other.sendall(b"SHUTDOWN NOSAVE\r\n")
        assert other.recv(10) == b""
    assert lab.handle.wait(PATIENCE_S)
    running.close()
