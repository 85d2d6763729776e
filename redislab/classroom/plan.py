"""Who sits where. A student's place stays, whatever happens to the others and to the order of the roster.

The place is a number, counted from 0, which gives the port and the subnet. It is never given to another: what
ran for somebody who has left may still run, and hold both. The machine stays too, because the work is there.
`class.json` keeps all of it, with what was asked for, so that the next run need not be told again.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
import secrets
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, islice
from pathlib import Path
from typing import Any

from redislab.classroom.roster import Person
from redislab.errors import ClassRefused

STATE = "class.json"
FORMAT = 1
SUBNET_PREFIX = 29  # six addresses: the gateway, a Redis, a Jupyter, and room for a second try
FIRST_PORT, HUB_PORT, REDIS_PORT = 8101, 8000, 6379
_MOST_SLUG = 24
_KEY = r"[a-z0-9][a-z0-9-]*"
_FILE = r"(?:[a-z0-9][a-z0-9-]*/)?[a-z0-9][a-z0-9._-]*"


@dataclass(frozen=True)
class Wishes:
    """What the teacher asked for."""

    port_base: int | None = None
    hosts: tuple[str, ...] = ("127.0.0.1",)
    students_per_host: int | None = None  # None: all on one
    subnets: str = "10.213.0.0/16"
    shared: bool = False
    jupyterhub: bool = False

    @property
    def first_port(self) -> int:
        """The first student's, or the one of what all students share."""
        if self.port_base is not None:
            return self.port_base
        return HUB_PORT if self.jupyterhub else REDIS_PORT if self.shared else FIRST_PORT


@dataclass(frozen=True)
class Seat:
    """A student's place. `key` names the services: a-z, 0-9 and -, the same for as long as the student is."""

    person: Person
    key: str
    place: int
    port: int
    subnet: str
    host: str
    machine: int  # which of the class's machines, counted from 0

    @property
    def address(self) -> str:
        """Where the student's browser goes, without the token."""
        return f"http://{self.host}:{self.port}/lab"


@dataclass(frozen=True)
class Known:
    """A student of a class that was written."""

    name: str
    key: str
    place: int
    machine: int
    host: str
    port: int


@dataclass(frozen=True)
class Plan:
    """The class. `seats` are in the roster's order; `known` (by identity), `files`: the run before."""

    project: str
    wishes: Wishes
    seats: tuple[Seat, ...] = ()
    files: tuple[str, ...] = ()
    known: Mapping[str, Known] = field(default_factory=dict)
    next_place: int = 0

    @property
    def machines(self) -> list[list[Seat]]:
        """The seats of each machine that has any, by place."""
        by_machine: dict[int, list[Seat]] = {}
        for seat in sorted(self.seats, key=lambda seat: seat.place):
            by_machine.setdefault(seat.machine, []).append(seat)
        return [by_machine[machine] for machine in sorted(by_machine)]

    def to_json(self) -> str:
        wishes = {**self.wishes.__dict__, "hosts": list(self.wishes.hosts)}
        students = [
            {
                "identity": seat.person.identity,
                "name": seat.person.name,
                "key": seat.key,
                "place": seat.place,
                "machine": seat.machine,
                "host": seat.host,
                "port": seat.port,
            }
            for seat in self.seats
        ]
        state = {
            "format": FORMAT,
            "project": self.project,
            "wishes": wishes,
            "next_place": self.next_place,
            "students": students,
            "files": list(self.files),
        }
        return json.dumps(state, indent=1, ensure_ascii=False) + "\n"


def new_plan(folder: Path) -> Plan:
    """A class that nobody is in yet. Its name is never used again: volumes hang on it."""
    slug = _slug(folder.absolute().name) or "class"
    return Plan(f"redislab-{slug}-{secrets.token_hex(3)}", Wishes())


