"""The files of a class behind a JupyterHub, as text.

On one machine compose runs the hub, its proxy, the gate to the engine and each student's Redis; the hub
starts a student's Jupyter when the student comes. On Kubernetes the values are for the chart Zero to
JupyterHub: a student's Redis is a second container in the student's pod.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redislab.classroom import compose
from redislab.classroom.hub import gate, spawning
from redislab.classroom.plan import Plan
from redislab.classroom.secrets import Secrets

COMPOSE, CONFIG, VALUES = "compose.yaml", "jupyterhub_config.py", "values.yaml"
STUDENTS, STUDENTS_IN_HUB = "tokens/students.json", "/srv/jupyterhub/students.json"
PROXY_TOKEN, PROXY_ENV = "tokens/proxy.token", "tokens/proxy.env"
PROXY_IMAGE = "quay.io/jupyterhub/configurable-http-proxy:4.6.3"
PORT = 8000
ENGINE_SOCKET = "/var/run/docker.sock"

_COMPOSE_HEADING = """\
# Written by `redislab classroom --jupyterhub`, and anew by the next run. {students} students at port {port}.
#   docker compose -f compose.yaml up -d
# The port is open on this machine alone. CLASS_BIND=0.0.0.0 opens it to all who reach it, without encryption.
# The gate's group is that of the engine's socket; if not {gid}: DOCKER_GID=$(stat -c %g /var/run/docker.sock)
"""
_VALUES_HEADING = """\
# Values for Zero to JupyterHub, chart 4: written by `redislab classroom --jupyterhub`, {students} students.
#   helm upgrade --install class jupyterhub/jupyterhub --version 4.2.0 --values values.yaml
# The image is built from redislab's repository and must be where the cluster finds it: singleuser.image.name.
# Holds the sums of tokens, no token. Students sign in with what stands on their slips.
"""
_CONFIG = '''\
"""The JupyterHub of a class: written by `redislab classroom --jupyterhub`; the next run writes it anew."""

from redislab.classroom.hub.sign_in import configure_sign_in
from redislab.classroom.hub.spawning import configure_spawning

c = get_config()  # noqa: F821
configure_sign_in(c)
configure_spawning(c, project={project!r}, students_file={students_file!r})
'''


def hub_files(plan: Plan, secrets: Mapping[str, Secrets], proxy_token: str) -> dict[str, str]:
    """Text by path; `secrets` by the key of a seat."""
    students = {
        seat.key: {
            "token_sha256": hashlib.sha256(secrets[seat.key].jupyter.encode()).hexdigest(),
            "redis": secrets[seat.key].redis,
        }
        for seat in plan.seats
    }
    return {
        PROXY_TOKEN: proxy_token,
        PROXY_ENV: f"CONFIGPROXY_AUTH_TOKEN={proxy_token}\n",
        STUDENTS: json.dumps(students, indent=1) + "\n",
        CONFIG: _CONFIG.format(project=plan.project, students_file=STUDENTS_IN_HUB),
        VALUES: values_text(plan, {key: each["token_sha256"] for key, each in students.items()}),
        COMPOSE: compose_text(plan),
    }


def compose_text(plan: Plan) -> str:
    """Hub, proxy, gate, and a Redis and a network for each student."""
    seats, gid = plan.seats, _engine_group()
    services: dict[str, Any] = {
        "gate": _gate(plan.project, gid),
        "proxy": _proxy(plan),
        "hub": _hub(plan),
        **{f"redis-{seat.key}": compose.redis_service(seat) for seat in seats},
    }
    content = {
        "name": plan.project,
        "services": services,
        "networks": {
            "engine": {"internal": True},
            "front": {},
            **{seat.key: compose.network(seat) | {"name": f"{plan.project}_{seat.key}"} for seat in seats},
        },
        "volumes": {"hub": {}, **{f"redis-{seat.key}": {} for seat in seats}},
        "configs": {
            "hub": {"file": f"./{CONFIG}"},
            **{f"redis-{seat.key}": {"file": f"./{compose.redis_conf_file(seat.key)}"} for seat in seats},
        },
        "secrets": {"students": {"file": f"./{STUDENTS}"}},
    }
    heading = _COMPOSE_HEADING.format(students=len(seats), port=plan.wishes.first_port, gid=gid)
    return heading + compose.yaml_text(content)


def values_text(plan: Plan, sums: Mapping[str, str]) -> str:
    """Values for the chart; `sums` are the SHA-256 of the tokens, by user name."""
    students = {key: {"token_sha256": each} for key, each in sums.items()}
    sign_in = Path(__file__).with_name("sign_in.py").read_text("utf-8")  # read: only a hub can import it
    image, _, tag = compose.LAB_IMAGE.partition(":")
    values = {
        "hub": {
            "config": {"KubeSpawner": {"http_timeout": spawning.START_S}},
            "extraConfig": {"10-sign-in": f"{sign_in}\n\nconfigure_sign_in(c)\n"},
            "extraFiles": {"students": {"mountPath": STUDENTS_IN_HUB, "data": students}},
        },
        "singleuser": {
            "image": {"name": image, "tag": tag},
            "cmd": "jupyterhub-singleuser",
            "defaultUrl": "/lab",
            "uid": compose.LAB_UID,
            "startTimeout": spawning.START_S,
            "memory": {"limit": f"{compose.LAB_MEMORY_MB}M", "guarantee": "256M"},
            "cpu": {"limit": 1.0, "guarantee": 0.1},
            "extraEnv": {
                "REDISLAB_HOME": f"{compose.HOME}/.redislab",
                "REDISLAB_URL": "redis://127.0.0.1:6379",
                "REDISLAB_OWN": "1",
            },
            "storage": {
                "capacity": "2Gi",
                "dynamic": {"pvcNameTemplate": "claim-{username}", "volumeNameTemplate": "volume-{username}"},
            },
            "extraContainers": [_sidecar()],
        },
        "cull": {"enabled": True, "timeout": 7200},
    }
    return _VALUES_HEADING.format(students=len(sums)) + compose.yaml_text(values)


# -- inside ----------------------------------------------------------------------------------------


def _gate(project: str, gid: int) -> compose.Service:
    ask = f"import urllib.request as r; r.urlopen('http://127.0.0.1:{gate.PORT}/_ping', timeout=4)"
    return {
        "image": f"${{REDISLAB_IMAGE:-{compose.LAB_IMAGE}}}",
        "pull_policy": "never",
        "user": f"1000:${{DOCKER_GID:-{gid}}}",
        "entrypoint": ["python", "-m", "redislab.classroom.hub.gate"],
        "command": [project, f"${{REDISLAB_IMAGE:-{compose.LAB_IMAGE}}}"],
        "networks": ["engine"],
        # The only place where the engine's socket is.
        "volumes": [f"${{DOCKER_SOCKET:-{ENGINE_SOCKET}}}:{ENGINE_SOCKET}"],
        "healthcheck": compose.health(["python", "-c", ask]),
        **compose.hardened(128, pids=64, cpus=0.5),
    }


def _proxy(plan: Plan) -> compose.Service:
    ask = f"require('net').connect({PORT}, () => process.exit(0)).on('error', () => process.exit(1))"
    return {
        "image": f"${{PROXY_IMAGE:-{PROXY_IMAGE}}}",
        "user": "65534:65534",
        "command": [
            *[
                "configurable-http-proxy",
                "--ip=0.0.0.0",
                f"--port={PORT}",
                "--api-ip=0.0.0.0",
                "--api-port=8001",
            ],
            *["--default-target=http://hub:8081", "--error-target=http://hub:8081/hub/error"],
        ],
        "env_file": [f"./{PROXY_ENV}"],
        "networks": ["front", *(seat.key for seat in plan.seats)],
        "ports": [f"${{CLASS_BIND:-127.0.0.1}}:{plan.wishes.first_port}:{PORT}"],
        "healthcheck": compose.health(["node", "-e", ask]),
        **compose.hardened(256, pids=64, cpus=1.0),
    }


def _hub(plan: Plan) -> compose.Service:
    ask = "import urllib.request as r; r.urlopen('http://127.0.0.1:8081/hub/api', timeout=4)"
    return {
        "image": f"${{REDISLAB_IMAGE:-{compose.LAB_IMAGE}}}",
        "pull_policy": "never",
        "user": f"{compose.lab_user()}:0",
        "init": True,
        "entrypoint": ["jupyterhub"],
        "command": ["--config=/srv/jupyterhub/jupyterhub_config.py"],
        "working_dir": "/srv/hub",
        "environment": {
            "DOCKER_HOST": f"tcp://gate:{gate.PORT}",
            "LAB_IMAGE": f"${{REDISLAB_IMAGE:-{compose.LAB_IMAGE}}}",
        },
        "env_file": [f"./{PROXY_ENV}"],
        "configs": [{"source": "hub", "target": "/srv/jupyterhub/jupyterhub_config.py"}],
        "secrets": [{"source": "students", "target": STUDENTS_IN_HUB}],
        "networks": ["engine", "front", *(seat.key for seat in plan.seats)],
        "volumes": ["hub:/srv/hub"],
        "tmpfs": ["/tmp:size=64m,mode=1777"],
        "depends_on": {name: {"condition": "service_healthy"} for name in ("gate", "proxy")},
        "healthcheck": compose.health(["python", "-c", ask]),
        **compose.hardened(512, pids=128, cpus=1.0),
    }


def _sidecar() -> dict[str, Any]:
    """The student's Redis, in the student's pod: at 127.0.0.1, where nobody else is."""
    ping = {"exec": {"command": ["redis-cli", "-e", "ping"]}, "periodSeconds": 15, "timeoutSeconds": 5}
    uid, gid = map(int, compose.REDIS_USER.split(":"))
    return {
        "name": "redis",
        "image": compose.REDIS_IMAGE,
        "args": [*compose.redis_command(), "--bind", "127.0.0.1"],
        "volumeMounts": [{"name": "volume-{username}", "mountPath": "/data", "subPath": ".redis"}],
        "resources": {
            "limits": {"memory": f"{compose.REDIS_MEMORY_MB}Mi", "cpu": "500m"},
            "requests": {"memory": "16Mi", "cpu": "20m"},
        },
        "livenessProbe": ping,
        "securityContext": {
            "runAsUser": uid,
            "runAsGroup": gid,
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _engine_group() -> int:
    """The group that may use this machine's engine, for who starts the class where it was written."""
    try:
        return os.stat(ENGINE_SOCKET).st_gid
    except OSError:
        return 999
