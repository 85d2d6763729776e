"""`redislab serve`: the embedded engine for other programs, until Ctrl-C, SIGTERM or SHUTDOWN."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from redislab.errors import CannotListen, ExitCode, UsageError
from redislab.options import DEFAULT_LAB, Option, by_name, read_into, usage
from redislab.streams import Streams

if TYPE_CHECKING:
    from redislab.engines.embedded import EmbeddedEngine
    from redislab.engines.embedded.keeping.claim import Claim
    from redislab.engines.embedded.lab import Lab
    from redislab.serve.handle import Handle
    from redislab.serve.listening import Address

WINDOWS_WAIT_S = 0.5  # there, no wait without an end can be ended by Ctrl-C


@dataclass
class ServeOptions:
    """What was asked for. `port` None: the usual one; 0: one that is free."""

    port: int | None = None
    socket_path: str | None = None
    bind: str | None = None
    password_path: str | None = None
    lab: str | None = None
    fresh: bool = False
    help: bool = False


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65536):
        raise UsageError(f"a port is a number up to 65535 (0: any that is free), not {text!r}")
    return int(text)


TABLE: Mapping[str, tuple[Option, ...]] = {
    "Where to listen": (
        Option(("-p", "--port"), "port", _port, "PORT", "TCP port (6378); 0 takes a free one"),
        Option(("--socket",), "socket_path", str, "PATH", "a unix socket that only you can open, no port"),
        Option(
            ("--bind",), "bind", str, "ADDR", "listen at this address (127.0.0.1); others need a password"
        ),
        Option(
            ("--requirepass-file",), "password_path", str, "FILE", "the password is this file's first line"
        ),
    ),
    "What to serve": (
        Option(("--lab",), "lab", str, "NAME", "the data of that name, kept between runs (default)"),
        Option(("--fresh",), "fresh", None, "", "start empty and keep nothing"),
    ),
    "About": (Option(("--help",), "help", None, "", "this page"),),
}
HEADING = """\
redislab serve [options]

The Redis inside this program, for redis-cli, redis-py, notebooks and other shells at once.
Shells of yours that open the same lab join it by themselves.
It ends with Ctrl-C, SIGTERM or the command SHUTDOWN: exit code 0."""


def run_serve(argv: Sequence[str], streams: Streams) -> ExitCode:
    """Serve until told to end. Raises UsageError and CannotListen with one line."""
    options = ServeOptions()
    more = read_into(options, argv, by_name(TABLE), "serve")
    if options.help:
        streams.stdout.write(usage(HEADING, TABLE).encode() + b"\n")
        return ExitCode.OK
    if more:
        raise UsageError(f"redislab serve takes no word {more[0]!r}; see redislab serve --help")
    if options.socket_path is not None and (options.port is not None or options.bind is not None):
        raise UsageError("--socket stands alone: leave -p and --bind out")
    if options.fresh and options.lab is not None:
        raise UsageError("--fresh keeps nothing and --lab NAME is kept: one of them, not both")
    password = _password(options.password_path)
    with _sigterm_as_ctrl_c(), ExitStack() as scope:
        try:
            handle = _start(options, password, streams, scope)
            while not handle.wait(WINDOWS_WAIT_S if sys.platform == "win32" else None):
                pass
        except KeyboardInterrupt:
            pass
    return ExitCode.OK


def _start(options: ServeOptions, password: bytes, streams: Streams, scope: ExitStack) -> Handle:
    """Serve, and say where; all that is started ends with `scope`."""
    from redislab.serve.handle import DEFAULT_PORT, start
    from redislab.serve.listening import LOOPBACK

    engine = _engine(options, streams)
    scope.callback(engine.close)
    lab = engine.lab
    engine.tell()
    if password:
        lab.settings.change([(b"requirepass", password)])
    allow_open_files(lab.settings.number("maxclients"))
    handle = start(
        lab,
        port=DEFAULT_PORT if options.port is None else options.port,
        host=options.bind or LOOPBACK,
        socket_path=options.socket_path,
        report=streams.say,
    )
    scope.callback(handle.close)
    if engine.claim is not None:
        _let_shells_in(engine.claim, lab, streams, scope)
    _say(banner(handle.address, bool(password), "" if lab.keeper is None else lab.keeper.claim.name), streams)
    return handle


def _engine(options: ServeOptions, streams: Streams) -> EmbeddedEngine:
    from redislab.app import Place, open_lab
    from redislab.engines.embedded import EmbeddedEngine

    if options.fresh:
        return EmbeddedEngine()
    lab = DEFAULT_LAB if options.lab is None else options.lab
    return open_lab(Place(lab=lab, home=streams.environ.get("REDISLAB_HOME")), streams.say)


def _let_shells_in(claim: Claim, lab: Lab, streams: Streams, scope: ExitStack) -> None:
    """Serve a kept lab at a socket in its own folder too, and write that where the next shell looks."""
    from redislab.engines.embedded.keeping.place import SOCKET
    from redislab.serve.handle import start

    if claim.lock is None or claim.folder is None or sys.platform == "win32":
        return
    try:
        handle = start(lab, socket_path=str(claim.folder / SOCKET), report=streams.say)
        scope.callback(handle.close)
        claim.lock.tell(str(handle.address))
    except (CannotListen, OSError) as error:
        streams.say(f"Other shells cannot join the lab by its name: {error}")


def banner(address: Address, has_password: bool, lab: str) -> str:
    """Where it is, and how to join. The first line begins `redislab serves at ADDRESS`."""
    asked = " --askpass" if has_password else ""
    data = f"the lab {lab!r}, kept" if lab else "a Redis inside this process, empty, kept nowhere"
    return (
        f"redislab serves at {address}: {data}. Ctrl-C ends it.\n"
        f"  redislab repl {address.options}{asked}\n"
        f"  redis-cli {address.options}{asked}"
    )


def _say(text: str, streams: Streams) -> None:
    streams.stdout.write(text.encode("utf-8", "surrogateescape") + b"\n")
    streams.stdout.flush()


def _password(path: str | None) -> bytes:
    """The first line of the file, without its end. Raises UsageError."""
    if path is None:
        return b""
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"--requirepass-file {path}: {(error.strerror or 'unreadable').lower()}") from None
    if not lines or not lines[0]:
        raise UsageError(f"--requirepass-file {path}: the first line is empty, and so would be the password")
    return lines[0]


def allow_open_files(clients: int) -> None:
    """Let this process open as many sockets as there may be clients, as far as the system allows it."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = clients + 64
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), interrupt) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)
