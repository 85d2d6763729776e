"""A class of six, written by `redislab classroom` as a teacher does it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

NAMES = ("Ada", "Bob", "Chen", "Dilek", "Éva", "Farid")


@dataclass(frozen=True)
class ClassFolder:
    """The folder, and by name what services and files are called."""

    path: Path
    keys: dict[str, str]
    ports: dict[str, int]

    @property
    def compose(self) -> Path:
        return self.path / "compose.yaml"

    def token(self, name: str, kind: str) -> str:
        """Of a student's `jupyter` or `redis`."""
        return (self.path / "tokens" / f"{self.keys[name]}.{kind}").read_text()


def write_class(folder: Path, names: Sequence[str] = NAMES, *options: str) -> ClassFolder:
    """Into a new folder; the ports are free ones in a row."""
    roster = folder.with_suffix(".csv")
    roster.write_text("name\n" + "".join(f"{name}\n" for name in names), "utf-8")
    command = [sys.executable, "-m", "redislab", "classroom", str(roster), "--out", str(folder)]
    command += ["--port-base", str(_free_ports(len(names))), *options]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    students = json.loads((folder / "class.json").read_text("utf-8"))["students"]
    return ClassFolder(
        folder,
        {each["name"]: each["key"] for each in students},
        {each["name"]: each["port"] for each in students},
    )


def write_again(folder: ClassFolder) -> None:
    """The same command with the same roster, as a teacher does it later."""
    command = [sys.executable, "-m", "redislab", "classroom", str(folder.path.with_suffix(".csv"))]
    subprocess.run([*command, "--out", str(folder.path)], check=True, capture_output=True, timeout=120)


def _free_ports(count: int) -> int:
    """The first of so many free ports in a row on loopback, below those that the system gives to clients.

    Two processes that look at the same time begin at different places: a port is taken only later.
    """
    places = list(range(12_000, 32_000, count))
    at = os.getpid() * 7919 % len(places)
    for first in places[at:] + places[:at]:
        with ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
    raise AssertionError("no ports are free")
