"""The one composition root: a place chosen on the command line → engine → session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redislab.core.catalogue import Catalogue
    from redislab.core.engine import Engine
    from redislab.core.session import Session
    from redislab.engines.target import Target


@dataclass(frozen=True)
class Place:
    """Where a session's data lives: in this process (`target` None), or on a server."""

    target: Target | None = None
    db: int = 0
    protocol: int | None = None  # 3 asks for RESP3; None and 2 stay with what every server speaks

    @property
    def embedded(self) -> bool:
        return self.target is None

    def at(self, host: str, port: int) -> Place:
        """The same wishes at another server (CONNECT host port)."""
        from redislab.engines.target import Target

        target = self.target or Target(protocol=self.protocol)
        return replace(self, target=replace(target, host=host, port=port, socket_path=None))


def open_engine(place: Place) -> Engine:
    """The engine of a place. Makes no connection yet and loads no library before it is needed."""
    if place.target is None:
        from redislab.engines.embedded import EmbeddedEngine

        return EmbeddedEngine(protocol=place.protocol)
    from redislab.engines.real import RealEngine

    return RealEngine(place.target)


def open_session(place: Place, *, notice: Callable[[str], None] | None = None) -> Session:
    """A session for a person; connects with the first command or by `Session.connect`."""
    from redislab.core.session import Session

    return Session(open_engine(place), db=place.db, notice=notice)


@cache
def catalogue() -> Catalogue:
    """What is known of every command; loaded when first asked for."""
    from redislab.core.catalogue import Catalogue

    return Catalogue.load()
