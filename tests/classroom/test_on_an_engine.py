"""The compose files brought up, where a Docker engine answers: one person's, and a class.

REDIS_IMAGE, BASE_IMAGE and PIP_INDEX_URL are passed on, so that an engine without a registry can take part.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.classroom.folders import run, write_class
from tests.classroom.programs import REPOSITORY, compose, engine_version
from tests.servers import free_port, wait_until

LONG_S = 1800.0  # an image is built, containers of a whole class start
PASSED_ON = (
    "REDIS_IMAGE",
    "PROXY_IMAGE",
    "DOCKER_SOCKET",
    "DOCKER_GID",
    "BASE_IMAGE",
    "PIP_INDEX_URL",
    "DOCKER_BUILDKIT",
)
NO_ENGINE = "no Docker engine answers here: the compose files were read, none was brought up"
SHOW_PRIVILEGES = (
    "import os; print(os.getuid(), *[l for l in open('/proc/self/status') if l[:6] == 'CapEff'])"
)


@pytest.fixture(scope="module", autouse=True)
def image() -> None:
    """The image, built from this checkout."""
    if not engine_version():
        pytest.skip(NO_ENGINE)
    Up(REPOSITORY / "docker-compose.yml", "redislab-image").run("build", "lab")


def docker(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, timeout=LONG_S, check=False)


class Up:
    """A compose file on the engine, under a project name of its own."""

    def __init__(self, file: Path, project: str, **environ: str) -> None:
        self._words, self._project = ["-f", str(file), "-p", project], project
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self._environ = {**passed, **environ}

    def run(self, *words: str) -> str:
        """What a command printed. Asserts that it succeeded."""
        done = compose(*self._words, *words, environ=self._environ, timeout_s=LONG_S)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fails(self, *words: str) -> str:
        """What it said on failing. Asserts that it failed."""
        done = compose(*self._words, *words, environ=self._environ, timeout_s=LONG_S)
        assert done.returncode != 0, done.stdout
        return done.stdout + done.stderr

    def gone(self) -> None:
        """What students who have left had is gone as well."""
        down = ("down", "--volumes", "--remove-orphans")
        compose(*self._words, *down, environ=self._environ, timeout_s=LONG_S)
        for kind in ("network", "volume"):
            label = f"label=com.docker.compose.project={self._project}"
            for left in docker(kind, "ls", "-q", "--filter", label).stdout.split():
                docker(kind, "rm", left)


class Browser:
    """A student's: keeps cookies, follows redirections."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._cookies))

    def get(self, path: str, form: dict[str, str] | None = None) -> int:
        """The status at the end; with `form`, of sending it, with what guards the hub's forms."""
        data = None
        if form is not None:
            guard = next(cookie.value for cookie in self._cookies if cookie.name == "_xsrf")
            data = urllib.parse.urlencode({**form, "_xsrf": guard}).encode()
        try:
            with self._opener.open(f"{self._url}{path}", data, timeout=60) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


def status(port: int, token: str = "") -> int:
    """Of a Jupyter's list of files; 0: nobody answers."""
    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/contents", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.fixture
def one() -> Iterator[Up]:
    ports = {"REDIS_PORT": str(free_port()), "LAB_PORT": str(free_port())}
    up = Up(REPOSITORY / "docker-compose.yml", f"redislab-test-{uuid.uuid4().hex[:8]}", **ports)
    yield up
    up.gone()


def test_one_person(one: Up) -> None:
    one.run("up", "-d", "--wait")
    said = one.run("logs", "lab")
    (token,) = re.findall(r"\?token=([a-z2-7]{32})", said)
    port = int(one.run("port", "lab", "8888").rpartition(":")[2])
    assert [status(port), status(port, token)] == [403, 200]
    assert one.run("run", "--rm", "-T", "lab", "redislab", "repl", "SET", "name", "ada").strip() == "OK"
    assert "two-programs" in one.run("run", "--rm", "-T", "lab", "redislab", "lesson")
    one.run(
        "exec", "-T", "lab", "sh", "-c", "echo kept > /home/jovyan/note; ls /home/jovyan/notebooks/*.ipynb"
    )
    one.run("down")
    one.run("up", "-d", "--wait")
    assert one.run("run", "--rm", "-T", "lab", "redislab", "repl", "GET", "name").strip() == "ada"
    assert one.run("exec", "-T", "lab", "cat", "/home/jovyan/note").strip() == "kept"
    assert token not in one.run("logs", "lab"), "it is told once"
    assert status(port, token) == 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    subnets = f"10.{200 + os.getpid() % 50}.{os.getpid() // 50 % 256}.0/24"
    write_class(
        tmp_path / "class", ["Ada", "Bob", "Cy"], "--port-base", str(free_port()), "--subnets", subnets
    )
    return tmp_path / "class"


def students(folder: Path) -> dict[str, tuple[str, int]]:
    state = json.loads((folder / "class.json").read_text())
    return {each["name"]: (each["key"], each["port"]) for each in state["students"]}


@pytest.fixture
def class_up(folder: Path) -> Iterator[Up]:
    up = Up(folder / "compose.yaml", json.loads((folder / "class.json").read_text())["project"])
    yield up
    up.gone()


