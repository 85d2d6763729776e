"""docs/isolation.md, made of the probes that the tests run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.classroom import probes_own, probes_shared
from tests.classroom.isolation import Probe, Promise

PATH = Path(__file__).parents[2] / "docs" / "isolation.md"

_OPENING = """\
# What one student tried against another

A student cannot read, list, stop or fill another's data, change what others run, see others' secrets, or
send escape sequences to the teacher's terminal. Below is what was tried: {own} attempts where each student
has a Redis and a Jupyter, {shared} on a Redis that all share. Each is run by
`tests/classroom/test_isolation.py`, which afterwards looks whether Bob's data is as it was and whether Bob
is served. Ada attacks; the answers are those of redis-server 7.0.15.

This page is written by `python tools/write_isolation.py`; a test holds it to what is run.

## How it was run, and what only containers give

No container engine was there. The services of a class of six, as `redislab classroom` writes it, were
started as processes with the commands, environment, files, users and limits of `compose.yaml`
(`tests/classroom/processes.py`). So these tables show what passwords, tokens and the servers' own limits
hold, **without** what containers add:

- a network for each student: the attempts on Bob's Redis would find no way to it. One matters, the many
  connections that nobody has to log in for. In a network namespace of its own (`ip netns`) Bob's Redis
  could not be reached, which a test shows; Docker's rules between its networks were not tried
- separate processes: on one machine, programs of one user can read each other's environment
- a read-only file system, no capabilities, no way to more of them

What neither shows: browsers send a host's cookies to each of its ports. Bob, who opens a page at the port
of Ada's Jupyter, sends her the cookie of his. Tell a class to open no links of each other, or give each
student a host name.
"""

_OWN = """\
## One Redis each
"""
_SHARED = """\
## One Redis for all

What is **not prevented** stands in [classroom-shared.md](classroom-shared.md), with what helps.
"""


def page() -> str:
    own, shared = probes_own.PROBES, probes_shared.PROBES
    return "\n".join(
        [
            _OPENING.format(own=len(own), shared=len(shared)),
            _OWN,
            *_tables(own),
            _SHARED,
            *_tables(shared),
        ]
    )


def _tables(probes: Sequence[Probe[Any]]) -> list[str]:
    return [_table(promise, [each for each in probes if each.promise is promise]) for promise in Promise]


def _table(promise: Promise, probes: Sequence[Probe[Any]]) -> str:
    rows = [f"| {_cell(each.tried)} | {_cell(each.expected)} | {_cell(each.seen)} |\n" for each in probes]
    title = promise.value[0].upper() + promise.value[1:]
    return f"### {title}\n\n| tried | expected | seen |\n|---|---|---|\n{''.join(rows)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
