"""A Docker engine that keeps books and runs nothing: what reached it is what a real one would have done."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Books:
    """Containers by id, and every call as `METHOD path`."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.containers: dict[str, dict[str, Any]] = {}

    def add(self, name: str, config: dict[str, Any]) -> str:
        container = f"{len(self.containers) + 1:064x}"
        self.containers[container] = {"Id": container, "Name": f"/{name}", "Config": config, "Running": False}
        return container

    def find(self, reference: str) -> dict[str, Any] | None:
        for container in self.containers.values():
            if reference in (container["Id"], container["Name"][1:]):
                return container
        return None


@contextmanager
def recording_engine(path: Path) -> Iterator[Books]:
    """Answers on the unix socket as an engine of API version 1.43 does, as far as a hub asks."""
    books = Books()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            parts = urlsplit(self.path)
            where = parts.path.removeprefix("/v1.43")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            books.calls.append(f"{self.command} {where}")
            status, content = self._decide(where, parse_qs(parts.query), body)
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _do

        def _decide(self, where: str, query: dict[str, list[str]], body: bytes) -> tuple[int, Any]:
            if where == "/version":
                return 200, {"ApiVersion": "1.43"}
            if where.startswith("/images/"):
                return 200, {}
            if where == "/containers/create":
                return 201, {"Id": books.add(query["name"][0], json.loads(body)), "Warnings": []}
            container = books.find(where.split("/")[2])
            if container is None:
                return 404, {"message": "no such container"}
            if self.command == "DELETE":
                del books.containers[container["Id"]]
            elif where.endswith(("/start", "/stop")):
                container["Running"] = where.endswith("/start")
            network = container["Config"]["HostConfig"]["NetworkMode"]
            networks = {network: {"IPAddress": "10.213.0.3"}}
            state = {"Running": container["Running"]}
            return 200, {**container, "NetworkSettings": {"Networks": networks}, "State": state}

        def address_string(self) -> str:
            return "unix"

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    with Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield books
        finally:
            server.shutdown()
            thread.join(10)
