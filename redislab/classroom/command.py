"""`redislab classroom`: a roster becomes a folder with all that a class needs, or nothing does."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from redislab.classroom.acl import Account, told
from redislab.classroom.compose import compose_file, compose_text, lab_user, redis_conf, redis_conf_file
from redislab.classroom.handout import Slip, handout
from redislab.classroom.hub.files import CONFIG, PROXY_TOKEN, VALUES, hub_files
from redislab.classroom.plan import STATE, SUBNET_PREFIX, Plan, Seat, Wishes, new_plan, read_plan, seated
from redislab.classroom.roster import MOST_STUDENTS, read_roster
from redislab.classroom.secrets import FOLDER as TOKENS
from redislab.classroom.secrets import Secrets, kept_or_new, kept_token, new_token
from redislab.classroom.shared import TEACHER, shared_files
from redislab.classroom.writing import held, write
from redislab.core.safe import visible_text
from redislab.errors import ExitCode, UsageError
from redislab.options import Option, by_name, read_into, usage
from redislab.streams import Streams

HANDOUT = "handout.html"
_HOST = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}(?<!-)|\[[0-9A-Fa-f:]+\]")


@dataclass
class ClassOptions:
    """What was asked for. None: as in the run before, else the usual."""

    out: str | None = None
    port_base: int | None = None
    hosts: tuple[str, ...] | None = None
    students_per_host: int | None = None
    subnets: str | None = None
    shared: bool | None = None
    jupyterhub: bool | None = None
    force: bool = False
    help: bool = False


def _number(text: str, least: int, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8 and least <= int(text) <= most):
        raise UsageError(f"{what} is a number from {least} to {most}, not {text!r}")
    return int(text)


def _port(text: str) -> int:
    return _number(text, 1024, 65535, "the first port")


def _count(text: str) -> int:
    return _number(text, 1, MOST_STUDENTS, "the number of students on a host")


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in text.split(","))
    for host in hosts:
        if _HOST.fullmatch(host) is None:
            raise UsageError(f"a host's name or address is needed, or several with commas, not {text!r}")
    return hosts


def _pool(text: str) -> str:
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        raise UsageError(f"a network like 10.213.0.0/16 is needed, not {text!r}") from None
    if network.prefixlen > SUBNET_PREFIX or not network.is_private:
        raise UsageError(f"a private network with room for a /{SUBNET_PREFIX} is needed, not {text!r}")
    return text


TABLE: Mapping[str, tuple[Option, ...]] = {
    "Where it goes": (
        Option(("--out",), "out", str, "DIR", "the folder of the class; run again, it keeps tokens and work"),
        Option(("--force",), "force", None, "", "write into a folder that holds other things"),
    ),
    "Where it runs": (
        Option(("--port-base",), "port_base", _port, "N", "the first student's port (8101), then one by one"),
        Option(
            ("--host",), "hosts", _hosts, "NAME", "what links lead to (127.0.0.1); NAME,NAME: one a machine"
        ),
        Option(
            ("--students-per-host",), "students_per_host", _count, "N", "a compose file for each N students"
        ),
        Option(("--jupyterhub",), "jupyterhub", None, "", "for a JupyterHub: Docker, and Kubernetes"),
        Option(("--shared",), "shared", None, "", "one Redis for all, with a user and a prefix for each"),
        Option(("--subnets",), "subnets", _pool, "NET", "networks are cut from this one (10.213.0.0/16)"),
    ),
    "About": (Option(("--help",), "help", None, "", "this page"),),
}
HEADING = """\
redislab classroom ROSTER.csv --out DIR [options]
redislab classroom board DIR        who is there, and how far in the lessons

