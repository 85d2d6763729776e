"""The compose files of a class: one for each machine, written out in full so that each line can be read.

What holds for every container: an unprivileged user, a read-only file system, no capabilities, limits on
memory, processes, processors and logs, a health check. A student's two containers share a network with nobody
else. Docker's own pools end at about 31 networks, so each network has its subnet.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import yaml

from redislab import __version__
from redislab.classroom.plan import Plan, Seat
from redislab.classroom.secrets import jupyter_file, password_hash, redis_file

Service = dict[str, Any]

REDIS_IMAGE = "redis:7.2.11-alpine"
LAB_IMAGE = f"redislab-lab:{__version__}"
REDIS_USER = "999:1000"  # `redis` of the image
LAB_UID = 1000  # `jovyan` of the image; any other user of group 0 can work there as well
HOME = "/home/jovyan"
LAB_PORT = 8888
REDIS_MEMORY_MB, LAB_MEMORY_MB = 128, 1024
MAXMEMORY_MB = REDIS_MEMORY_MB // 2  # a save may copy as much again
MAXCLIENTS = 200
REDIS_CONF = "/usr/local/etc/redis"  # where any user can look, in every image: /etc/redis is not
HEALTH_USER = "health"
# The home is what its file list shows. Who has the token can read hidden files too, which is how the
# teacher's board finds the progress.
JUPYTER = (
    *(
        "jupyter",
        "lab",
        "--ServerApp.ip=0.0.0.0",
        f"--ServerApp.port={LAB_PORT}",
        "--ServerApp.open_browser=False",
    ),
    *(f"--ServerApp.root_dir={HOME}", "--ContentsManager.allow_hidden=True"),
)

_HEADER = """\
# Written by `redislab classroom`; the next run writes it anew. {title}
#   docker compose -f {file} up -d
# Ports are open on this machine alone. CLASS_BIND=0.0.0.0 opens them to all who reach it, without encryption.
"""


def compose_file(machine: int) -> str:
    """The name of a machine's file, counted from 0."""
    return "compose.yaml" if machine == 0 else f"compose-{machine + 1}.yaml"


def redis_conf_file(key: str) -> str:
    return f"redis/{key}.conf"


def redis_conf(password: str) -> str:
    """The users of one student's Redis: all is allowed to who has the password, PING to the health check."""
    return (
        f"user default on #{password_hash(password)} ~* &* +@all\n"
        f"user {HEALTH_USER} on nopass resetkeys resetchannels -@all +ping\n"
    )


def lab_user() -> int:
    """The user that runs a student's Jupyter: the secrets' owner, who is not root."""
    uid = os.getuid() if hasattr(os, "getuid") else LAB_UID
    return uid or LAB_UID


def compose_text(plan: Plan, seats: Sequence[Seat]) -> str:
    """The file of the machine that these seats are on."""
    machine = seats[0].machine
    services: dict[str, Service] = {}
    for seat in seats:
        services[f"redis-{seat.key}"] = redis_service(seat)
        services[f"lab-{seat.key}"] = _lab(seat)
    content = {
        "name": plan.project if machine == 0 else f"{plan.project}-{machine + 1}",
        "services": services,
        "networks": {seat.key: network(seat) for seat in seats},
        "volumes": {f"{kind}-{seat.key}": {} for seat in seats for kind in ("redis", "home")},
        "configs": {f"redis-{seat.key}": {"file": f"./{redis_conf_file(seat.key)}"} for seat in seats},
        "secrets": {
            name: {"file": f"./{file}"}
            for seat in seats
            for name, file in (
                (f"jupyter-{seat.key}", jupyter_file(seat.key)),
                (f"redis-{seat.key}", redis_file(seat.key)),
            )
        },
    }
    title = f"{len(seats)} students, ports {seats[0].port} to {seats[-1].port}."
    return _HEADER.format(title=title, file=compose_file(machine)) + yaml_text(content)


def yaml_text(content: object) -> str:
    """Plain YAML: no anchors, the order as given."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True)


def hardened(memory_mb: int, pids: int, cpus: float) -> Service:
    """What every container of a class has."""
    return {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": f"{memory_mb}m",
        "memswap_limit": f"{memory_mb}m",
        "pids_limit": pids,
        "cpus": cpus,
        "restart": "unless-stopped",
        "logging": {"driver": "json-file", "options": {"max-size": "1m", "max-file": "2"}},
    }


def health(test: Sequence[str]) -> Service:
    return {"test": ["CMD", *test], "interval": "15s", "timeout": "5s", "retries": 4, "start_period": "20s"}


def network(seat: Seat) -> Service:
    return {"ipam": {"config": [{"subnet": seat.subnet}]}}


def redis_command() -> list[str]:
    """What bounds a student's Redis, and keeps its data."""
    return [
        *["redis-server", "--dir", "/data", "--protected-mode", "no", "--appendonly", "yes"],
        *["--maxmemory", f"{MAXMEMORY_MB}mb", "--maxmemory-policy", "noeviction"],
        *["--maxclients", str(MAXCLIENTS)],
    ]


def redis_service(seat: Seat) -> Service:
    program, *settings = redis_command()
    return {
        "image": f"${{REDIS_IMAGE:-{REDIS_IMAGE}}}",
        "user": REDIS_USER,
        "command": [program, f"{REDIS_CONF}/redis.conf", *settings],
        "networks": {seat.key: {"aliases": ["redis"]}},
        "volumes": [f"redis-{seat.key}:/data"],
        "configs": [{"source": f"redis-{seat.key}", "target": f"{REDIS_CONF}/redis.conf"}],
        "healthcheck": health(
            ["redis-cli", "-e", "--no-auth-warning", "--user", HEALTH_USER, "--pass", HEALTH_USER, "ping"]
        ),
        **hardened(REDIS_MEMORY_MB, pids=32, cpus=0.5),
    }


# -- inside ----------------------------------------------------------------------------------------


def _lab(seat: Seat) -> Service:
    return {
        "image": f"${{REDISLAB_IMAGE:-{LAB_IMAGE}}}",
        "pull_policy": "never",  # the name is nobody's: it is built from the repository
        "user": f"{lab_user()}:0",
        "init": True,
        "entrypoint": ["python", "-m", "redislab.classroom.enter"],
        "command": list(JUPYTER),
        "environment": {
            "HOME": HOME,
            "REDISLAB_HOME": f"{HOME}/.redislab",
            "REDISLAB_URL": "redis://redis:6379",
            "REDISLAB_OWN": "1",  # all lessons may run there
            "REDISLAB_PASSWORD_FILE": "/run/secrets/redis",
            "JUPYTER_TOKEN_FILE": "/run/secrets/jupyter",
        },
        "depends_on": {f"redis-{seat.key}": {"condition": "service_healthy"}},
        "networks": [seat.key],
        "ports": [f"${{CLASS_BIND:-127.0.0.1}}:{seat.port}:{LAB_PORT}"],
        "volumes": [f"home-{seat.key}:{HOME}"],
        "tmpfs": ["/tmp:size=64m,mode=1777"],
        "secrets": [
            {"source": f"jupyter-{seat.key}", "target": "jupyter"},
            {"source": f"redis-{seat.key}", "target": "redis"},
        ],
        "healthcheck": health(lab_health()),
        **hardened(LAB_MEMORY_MB, pids=256, cpus=1.0),
    }


def lab_health() -> list[str]:
    """Asks the Jupyter for its version, which it tells everybody."""
    ask = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{LAB_PORT}/api', timeout=4)"
    return ["python", "-c", ask]


class _Dumper(yaml.SafeDumper):
    """Repeats what is the same, and indents lists."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)
