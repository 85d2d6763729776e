"""A server that runs somewhere: reached over TCP, TLS or a unix socket, alone or in a cluster.

Cheap to import: redis-py is loaded with the first connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from redislab.core.engine import Capabilities, Connection, Greeting
from redislab.engines.target import Target

_HOST = re.compile(r"[A-Za-z0-9._:%-]{1,255}").fullmatch  # names and addresses of either family


class RealEngine:
    """The engine of one target. Holds no connection: each `connect` makes one, and its owner closes it."""

    def __init__(self, target: Target) -> None:
        self._target = target

    @property
    def target(self) -> Target:
        """Which server, and as whom."""
        return self._target

    @property
    def label(self) -> str:
        return self._target.label

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(shared=not self._target.own)

    @property
    def greetings(self) -> Sequence[Greeting]:
        """AUTH where there is a password, then HELLO where RESP3 is wanted."""
        greetings = []
        if self._target.password is not None:
            user = (_bytes(self._target.username),) if self._target.username else ()
            greetings.append(Greeting("AUTH", (b"AUTH", *user, _bytes(self._target.password))))
        if self._target.protocol == 3:
            greetings.append(Greeting("HELLO 3", (b"HELLO", b"3")))
        return greetings

    def preload(self) -> None:
        """Import redis-py."""
        import redislab.engines.transport  # noqa: F401 - for its effect

    def connect(self) -> Connection:
        """A connection over which nothing has been sent. Raises Unreachable; UsageError for bad TLS files."""
        from redislab.engines.transport import connect

        return connect(self._target)

    def aside(self) -> RealEngine:
        """A server sees every client."""
        return self

    def redirected(self, host: str, port: int) -> RealEngine | None:
        """The cluster's node there, with the same credentials and TLS; None unless `-c` was asked for.

        None too for an address that cannot be one: it is the server's data, and goes into the prompt.
        """
        # A node that does not know its own address leaves the host out: it means the one that was asked.
        host = host or self._target.host
        if not (self._target.cluster and _HOST(host) and 0 < port < 65536):
            return None
        return RealEngine(replace(self._target, host=host, port=port, socket_path=None))

    def close(self) -> None:
        """Nothing is held."""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
