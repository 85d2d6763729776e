"""The lab in which a shell works: opened at the start, shown and changed by `:lab`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from redislab.app import Place, open_engine, open_lab, place_of
from redislab.core.engine import Engine, Undoable
from redislab.core.roles import Role
from redislab.core.view import Grid, Span, line
from redislab.errors import RedislabError, UsageError
from redislab.repl import connecting
from redislab.repl.desk import Desk
from redislab.repl.screen import Screen

if TYPE_CHECKING:
    from redislab.engines.embedded import EmbeddedEngine
    from redislab.engines.embedded.keeping.claim import Claim

WELCOME = "A Redis inside this process; {kept}. Try SET name ada, HELP, or :help."
USAGE = "this is how it is written: :lab, :lab NAME, list, serve, copy NAME or delete NAME behind :lab"


def open_home(place: Place, screen: Screen) -> tuple[Place, Engine]:
    """Where a shell begins. A lab that another process holds is joined there, else copied; that is said.

    Raises UsageError, and LabUnavailable where the data is there but cannot be read.
    """
    if place.lab is None:
        engine = open_engine(place)
        if isinstance(engine, Undoable):
            engine.remember()
        return place, engine
    from redislab.engines.embedded.keeping.lock import LabInUse

    def warn(text: str) -> None:
        screen.warning(text)

    try:
        engine = open_lab(place, warn)
    except LabInUse as in_use:
        holder = in_use.holder
        joined = place_of(place, holder.socket)
        if joined is not None:
            screen.info(f"The lab {place.lab!r} is open elsewhere ({holder.words}). You work in it there.")
            return joined, open_engine(joined)
        screen.warning(
            f"The lab {place.lab!r} is open elsewhere ({holder.words}). "
            "This is a copy of its data; what you change here is kept nowhere."
        )
        screen.remedy("`:lab serve` there lets others in; --lab NAME opens another lab.")
        engine = open_lab(place, warn, copy=True)
    engine.tell()
    engine.remember()
    return place, engine


def close(desk: Desk, home: Engine) -> None:
    """Leave a lab; whoever works in it from elsewhere must leave too."""
    if desk.serving is not None:
        desk.serving.close()
        desk.serving = None
    home.close()


def welcome(engine: Engine) -> str:
    """The shell's first line."""
    claim: Claim | None = getattr(engine, "claim", None)
    if claim is None or claim.lock is None:
        return WELCOME.format(kept="nothing is kept")
    return WELCOME.format(kept=f"the lab `{claim.name}` keeps its data")


def run(desk: Desk, words: Sequence[str]) -> None:
    """`:lab` and what may follow. Raises UsageError."""
    if not words:
        _show(desk)
        return
    action = _ACTIONS.get(words[0])
    if action is None:
        action, words = _switch, ("", *words)
    if len(words) != (1 if action in (_list, _serve) else 2):
        raise UsageError(USAGE)
    action(desk, " ".join(words[1:]))


def _show(desk: Desk) -> None:
    import time

    engine = _embedded(desk)
    claim, keeper = engine.claim, engine.lab.keeper
    rows = [("keys", f"{engine.keys:,}")]
    if claim is not None:
        rows.insert(0, ("lab", claim.name))
    if keeper is None or claim is None or claim.lock is None:
        rows.append(("kept", "nowhere: it lasts until this shell leaves it"))
    else:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(claim.lock.holder.since_s))
        rows += [("size", f"{keeper.size:,} bytes"), ("path", str(claim.data)), ("open since", since)]
        if keeper.problem is not None:
            rows.append(("problem", f"{keeper.problem}; commands that change data are refused"))
    _grid(desk, rows)


def _list(desk: Desk, _: str) -> None:
    from redislab.engines.embedded.keeping.place import labs_folder, labs_in

    folder = labs_folder(desk.home.environ)
    rows = [(lab.name, f"{lab.size:,} bytes, last written {lab.written}") for lab in labs_in(folder)]
    if rows:
        _grid(desk, rows)
    else:
        desk.screen.line(f"There are no labs in {folder}.")


