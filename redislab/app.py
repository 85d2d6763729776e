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
    from redislab.engines.embedded import EmbeddedEngine
    from redislab.engines.target import Target


@dataclass(frozen=True)
class Place:
    """Where a session's data lives: in this process, on a `private` server of our own, or at a `target`.

    In this process it is kept between runs in the lab of that name, or nowhere (`lab` None).
    """

    target: Target | None = None
    db: int = 0
    lab: str | None = None
    home: str | None = None  # REDISLAB_HOME: the folder in which labs lie, where it is not the user's
    protocol: int | None = None  # 3 asks for RESP3; None and 2 stay with what every server speaks
    private: bool = False

    @property
    def embedded(self) -> bool:
        return self.target is None and not self.private

    @property
    def environ(self) -> dict[str, str]:
        """What says where labs lie."""
        return {} if self.home is None else {"REDISLAB_HOME": self.home}

    def at(self, host: str, port: int) -> Place:
        """The same wishes at another server (CONNECT host port)."""
        from redislab.engines.target import Target

        target = self.target or Target(protocol=self.protocol)
        target = replace(target, host=host, port=port, socket_path=None, name="")
        return replace(self, lab=None, target=target, private=False)


def open_engine(place: Place, notice: Callable[[str], None] | None = None) -> Engine:
    """The engine of a place. Makes no connection yet and loads no library before it is needed.

    A lab that another process holds is joined where that process serves it. Raises LabUnavailable.
    `notice` gets what a person should know of the lab: that it is not kept, or was damaged.
    """
    if place.private:
        from redislab.engines.private import PrivateEngine

        return PrivateEngine(protocol=place.protocol)
    if place.target is None and place.lab is not None:
        from redislab.engines.embedded.keeping.lock import LabInUse

        try:
            return open_lab(place, notice)
        except LabInUse as in_use:
            joined = place_of(place, in_use.holder.socket)
            if joined is None:
                raise
            place = joined
    if place.target is None:
        from redislab.engines.embedded import EmbeddedEngine

        return EmbeddedEngine(protocol=place.protocol)
    from redislab.engines.real import RealEngine

    return RealEngine(place.target)


def open_session(place: Place, *, notice: Callable[[str], None] | None = None) -> Session:
    """A session for a person; connects with the first command or by `Session.connect`."""
    from redislab.core.session import Session

    return Session(open_engine(place, notice), db=place.db, notice=notice)


def open_lab(
    place: Place, notice: Callable[[str], None] | None = None, *, copy: bool = False
) -> EmbeddedEngine:
    """The engine of a lab that is ours from now on. Raises LabInUse, another LabUnavailable, UsageError.

    `copy`: its data as it is now, whoever holds it; what becomes of that is kept nowhere.
    """
    from redislab.engines.embedded import EmbeddedEngine
    from redislab.engines.embedded.keeping import claim

    assert place.lab is not None
    take = claim.copy if copy else claim.claim
    return EmbeddedEngine(place.protocol, take(place.lab, place.environ), notice)


def place_of(place: Place, socket_path: str | None) -> Place | None:
    """The same wishes at the socket on which a lab is served; None: it is not."""
    if socket_path is None:
        return None
    from redislab.engines.target import Target

    return replace(
        place,
        lab=None,
        target=Target(socket_path=socket_path, protocol=place.protocol, name=f"redislab {place.lab}"),
    )


@cache
def catalogue() -> Catalogue:
    """What is known of every command; loaded when first asked for."""
    from redislab.core.catalogue import Catalogue

    return Catalogue.load()
