"""The words after `redislab repl`: one table of options, read in redis-cli's way.

Options come first; the first word that is none begins the command. Where redis-cli has an option,
ours has its name and meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from redislab.app import Place
from redislab.errors import UsageError

if TYPE_CHECKING:
    from redislab.engines.target import Target


DEFAULT_LAB = "default"


@dataclass(eq=False, repr=False)  # made at every start: what is not used is not generated
class Options:
    """What was asked for. Nothing here has been looked up or connected to yet."""

    url: str | None = None
    host: str | None = None
    port: int | None = None
    socket_path: str | None = None
    db: int | None = None
    user: str | None = None
    password: str | None = None
    ask_password: bool = False
    tls: bool = False
    cacert: str | None = None
    cacertdir: str | None = None
    cert: str | None = None
    key: str | None = None
    sni: str | None = None
    insecure: bool = False
    ciphers: str | None = None
    ciphersuites: str | None = None
    cluster: bool = False
    resp2: bool = False
    resp3: bool = False
    engine: str | None = None
    lab: str | None = None
    fresh: bool = False
    format: str | None = None  # the name of a render.plain.Format; None: as the output asks for
    item_delimiter: str = "\n"
    command_delimiter: str = "\n"
    show_pushes: bool | None = None
    stdin_last: bool = False
    stdin_tag: str | None = None
    repeat: int = 1
    interval_s: float = 0.0
    error_exit: bool = False
    eval_path: str | None = None
    pipe: bool = False
    pipe_timeout_s: int = 30
    scan: bool = False
    pattern: str | None = None
    quoted_pattern: str | None = None
    quoted_input: bool = False
    no_auth_warning: bool = False
    help: bool = False
    version: bool = False
    command: list[str] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Option:
    """One row: names, the field it sets, how its value is read (None: it takes none), a line of help."""

    names: tuple[str, ...]
    field: str
    read: Callable[[str], object] | None
    value_name: str
    help: str
    constant: object = True


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"a whole number is needed, not {text!r}") from None


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"a number of seconds is needed, not {text!r}") from None
    if not 0 <= value < 1e9:
        raise UsageError(f"a number of seconds from 0 on is needed, not {text!r}")
    return value


def _port(text: str) -> int:
    value = _integer(text)
    if not 0 < value < 65536:
        raise UsageError(f"a port is a number from 1 to 65535, not {text!r}")
    return value


def _yes_no(text: str) -> bool:
    if text[:1].lower() in ("y", "n") and text:
        return text[0].lower() == "y"
    raise UsageError(f"yes or no is needed, not {text!r}")


def _engine(text: str) -> str:
    if text not in ("embedded", "server"):
        raise UsageError(f"the engines are: embedded, server (one that runs: -h, -p or -u), not {text!r}")
    return text


def _flag(names: str, field: str, help: str, constant: object = True) -> Option:
    return Option(tuple(names.split()), field, None, "", help, constant)


def _value(names: str, field: str, value_name: str, help: str, read: Callable[[str], object] = str) -> Option:
    return Option(tuple(names.split()), field, read, value_name, help)


_WHERE = "Where the data lives (without any of these: in this process, kept as the lab `default`)"

TABLE: Mapping[str, tuple[Option, ...]] = {
    _WHERE: (
        _value("-u --url", "url", "URL", "redis://user:password@host:port/db, rediss:// (TLS), unix://path"),
        _value("-h", "host", "HOST", "a server's host name (127.0.0.1)"),
        _value("-p", "port", "PORT", "a server's port (6379)", _port),
        _value("-s", "socket_path", "SOCKET", "a server's unix socket"),
        _value("-n", "db", "DB", "database number", _integer),
        _value("--user", "user", "NAME", "user to log in as"),
        _value("-a --pass", "password", "PASSWORD", "password; --askpass or REDISCLI_AUTH keep it from view"),
        _flag("--askpass", "ask_password", "ask for the password"),
        _flag("-c", "cluster", "follow a cluster's redirections"),
        _flag("-2", "resp2", "speak RESP2"),
        _flag("-3", "resp3", "speak RESP3"),
        _value("--engine", "engine", "NAME", "embedded: inside this process; server: a private one", _engine),
        _value("--lab", "lab", "NAME", "the data of that name, kept between runs (default)"),
        _flag("--fresh", "fresh", "start empty and keep nothing"),
    ),
    "TLS": (
        _flag("--tls", "tls", "encrypt, and check the certificate and its host name"),
        _value("--cacert", "cacert", "FILE", "certificates to trust"),
        _value("--cacertdir", "cacertdir", "DIR", "folder of certificates to trust"),
        _value("--cert", "cert", "FILE", "our certificate"),
        _value("--key", "key", "FILE", "our private key"),
        _value("--sni", "sni", "HOST", "host name that the certificate must carry"),
        _flag("--insecure", "insecure", "do not check the certificate"),
        _value("--tls-ciphers", "ciphers", "LIST", "ciphers up to TLS 1.2"),
        _value("--tls-ciphersuites", "ciphersuites", "LIST", "ciphers of TLS 1.3"),
    ),
    "Output": (
        _flag("--raw", "format", "bytes as they are (where the output is no terminal)", "raw"),
        _flag("--no-raw", "format", "types and quotes (where it is one)", "standard"),
        _flag("--csv", "format", "CSV", "csv"),
        _flag("--json", "format", "JSON (asks for RESP3)", "json"),
        _flag("--quoted-json", "format", "JSON with other bytes than ASCII as \\xHH", "quoted-json"),
        _value("-d", "item_delimiter", "TEXT", "between the items of an array in raw output (newline)"),
        _value("-D", "command_delimiter", "TEXT", "after each reply in raw output (newline)"),
        _value("--show-pushes", "show_pushes", "yes|no", "print pushes of RESP3", _yes_no),
    ),
    "Commands from the command line": (
        _flag("-x", "stdin_last", "read the last argument from standard input"),
        _value("-X", "stdin_tag", "TAG", "read the argument that reads TAG from standard input"),
        _value("-r", "repeat", "N", "run the command N times (-1: without end)", _integer),
        _value("-i", "interval_s", "SECONDS", "wait between two runs", _seconds),
        _flag("-e", "error_exit", "an error reply goes to stderr and ends with exit code 1"),
        _value("--eval", "eval_path", "FILE", "run a Lua script: --eval FILE key … , argument …"),
        _flag("--quoted-input", "quoted_input", 'arguments are quoted strings: "\\x00"'),
        _flag("--pipe", "pipe", "send Redis protocol from standard input, count replies"),
        _value("--pipe-timeout", "pipe_timeout_s", "SECONDS", "with --pipe: how long to wait (30)", _integer),
        _flag("--scan", "scan", "list all keys by SCAN"),
        _value("--pattern", "pattern", "GLOB", "with --scan: only keys that match"),
        _value("--quoted-pattern", "quoted_pattern", "GLOB", "the same, as a quoted string"),
        _flag("--no-auth-warning", "no_auth_warning", "no warning about a password on the command line"),
    ),
    "About": (
        _flag("--help", "help", "this page"),
        _flag("-v --version", "version", "the version of redislab"),
    ),
}

_OF_REDIS_CLI_ALONE = frozenset({
    "--bigkeys", "--cluster", "--functions-rdb", "--hotkeys", "--intrinsic-latency", "--latency",
    "--latency-dist", "--latency-history", "--ldb", "--ldb-sync-mode", "--lru-test", "--memkeys",
    "--memkeys-samples", "--rdb", "--replica", "--slave", "--stat", "--verbose",
})  # fmt: skip


def by_name(table: Mapping[str, tuple[Option, ...]]) -> dict[str, Option]:
    """The options of a table by each of their names."""
    return {name: option for group in table.values() for option in group for name in option.names}


_BY_NAME = by_name(TABLE)
_PLACES = (_WHERE, "TLS")
PLACE_NAMES = frozenset(name for title in _PLACES for option in TABLE[title] for name in option.names)
_TARGET_FIELDS = frozenset({
    "url", "host", "port", "socket_path", "user", "password", "ask_password", "tls", "cluster",
})  # fmt: skip
_TLS_FIELDS = ("cacert", "cacertdir", "cert", "key", "sni", "insecure", "ciphers", "ciphersuites")


def parse(argv: Sequence[str], *, mode: str = "repl", names: Collection[str] = _BY_NAME) -> Options:
    """Read options, of these names, and the command. Raises UsageError with one line."""
    options = Options()
    known = {name: _BY_NAME[name] for name in names} if names is not _BY_NAME else _BY_NAME
    options.command = read_into(options, argv, known, mode)
    if not options.help:
        _check(options)
    return options


def read_into(options: Any, argv: Sequence[str], known: Mapping[str, Option], mode: str) -> list[str]:
    """Set the fields of `options` that a mode's words ask for; the words from the first that is no option.

    `known` has the mode's options by name. Raises UsageError with one line.
    """
    index = 0
    while index < len(argv):
        word = argv[index]
        last = index == len(argv) - 1
        if word == "-h" and last:  # redis-cli's -h without a host is a cry for help
            options.help = True
            return []
        option = known.get(word)
        if option is None or (option.read is not None and last):
            if not word.startswith("-"):
                break
            raise UsageError(_unknown(word, option, mode, known))
        if option.read is None:
            setattr(options, option.field, option.constant)
        else:
            index += 1
            try:
                setattr(options, option.field, option.read(argv[index]))
            except UsageError as error:
                raise UsageError(f"{word}: {error.message}") from None
        index += 1
    return list(argv[index:])


def _unknown(word: str, option: Option | None, mode: str, names: Collection[str]) -> str:
    if option is not None:
        return f"{word} needs a value: {word} {option.value_name}"
    if word in _OF_REDIS_CLI_ALONE:
        return f"redislab has no {word}: that is a mode of redis-cli. See redislab {mode} --help."
    import difflib

    near = difflib.get_close_matches(word, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    if mode != "repl":
        return f"redislab {mode} has no option {word}.{hint} See redislab {mode} --help."
    return f"Unrecognized option or bad number of args for: '{word}'.{hint} See redislab repl --help."


def _check(options: Options) -> None:
    elsewhere = options.url or options.socket_path or options.host or options.port
    if options.cluster and (options.socket_path or (options.url or "").startswith("unix:")):
        raise UsageError("Options -c and -s are mutually exclusive.")
    if options.resp2 and options.resp3:
        raise UsageError("Options -2 and -3 are mutually exclusive.")
    if options.stdin_last and options.stdin_tag is not None:
        raise UsageError("Options -x and -X are mutually exclusive.")
    if (options.fresh or options.engine or options.lab) and elsewhere:
        raise UsageError("--lab, --fresh and --engine bring their own Redis: leave -h, -p, -s and -u out.")
    if options.fresh and options.lab:
        raise UsageError("--fresh keeps nothing: leave --lab out.")
    if options.engine == "server" and options.lab:
        raise UsageError("A private server keeps nothing: leave --lab out, or --engine server.")


def place(options: Options, environ: Mapping[str, str]) -> Place:
    """Where the data lives, by options first, then by REDISLAB_URL; REDISCLI_AUTH gives a password.

    REDISLAB_OWN=1 says of REDISLAB_URL's server that nobody else uses it.
    """
    protocol = _protocol(options)
    if options.engine == "server":
        return Place(db=options.db or 0, protocol=protocol, private=True)
    named = {each.name for each in fields(options) if _given(options, each.name)} & _TARGET_FIELDS
    url = options.url
    if not named and not options.fresh and options.engine is None and options.lab is None:
        url = environ.get("REDISLAB_URL") or None
    if not named and url is None:
        lab = None if options.fresh else options.lab or DEFAULT_LAB
        return Place(db=options.db or 0, lab=lab, home=environ.get("REDISLAB_HOME"), protocol=protocol)
    target = _target(options, url, environ)
    is_own = bool(environ.get("REDISLAB_OWN")) and url is not None and options.url is None
    target = replace(target, protocol=protocol, own=is_own)
    db = target.db if options.db is None else options.db
    return Place(target=target, db=db, protocol=protocol)


def names_a_place(options: Options) -> bool:
    """Whether the options themselves say where the data lives."""
    return any(_given(options, name) for name in (*_TARGET_FIELDS, "engine", "lab"))


def shows_password(options: Options, place: Place) -> bool:
    """Whether the command line itself holds a password, for all who may list processes."""
    from_url = options.url is not None and place.target is not None and place.target.password is not None
    return not options.ask_password and (options.password is not None or from_url)


def _given(options: Options, name: str) -> bool:
    return getattr(options, name) not in (None, False)


def _protocol(options: Options) -> int | None:
    if options.resp2:
        return 2
    # redis-cli asks for RESP3 under --json: maps are objects there
    return 3 if options.resp3 or options.format in ("json", "quoted-json") else None


def _target(options: Options, url: str | None, environ: Mapping[str, str]) -> Target:
    from redislab.engines.target import Target, Tls, parse_url

    target = parse_url(url) if url is not None else Target()
    tls = target.tls
    if options.tls or tls is not None:
        tls = Tls(**{name: getattr(options, name) for name in _TLS_FIELDS if _given(options, name)})
    password = target.password if options.password is None else options.password
    return replace(
        target,
        host=target.host if options.host is None else options.host,
        port=target.port if options.port is None else options.port,
        socket_path=target.socket_path if options.socket_path is None else options.socket_path,
        username=target.username if options.user is None else options.user,
        password=environ.get("REDISCLI_AUTH") or None if password is None else password,
        tls=tls,
        cluster=options.cluster,
    )


def usage(heading: str, table: Mapping[str, tuple[Option, ...]] = TABLE) -> str:
    """The help page of the options, from their table."""
    lines = [heading]
    for title, group in table.items():
        lines += ["", f"{title}:"]
        for option in group:
            names = ", ".join(option.names) + (f" {option.value_name}" if option.read else "")
            lines.append(f"  {names:<28} {option.help}")
    return "\n".join(lines)


def ask_password() -> str:
    """The password, typed unseen. Raises UsageError where there is no terminal to type it at."""
    import warnings
    from getpass import GetPassWarning, getpass

    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)
        try:
            return getpass("Please input password: ")
        except (GetPassWarning, EOFError, NotImplementedError):  # the last: a notebook run by a program
            raise UsageError(
                "--askpass needs a terminal; REDISCLI_AUTH gives a password without one"
            ) from None