def test_a_class(folder: Path, class_up: Up) -> None:
    class_up.run("up", "-d", "--wait")
    known = students(folder)
    tokens = {name: (folder / "tokens" / f"{key}.jupyter").read_text() for name, (key, _) in known.items()}
    for name, (_, port) in known.items():
        assert [status(port, tokens[other]) for other in known] == [
            200 if other == name else 403 for other in known
        ]
    (ada, _), (bob, _) = known["Ada"], known["Bob"]
    for key in (ada, bob):
        shell = ("exec", "-T", f"lab-{key}", "python", "-m", "redislab.classroom.enter", "redislab", "repl")
        assert class_up.run(*shell, "SET", "who", key).strip() == "OK"
        assert class_up.run(*shell, "GET", "who").strip() == key

    # Ada's lab has no way to Bob's Redis, by name or by address, and none to his Jupyter.
    def addresses(service: str) -> str:
        return class_up.run("exec", "-T", service, "hostname", "-i").split()[0]

    connect = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
    from_ada = ("exec", "-T", f"lab-{ada}", "python", "-c", connect)
    class_up.run(*from_ada, "redis", "6379")
    class_up.fails(*from_ada, f"redis-{bob}", "6379")
    class_up.fails(*from_ada, addresses(f"redis-{bob}"), "6379")
    class_up.fails(*from_ada, addresses(f"lab-{bob}"), "8888")

    # Neither container may do more than its work.
    for service in (f"lab-{ada}", f"redis-{ada}"):
        class_up.fails("exec", "-T", service, "touch", "/etc/mine")
    told = class_up.run("exec", "-T", f"lab-{ada}", "python", "-c", SHOW_PRIVILEGES)
    assert re.fullmatch(r"[1-9]\d* CapEff:\t0{16}\n*", told)

    board = run("classroom", "board", str(folder))
    assert (board.code, board.out.count(" there ")) == (0, 3)

    # Bob leaves, Dan comes: what Ada has done stays, and so does Bob's volume.
    write_class(folder, ["Ada", "Cy", "Dan"])
    class_up.run("up", "-d", "--wait", "--remove-orphans")
    shell = ("exec", "-T", f"lab-{ada}", "python", "-m", "redislab.classroom.enter", "redislab", "repl")
    assert class_up.run(*shell, "GET", "who").strip() == ada
    dan, port = students(folder)["Dan"]
    wait_until(lambda: status(port, (folder / "tokens" / f"{dan}.jupyter").read_text()) == 200, 120)
    assert f"redis-{bob}" not in class_up.run("ps", "--services")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[Path, Up, str]]:
    folder, port = tmp_path / "class", free_port()
    subnets = f"10.{150 + os.getpid() % 50}.{os.getpid() // 50 % 256}.0/24"
    write_class(folder, ["Ada", "Bob"], "--jupyterhub", "--port-base", str(port), "--subnets", subnets)
    project = json.loads((folder / "class.json").read_text())["project"]
    up = Up(folder / "compose.yaml", project)
    yield folder, up, project
    for key, _ in students(folder).values():  # the hub's, which compose does not know
        docker("rm", "-f", f"{project}-lab-{key}")
        docker("volume", "rm", f"{project}_home-{key}")
    up.gone()


def opened(browser: Browser, base: str) -> bool:
    """Whether the Jupyter shows its files, once its page, or until then the hub's, has signed us in."""
    return browser.get(f"{base}/lab") == browser.get(f"{base}/api/contents/notebooks") == 200


def test_a_hub_starts_a_jupyter_beside_each_redis(hub: tuple[Path, Up, str]) -> None:
    folder, up, project = hub
    up.run("up", "-d", "--wait")
    port = json.loads((folder / "class.json").read_text())["wishes"]["port_base"]
    connect = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
    for name, (key, _) in students(folder).items():
        token = (folder / "tokens" / f"{key}.jupyter").read_text()
        browser = Browser(port)
        assert browser.get("/hub/login") == 200
        assert browser.get("/hub/login", {"username": key, "password": "a" * 32}) == 403
        assert browser.get("/hub/login", {"username": key, "password": token}) == 200, name
        lab = f"{project}-lab-{key}"
        wait_until(lambda: "is running at" in docker("logs", lab).stderr, LONG_S)  # noqa: B023
        wait_until(lambda: opened(browser, f"/user/{key}"), LONG_S)  # noqa: B023
        shell = docker("exec", lab, "redislab", "repl", "SET", "who", key)
        assert (shell.stdout.strip(), shell.stderr) == ("OK", "")
        assert docker("exec", lab, "touch", "/etc/mine").returncode != 0
    (ada, _), (bob, _) = students(folder)["Ada"], students(folder)["Bob"]
    inside = ("exec", f"{project}-lab-{ada}", "python", "-c", connect)
    bobs = up.run("exec", "-T", f"redis-{bob}", "hostname", "-i").split()[0]
    assert docker(*inside, "redis", "6379").returncode == 0
    assert docker(*inside, bobs, "6379").returncode != 0
    assert docker(*inside, "gate", "2375").returncode != 0
