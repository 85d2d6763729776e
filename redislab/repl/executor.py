"""One line that was entered → what it does: the shell's own words, or commands for the session."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from redislab.core.line import Ask, Line, read_line, split_prefix
from redislab.core.probe import Probe
from redislab.core.reply import Reply
from redislab.core.state import SUBSCRIBING
from redislab.errors import ConnectionLost, RedislabError, TransactionLost, UsageError
from redislab.render.plain import Format
from redislab.repl import commands, connecting
from redislab.repl.desk import Desk
from redislab.repl.interrupts import CommandStopped

SLOW_S = 0.5  # redis-cli prints how long a command took from here on
CONFIRMATION_S = 2.0  # a subscribed connection answers within this time, or the prompt comes back without


def execute(desk: Desk, asked: Line, typed: bytes) -> None:
    """Do what a line asks for. Raises CommandStopped, or KeyboardInterrupt between two steps."""
    client, rest = split_prefix(typed)
    if client:
        _as_client(desk, client, rest)
    elif asked.ask is Ask.COMMAND:
        _command(desk, asked, typed)
    elif asked.ask is Ask.REFUSED:
        from redislab.repl.remarks import remark_refusal  # the answer comes first, then what explains it

        desk.screen.line(asked.message)
        remark_refusal(desk, typed)
    elif asked.ask in _ACTIONS:
        _ACTIONS[asked.ask](desk, asked)


def _as_client(desk: Desk, name: str, typed: bytes) -> None:
    """One line through that client; the person stays with the one that is typed into."""
    before = desk.client
    desk.clients.goto(name)
    try:
        asked = read_line(typed)
        if asked.ask is Ask.COMMAND or asked.ask is Ask.REFUSED:
            execute(desk, asked, typed)
        elif asked.ask is Ask.QUIT:
            _run(desk, asked.args, typed)
            desk.session.close()  # the server hangs up; the next line connects anew
        else:
            desk.screen.error(f"Behind {name}: stands a command of Redis.")
    finally:
        desk.clients.goto(before)


def _quit(desk: Desk, asked: Line) -> None:
    desk.leaving = True


def _clear(desk: Desk, asked: Line) -> None:
    desk.screen.clear()


def _help(desk: Desk, asked: Line) -> None:
    from redislab.core.help import help_view

    desk.knowledge.learn(asked.args)
    desk.screen.show(help_view(desk.knowledge.catalogue, asked.args))


def _ours(desk: Desk, asked: Line) -> None:
    commands.run(desk, asked.args)


def _connect(desk: Desk, asked: Line) -> None:
    host, port = (arg.decode("utf-8", "surrogateescape") for arg in asked.args)
    try:
        connecting.go_to(desk, connecting.place_at(desk, host, port))
    except UsageError as error:
        connecting.say(desk, error)


def _command(desk: Desk, asked: Line, typed: bytes) -> None:
    desk.knowledge.learn(asked.args)
    _look_where_allowed(desk)
    from redislab.repl.asking import permitted  # what helps is loaded while the first line is typed

    if not permitted(desk, asked.args):
        raise CommandStopped
    for _ in range(asked.repeat):
        if not _run(desk, asked.args, typed):
            return
        if desk.interval_s:
            time.sleep(desk.interval_s)


_ACTIONS: Mapping[Ask, Callable[[Desk, Line], None]] = {
    Ask.QUIT: _quit,
    Ask.CONNECT: _connect,
    Ask.CLEAR: _clear,
    Ask.HELP: _help,
    Ask.OURS: _ours,
}


def _run(desk: Desk, args: Sequence[bytes], typed: bytes) -> bool:
    """Run one command; False where a repeated one should stop."""
    if not _ready(desk, args):
        return False
    session, screen = desk.session, desk.screen
    name = args[0].lower()
    if desk.lesson is not None:
        desk.lesson.before(args)
    if desk.several and _may_wait(desk, args):
        return _run_waiting(desk, args)
    was_unpaired = session.link.state.unpaired
    if name in SUBSCRIBING and not session.listening and screen.layout.format is not Format.RAW:
        screen.line("Reading messages... (press Ctrl-C to quit)")
    printer = screen.reply(args)
    keeper = desk.keeper(args)
    state = session.link.state
    before = keeper.before(args, state.db_of_exec, tuple(state.queued)) if keeper is not None else None
    try:
        outcome = session.run(args, printer.add)
    except (KeyboardInterrupt, RedislabError) as error:
        printer.end()
        if keeper is not None and before is not None:
            keeper.lost(before)
        if isinstance(error, KeyboardInterrupt):
            _stopped(desk, args)
            raise CommandStopped from None
        _lost(desk, args, error)
        return False
    printer.end()
    if keeper is not None and before is not None:
        keeper.after(before, outcome.reply, outcome.elapsed_s)
    if outcome.elapsed_s >= SLOW_S and screen.layout.format is Format.STANDARD:
        screen.line(f"({outcome.elapsed_s:.2f}s)")
    from redislab.repl.remarks import remark

    desk.last = outcome
    remark(desk, outcome, typed)
    if desk.lesson is not None:
        desk.lesson.after(outcome)
    if session.link.state.monitoring:
        screen.info("Every command that the server receives is shown. Ctrl-C ends this.")
        _listen(desk)
    elif was_unpaired:
        _await_confirmation(desk, args)
    if session.listening and not desk.listens_at_prompt:
        _listen(desk)
    return True


def _may_wait(desk: Desk, args: Sequence[bytes]) -> bool:
    """Whether a command may wait for what the other client does."""
    command = desk.knowledge.catalogue.lookup(args)
    state = desk.session.link.state
    return command is not None and "blocking" in command.flags and not (state.in_multi or state.listening)


def _run_waiting(desk: Desk, args: Sequence[bytes]) -> bool:
    """A command that waits does so beside the prompt, so that the other client can be typed into."""
    try:
        reply = desk.clients.send(args)
    except RedislabError as error:
        _lost(desk, args, error)
        return False
    if reply is None:
        other = "B" if desk.client == "A" else "A"
        desk.screen.told(f"{desk.client} waits. {other}: COMMAND goes on meanwhile.")
        return True
    desk.screen.message(reply)
    if desk.lesson is not None:
        desk.lesson.note(args, reply, desk.client)
    return True


def _look_where_allowed(desk: Desk) -> None:
    """The probe sees keys before and after a command, where data may be looked at."""
    observer = desk.session.observer
    if observer is None:
        observer = desk.session.observer = Probe(desk.session.link.engine)
    observer.catalogue = desk.knowledge.catalogue
    wanted = desk.may_look and desk.settings.explain != "off"
    if observer.enabled != wanted:
        observer.enabled = wanted


def _ready(desk: Desk, args: Sequence[bytes]) -> bool:
    """Whether a command may be sent now. Takes note of what has happened since the last one."""
    link = desk.session.link
    if desk.several and desk.clients.waits(desk.client):
        waits = f"{desk.client} still waits for its answer, so it sends nothing."
        desk.screen.error(waits, "Type as the other client, or press Ctrl-C to end the wait.")
        return False
    if link.lost_transaction is not None and args[0].lower() == b"discard" and len(args) == 1:
        link.acknowledge()
        if connecting.connect(desk):
            desk.screen.info("The transaction is forgotten. Commands are sent again.")
        return False
    show_arrived(desk)
    if not desk.session.connected and len(args) == 2 and args[0].lower() == b"select" and args[1].isdigit():
        link.state.wanted_db = int(args[1])  # else a database that is not there would lock the shell
    return connecting.connect(desk)


def show_arrived(desk: Desk) -> None:
    """Print what came unasked. A connection that ended meanwhile is noticed before anything is sent on it."""
    try:
        for message in desk.session.messages(0):
            desk.screen.push(message)
    except TransactionLost as error:
        connecting.say(desk, error)
    except RedislabError as error:
        if not isinstance(error, ConnectionLost):
            connecting.say(desk, error)


def _stopped(desk: Desk, args: Sequence[bytes]) -> None:
    """After Ctrl-C: the connection was closed, because its reply may still come; open another."""
    name = args[0].decode("utf-8", "surrogateescape").upper()
    desk.screen.line("")  # the terminal has written ^C
    desk.screen.info(f"No longer waiting for the answer to {name}.")
    connecting.connect(desk)


def _lost(desk: Desk, args: Sequence[bytes], error: RedislabError) -> None:
    """A connection that broke: what is known of the command, then a new connection, nothing sent again."""
    if args[0].lower() != b"shutdown" or not isinstance(error, ConnectionLost):
        connecting.say(desk, error)
        unanswered = isinstance(error, ConnectionLost) and error.unanswered
        if unanswered and desk.session.link.lost_transaction is None:
            desk.screen.warning("The command was sent and has no answer. Whether it ran is not known.")
    connecting.connect(desk)


def _listen(desk: Desk) -> None:
    """What comes unasked, until Ctrl-C or until the connection ends."""
    try:
        while desk.session.listening:
            for message in desk.session.messages(None):
                desk.screen.message(message)
    except KeyboardInterrupt:
        desk.screen.line("")
        stop_listening(desk)
        raise CommandStopped from None
    except RedislabError as error:
        connecting.say(desk, error)
        connecting.connect(desk)


def stop_listening(desk: Desk) -> None:
    """Leave MONITOR or all channels: a new connection is the one way that works under RESP2 and RESP3."""
    desk.session.close()
    connecting.connect(desk)


def _await_confirmation(desk: Desk, args: Sequence[bytes]) -> None:
    """Wait for the answer to a command that was sent while listening; messages may come before it."""
    lesson, client = desk.lesson, desk.client
    try:
        while desk.session.listening:
            arrived = False
            for message in desk.session.messages(CONFIRMATION_S):
                desk.screen.message(message)
                arrived = True
                if lesson is not None and not _is_published(message):
                    lesson.note(args, message, client)
                if not _is_published(message) and not desk.session.link.state.confirmations:
                    return
            if not arrived:
                return
    except KeyboardInterrupt:
        desk.screen.line("")
        stop_listening(desk)
        raise CommandStopped from None
    except RedislabError as error:
        connecting.say(desk, error)
        connecting.connect(desk)


def _is_published(message: Reply) -> bool:
    items = message.items
    return bool(items) and items[0].text in (b"message", b"pmessage", b"smessage")
