"""How the hub starts a student's Jupyter: a container with the limits of a class, beside the student's Redis.

Each student has a network, in which are the Redis, the Jupyter, the hub and the proxy, and no other student.
"""

import json
import os
from pathlib import Path
from typing import Any

HOME = "/home/jovyan"
MEMORY_MB, PIDS, CPUS = 1024, 256, 1.0
START_S = 180  # thirty may come at once


def configure_spawning(c: Any, project: str, students_file: str) -> None:
    """`project` begins the names of the class's networks and volumes."""
    students = json.loads(Path(students_file).read_text("utf-8"))
    c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
    c.JupyterHub.hub_ip = "0.0.0.0"
    c.JupyterHub.hub_connect_ip = "hub"
    c.JupyterHub.db_url = "sqlite:////srv/hub/jupyterhub.sqlite"
    c.JupyterHub.cookie_secret_file = "/srv/hub/cookie_secret"
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = "http://proxy:8001"
    c.DockerSpawner.image = os.environ["LAB_IMAGE"]
    c.DockerSpawner.pull_policy = "never"
    c.DockerSpawner.name_template = project + "-lab-{raw_username}"
    c.DockerSpawner.volumes = {project + "_home-{raw_username}": HOME}
    c.DockerSpawner.use_internal_ip = True
    c.DockerSpawner.remove = True  # the home is a volume
    c.DockerSpawner.cmd = ["jupyterhub-singleuser"]
    c.DockerSpawner.notebook_dir = HOME
    c.DockerSpawner.default_url = "/lab"
    c.DockerSpawner.mem_limit = f"{MEMORY_MB}M"
    c.DockerSpawner.cpu_limit = CPUS
    c.DockerSpawner.extra_create_kwargs = {"user": "1000:0"}
    c.DockerSpawner.extra_host_config = {
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "memswap_limit": f"{MEMORY_MB}m",
        "pids_limit": PIDS,
        "init": True,
        "tmpfs": {"/tmp": "size=64m,mode=1777"},
    }
    c.Spawner.start_timeout = c.Spawner.http_timeout = START_S
    c.Spawner.environment = {
        "HOME": HOME,
        "REDISLAB_HOME": f"{HOME}/.redislab",
        "REDISLAB_URL": "redis://redis:6379",
        "REDISLAB_OWN": "1",
        "REDISCLI_AUTH": lambda spawner: students[spawner.user.name]["redis"],
    }

    def choose_network(spawner: Any) -> None:
        spawner.network_name = f"{project}_{spawner.user.name}"

    c.Spawner.pre_spawn_hook = choose_network
