"""`start`: a lab is served by a thread with an event loop of its own, until `close`, SHUTDOWN or the end."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from redislab.engines.embedded.lab import Lab
from redislab.errors import UsageError
from redislab.serve.front import ServeFront, is_loopback
from redislab.serve.listening import BACKLOG, LOOPBACK, Address, Listener, listen_tcp, listen_unix
from redislab.serve.session import Session

# One below Redis's own 6379: further Redis servers on a machine are usually given the numbers above it.
DEFAULT_PORT = 6378
PATIENCE_S = 0.5  # so long may clients take to read what they were told, when it ends


class Handle:
    """A lab that is served. `close` may be called twice and in any thread; the lab lives on."""

    def __init__(self, lab: Lab, listener: Listener, report: Callable[[str], None]) -> None:
        self._lab = lab
        self._listener = listener
        self._report = report
        self._loop: asyncio.AbstractEventLoop | None = None
        self._front: ServeFront | None = None
        self._ready = threading.Event()
        # Ctrl-C during Thread.join would leave a thread that counts as ended and is not (Python 3.11).
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="redislab-serve", daemon=True)
        self._thread.start()
        self._ready.wait()

    @property
    def address(self) -> Address:
        return self._listener.address

    @property
    def lab(self) -> Lab:
        return self._lab

    @property
    def closed(self) -> bool:
        return self._over.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until it is over, by SHUTDOWN or `close`; False when that took longer than `timeout_s`."""
        return self._over.wait(timeout_s)

    def close(self) -> None:
        """End all connections and free the address."""
        loop, front = self._loop, self._front
        if loop is not None and front is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(front.ended.set)
        if threading.current_thread() is not self._thread:
            self._over.wait()

    def __enter__(self) -> Handle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- in the thread --------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            asyncio.run(self._serve())
        finally:
            self._listener.close()
            self._ready.set()
            self._over.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._complain)
        front = self._front = ServeFront(self._lab, self._loop)
        path = self.address.path
        make = self._loop.create_unix_server if path else self._loop.create_server
        with self._lab.lock:
            self._lab.fronts.append(front)
        try:
            server = await make(lambda: Session(front, path), sock=self._listener.socket, backlog=BACKLOG)
            front.schedule()
            self._ready.set()
            await front.ended.wait()
            # A connection that is half made when its server closes is never closed itself (Python 3.11).
            while accepting := asyncio.all_tasks() - {asyncio.current_task()}:
                await asyncio.wait(accepting)
            server.close()
            await front.close(PATIENCE_S)
        finally:
            with self._lab.lock:
                self._lab.fronts.remove(front)

    def _complain(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """What should not happen: one line, and the others are served on."""
        fault = context.get("exception")
        self._report(f"serve: {context['message']}" + (f": {fault!r}" if fault is not None else ""))
        transport = context.get("transport")
        if transport is not None:
            transport.abort()


def start(
    lab: Lab,
    *,
    port: int = DEFAULT_PORT,
    host: str = LOOPBACK,
    socket_path: str | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Handle:
    """Serve a lab at a TCP port (0: a free one) or, with `socket_path`, at a unix socket.

    Raises CannotListen, and UsageError for an address that other machines reach while the lab has
    no password (`requirepass`).
    """
    if socket_path is not None:
        return Handle(lab, listen_unix(socket_path), report)
    if not is_loopback(host) and not lab.asks_password:
        raise UsageError(
            f"{host} can be reached from other machines: that takes a password (--requirepass-file FILE)"
        )
    return Handle(lab, listen_tcp(host, port), report)
