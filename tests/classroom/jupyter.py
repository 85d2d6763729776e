"""A student's browser, as far as Jupyter's server sees it: requests with a token, a kernel, cells."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import websocket

TIMEOUT_S = 120.0


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
        told = []
        while True:
            heard = json.loads(self._channel.recv())
            if heard["parent_header"].get("msg_id") != asked or heard["channel"] != "iopub":
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
