"""Where a process works: the one engine that notebook magics and `redislab.connect()` share.

It is opened when first wanted: a Redis inside this process, fresh and kept nowhere, unless REDISLAB_URL
names a server.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from redislab.app import Place, open_engine
from redislab.core.engine import Undoable
from redislab.engines.embedded import EmbeddedEngine

if TYPE_CHECKING:
    from redislab.core.engine import Engine
    from redislab.engines.tap import Tap
    from redislab.serve import Handle


class Shared:
    """A place and its engine. `home` is where it began; a Redis inside this process keeps its data there."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lock = threading.Lock()
        self._home: tuple[Place, Engine] | None = None
        self._here: tuple[Place, Engine] | None = None
        self._tap: Tap | None = None
        self._serving: Handle | None = None  # where others join a lab that we keep

    @property
    def place(self) -> Place:
        return self._opened()[0]

    @property
    def engine(self) -> Engine:
        """Raises UsageError where REDISLAB_URL is no URL of a server."""
        return self._opened()[1]

    def go_to(self, place: Place, notice: Callable[[str], None] | None = None) -> Engine:
        """Work elsewhere from now on; clients that were made before stay where they are.

        A lab that this process keeps lets other shells and notebooks in. Raises LabUnavailable and
        UsageError; then we are where it all began.
        """
        self._opened()
        self._leave()  # first: the same lab cannot be open twice
        self._here = self._home
        engine = open_engine(place, notice)
        _remember(engine)
        self._here = place, engine
        self._let_others_in(engine, notice)
        return engine

    def go_home(self) -> Engine:
        """Back to where it began."""
        self._opened()
        self._leave()
        self._here = self._home
        return self.engine

    @property
    def tap(self) -> Tap:
        """Who follows what redis-py's clients do."""
        from redislab.engines.tap import Tap

        if self._tap is None:
            self._tap = Tap()
        return self._tap

    def labs(self) -> tuple[str, ...]:
        """The names of those that are kept."""
        from redislab.engines.embedded.keeping.place import labs_folder, labs_in

        return tuple(lab.name for lab in labs_in(labs_folder(self._environ)))

    def client(self, *, asyncio: bool, options: Mapping[str, Any]) -> Any:
        """A redis-py client of this place. Raises UsageError."""
        from redislab.engines.clients import client

        place, engine = self._opened()
        made = client(engine, place.db, options, asyncio=asyncio)
        if not asyncio:
            self.tap.join(made)
        return made

    def _leave(self) -> None:
        """Let go of what only we hold: a kept lab, so that others can open it, and a server of our own."""
        if self._here is not None and self._here is not self._home:
            place, engine = self._here
            if self._serving is not None:
                self._serving.close()
                self._serving = None
            if place.embedded or place.private:
                engine.close()

    def _let_others_in(self, engine: Engine, notice: Callable[[str], None] | None) -> None:
        from redislab.errors import CannotListen
        from redislab.serve.kept import can_let_others_in, let_others_in

        if isinstance(engine, EmbeddedEngine) and can_let_others_in(engine):
            try:
                self._serving = let_others_in(engine)
            except CannotListen as error:
                if notice is not None:
                    notice(f"No other shell can join this lab: {error}")

    def _opened(self) -> tuple[Place, Engine]:
        with self._lock:
            if self._here is None:
                place = place_of_environment(self._environ)
                engine = open_engine(place)
                _remember(engine)
                self._here = self._home = place, engine
            return self._here


def place_of_environment(environ: Mapping[str, str]) -> Place:
    """REDISLAB_URL (a password in REDISCLI_AUTH), or a fresh Redis inside this process."""
    from redislab import options as command_line

    if not environ.get("REDISLAB_URL"):
        return Place()
    return command_line.place(command_line.Options(), environ)


def _remember(engine: Engine) -> None:
    if isinstance(engine, Undoable):
        engine.remember()


SHARED = Shared(os.environ)
