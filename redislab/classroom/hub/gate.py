"""Stands between the hub and the Docker engine, and lets through the few calls that start a Jupyter.

Who may talk to an engine owns the machine: a container with the disk mounted is one call away. So the hub
never sees the engine's socket. This process does, and passes on nothing but: ask for the version and for
the one image; create a container whose name, image, volume, network and limits are those of the class;
inspect, start, stop and remove such a container. Whatever else is asked gets a 403.

    python -m redislab.classroom.hub.gate PROJECT IMAGE [SOCKET] [PORT]
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from redislab.classroom.hub.spawning import HOME, MEMORY_MB, PIDS

PORT = 2375
MOST_BYTES = 1 << 20
ENGINE_TIMEOUT_S = 120.0
_VERSION = re.compile(r"^/v\d+\.\d+(?=/)")
_CONTAINER = re.compile(r"/containers/([A-Za-z0-9_.-]+)(/json|/start|/stop|)")
_ID = re.compile(r"[0-9a-f]{12,64}")
_METHODS = {"/json": "GET", "/start": "POST", "/stop": "POST", "": "DELETE"}


class Refused(Exception):
    """The call is not one of those; the text says why."""


@dataclass(frozen=True)
class Rules:
    """What a class may ask for. `name_of` tells a container's name by its id; "" where there is none."""

    project: str
    image: str
    name_of: Callable[[str], str]

    def checked(self, method: str, target: str, body: bytes) -> tuple[str, bytes]:
        """Target and body as the engine shall get them: written anew, so that it reads what was judged here.

        Raises Refused.
        """
        parts = urlsplit(target)
        version = _VERSION.match(parts.path)
        prefix = version[0] if version else ""
        path, query = parts.path[len(prefix) :], parse_qs(parts.query, strict_parsing=bool(parts.query))
        if method == "GET" and unquote(path) in ("/_ping", "/version", f"/images/{self.image}/json"):
            return prefix + path, b""
        if (method, path) == ("POST", "/containers/create"):
            name = query.get("name", [""])[0]
            return f"{prefix}{path}?name={name}", json.dumps(self._checked_new(name, body)).encode()
        found = _CONTAINER.fullmatch(path)
        if found is None or _METHODS[found[2]] != method:
            raise Refused(f"{method} {path}")
        name = self.name_of(found[1]) if _ID.fullmatch(found[1]) else found[1]
        if name and self._student(name, "-lab-") is None:  # without a name there is no such container
            raise Refused(f"{method} of a container that is not of this class")
        return prefix + path + ("?v=1" if method == "DELETE" else ""), b""

    def _student(self, name: str, between: str) -> str | None:
        found = re.fullmatch(rf"{re.escape(self.project)}{between}([a-z0-9][a-z0-9-]*)", name)
        return None if found is None else found[1]

    def _checked_new(self, name: str, body: bytes) -> dict[str, Any]:
        student = self._student(name, "-lab-")
        if student is None:
            raise Refused("a container with a name that is not of this class")
        try:
            whole = json.loads(body)
            wanted, host = dict(whole), dict(whole["HostConfig"])
        except (ValueError, KeyError, TypeError):
            raise Refused("a container without a HostConfig") from None
        del wanted["HostConfig"]
        _check_all(wanted, {**_ANY, "Image": self.image, "User": "1000:0", "Volumes": {HOME: {}}})
        memory = MEMORY_MB << 20
        _check_all(
            host,
            {
                "Binds": [f"{self.project}_home-{student}:{HOME}:rw"],
                "NetworkMode": f"{self.project}_{student}",
                "ReadonlyRootfs": True,
                "CapDrop": ["ALL"],
                "SecurityOpt": ["no-new-privileges:true"],
                "Memory": memory,
                "MemorySwap": memory,
                "PidsLimit": PIDS,
                "Init": True,
                "AutoRemove": (True, False),
                "CpuPeriod": (100_000,),
                "CpuQuota": (100_000,),
                "Tmpfs": {"/tmp": "size=64m,mode=1777"},
            },
        )
        return {**wanted, "HostConfig": host}


