"""What a shell works with, and nothing that it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from redislab.app import Place
from redislab.core.engine import Engine
from redislab.core.session import Outcome, Session
from redislab.repl.screen import Screen
from redislab.repl.settings import Settings

if TYPE_CHECKING:
    from redislab.core.coach import Origins
    from redislab.repl.knowledge import Knowledge


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
    ask: Callable[[str], str] = lambda question: ""  # the answer of the person; "" where there is none
    agreed: set[tuple[str, str]] = field(default_factory=set)  # server and command that need no more asking

    @property
    def may_look(self) -> bool:
        """Whether data may be looked at beside the typed commands: here always, on a server when asked to."""
        return self.settings.probe or not self.session.link.engine.capabilities.shared

    @cached_property
    def knowledge(self) -> Knowledge:
        """What is known of where the person is."""
        from redislab.repl.knowledge import Knowledge  # the empty first prompt needs none of it

        def where() -> tuple[Engine, int]:
            link = self.session.link
            return link.engine, link.state.wanted_db

        return Knowledge(where, lambda: self.may_look)
