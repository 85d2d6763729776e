"""A student's browser, as far as Jupyter's server sees it: requests with a token, a kernel, cells."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websocket

TIMEOUT_S = 60.0
LOOK_EVERY_S = 1.0


def status(url: str, token: str = "", *, method: str = "GET", cookie: str = "") -> int:
    """The HTTP status of one request; redirections are not followed."""
    return _request(url, token, method, cookie)[0]


def _request(url: str, token: str, method: str = "GET", cookie: str = "") -> tuple[int, bytes]:
    headers = {"Cookie": cookie} if cookie else {}
    if token:
        headers["Authorization"] = f"token {token}"
    request = urllib.request.Request(
        url, headers=headers, method=method, data=b"{}" if method == "POST" else None
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def api(address: str, token: str, path: str, *, method: str = "GET") -> Any:
    """An answer of the API, read."""
    code, body = _request(f"{address}{path}", token, method)
    assert code in (200, 201, 204), (code, body[:500])
    return json.loads(body) if body else None


def _heard(channel: websocket.WebSocket) -> Any:
    """The next message; None when there is none for a while, or it is a ping."""
    channel.settimeout(LOOK_EVERY_S)
    try:
        kind, data = channel.recv_data(control_frame=True)
    except websocket.WebSocketTimeoutException:
        return None
    return json.loads(data) if kind == websocket.ABNF.OPCODE_TEXT else None


class Kernel:
    """A kernel of a student's Jupyter, over its websocket."""

    def __init__(self, channel: websocket.WebSocket) -> None:
        self._channel = channel

    def run(self, code: str) -> str:
        """Run a cell: what it prints, shows as text, and the name and text of an error."""
        asked = uuid.uuid4().hex
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        header = {
            "msg_id": asked,
            "msg_type": "execute_request",
            "version": "5.3",
            "username": "",
            "session": "t",
        }
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
        }
        self._channel.send(json.dumps(message))
        told: list[str] = []
        deadline_s = time.monotonic() + TIMEOUT_S
        while True:
            assert time.monotonic() < deadline_s, f"no end of {code!r}: {told}"
            heard = _heard(self._channel)
            if heard is None or heard["parent_header"].get("msg_id") != asked or heard["channel"] != "iopub":
                continue
            kind, content = heard["msg_type"], heard["content"]
            if kind == "stream":
                told.append(content["text"])
            elif kind in ("execute_result", "display_data"):
                told.append(content["data"].get("text/plain", ""))
            elif kind == "error":
                told.append(f"{content['ename']}: {content['evalue']}")
            elif kind == "status" and content["execution_state"] == "idle":
                return "".join(told).strip()


@contextmanager
def kernel(address: str, token: str) -> Iterator[Kernel]:
    """A new kernel, ended at the end."""
    started = api(address, token, "/api/kernels", method="POST")
    url = f"{address.replace('http', 'ws', 1)}/api/kernels/{started['id']}/channels?token={token}"
    channel = websocket.create_connection(url, timeout=TIMEOUT_S)
    try:
        yield Kernel(channel)
    finally:
        channel.close()
        api(address, token, f"/api/kernels/{started['id']}", method="DELETE")


class Terminal:
    """A terminal of a student's Jupyter: the shell that a browser shows."""

    def __init__(self, channel: websocket.WebSocket) -> None:
        self._channel = channel
        self.told = ""

    def type(self, text: str) -> None:
        self._channel.send(json.dumps(["stdin", text]))

    def wait_for(self, text: str) -> None:
        """Until this has been shown; what came before it is behind us then."""
        deadline_s = time.monotonic() + TIMEOUT_S  # of our own: the server's pings keep a connection awake
        while text not in self.told:
            assert time.monotonic() < deadline_s, f"{text!r} did not come: {self.told[-2000:]}"
            kind, *shown = _heard(self._channel) or [""]
            if kind == "stdout":
                self.told += shown[0]
        self.told = self.told.partition(text)[2]


@contextmanager
def terminal(address: str, token: str) -> Iterator[Terminal]:
    """A new terminal, ended at the end."""
    name = api(address, token, "/api/terminals", method="POST")["name"]
    url = f"{address.replace('http', 'ws', 1)}/terminals/websocket/{name}?token={token}"
    channel = websocket.create_connection(url, timeout=TIMEOUT_S)
    try:
        channel.send(json.dumps(["set_size", 40, 100, 800, 1000]))
        yield Terminal(channel)
    finally:
        channel.close()
        api(address, token, f"/api/terminals/{name}", method="DELETE")
