"""A real kernel in a process of its own, asked as a front end asks it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jupyter_client.manager import start_new_kernel

PATIENCE_S = 120.0  # a busy machine; what is waited for comes much sooner


class Kernel:
    """The kernel's manager and a blocking client of it."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager = manager
        self._client = client

    def begin(self, cell: str) -> str:
        """Send a cell, and wait for nothing; the id of the request."""
        return str(self._client.execute(cell))

    def outputs_until(self, request: str, status: str = "idle") -> Iterator[Mapping[str, Any]]:
        """What the kernel publishes for a request, until it is busy or idle with it."""
        while True:
            message = self._client.get_iopub_msg(timeout=PATIENCE_S)
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == status:
                return
            yield message

    def finished(self, request: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
        """The reply to a cell, and what was published for it."""
        outputs = list(self.outputs_until(request))
        while True:
            reply = self._client.get_shell_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == request:
                return reply["content"], outputs

    def run(self, cell: str) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
        return self.finished(self.begin(cell))

    def complete(self, cell: str) -> list[str]:
        """What Tab offers at the | of a cell."""
        return [str(each) for each in self.completion(cell)["matches"]]

    def completion(self, cell: str) -> Mapping[str, Any]:
        content = self._client.complete(*_cursor(cell), reply=True, timeout=PATIENCE_S)["content"]
        assert isinstance(content, Mapping)
        return content

    def inspect(self, cell: str) -> Mapping[str, Any]:
        """What Shift-Tab shows at the | of a cell."""
        content = self._client.inspect(*_cursor(cell), reply=True, timeout=PATIENCE_S)["content"]
        assert isinstance(content, Mapping)
        return content


def _cursor(cell: str) -> tuple[str, int]:
    return cell.replace("|", "", 1), cell.index("|")


@contextmanager
def kernel(environ: Mapping[str, str] | None = None) -> Iterator[Kernel]:
    """A fresh Python kernel; it ends with the `with`."""
    env = {**os.environ, "IPYTHONDIR": os.environ["REDISLAB_HOME"], **(environ or {})}
    manager, client = start_new_kernel(startup_timeout=PATIENCE_S, kernel_name="python3", env=env)
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


__all__ = ["Kernel", "kernel"]
