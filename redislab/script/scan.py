"""`--scan`: every key, by SCAN, as the server gives them."""

from __future__ import annotations

import time

from redislab.app import Place, open_engine
from redislab.core.escape import repr_bytes
from redislab.core.link import Link
from redislab.core.parts import Assembler
from redislab.core.reply import Kind, Reply
from redislab.core.safe import visible
from redislab.errors import ExitCode, InvalidLine, ProtocolError, UsageError
from redislab.options import Options
from redislab.render.plain import Format
from redislab.script.oneshot import unquote
from redislab.script.printer import Printer
from redislab.streams import Streams


def run_scan(place: Place, options: Options, streams: Streams, printer: Printer) -> ExitCode:
    """Print keys a line each; quoted in standard output, as they are in every other."""
    link = Link(open_engine(place, streams.say), db=place.db, notice=streams.say)
    pattern = _pattern(options)
    cursor = b"0"
    try:
        while True:
            reply = _ask(link, [b"SCAN", cursor, *([b"MATCH", pattern] if pattern is not None else [])])
            if reply.is_error:
                printer.flush()
                streams.say(f"SCAN error: {reply.text.decode('utf-8', 'surrogateescape')}")
                return ExitCode.FAILURE
            cursor, keys = _page(reply)
            for key in keys:
                printer.write(_shown(key, printer) + b"\n")
            printer.flush()
            if cursor == b"0":
                return ExitCode.OK
            if options.interval_s:
                time.sleep(options.interval_s)
    finally:
        link.drop()
        link.engine.close()


def _pattern(options: Options) -> bytes | None:
    if options.quoted_pattern is not None:
        try:
            return unquote(options.quoted_pattern.encode("utf-8", "surrogateescape"))
        except InvalidLine:
            raise UsageError("Invalid quoted string specified for --quoted-pattern.") from None
    return None if options.pattern is None else options.pattern.encode("utf-8", "surrogateescape")


def _ask(link: Link, args: list[bytes]) -> Reply:
    assembler = Assembler()
    answer: Reply | None = None
    for arrival in link.request(args):
        if arrival.args is not None:
            answer = assembler.add(arrival.part)
    assert answer is not None
    return answer


def _page(reply: Reply) -> tuple[bytes, list[bytes]]:
    items = reply.items
    if len(items) != 2 or items[0].kind is not Kind.BULK or items[1].kind is not Kind.ARRAY:
        raise ProtocolError("SCAN was answered with something that is not a cursor and keys")
    return items[0].text, [item.text for item in items[1].items]


def _shown(key: bytes, printer: Printer) -> bytes:
    if printer.layout.format is Format.STANDARD:
        return repr_bytes(key)
    return visible(key) if printer.layout.for_terminal else key
