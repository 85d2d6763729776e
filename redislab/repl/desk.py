"""What a shell works with, and nothing that it does."""

from __future__ import annotations

from dataclasses import dataclass

from redislab.app import Place
from redislab.core.engine import Engine
from redislab.core.session import Session
from redislab.repl.screen import Screen
from redislab.repl.settings import Settings


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
    leaving: bool = False
