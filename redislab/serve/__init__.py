"""The embedded engine on a TCP port or a unix socket, for redis-cli, redis-py and all that speaks Redis.

    handle     `start(lab)` → `Handle`: a thread with an event loop of its own, and its end
    front      what all sessions share: who is there, who has something to say, when the next wait is over
    session    one client: bytes → commands → replies → bytes, and the limits that protect the rest
    turns      whose command runs when; scripts in threads of their own
    limits     how much a client may send, and leave unread
    listening  TCP ports and unix sockets that nobody else can reach by accident
    kept       a kept lab that lets others in
    command    `redislab serve`: options, the banner, Ctrl-C

A lab belongs to no thread: commands run under its lock in whichever thread brings them. So a shell, a
notebook and `serve` can share one; what one of them publishes or changes, the others see at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from redislab.serve.handle import Handle, start

__all__ = ["Handle", "start"]


def __getattr__(name: str) -> Any:
    """What is named above, when it is wanted: `redislab serve --help` loads no engine."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from redislab.serve import handle

    return getattr(handle, name)
