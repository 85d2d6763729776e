"""docs/isolation.md, made of the probes that the tests run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.classroom import probes_contained, probes_own, probes_shared
from tests.classroom.isolation import Probe, Promise

PATH = Path(__file__).parents[2] / "docs" / "isolation.md"

_OPENING = """\
# What one student tried against another

A student cannot read, list, stop or fill another's data, change what others run, see others' secrets, or
send escape sequences to the teacher's terminal. Below is what was tried: {own} attempts where each student
has a Redis and a Jupyter, {contained} more in containers, {shared} on a Redis that all
share. Each is run by `tests/classroom/test_isolation.py`, which afterwards looks whether Bob's data is as it
was and whether Bob is served. Ada attacks; the answers are those of redis-server 7.0.15.

This page is written by `python tools/write_isolation.py`; a test holds it to what is run.

## How it was run

- **One Redis each**, as processes on one machine: the services of a class of six, as `redislab classroom`
  writes it, with the commands, environment, files, users and limits of `compose.yaml`
  (`tests/classroom/processes.py`). So this table shows what passwords, tokens and the servers' own limits
  hold *without* what containers add
- **In containers**: `compose.yaml` as it is, on Docker 20.10.24. These attempts are made where an engine
  answers, and skipped, with a word on it, where none does
- **One Redis for all**: a redis-server with the generated `users.acl` and `redis.conf`; what is refused
  there, 8.0.2 refuses too

What none of them shows: browsers send a host's cookies to each of its ports. Bob, who opens a page at the
port of Ada's Jupyter, sends her the cookie of his. Tell a class to open no links of each other, or give each
student a host name. And the disk has no limit: who fills a volume fills the machine's.
"""

_OWN = """\
## One Redis each
"""
_CONTAINED = """\
## In containers

What is tried from a terminal of Ada's Jupyter, and cannot be without containers.
"""
_SHARED = """\
## One Redis for all

What is **not prevented** stands in [classroom-shared.md](classroom-shared.md), with what helps.
"""


def page() -> str:
    own, contained, shared = probes_own.PROBES, probes_contained.PROBES, probes_shared.PROBES
    return "\n".join(
        [
            _OPENING.format(own=len(own), contained=len(contained), shared=len(shared)),
            _OWN,
            *_tables(own),
            _CONTAINED,
            *_tables(contained),
            _SHARED,
            *_tables(shared),
        ]
    )


def _tables(probes: Sequence[Probe[Any]]) -> list[str]:
    by_promise = {promise: [each for each in probes if each.promise is promise] for promise in Promise}
    return [_table(promise, tried) for promise, tried in by_promise.items() if tried]


def _table(promise: Promise, probes: Sequence[Probe[Any]]) -> str:
    rows = [f"| {_cell(each.tried)} | {_cell(each.expected)} | {_cell(each.seen)} |\n" for each in probes]
    title = promise.value[0].upper() + promise.value[1:]
    return f"### {title}\n\n| tried | expected | seen |\n|---|---|---|\n{''.join(rows)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
