"""What `--jupyterhub` writes, read by JupyterHub, DockerSpawner and KubeSpawner themselves."""

from __future__ import annotations

import asyncio
import http.client
import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
import yaml
from dockerspawner import DockerSpawner
from jupyterhub.app import JupyterHub
from jupyterhub.objects import Hub
from kubespawner import KubeSpawner
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from redislab.classroom.compose import LAB_IMAGE, LAB_MEMORY_MB
from redislab.classroom.hub import files, gate, sign_in, spawning
from tests.classroom.engine import Books, recording_engine
from tests.classroom.folders import contents, run, services, write_class
from tests.classroom.programs import compose, resolved

STUDENTS = ["Ada", "Bob", "Cy"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_class(tmp_path / "class", STUDENTS, "--jupyterhub", "--host", "lab.example.org")
    return tmp_path / "class"


@pytest.fixture
def config(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """The hub's configuration, read by its own loader. Paths of the container are those of the folder."""
    monkeypatch.setenv("LAB_IMAGE", LAB_IMAGE)
    text = (folder / files.CONFIG).read_text().replace(files.STUDENTS_IN_HUB, str(folder / files.STUDENTS))
    (folder / "config.py").write_text(text)
    loaded: Config = PyFileConfigLoader("config.py", str(folder)).load_config()
    loaded.SlipAuthenticator.students_file = str(folder / files.STUDENTS)
    return loaded


def student(folder: Path, number: int = 0) -> str:
    state = json.loads((folder / "class.json").read_text())
    return str(state["students"][number]["key"])


def token(folder: Path, key: str) -> str:
    return (folder / "tokens" / f"{key}.jupyter").read_text()


# -- the files -----------------------------------------------------------------------------------


def test_compose_accepts_it_and_refuses_a_misspelling(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, [f"Student {number}" for number in range(30)], "--jupyterhub")
    content = resolved(folder / "compose.yaml")
    assert len(content["services"]) == 33
    with_socket = [
        name
        for name, service in content["services"].items()
        if any("docker.sock" in str(volume) for volume in service.get("volumes", ()))
    ]
    assert with_socket == ["gate"]
    assert list(content["services"]["gate"]["networks"]) == ["engine"]
    assert content["networks"]["engine"]["internal"] is True
    assert [name for name, each in content["services"].items() if "engine" in each["networks"]] == [
        "gate",
        "hub",
    ]
    (folder / "wrong.yaml").write_text(
        (folder / "compose.yaml").read_text().replace("cap_drop", "cap_drp", 1)
    )
    assert compose("-f", str(folder / "wrong.yaml"), "config", "-q").returncode != 0


def test_no_student_shares_a_network_with_another(folder: Path) -> None:
    found = services(folder / "compose.yaml")
    shared = {"gate", "proxy", "hub"}
    for name, service in found.items():
        if name not in shared:
            assert list(service["networks"]) == [name.removeprefix("redis-")]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["user"].split(":")[0] != "0"
    assert [name for name, service in found.items() if "ports" in service] == ["proxy"]


def test_secrets_stay_in_their_folder(folder: Path) -> None:
    found = contents(folder)
    tokens = {data for path, (_, data) in found.items() if path.endswith((".jupyter", ".redis", ".token"))}
    assert len(tokens) == 7
    for path, (mode, data) in found.items():
        inside = path.startswith("tokens/") or path == "handout.html"
        assert inside or not any(each in data for each in tokens), path
        assert not inside or mode == 0o600


def test_the_slips_lead_to_the_hub(folder: Path) -> None:
    page = (folder / "handout.html").read_text()
    assert page.count('href="http://lab.example.org:8000/"') == 3
    assert all(f"<code>{student(folder, number)}</code>" in page for number in range(3))
    assert "?token=" not in page


@pytest.mark.parametrize("more", [["--shared"], ["--students-per-host", "10"], ["--host", "a,b"]])
def test_what_does_not_go_together(tmp_path: Path, more: list[str]) -> None:
    (tmp_path / "r.csv").write_text("name\nAda\n")
    said = run("classroom", str(tmp_path / "r.csv"), "--out", str(tmp_path / "c"), "--jupyterhub", *more)
    assert said.code == 1
    assert "--jupyterhub" in said.errors
    assert not (tmp_path / "c").exists()


def test_a_class_may_become_one_with_a_hub(tmp_path: Path) -> None:
    write_class(tmp_path / "class", STUDENTS)
    before = contents(tmp_path / "class")
    write_class(tmp_path / "class", STUDENTS, "--jupyterhub")
    after = contents(tmp_path / "class")
    kept = [path for path in before if path.startswith(("tokens/", "redis/"))]
    assert {path: after[path] for path in kept} == {path: before[path] for path in kept}


# -- JupyterHub and DockerSpawner ------------------------------------------------------------------


def unknown_settings(config: Config, classes: dict[str, Any]) -> list[str]:
    """Settings that the programs do not have: they would be ignored, with a word in a log at most."""
    return [
        f"{section}.{name}"
        for section, settings in config.items()
        for name in settings
        if section not in classes or name not in classes[section].class_trait_names(config=True)
    ]


def test_every_setting_is_one_that_the_programs_have(config: Config) -> None:
    app = JupyterHub()
    classes = {
        cls.__name__: cls for cls in [*app.classes, DockerSpawner, config.JupyterHub.authenticator_class]
    }
    assert unknown_settings(config, classes) == []
    config.DockerSpawner.mem_limt = "1G"
    assert unknown_settings(config, classes) == ["DockerSpawner.mem_limt"]
    del config.DockerSpawner["mem_limt"]
    app.update_config(config)  # checks each value's type
    assert app.spawner_class is DockerSpawner
    assert app.authenticator_class.__name__ == "SlipAuthenticator"


@pytest.mark.parametrize(
    ("name", "password", "let_in"),
    [
        ("own", "own", True),
        ("own", " own\n", True),
        ("own", "other", False),
        ("own", "", False),
        ("own", "redis", False),
        ("nobody", "own", False),
        ("../own", "own", False),
    ],
)
def test_who_signs_in(folder: Path, config: Config, name: str, password: str, let_in: bool) -> None:
    key = student(folder)
    words = {
        "own": token(folder, key),
        " own\n": f" {token(folder, key)}\n",
        "other": token(folder, student(folder, 1)),
        "redis": (folder / "tokens" / f"{key}.redis").read_text(),
    }
    authenticator = config.JupyterHub.authenticator_class(config=config)
    data = {"username": name.replace("own", key), "password": words.get(password, password)}
    found = asyncio.run(authenticator.get_authenticated_user(None, data))
    assert (found is not None and found["name"]) == (key if let_in else False)


def make_spawner(config: Config, key: str) -> Any:
    """DockerSpawner as the hub makes it for a user, without a hub."""
    user = SimpleNamespace(name=key, url=f"/user/{key}/", escaped_name=key, id=1, settings={})
    orm = SimpleNamespace(name="", server=None, oauth_client=None, state={}, id=1)
    made = DockerSpawner(
        config=config,
        user=user,
        hub=Hub(ip="hub", port=8081, base_url="/hub/"),
        orm_spawner=orm,
        api_token="x",
        oauth_client_id="c",
    )
    made.run_pre_spawn_hook()
    return made


@pytest.fixture
def books() -> Iterator[tuple[Books, Path]]:
    where = Path(tempfile.mkdtemp(prefix="redislab-"))  # a socket's path must be short
    try:
        with recording_engine(where / "docker.sock") as found:
            yield found, where / "docker.sock"
    finally:
        shutil.rmtree(where)


@pytest.fixture
def gate_port(books: tuple[Books, Path], folder: Path) -> Iterator[int]:
    project = json.loads((folder / "class.json").read_text())["project"]
    path = str(books[1])
    rules = gate.Rules(project, LAB_IMAGE, lambda container: gate.name_in(path, container))
    with gate.server(rules, path, ("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(10)


@pytest.fixture
def spawner(config: Config, folder: Path, gate_port: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{gate_port}")
    monkeypatch.setattr(DockerSpawner, "_client", None)
    made = make_spawner(config, student(folder))
    yield made
    made.client.close()


def test_a_student_comes_and_goes_through_the_gate(
    spawner: Any, books: tuple[Books, Path], folder: Path
) -> None:
    engine, key = books[0], student(folder)

    async def come_and_go() -> None:
        assert await spawner.start() == ("10.213.0.3", 8888)
        assert await spawner.poll() is None
        (container,) = engine.containers.values()
        host = container["Config"]["HostConfig"]
        project = container["Name"].removesuffix(f"-lab-{key}").lstrip("/")
        assert host["Binds"] == [f"{project}_home-{key}:/home/jovyan:rw"]
        assert host["NetworkMode"] == f"{project}_{key}"
        assert host["Memory"] == spawning.MEMORY_MB << 20 == LAB_MEMORY_MB << 20
        assert (host["ReadonlyRootfs"], host["CapDrop"]) == (True, ["ALL"])
        password = (folder / "tokens" / f"{key}.redis").read_text()
        assert f"REDISCLI_AUTH={password}" in container["Config"]["Env"]
        assert container["Config"]["Cmd"][0] == "jupyterhub-singleuser"
        await spawner.stop()
        assert engine.containers == {}

    asyncio.run(come_and_go())
    assert {call.split("/")[1] for call in engine.calls} == {"version", "images", "containers"}


@pytest.mark.parametrize(
    "evil",
    [
        {"Privileged": True},
        {"Binds": ["/:/host:rw"]},
        {"Binds": ["/var/run/docker.sock:/var/run/docker.sock:rw"]},
        {"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]},
        {"NetworkMode": "host"},
        {"NetworkMode": "container:x"},
        {"PidMode": "host"},
        {"CapAdd": ["SYS_ADMIN"]},
        {"CapDrop": []},
        {"Devices": [{"PathOnHost": "/dev/sda"}]},
        {"DeviceCgroupRules": ["a *:* rwm"]},
        {"SecurityOpt": ["seccomp=unconfined"]},
        {"ReadonlyRootfs": False},
        {"Memory": 0},
        {"PidsLimit": -1},
        {"VolumesFrom": ["hub"]},
        {"Runtime": "other"},
        {"privileged": True},
    ],
)
def test_no_container_gets_more(spawner: Any, books: tuple[Books, Path], evil: dict[str, Any]) -> None:
    created = spawner.client.create_container_config(
        LAB_IMAGE,
        "x",
        volumes=["/home/jovyan"],
        host_config=host_config(spawner),
    )
    created["HostConfig"] |= evil
    with pytest.raises(docker.errors.APIError, match="redislab's gate to the engine refuses a container"):
        spawner.client.create_container_from_config(created, spawner.container_name)
    assert not books[0].containers


def host_config(spawner: Any) -> dict[str, Any]:
    """The host configuration that DockerSpawner makes."""
    extra = spawner.extra_host_config
    made: dict[str, Any] = spawner.client.create_host_config(
        binds=spawner.volume_binds,
        mem_limit=spawner.mem_limit,
        network_mode=spawner.network_name,
        **extra,
    )
    return made


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while more := connection.recv(65536):
            answer += more
            if b"\r\n\r\n" in answer:
                break
        return answer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/containers/json"),
        ("GET", "/v1.43/info"),
        ("GET", "/images/json"),
        ("GET", "/images/other/json"),
        ("GET", "/events"),
        ("GET", "/containers/hub/json"),
        ("GET", "/containers/{project}-hub-1/json"),
        ("GET", "/containers/{project}-lab-x/archive?path=/"),
        ("GET", "/containers/{project}-lab-x/logs?stdout=1"),
        ("GET", "/containers/{project}-lab-x/../../info"),
        ("GET", "/containers/%2e%2e/info"),
        ("GET", "//info"),
        ("POST", "/containers/{project}-redis-x-1/stop"),
        ("POST", "/containers/{project}-lab-x/exec"),
        ("POST", "/containers/{project}-lab-x/attach"),
        ("POST", "/containers/{project}-lab-x/kill"),
        ("POST", "/containers/{other}/stop"),
        ("DELETE", "/containers/{other}"),
        ("POST", "/exec/abc/start"),
        ("POST", "/images/create?fromImage=x"),
        ("POST", "/build"),
        ("POST", "/networks/create"),
        ("DELETE", "/volumes/x"),
        ("PUT", "/containers/{project}-lab-x/archive"),
        ("POST", "/swarm/init"),
    ],
)
def test_other_calls_are_refused(
    gate_port: int, books: tuple[Books, Path], folder: Path, method: str, path: str
) -> None:
    engine = books[0]
    project = json.loads((folder / "class.json").read_text())["project"]
    other = engine.add("somebody-elses", {"HostConfig": {"NetworkMode": "x"}})
    connection = http.client.HTTPConnection("127.0.0.1", gate_port, timeout=30)
    connection.request(method, path.format(project=project, other=other))
    answer = connection.getresponse()
    assert (answer.status, b"gate" in answer.read()) == (403, True)
    connection.close()
    assert [call for call in engine.calls if call != f"GET /containers/{other}/json"] == []
    assert list(engine.containers) == [other]


def test_the_engine_reads_what_was_judged(
    gate_port: int, books: tuple[Books, Path], folder: Path, spawner: Any
) -> None:
    """A key that stands twice: Go would put both objects together, Python reads the last one."""
    safe = json.dumps({"Image": LAB_IMAGE, "HostConfig": host_config(spawner)})
    body = safe.replace('"HostConfig": {', '"HostConfig": {"Privileged": true}, "HostConfig": {', 1)
    connection = http.client.HTTPConnection("127.0.0.1", gate_port, timeout=30)
    connection.request("POST", f"/containers/create?name={spawner.container_name}", body)
    assert connection.getresponse().status == 201
    connection.close()
    (container,) = books[0].containers.values()
    assert "Privileged" not in container["Config"]["HostConfig"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST /containers/create HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
        b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]",
        b"POST /containers/create?name=a&name=b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_bodies_that_are_none(gate_port: int, books: tuple[Books, Path], request_bytes: bytes) -> None:
    assert raw(gate_port, request_bytes).startswith(b"HTTP/1.1 403 ")
    assert books[0].calls == []


def test_an_engine_that_is_gone_is_said(folder: Path, tmp_path: Path) -> None:
    rules = gate.Rules("p", LAB_IMAGE, lambda container: "")
    with gate.server(rules, str(tmp_path / "none"), ("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        answer = raw(server.server_address[1], b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n")
        server.shutdown()
        thread.join(10)
    assert answer.startswith(b"HTTP/1.1 502 ")


# -- Kubernetes ------------------------------------------------------------------------------------

# Which setting of KubeSpawner the chart makes of which value under `singleuser`.
CHART = {
    "cmd": "cmd",
    "default_url": "defaultUrl",
    "uid": "uid",
    "start_timeout": "startTimeout",
    "mem_limit": "memory.limit",
    "mem_guarantee": "memory.guarantee",
    "cpu_limit": "cpu.limit",
    "cpu_guarantee": "cpu.guarantee",
    "environment": "extraEnv",
    "extra_containers": "extraContainers",
    "storage_capacity": "storage.capacity",
}


# The values that we give, as the chart's values.schema.yaml names and types them; it allows no others.
SCHEMA: dict[str, type | tuple[type, ...]] = {
    "hub.config": dict,
    "hub.extraConfig": dict,
    "hub.extraFiles": dict,
    "singleuser.image.name": str,
    "singleuser.image.tag": str,
    "singleuser.cmd": (list, str),
    "singleuser.defaultUrl": str,
    "singleuser.uid": int,
    "singleuser.startTimeout": int,
    "singleuser.memory.limit": (int, float, str),
    "singleuser.memory.guarantee": (int, float, str),
    "singleuser.cpu.limit": (int, float),
    "singleuser.cpu.guarantee": (int, float),
    "singleuser.extraEnv": (dict, list),
    "singleuser.storage.capacity": str,
    "singleuser.storage.dynamic.pvcNameTemplate": str,
    "singleuser.storage.dynamic.volumeNameTemplate": str,
    "singleuser.extraContainers": list,
    "cull.enabled": bool,
    "cull.timeout": int,
}


def paths(values: Any, before: str = "") -> Iterator[str]:
    """The paths of the values, down to those that the schema lets be anything."""
    for name, value in values.items():
        path = f"{before}{name}"
        if isinstance(value, dict) and path not in SCHEMA:
            yield from paths(value, f"{path}.")
        else:
            yield path


def test_the_chart_has_these_values(folder: Path) -> None:
    values = yaml.safe_load((folder / files.VALUES).read_text())
    assert sorted(paths(values)) == sorted(SCHEMA)
    assert all(isinstance(at(values, path), kind) for path, kind in SCHEMA.items())


def at(values: dict[str, Any], path: str) -> Any:
    for name in path.split("."):
        values = values[name]
    return values


@pytest.fixture
def a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where KubeSpawner would find a cluster; nobody asks it for anything."""
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    users = [{"name": "u", "user": {}}]
    known = {"clusters": [cluster], "contexts": [context], "users": users, "current-context": "c"}
    (tmp_path / "kubeconfig").write_text(json.dumps(known))
    where = "kubernetes_asyncio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION"
    monkeypatch.setattr(where, str(tmp_path / "kubeconfig"))


@pytest.mark.usefixtures("a_cluster")
def test_kubernetes_gets_a_redis_beside_each_jupyter(folder: Path) -> None:
    values = yaml.safe_load((folder / files.VALUES).read_text())
    single = values["singleuser"]
    storage = single["storage"]["dynamic"]
    image = f"{single['image']['name']}:{single['image']['tag']}"
    assert image == LAB_IMAGE
    config = Config({"KubeSpawner": {trait: at(single, path) for trait, path in CHART.items()}})
    config.KubeSpawner.image = image
    claim = {"claimName": storage["pvcNameTemplate"]}
    config.KubeSpawner.volumes = [{"name": storage["volumeNameTemplate"], "persistentVolumeClaim": claim}]
    config.KubeSpawner.volume_mounts = [{"name": storage["volumeNameTemplate"], "mountPath": "/home/jovyan"}]
    assert unknown_settings(config, {"KubeSpawner": KubeSpawner}) == []
    key = student(folder)
    user = SimpleNamespace(name=key, url="/user/x/", escaped_name=key, id=1, settings={})
    orm = SimpleNamespace(name="", server=None, oauth_client=None, state={}, id=1)

    async def pod_of_a_student() -> dict[str, Any]:
        made = KubeSpawner(config=config, user=user, hub=Hub(ip="hub"), orm_spawner=orm, _mock=True)
        manifest = await made.get_pod_manifest()
        client = made.api.api_client
        found: dict[str, Any] = client.sanitize_for_serialization(manifest)  # as a cluster gets it
        await client.close()
        return found

    pod = asyncio.run(pod_of_a_student())
    lab, redis = pod["spec"]["containers"]
    assert lab["args"] == ["jupyterhub-singleuser"]
    assert lab["resources"]["limits"]["memory"] == LAB_MEMORY_MB << 20
    assert {"name": "REDISLAB_URL", "value": "redis://127.0.0.1:6379"} in lab["env"]
    assert redis["resources"]["limits"] == {"memory": "128Mi", "cpu": "500m"}
    assert redis["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert redis["securityContext"]["runAsNonRoot"] is True
    (volume,) = pod["spec"]["volumes"]
    assert redis["volumeMounts"][0]["name"] == volume["name"] == f"volume-{key}"
    config.KubeSpawner.extra_containers[0]["volumeMonts"] = []
    with pytest.raises(ValueError, match="volumeMonts"):
        asyncio.run(pod_of_a_student())


def test_kubernetes_signs_students_in_by_the_same_slips(folder: Path) -> None:
    values = yaml.safe_load((folder / files.VALUES).read_text())
    config = Config()
    exec(values["hub"]["extraConfig"]["10-sign-in"], {"c": config, "__name__": "config"})
    given = values["hub"]["extraFiles"]["students"]
    assert given["mountPath"] == sign_in.STUDENTS == files.STUDENTS_IN_HUB
    (folder / "mounted.json").write_text(json.dumps(given["data"]))  # as the chart writes a .json file
    config.SlipAuthenticator.students_file = str(folder / "mounted.json")
    authenticator = config.JupyterHub.authenticator_class(config=config)
    key = student(folder)
    for password, expected in ((token(folder, key), key), (token(folder, student(folder, 1)), None)):
        signed_in = authenticator.authenticate(None, {"username": key, "password": password})
        assert asyncio.run(signed_in) == expected