def _switch(desk: Desk, name: str) -> None:
    """Go on in another lab, or come back to one; the one that was open here is closed first."""
    from redislab.engines.embedded.keeping.place import check_name

    check_name(name)
    before = desk.home_engine
    if desk.home.lab != name or not _is_kept(before):  # the one that is open cannot be opened twice
        home = replace(desk.home, target=None, lab=name, db=0)
        try:
            desk.home, desk.home_engine = open_home(home, desk.screen)
        except RedislabError as error:
            connecting.say(desk, error)
            return
    connecting.go_home(desk)
    if desk.home_engine is not before:
        close(desk, before)
    desk.screen.line(f"You are in the lab `{name}`.")


def _copy(desk: Desk, name: str) -> None:
    """The data as it is now, in a new lab of that name; the shell stays where it is."""
    from redislab.engines.embedded.keeping.keeper import write_copy

    engine = _embedded(desk)
    size = write_copy(engine.lab, name, desk.home.environ)
    desk.screen.line(f"The lab `{name}` holds the same data now ({size:,} bytes); `:lab {name}` goes there.")


def _delete(desk: Desk, name: str) -> None:
    from redislab.engines.embedded.keeping.claim import delete

    size = delete(name, desk.home.environ, really=False)
    asked = f"This deletes the lab `{name}` ({size:,} bytes); nothing brings it back. Go on? [y/N] "
    if desk.ask(asked).strip().lower() in ("y", "yes"):
        delete(name, desk.home.environ, really=True)
        desk.screen.line(f"The lab `{name}` is deleted.")


def export(desk: Desk, words: Sequence[str]) -> None:
    """`:export FILE`: the data as commands. Raises UsageError."""
    from pathlib import Path

    if len(words) != 1:
        raise UsageError("this is how it is written: :export FILE.redis")
    engine, path = _embedded(desk), Path(words[0]).expanduser()
    try:
        with open(path, "xb") as file:
            count = engine.export(file)
    except FileExistsError:
        raise UsageError(f"there is a file {str(path)!r} already") from None
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written: {error.strerror}") from None
    desk.screen.line(f"{count:,} commands in {path}; `redis-cli < {path.name}` runs them on a Redis server.")


def _serve(desk: Desk, _: str) -> None:
    """Other shells that open this lab join it here, until this one leaves the lab."""
    from redislab.errors import CannotListen
    from redislab.serve.kept import can_let_others_in, let_others_in

    engine = _embedded(desk)
    claim = engine.claim
    if claim is None or not can_let_others_in(engine):
        raise UsageError(
            "this data is kept nowhere, so no other shell can find it; redislab serve --fresh can"
        )
    if desk.serving is None:
        try:
            desk.serving = let_others_in(engine)
        except CannotListen as error:
            raise UsageError(f"the lab cannot be served: {error}") from None
    desk.screen.line(
        f"Other shells that open the lab `{claim.name}` work in it here, until this one leaves it."
    )


_ACTIONS: Mapping[str, Callable[[Desk, str], None]] = {
    "list": _list,
    "copy": _copy,
    "delete": _delete,
    "serve": _serve,
}


def _embedded(desk: Desk) -> EmbeddedEngine:
    from redislab.engines.embedded import EmbeddedEngine

    engine = desk.session.link.engine
    if not isinstance(engine, EmbeddedEngine):
        raise UsageError("this is a server, no lab of this process; `:connect` alone goes back to the lab")
    return engine


def _is_kept(engine: Engine) -> bool:
    claim: Claim | None = getattr(engine, "claim", None)
    return claim is not None and claim.lock is not None


def _grid(desk: Desk, rows: Sequence[tuple[str, str]]) -> None:
    desk.screen.show(
        Grid((), tuple((line(Span(name, Role.COMMAND)), line(Span(text))) for name, text in rows))
    )
