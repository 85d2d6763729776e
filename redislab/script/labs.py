"""`redislab lab`: labs as a whole, outside of the shell: list, export, import, delete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from redislab.app import Place, open_lab
from redislab.core import words
from redislab.core.parts import Assembler
from redislab.core.reply import Reply
from redislab.core.requests import RequestReader
from redislab.errors import ExitCode, InvalidLine, ProtocolError, UsageError
from redislab.streams import Streams

if TYPE_CHECKING:
    from redislab.core.engine import Connection

USAGE = """\
redislab lab list                          the labs there are
redislab lab export NAME [FILE] [--resp]   a lab as commands, a line each; --resp: in Redis's protocol
redislab lab import NAME FILE              run such commands (- reads standard input) in a lab that is empty
redislab lab delete NAME [--yes]           delete a lab; --yes does not ask

A file of lines is loaded by redis-cli < FILE, by redislab repl < FILE, and by redis-cli --pipe < FILE where
no single value is longer than 16 KiB; --resp is for --pipe and has no such limit."""
BATCH_COMMANDS = 1_000
READ_BYTES = 1 << 17


def run_lab(argv: Sequence[str], streams: Streams) -> ExitCode:
    """What follows `redislab lab`. Raises UsageError and LabUnavailable."""
    action, *rest = argv or ["--help"]
    flags = {word for word in rest if word in ("--resp", "--yes", "--help")}
    given = [word for word in rest if word not in flags]
    if action in ("--help", "-h") or "--help" in flags:
        streams.stdout.write(USAGE.encode() + b"\n")
        return ExitCode.OK
    home = streams.environ.get("REDISLAB_HOME")
    if action == "list" and not rest:
        return _list(Place(home=home).environ, streams)
    if action == "export" and 1 <= len(given) <= 2 and flags <= {"--resp"}:
        path = Path(given[1]) if len(given) == 2 else None
        return _export(Place(lab=given[0], home=home), path, streams, resp=bool(flags))
    if action == "import" and len(given) == 2 and not flags:
        return _import(Place(lab=given[0], home=home), given[1], streams)
    if action == "delete" and len(given) == 1 and flags <= {"--yes"}:
        return _delete(given[0], Place(home=home).environ, streams, sure=bool(flags))
    raise UsageError(f"redislab lab: this is no {action} as it is written; see redislab lab --help")


def _list(environ: Mapping[str, str], streams: Streams) -> ExitCode:
    from redislab.engines.embedded.keeping.place import labs_folder, labs_in

    found = labs_in(labs_folder(environ))
    width = max((len(lab.name) for lab in found), default=0)
    for lab in found:
        streams.stdout.write(f"{lab.name:<{width}}  {lab.size:>11,} bytes  {lab.written}\n".encode())
    return ExitCode.OK


def _export(place: Place, path: Path | None, streams: Streams, *, resp: bool) -> ExitCode:
    engine = open_lab(place, streams.say, copy=True)
    if engine.claim is None or engine.claim.data is None or not engine.claim.data.exists():
        raise UsageError(f"there is no lab {place.lab!r}; redislab lab list shows those there are")
    if path is None:
        engine.export(streams.stdout, resp=resp)
        return ExitCode.OK
    try:
        with open(path, "xb") as file:
            count = engine.export(file, resp=resp)
    except FileExistsError:
        raise UsageError(f"there is a file {str(path)!r} already") from None
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written: {error.strerror}") from None
    streams.say(f"{count:,} commands in {path}")
    return ExitCode.OK


def _import(place: Place, source: str, streams: Streams) -> ExitCode:
    engine = open_lab(place, streams.say)
    try:
        if engine.keys:
            raise UsageError(f"the lab {place.lab!r} has keys; commands are imported into an empty one")
        if source == "-":
            total, errors = _run_all(engine.connect(), streams.stdin)
        else:
            with open(source, "rb") as file:
                total, errors = _run_all(engine.connect(), file)
    except OSError as error:
        raise UsageError(f"{source!r} cannot be read: {error.strerror}") from None
    finally:
        engine.close()
    streams.say(f"{total:,} commands, {len(errors):,} errors")
    for number, text in errors[:5]:
        streams.say(f"command {number:,}: {text}")
    return ExitCode.FAILURE if errors else ExitCode.OK


def _run_all(connection: Connection, file: BinaryIO) -> tuple[int, list[tuple[int, str]]]:
    """Run what the file holds: how many commands, and the errors by the command's number."""
    total, errors = 0, []
    commands = iter(_commands(file))
    while batch := list(islice(commands, BATCH_COMMANDS)):
        connection.send(batch)
        assembler, answers = Assembler(), list[Reply]()
        for part in connection.replies(0):
            answer = assembler.add(part)
            if answer is not None:
                answers.append(answer)
        for number, answer in enumerate(answers, total + 1):
            if answer.is_error:
                errors.append((number, answer.text.decode("utf-8", "surrogateescape")))
        if len(answers) < len(batch):
            raise UsageError(f"command {total + len(answers) + 1:,} waits or listens: that is no data")
        total += len(batch)
    return total, errors


def _commands(file: BinaryIO) -> Iterator[Sequence[bytes]]:
    """Redis's protocol, or lines of words; whichever it begins with. Raises UsageError."""
    first = file.readline()
    try:
        if first.startswith(b"*"):
            yield from _requests(first, file)
        else:
            yield from _words_of([first], 0)
            yield from _words_of(file, 1)
    except ProtocolError as error:
        raise UsageError(f"this is no Redis protocol: {error.message}") from None


def _requests(first: bytes, file: BinaryIO) -> Iterator[Sequence[bytes]]:
    reader = RequestReader()
    data = first
    while data:
        reader.feed(data)
        yield from reader.commands()
        data = file.read(READ_BYTES)
    if not reader.between_commands:
        raise ProtocolError("it ends inside a command")


def _words_of(lines: Iterable[bytes], before: int) -> Iterator[Sequence[bytes]]:
    for number, line in enumerate(lines, before + 1):
        try:
            found = words.split(line)
        except InvalidLine:
            raise UsageError(f"line {number:,} cannot be read: its quotes do not match") from None
        if found:
            yield found


def _delete(name: str, environ: Mapping[str, str], streams: Streams, *, sure: bool) -> ExitCode:
    from redislab.engines.embedded.keeping.claim import delete

    size = delete(name, environ, really=False)
    if not sure:
        if not streams.for_people:
            raise UsageError(
                f"this deletes the lab {name!r} ({size:,} bytes) for good: --yes, if that is wanted"
            )
        asked = f"This deletes the lab {name!r} ({size:,} bytes) for good. Go on? [y/N] "
        streams.stdout.write(asked.encode())
        streams.stdout.flush()
        if streams.stdin.readline().strip().lower() not in (b"y", b"yes"):
            return ExitCode.FAILURE
    delete(name, environ, really=True)
    streams.say(f"The lab {name!r} is deleted.")
    return ExitCode.OK
