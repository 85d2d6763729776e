"""Classes written by the command itself, for tests."""

from __future__ import annotations

import io
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from redislab.cli import main
from redislab.streams import Streams


class Said(NamedTuple):
    """What a run ended with."""

    code: int
    out: str
    errors: str


def run(*words: str) -> Said:
    """`redislab WORD …`, with no terminal."""
    out, errors = io.BytesIO(), io.BytesIO()
    streams = Streams(io.BytesIO(), out, errors, stdin_is_tty=False, stdout_is_tty=False, environ={})
    return Said(main(list(words), streams), out.getvalue().decode(), errors.getvalue().decode())


def write_class(folder: Path, names: Sequence[str], *options: str) -> Said:
    """A class of these students in `folder`; the roster lies beside it. Asserts success."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    roster = folder.parent / f"{folder.name}.csv"
    roster.write_text("\n".join(["name", *names, ""]), "utf-8")
    said = run("classroom", str(roster), "--out", str(folder), *options)
    assert said.code == 0, said.errors
    return said


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file's mode and bytes, by path."""
    return {
        str(path.relative_to(folder)): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def services(file: Path) -> dict[str, dict[str, Any]]:
    """The services of a compose file, by name."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text("utf-8"))["services"]
    return found