def read_plan(folder: Path) -> Plan | None:
    """The class that a folder holds; None: none. Raises ClassRefused."""
    try:
        state = json.loads((folder / STATE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ClassRefused(f"{folder / STATE} cannot be read: {_reason(error)}") from None
    try:
        return _from_state(state)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ClassRefused(
            f"{folder / STATE} is not what redislab has written: give the class a new folder, or put it back"
        ) from None


def seated(plan: Plan, wishes: Wishes, people: Sequence[Person]) -> Plan:
    """The plan with these students: who was there keeps the place, others get new. Raises ClassRefused."""
    new = [person.identity for person in people if person.identity not in plan.known]
    places = {identity: known.place for identity, known in plan.known.items()}
    places |= {identity: plan.next_place + number for number, identity in enumerate(new)}
    machines = _machines(plan, wishes, [person.identity for person in people])
    next_place = plan.next_place + len(new)
    first = wishes.first_port
    if first + next_place > 65536:
        raise ClassRefused(f"--port-base {first} leads to port {first + next_place - 1}: too far")
    subnets = _subnets(wishes.subnets, next_place)
    hosts = _hosts(wishes, max(machines.values()) + 1)
    seats = []
    for person in people:
        place, machine = places[person.identity], machines[person.identity]
        key = plan.known[person.identity].key if person.identity in plan.known else _key(person)
        seats.append(Seat(person, key, place, first + place, subnets[place], hosts[machine], machine))
    _check_keys(seats)
    return replace(plan, wishes=wishes, seats=tuple(seats), next_place=next_place)


# -- inside ----------------------------------------------------------------------------------------


def _from_state(state: dict[str, Any]) -> Plan:
    if state["format"] != FORMAT:
        raise ValueError("format")
    wishes = dict(state["wishes"])
    wishes["hosts"] = tuple(map(str, wishes["hosts"]))
    return Plan(
        project=_checked(_KEY, state["project"]),
        wishes=Wishes(**wishes),
        files=tuple(_checked(_FILE, file) for file in state["files"]),
        known={str(student["identity"]): _known(student) for student in state["students"]},
        next_place=int(state["next_place"]),
    )


def _known(student: dict[str, Any]) -> Known:
    return Known(
        name=str(student["name"]),
        key=_checked(_KEY, student["key"]),
        place=int(student["place"]),
        machine=int(student["machine"]),
        host=str(student["host"]),
        port=int(student["port"]),
    )


def _machines(plan: Plan, wishes: Wishes, identities: Sequence[str]) -> dict[str, int]:
    """By identity: the machine before, or the first one that has room."""
    machines = {each: plan.known[each].machine for each in identities if each in plan.known}
    taken = Counter(machines.values())
    for identity in identities:
        if identity not in machines:
            room = wishes.students_per_host
            machine = next(number for number in count() if room is None or taken[number] < room)
            machines[identity] = machine
            taken[machine] += 1
    return machines


def _checked(pattern: str, text: str) -> str:
    """A name from the file, which becomes a path or a service. Raises ValueError."""
    if re.fullmatch(pattern, text) is None or ".." in text:
        raise ValueError(text)
    return text


def _key(person: Person) -> str:
    digest = hashlib.sha256(person.identity.encode()).digest()
    mark = base64.b32encode(digest[:5]).decode().lower()
    return f"{_slug(person.id or person.name) or 'student'}-{mark}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MOST_SLUG].strip("-")


def _check_keys(seats: Sequence[Seat]) -> None:
    by_key: dict[str, Seat] = {}
    for seat in seats:
        other = by_key.setdefault(seat.key, seat)
        if other is not seat:  # 40 bits of a hash are the same: once in a million classes of a thousand
            raise ClassRefused(f"write {seat.person.name} or {other.person.name} a little differently")


def _subnets(pool: str, needed: int) -> list[str]:
    network = ipaddress.IPv4Network(pool)
    room = 1 << (SUBNET_PREFIX - network.prefixlen)
    if room < needed:
        raise ClassRefused(f"--subnets {pool} has room for {room} students and {needed} places are needed")
    return [str(subnet) for subnet in islice(network.subnets(new_prefix=SUBNET_PREFIX), needed)]


def _hosts(wishes: Wishes, machines: int) -> list[str]:
    """The host name of each machine. One name stands for all of them."""
    if len(wishes.hosts) == 1:
        return list(wishes.hosts) * machines
    if len(wishes.hosts) < machines:
        raise ClassRefused(f"{machines} machines are needed, and --host names {len(wishes.hosts)}")
    return list(wishes.hosts)


def _reason(error: Exception) -> str:
    return error.strerror or "" if isinstance(error, OSError) else "it is no JSON"
