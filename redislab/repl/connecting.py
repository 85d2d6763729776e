"""How the shell connects, and what it says when that fails."""

from __future__ import annotations

from dataclasses import replace

from redislab.app import Place, open_engine
from redislab.core.engine import Engine, Undoable
from redislab.errors import RedislabError, TransactionLost, Unreachable, UsageError
from redislab.repl.desk import Desk


def connect(desk: Desk) -> bool:
    """Connect if there is no connection; says what is wrong and gives False where there can be none."""
    try:
        desk.session.connect()
    except (Unreachable, UsageError, TransactionLost) as error:
        say(desk, error)
        return False
    return True


def go_to(desk: Desk, place: Place) -> None:
    """Go on elsewhere; the prompt stays whether that can be reached or not."""
    _switch(desk, place, open_engine(place))


def go_home(desk: Desk) -> None:
    """Go back to where the shell began: a Redis inside this process still has its data."""
    _switch(desk, desk.home, desk.home_engine)


def _switch(desk: Desk, place: Place, engine: Engine) -> None:
    if isinstance(engine, Undoable):
        engine.remember()
    desk.session.switch(engine, db=place.db)
    desk.place = place
    desk.origins = None
    connect(desk)


def place_at(desk: Desk, host: str, port: str) -> Place:
    """The same wishes at another address, the database included. Raises UsageError."""
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise UsageError(f"a port is a number from 1 to 65535, not {port!r}, as in CONNECT 127.0.0.1 6379")
    return replace(desk.place.at(host, int(port)), db=desk.session.link.state.wanted_db)


def say(desk: Desk, error: RedislabError) -> None:
    """What happened, and what helps."""
    desk.screen.error(error.message, error.remedy)
