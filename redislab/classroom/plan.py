"""Who sits where. A student's place stays, whatever happens to the others and to the order of the roster.

The place is a number, counted from 0: the port, the subnet and the host follow from it. `class.json` keeps
it, with what was asked for, so that the next run need not be told again.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
import secrets
import unicodedata
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
    """A student of a class that was written: what its board needs."""

    name: str
    key: str
    host: str
    port: int


@dataclass(frozen=True)
class Plan:
    """The class. `seats` are in the roster's order, `files` what an earlier run wrote."""

    project: str
    wishes: Wishes
    seats: tuple[Seat, ...] = ()
    files: tuple[str, ...] = ()
    places: dict[str, int] = field(default_factory=dict)  # by identity
    known: tuple[Known, ...] = ()  # whom an earlier run wrote, in the roster's order

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
                "place": seat.place,
                "name": seat.person.name,
                "key": seat.key,
                "host": seat.host,
                "port": seat.port,
            }
            for seat in self.seats
        ]
        state = {
            "format": FORMAT,
            "project": self.project,
            "wishes": wishes,
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
    """The plan with these students: who was there keeps the place, others get the first free ones."""
    places = _places(plan.places, [person.identity for person in people])
    last = max(places.values())
    first = wishes.first_port
    if first + last > 65535:
        raise ClassRefused(f"--port-base {first} leads to port {first + last}: too far")
    subnets, hosts = _subnets(wishes.subnets, last + 1), _hosts(wishes, last)
    seats = []
    for person in people:
        place = places[person.identity]
        machine = place // (wishes.students_per_host or len(subnets))
        seats.append(
            Seat(person, _key(person), place, first + place, subnets[place], hosts[machine], machine)
        )
    _check_keys(seats)
    return replace(plan, wishes=wishes, seats=tuple(seats), places=places)


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
        places={str(student["identity"]): int(student["place"]) for student in state["students"]},
        known=tuple(_known(student) for student in state["students"]),
    )


def _known(student: dict[str, Any]) -> Known:
    key = _checked(_KEY, student["key"])
    return Known(str(student["name"]), key, str(student["host"]), int(student["port"]))


def _places(before: Mapping[str, int], identities: Sequence[str]) -> dict[str, int]:
    """By identity, in the given order: the place before, or the first one that nobody of these has."""
    taken = {before[identity] for identity in identities if identity in before}
    free = (place for place in count() if place not in taken)
    return {each: before[each] if each in before else next(free) for each in identities}


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


def _hosts(wishes: Wishes, last_place: int) -> list[str]:
    """The host name of each machine. One name stands for all of them."""
    machines = last_place // wishes.students_per_host + 1 if wishes.students_per_host else 1
    if len(wishes.hosts) == 1:
        return list(wishes.hosts) * machines
    if len(wishes.hosts) < machines:
        raise ClassRefused(f"{machines} machines are needed, and --host names {len(wishes.hosts)}")
    return list(wishes.hosts)


def _reason(error: Exception) -> str:
    return error.strerror or "" if isinstance(error, OSError) else "it is no JSON"