For each student of the roster a Redis, a Jupyter, a network and a token of their own: compose files, tokens,
and a sheet with the links. The roster has a column name, and may have the columns id and email.
Run again with another roster it adds and removes students; whoever stays keeps token, link and work.
Exit code 0, or 1 with one line that says what is wrong: the folder is then as it was."""


def run_classroom(argv: Sequence[str], streams: Streams) -> ExitCode:
    """Write a class. Raises UsageError and ClassRefused, both with one line."""
    if argv[:1] == ["board"]:
        from redislab.classroom.board import run_board

        return run_board(argv[1:], streams)
    options, words = _parse(argv)
    if options.help:
        streams.stdout.write(usage(HEADING, TABLE).encode() + b"\n")
        return ExitCode.OK
    if len(words) != 1 or options.out is None:
        raise UsageError("a roster and a folder are needed: redislab classroom ROSTER.csv --out DIR")
    people = read_roster(Path(words[0]))
    folder = Path(options.out)
    with held(folder, force=options.force):
        before = read_plan(folder) or new_plan(folder)
        plan = seated(before, _wishes(options, before), people)
        files, readable = class_files(folder, plan)
        write(folder, files, readable=readable, earlier=before.files, owners=_owners(files))
    streams.stdout.write(_said(folder, before, plan).encode("utf-8", "surrogateescape"))
    return ExitCode.OK


def class_files(folder: Path, plan: Plan) -> tuple[dict[str, str], set[str]]:
    """Text by path, and the paths that containers of any user may read. Tokens in the folder are kept."""
    secrets = {seat.key: kept_or_new(folder, seat.key) for seat in plan.seats}
    files: dict[str, str] = {}
    readable: set[str] = set()
    for seat in plan.seats:
        files |= secrets[seat.key].files(seat.key)
    if plan.wishes.shared:
        more, readable = shared_files(plan, secrets, kept_token(folder / TEACHER) or new_token())
        files |= more
    else:
        for seat in plan.seats:
            files[redis_conf_file(seat.key)] = redis_conf(secrets[seat.key].redis)
            readable.add(redis_conf_file(seat.key))
    if plan.wishes.jupyterhub:
        files |= hub_files(plan, secrets, kept_token(folder / PROXY_TOKEN) or new_token())
        readable.add(CONFIG)
    elif not plan.wishes.shared:
        for seats in plan.machines:
            files[compose_file(seats[0].machine)] = compose_text(plan, seats)
    files[HANDOUT] = handout([slip(plan, seat, secrets[seat.key]) for seat in plan.seats])
    files[STATE] = replace(plan, files=tuple(files)).to_json()
    return files, readable


def slip(plan: Plan, seat: Seat, secrets: Secrets) -> Slip:
    """What the student gets."""
    if plan.wishes.shared:
        user = Account(seat.key, secrets.redis).user
        command = f"redislab repl -h {seat.host} -p {plan.wishes.first_port} --user {user} --askpass"
        return Slip(seat.person.name, secrets.redis, command=command)
    if plan.wishes.jupyterhub:
        address = f"http://{seat.host}:{plan.wishes.first_port}/"
        return Slip(seat.person.name, secrets.jupyter, address, login=seat.key)
    return Slip(seat.person.name, secrets.jupyter, seat.address)


# -- inside ----------------------------------------------------------------------------------------


def _parse(argv: Sequence[str]) -> tuple[ClassOptions, list[str]]:
    """Options may stand before and behind the roster. Raises UsageError."""
    options, words = ClassOptions(), []
    rest = read_into(options, argv, by_name(TABLE), "classroom")
    while rest:
        words.append(rest[0])
        rest = read_into(options, rest[1:], by_name(TABLE), "classroom")
    return options, words


def _owners(files: Iterable[str]) -> dict[str, int]:
    """Secrets belong to the user that a student's container runs as: ours, unless we are root."""
    if not hasattr(os, "getuid") or os.getuid() != 0:
        return {}
    return {path: lab_user() for path in files if path.startswith(f"{TOKENS}/")}


def _wishes(options: ClassOptions, before: Plan) -> Wishes:
    names = ("port_base", "hosts", "students_per_host", "subnets", "shared", "jupyterhub")
    asked = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    wishes = replace(before.wishes, **asked)
    if wishes.shared and wishes.jupyterhub:
        raise UsageError("--shared has no Jupyter, and --jupyterhub a Redis for each: one of them, not both")
    if wishes.jupyterhub and (wishes.students_per_host or len(wishes.hosts) > 1):
        raise UsageError("--jupyterhub runs on one machine, or on Kubernetes: leave --students-per-host out")
    return wishes


def _said(folder: Path, before: Plan, plan: Plan) -> str:
    """What was written, and what comes next."""
    now = {seat.person.identity for seat in plan.seats}
    added, gone = len(now - before.known.keys()), len(before.known.keys() - now)
    count = "1 student" if len(now) == 1 else f"{len(now)} students"
    lines = [f"{count} in {folder}: {added} added, {gone} removed, {len(now) - added} as before."]
    if gone:
        lines.append("Nothing that the removed ones have done is deleted: `docker volume ls` shows it.")
    for seats in plan.machines:
        file = folder / compose_file(seats[0].machine)
        lines.append(
            f"  docker compose -f {file} up -d --remove-orphans    # {len(seats)} on {seats[0].host}"
        )
    lines.append(f"  {folder / HANDOUT}    # a slip for each, with the token: for print, not for the web")
    if plan.wishes.jupyterhub:
        lines.append(f"  {folder / VALUES}    # for Zero to JupyterHub, in place of compose")
    if plan.wishes.shared:
        lines += ["What a shared Redis cannot prevent:", told().rstrip()]
    return visible_text("\n".join(lines), lines=True) + "\n"
