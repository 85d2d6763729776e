"""Where a command's handler comes from: a function marked with `@handles`, or a method of fakeredis."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from fakeredis._commands import SUPPORTED_COMMANDS, Signature
from fakeredis._socket import FakeSocket

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.table import Handler

OWN: dict[str, Handler] = {}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Mark the function that runs these commands: `@handles("GET")`, `@handles("CLIENT LIST")`."""

    def mark(handler: Handler) -> Handler:
        for name in names:
            assert name not in OWN, name
            OWN[name] = handler
        return handler

    return mark


def theirs(names: Iterable[str]) -> dict[str, Handler]:
    """Fakeredis's commands among these names."""
    found = {}
    for name in names:
        signature = SUPPORTED_COMMANDS.get(name.lower())
        func = getattr(FakeSocket, signature.func_name, None) if signature is not None else None
        if signature is not None and func is not None:
            found[name] = _handler(signature, func, name.count(" ") + 1)
    return found


def _handler(signature: Signature, func: Callable[..., Any], words: int) -> Handler:
    def run(client: Client, args: list[bytes]) -> Any:
        return client.theirs(signature, func, args[words:])

    return run
