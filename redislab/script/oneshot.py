"""One command given on the command line, and --eval: run, print, exit as redis-cli does."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Sequence

from redislab.app import Place, catalogue, open_engine
from redislab.core import words
from redislab.core.link import Args, Link
from redislab.errors import ConnectionLost, ExitCode, InvalidLine, ProtocolError, UsageError
from redislab.options import Options
from redislab.script.conversation import Conversation, ErrorReply, lost_line
from redislab.script.printer import Printer
from redislab.streams import Streams


def run_command(place: Place, options: Options, streams: Streams, printer: Printer) -> ExitCode:
    """`redislab repl COMMAND ARG …`."""
    try:
        args = _arguments(options, streams)
    except InvalidLine:
        printer.line("Invalid quoted string")  # to stdout, as redis-cli says it
        return ExitCode.FAILURE
    if args[0].lower() in (b"help", b"?"):
        return print_help(args[1:], printer)
    return _run(place, args, options, streams, printer)


def run_script(place: Place, options: Options, streams: Streams, printer: Printer) -> ExitCode:
    """`redislab repl --eval FILE key … , argument …`."""
    assert options.eval_path is not None
    try:
        with open(options.eval_path, "rb") as file:
            script = file.read()
    except OSError as error:
        raise UsageError(f"Can't open file '{options.eval_path}': {error.strerror}") from None
    given = [_bytes(word) for word in options.command]
    comma = given.index(b",") if b"," in given else len(given)
    keys, rest = given[:comma], given[comma + 1 :]
    return _run(place, [b"EVAL", script, b"%d" % len(keys), *keys, *rest], options, streams, printer)


def print_help(topic: Sequence[bytes], printer: Printer) -> ExitCode:
    """HELP needs no server."""
    from redislab.core.help import help_view
    from redislab.render.views import plain_text

    printer.line(plain_text(help_view(catalogue(), topic)))
    printer.flush()
    return ExitCode.OK


def _run(place: Place, args: Args, options: Options, streams: Streams, printer: Printer) -> ExitCode:
    link = Link(open_engine(place, streams.say), db=place.db, notice=streams.say)
    conversation = Conversation(link, printer, stop_at_error=options.error_exit)
    try:
        for _ in _rounds(options.repeat):
            conversation.command(args)
            if options.interval_s:
                time.sleep(options.interval_s)
    except ErrorReply as error:
        printer.flush()
        streams.say(str(error))
        return ExitCode.FAILURE
    except (ConnectionLost, ProtocolError) as error:
        printer.flush()
        if args[0].lower() == b"shutdown":  # the answer that was hoped for
            return ExitCode.OK
        streams.say(lost_line(error))
        return ExitCode.FAILURE
    finally:
        link.drop()
        link.engine.close()
    return ExitCode.OK


def _rounds(repeat: int) -> Iterable[int]:
    return itertools.count() if repeat < 0 else range(repeat)


def _arguments(options: Options, streams: Streams) -> list[bytes]:
    args = [_bytes(word) for word in options.command]
    if options.quoted_input:
        args = [unquote(arg) for arg in args]
    if options.stdin_last:
        args.append(streams.stdin.read())
    elif options.stdin_tag is not None:
        tag = _bytes(options.stdin_tag)
        if tag not in args:
            raise UsageError("Using -X option but stdin tag not match.")
        args[args.index(tag)] = streams.stdin.read()
    return args


def unquote(text: bytes) -> bytes:
    """One quoted string, as --quoted-input and --quoted-pattern take it. Raises InvalidLine."""
    try:
        (word,) = words.split(text)
    except (InvalidLine, ValueError):
        raise InvalidLine from None
    return word


def _bytes(word: str) -> bytes:
    return word.encode("utf-8", "surrogateescape")
