"""A kept lab let others in: shells and notebooks that open it work in it where it is open."""

from __future__ import annotations

from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.embedded.keeping.place import SOCKET
from redislab.errors import CannotListen
from redislab.serve.handle import Handle, start


def let_others_in(engine: EmbeddedEngine) -> Handle:
    """Serve a lab at the socket where others look for it, until `close`. Raises CannotListen.

    The lab must be one that this process keeps.
    """
    claim = engine.claim
    assert claim is not None
    assert claim.lock is not None
    assert claim.folder is not None
    handle = start(engine.lab, socket_path=str(claim.folder / SOCKET))
    try:
        claim.lock.tell(str(handle.address))
    except OSError as error:
        handle.close()
        raise CannotListen(str(error)) from error
    return handle


def can_let_others_in(engine: object) -> bool:
    """Whether it is the engine of a lab that this process keeps."""
    claim = engine.claim if isinstance(engine, EmbeddedEngine) else None
    return claim is not None and claim.lock is not None and claim.folder is not None