# Of a container itself, not of how it is tied to the machine: what runs in it is the student's anyway.
_ANY: Mapping[str, object] = dict.fromkeys(
    ("Hostname", "Env", "Cmd", "ExposedPorts", "AttachStdin", "AttachStdout", "AttachStderr", "Tty"), any
)
_NEEDED = frozenset(
    {"Image", "Binds", "NetworkMode", "ReadonlyRootfs", "CapDrop", "SecurityOpt", "Memory", "PidsLimit"}
)


def _check_all(given: Mapping[str, Any], allowed: Mapping[str, object]) -> None:
    """What is not named may be there only with a value that says nothing. Raises Refused."""
    for key in (_NEEDED & allowed.keys()) - given.keys():
        raise Refused(f"a container without {key}")
    for key, value in given.items():
        expected = allowed.get(key)
        if expected is any or (not value and key not in _NEEDED) or value == expected:
            continue
        if isinstance(expected, tuple) and value in expected:
            continue
        raise Refused(f"a container with {key} of its own")


# -- HTTP ------------------------------------------------------------------------------------------


class _Engine(http.client.HTTPConnection):
    """The engine behind its unix socket; one connection a call."""

    def __init__(self, socket_path: str) -> None:
        super().__init__("docker", timeout=ENGINE_TIMEOUT_S)
        self._socket_path = socket_path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._socket_path)


def ask(socket_path: str, method: str, target: str, body: bytes = b"") -> tuple[int, str, bytes]:
    """The engine's status, content type and body. Raises OSError, http.client.HTTPException."""
    engine = _Engine(socket_path)
    try:
        headers = {"Content-Type": "application/json"} if body else {}
        engine.request(method, target, body or None, headers)
        answer = engine.getresponse()
        return answer.status, answer.headers.get("Content-Type", "application/json"), answer.read()
    finally:
        engine.close()


def name_in(socket_path: str, container: str) -> str:
    """The name of the container with this id; "" where there is none. Raises OSError, HTTPException."""
    status, _, body = ask(socket_path, "GET", f"/containers/{container}/json")
    return str(json.loads(body)["Name"]).lstrip("/") if status == 200 else ""


def server(rules: Rules, socket_path: str, address: tuple[str, int]) -> ThreadingHTTPServer:
    """Listens already; `serve_forever` answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = ENGINE_TIMEOUT_S

        def _pass(self) -> None:
            try:
                length = int(self.headers.get("Content-Length") or 0)
                if "Transfer-Encoding" in self.headers or not 0 <= length <= MOST_BYTES:
                    raise Refused("a body without a length, or too long")
                body = self.rfile.read(length)
                target, checked = rules.checked(self.command, self.path, body)
                self._answer(*ask(socket_path, self.command, target, checked))
            except (Refused, ValueError) as refused:
                self.close_connection = True
                self._say(403, f"redislab's gate to the engine refuses {refused}")
            except (OSError, http.client.HTTPException) as error:
                self._say(502, f"the engine cannot be asked: {error}")

        do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = do_PATCH = _pass

        def _say(self, status: int, message: str) -> None:
            self._answer(status, "application/json", json.dumps({"message": message}).encode())

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            if status not in (204, 304):
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status not in (204, 304):
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            sys.stderr.write(
                f"{self.command} {self.path.split('?')[0]!r} {args[1] if len(args) > 1 else ''}\n"
            )

    return ThreadingHTTPServer(address, Handler)


def main(argv: list[str]) -> int:
    if len(argv) not in (2, 3, 4):
        sys.stderr.write("gate needs: PROJECT IMAGE [SOCKET] [PORT]\n")
        return 1
    socket_path = argv[2] if len(argv) > 2 else "/var/run/docker.sock"
    rules = Rules(argv[0], argv[1], lambda container: name_in(socket_path, container))
    with server(rules, socket_path, ("0.0.0.0", int(argv[3]) if len(argv) > 3 else PORT)) as listening:
        listening.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
