"""The first line of a script, where it says what the script may do: `#!lua flags=no-writes`."""

from __future__ import annotations

from redislab.core.words import split
from redislab.engines.embedded.results import Fail
from redislab.errors import InvalidLine

FLAGS = (b"no-writes", b"allow-oom", b"allow-stale", b"no-cluster", b"allow-cross-slot-keys")


def without_shebang(source: bytes) -> tuple[bytes, frozenset[bytes] | None]:
    """The script with that line blanked, so that its lines keep their numbers; the flags, None without it.

    Raises Fail.
    """
    if not source.startswith(b"#!"):
        return source, None
    line, newline, rest = source.partition(b"\n")
    if not newline:
        raise Fail(b"ERR Invalid script shebang")
    try:
        engine, *options = split(line)
    except InvalidLine:
        raise Fail(b"ERR Invalid engine in script shebang") from None
    if engine != b"#!lua":
        raise Fail(b"ERR Unexpected engine in script shebang: " + engine)
    flags: list[bytes] = []
    for option in options:
        if not option.startswith(b"flags="):
            raise Fail(b"ERR Unknown lua shebang option: " + option)
        given = option.removeprefix(b"flags=")
        flags += given.split(b",") if given else []
    for flag in flags:
        if flag not in FLAGS:
            raise Fail(b"ERR Unexpected flag in script shebang: " + flag)
    return b"\n" + rest, frozenset(flags)
