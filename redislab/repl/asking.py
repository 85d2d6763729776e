"""Before a command that loses much: how much, whether it can be undone, and a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redislab.core.danger import MANY_KEYS, Danger, danger, lost_keys, question, question_of_undo
from redislab.core.probe import Policy, Probe
from redislab.core.safe import visible_text
from redislab.repl.desk import Desk

SHOWN_CHARACTERS = 40  # of an answer that was neither yes nor no
YES, NO = ("y", "yes"), ("n", "no", "")


def permitted(desk: Desk, args: Sequence[bytes]) -> bool:
    """Whether a command may be sent: it is not dangerous, or the person says yes."""
    if not desk.settings.confirm or desk.session.listening:
        return True
    command = desk.knowledge.catalogue.lookup(args)
    if command is None:
        return True
    shared = desk.session.link.engine.capabilities.shared
    found = danger(command.name, args[command.words :], shared=shared)
    keeper = desk.keeper(args)
    state = desk.session.link.state
    obstacle = keeper.obstacle(args, state.db_of_exec, tuple(state.queued)) if keeper is not None else ""
    if found is None:
        return not obstacle or _says_yes(desk, command.name, question_of_undo(command.name, obstacle))
    if found.once and _server_of(desk, command.name) in desk.agreed:
        return True
    sizes = _sizes(desk)
    if sizes is not None and _is_harmless(command.name, found, sizes, desk):
        return True
    lost = lost_keys(found, sizes, desk.session.link.state.db)
    if not _says_yes(
        desk, command.name, question(command.name, found, lost, _undo(desk, command.name, obstacle))
    ):
        return False
    if found.once:
        desk.agreed.add(_server_of(desk, command.name))
    return True


def _says_yes(desk: Desk, name: str, asked: str) -> bool:
    answer = desk.ask(visible_text(asked)).strip()
    if answer.lower() in YES:
        return True
    other = "" if answer.lower() in NO else f" The answer was {answer[:SHOWN_CHARACTERS]!r}, not y."
    desk.screen.info(f"{name} was not sent.{other}")
    return False


def _server_of(desk: Desk, name: str) -> tuple[str, str]:
    return desk.session.link.engine.label, name


def _is_harmless(name: str, found: Danger, sizes: Mapping[int, int], desk: Desk) -> bool:
    """Nothing is there to lose; or so little that nobody waits."""
    if name == "KEYS":
        return sizes.get(desk.session.link.state.db, 0) < MANY_KEYS
    lost = lost_keys(found, sizes, desk.session.link.state.db)
    return lost is not None and not any(lost.values())


def _sizes(desk: Desk) -> Mapping[int, int] | None:
    """Keys in each database that has some, where data may be looked at."""
    if not desk.may_look:
        return None
    probe = Probe(desk.session.link.engine, Policy(on_shared=True), desk.knowledge.catalogue)
    try:
        return probe.sizes()
    finally:
        probe.close()


def _undo(desk: Desk, name: str, obstacle: str) -> str:
    """Whether what is deleted comes back."""
    if not name.startswith("FLUSH"):
        return ""
    if obstacle:
        return f"`:undo` cannot bring them back: {obstacle}"
    return "nothing brings them back" if desk.undoing is None else "`:undo` brings them back"
