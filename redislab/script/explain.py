"""`redislab explain`: a command line explained without running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redislab.app import catalogue
from redislab.core import words as word_splitter
from redislab.errors import ExitCode, InvalidLine, UsageError
from redislab.streams import Streams

if TYPE_CHECKING:
    from redislab.app import Place
    from redislab.core.ahead import Ahead
    from redislab.core.catalogue import Catalogue
    from redislab.core.probe import Probe

USAGE = """\
redislab explain [--python] [target options] WORD …
redislab explain --hint 'LINE'

  redislab explain SET                    the command's page
  redislab explain SET name ada EX 60     what each word means; nothing is run
  redislab explain -p 6379 SET name ada   and what it would meet there: the keys are looked at
  redislab explain --python LPUSH l a b   the same call in redis-py
  redislab explain --hint 'XRANGE k 4 '   what is still to come, as redis-cli shows it

Target options are those of redislab repl that say where the data lives; without any, nothing is asked.
One argument with spaces is read as a line. Exit code 1: no such command, or words that are wrong."""


@dataclass(frozen=True)
class Request:
    """What is asked for: a hint for `hint`, or `words` explained, or as Python."""

    words: list[bytes]
    hint: bytes | None = None
    python: bool = False
    place: Place | None = None  # where to look


def run_explain(argv: Sequence[str], streams: Streams) -> ExitCode:
    """Print the explanation; 1 where the words name no command or cannot be right."""
    if not argv or argv[0] in ("--help", "-h"):
        _print(USAGE, streams)
        return ExitCode.OK
    request = _request(list(argv), streams)
    if request.hint is not None:
        from redislab.core.hint import syntax_hint

        first = request.hint.split(None, 2)[:2]
        _print(syntax_hint(catalogue().knowing(first), request.hint), streams)
        return ExitCode.OK
    if request.python:
        return _python(request.words, streams)
    from redislab.core.explain import explain_view
    from redislab.core.grammar import match
    from redislab.render.terminal import coloured_text

    here, ahead = _look(request)
    view = explain_view(here, request.words, ahead)
    _print(coloured_text(view, width=streams.width, colours=streams.colours), streams)
    known = here.knowing(request.words)
    command = known.lookup(request.words)
    if command is not None and len(request.words) == command.words:
        return ExitCode.OK
    found = match(known, request.words)
    return ExitCode.FAILURE if found.command is None or found.wrong is not None else ExitCode.OK


def _python(words: list[bytes], streams: Streams) -> ExitCode:
    from redislab.core.redispy import python_call

    _print(python_call(catalogue().knowing(words).lookup(words), words), streams)
    return ExitCode.OK


def _look(request: Request) -> tuple[Catalogue, Ahead]:
    """The commands of the place that was named, and what the words would meet there. Raises Unreachable."""
    from redislab.core.ahead import NOTHING, ahead

    if request.place is None:
        return catalogue(), NOTHING
    from redislab.app import open_session
    from redislab.core.probe import Policy, Probe

    session = open_session(request.place)
    try:
        session.connect()
        probe = Probe(session.link.engine, Policy(on_shared=True))
        known = probe.catalogue = _completed(catalogue(), probe, request.words[0])
        look = probe.look(request.words, session.link.state.wanted_db)
        probe.close()
    finally:
        session.close()
        session.link.engine.close()
    return known, ahead(known.lookup(request.words), request.words, look)


def _completed(known: Catalogue, probe: Probe, name: bytes) -> Catalogue:
    """The catalogue, and a command that it has not from what the server says of it."""
    from redislab.core.learn import is_name, learned

    if known.lookup([name]) is not None or not is_name(name):
        return known
    described = probe.described(name)
    facts = learned(known, name, *described) if described is not None else {}
    return known.completed(facts) if facts else known


def _request(argv: list[str], streams: Streams) -> Request:
    if argv[0] == "--hint":
        if len(argv) != 2:
            raise UsageError("--hint takes one line, in quotes: redislab explain --hint 'XRANGE k 4 '")
        return Request([], hint=_bytes(argv[1]))
    python = argv[0] == "--python"
    from redislab import options as cli_options

    options = cli_options.parse(argv[1:] if python else argv, mode="explain", names=cli_options.PLACE_NAMES)
    if options.ask_password:
        options.password = cli_options.ask_password()
    place = cli_options.place(options, streams.environ) if cli_options.names_a_place(options) else None
    words = [_bytes(word) for word in options.command]
    if len(words) == 1:
        try:
            words = word_splitter.split(words[0])
        except InvalidLine as fault:
            raise UsageError(f"{fault.message}: the quotes of the line do not close") from None
    if not words:
        raise UsageError("which command? For example: redislab explain SET name ada")
    return Request(words, python=python, place=place)


def _print(text: str, streams: Streams) -> None:
    streams.stdout.write(text.encode("utf-8", "surrogateescape") + b"\n")


def _bytes(word: str) -> bytes:
    return word.encode("utf-8", "surrogateescape")
