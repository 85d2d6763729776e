"""A kernel in a process of its own, asked over its protocol: Tab, Shift-Tab, stop button, lost server."""

from __future__ import annotations

import os

import pytest

from tests.notebook.kernels import Kernel, kernel
from tests.servers import RedisServer, wait_until

# What the stop button does is this signal; here it comes when the wait has begun.
STOPS = """
import os, signal, threading, time, redislab

def stop():
    with redislab.connect() as r:
        while not r.info("clients")["blocked_clients"]:
            time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=stop).start()
"""
LONG = os.environ.get("REDISLAB_LONG") == "1"


def test_tab_shift_tab_and_the_stop_button() -> None:
    with kernel() as python:
        assert python.run("%load_ext redislab\n%redis SET name ada")[0]["status"] == "ok"
        assert python.complete("%%redis\nSET a 1\nHGETA|\nPING") == ["HGETALL"]
        assert python.complete("%%redis\nset name zz|") == ["zz"]
        shown = python.inspect("%%redis\nset a| 1 EX 5\nGET b")["data"]
        assert "Remove the key after this many seconds" in shown["text/plain"]
        assert "<table" in shown["text/html"]
        assert python.inspect("prin|t")["found"]
        assert not python.inspect("%%redis\nnosuchcommand|")["found"]
        stop_and_go_on(python)
        python.run("%unload_ext redislab")
        assert not python.inspect("%%redis\nHGETALL| a")["found"]


def stop_and_go_on(python: Kernel) -> None:
    """An endless wait, the stop button, and the next cell."""
    python.run(STOPS)
    reply, outputs = python.run("%%redis\nBLPOP q 0\nSET name bob")
    assert reply["ename"] == "KeyboardInterrupt"
    (error,) = [each["content"] for each in outputs if each["msg_type"] == "error"]
    assert error["traceback"] == ["Stopped at BLPOP q 0; 1 command below it did not run."]
    reply, outputs = python.run("%redis GET name")
    assert reply["status"] == "ok"
    (result,) = [each["content"] for each in outputs if each["msg_type"] == "execute_result"]
    assert result["data"]["text/plain"] == '"ada"'


def test_a_server_that_goes_in_mid_cell(redis_server_path: str) -> None:
    with RedisServer() as server, kernel({"REDISLAB_URL": f"redis://127.0.0.1:{server.port}"}) as python:
        python.run("%load_ext redislab")
        request = python.begin("%%redis\nSET a 1\nBLPOP q 0\nSET a 2\nSET a 3")
        wait_until(lambda: b"blocked_clients:1" in server.cli("INFO", "clients").stdout, 60.0)
        server.stop()
        reply, outputs = python.finished(request)
        (error,) = [each["content"] for each in outputs if each["msg_type"] == "error"]
        (message, remedy) = error["traceback"]
        assert "The command was sent and has no answer" in message
        assert "2 commands below it did not run" in message
        assert remedy
        reply, _ = python.run("%redis PING")
        assert reply["ename"] == "Unreachable"
        assert python.run("1 + 1")[0]["status"] == "ok"


@pytest.mark.skipif(not LONG, reason="REDISLAB_LONG=1 stops a wait on a server too")
def test_the_stop_button_on_a_server(server: RedisServer) -> None:
    with kernel({"REDISLAB_URL": f"redis://127.0.0.1:{server.port}"}) as python:
        python.run("%load_ext redislab\n%redis SET name ada")
        stop_and_go_on(python)
        wait_until(lambda: b"blocked_clients:0" in server.cli("INFO", "clients").stdout, 60.0)
