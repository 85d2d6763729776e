"""A class on one Redis: each student is a user of it, with a prefix for keys, and connects from anywhere.

Nothing but that Redis runs; students bring their own redislab. What such a Redis cannot prevent is in `acl`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from redislab.classroom import acl, compose
from redislab.classroom.plan import Plan, Seat
from redislab.classroom.secrets import FOLDER, Secrets

TEACHER = f"{FOLDER}/teacher.redis"
MAXMEMORY_MB = 512
# No container has a password to ask with: a Redis that wants one has answered.
_HEALTH = ["sh", "-c", "redis-cli ping | grep -qE '^(PONG|NOAUTH)'"]

_HEADING = """\
# Written by `redislab classroom --shared`; the next run writes it anew. {students} students at port {port}.
#   docker compose -f {file} up -d
# The port is open on this machine alone. CLASS_BIND=0.0.0.0 opens it to all who reach it, without encryption.
"""


def shared_files(plan: Plan, secrets: Mapping[str, Secrets], teacher: str) -> tuple[dict[str, str], set[str]]:
    """Text by path, and the paths that the container reads: users and settings, with no password in them."""
    files, readable = {TEACHER: teacher}, set()
    for seats in plan.machines:
        accounts = [acl.Account(seat.key, secrets[seat.key].redis) for seat in seats]
        users, settings = conf_files(seats[0].machine)
        files[users] = acl.users_acl(accounts, teacher)
        files[settings] = acl.settings(len(seats), f"{compose.REDIS_CONF}/users.acl", MAXMEMORY_MB)
        readable |= {users, settings}
        files[compose.compose_file(seats[0].machine)] = compose_text(plan, seats)
    return files, readable


def conf_files(machine: int) -> tuple[str, str]:
    """The users and the settings of a machine's Redis, counted from 0."""
    mark = "" if machine == 0 else f"-{machine + 1}"
    return f"redis/users{mark}.acl", f"redis/redis{mark}.conf"


def compose_text(plan: Plan, seats: Sequence[Seat]) -> str:
    machine, port = seats[0].machine, plan.wishes.first_port
    users, settings = conf_files(machine)
    service = {
        "image": f"${{REDIS_IMAGE:-{compose.REDIS_IMAGE}}}",
        "user": compose.REDIS_USER,
        "command": [
            *["redis-server", f"{compose.REDIS_CONF}/redis.conf", "--dir", "/data", "--protected-mode", "no"],
            *["--appendonly", "yes"],
        ],
        "ports": [f"${{CLASS_BIND:-127.0.0.1}}:{port}:6379"],
        "volumes": ["redis:/data"],
        "configs": [
            {"source": "settings", "target": f"{compose.REDIS_CONF}/redis.conf"},
            {"source": "users", "target": f"{compose.REDIS_CONF}/users.acl"},
        ],
        "healthcheck": compose.health(_HEALTH),
        **compose.hardened(2 * MAXMEMORY_MB, pids=32, cpus=1.0),
    }
    content = {
        "name": plan.project if machine == 0 else f"{plan.project}-{machine + 1}",
        "services": {"redis": service},
        "networks": {"default": {"ipam": {"config": [{"subnet": seats[0].subnet}]}}},
        "volumes": {"redis": {}},
        "configs": {"settings": {"file": f"./{settings}"}, "users": {"file": f"./{users}"}},
    }
    heading = _HEADING.format(students=len(seats), port=port, file=compose.compose_file(machine))
    return heading + compose.yaml_text(content)
