"""What a shell works with, and nothing that it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from redislab.app import Place
from redislab.core.engine import Engine, Undoable
from redislab.core.session import Outcome, Session
from redislab.repl.screen import Screen
from redislab.repl.settings import Settings

if TYPE_CHECKING:
    from redislab.assist.knowledge import Knowledge
    from redislab.core.coach import Origins
    from redislab.core.server_undo import ServerUndo
    from redislab.repl.clients import Clients
    from redislab.repl.lessons import Playing
    from redislab.serve import Handle


@dataclass
class Desk:
    """One person's shell: `home` is where it began, `place` where it is. `leaving` ends it."""

    home: Place
    home_engine: Engine
    place: Place
    session: Session
    screen: Screen
    settings: Settings
    interval_s: float = 0.0  # between two runs of a repeated command
    listens_at_prompt: bool = True  # messages can appear above a prompt that stays
    leaving: bool = False
    last: Outcome | None = None  # of the latest command, for :why
    origins: Origins | None = None  # which command gave a key its type, for advice
    server_undo: ServerUndo | None = None
    ask: Callable[[str], str] = lambda question: ""  # the answer of the person; "" where there is none
    serving: Handle | None = None  # where other shells join this one's lab
    agreed: set[tuple[str, str]] = field(default_factory=set)  # server and command that need no more asking
    lesson: Playing | None = None
    client: str = "A"  # the one whose session this is

    @cached_property
    def clients(self) -> Clients:
        """A, and B where there is one."""
        from redislab.repl.clients import Clients  # most shells have one client

        return Clients(self)

    @property
    def several(self) -> bool:
        """Whether there are two clients; asked for without making any."""
        return "clients" in self.__dict__ and self.clients.several

    @property
    def undoing(self) -> Undoable | None:
        """What `:undo` asks: the engine itself, or what is kept of a server's keys where that is allowed."""
        engine = self.session.link.engine
        if isinstance(engine, Undoable):
            return engine
        kept = self.server_undo
        if kept is not None and (not self.may_look or kept.engine is not engine):
            kept.close()
            kept = self.server_undo = None
        if kept is None and self.may_look:
            from redislab.app import catalogue
            from redislab.core.server_undo import ServerUndo

            kept = self.server_undo = ServerUndo(engine, catalogue())
        return kept

    def keeper(self, args: Sequence[bytes]) -> ServerUndo | None:
        """What keeps a server's keys around this command; None inside MULTI, where nothing runs yet."""
        state = self.session.link.state
        waits = state.in_multi and args[0].upper() != b"EXEC"
        if waits or state.listening or state.muted or self.undoing is not self.server_undo:
            return None
        return self.server_undo

    @property
    def may_look(self) -> bool:
        """Whether data may be looked at beside the typed commands: here always, on a server when asked to."""
        return self.settings.probe or not self.session.link.engine.capabilities.shared

    @cached_property
    def knowledge(self) -> Knowledge:
        """What is known of where the person is."""
        from redislab.assist.knowledge import Knowledge  # the empty first prompt needs none of it

        def where() -> tuple[Engine, int]:
            link = self.session.link
            return link.engine, link.state.wanted_db

        return Knowledge(where, lambda: self.may_look)
