"""What `--shared` writes: one Redis that all use, tried with redis-server."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

from redislab.classroom import shared
from redislab.classroom.acl import CANNOT_PREVENT
from redislab.classroom.compose import REDIS_CONF
from tests.classroom.folders import contents, run, services, write_class
from tests.classroom.programs import resolved
from tests.servers import RedisServer


def test_the_redis_of_the_files_lets_in_who_has_a_slip(tmp_path: Path, redis_server_path: str) -> None:
    folder = tmp_path / "class"
    said = write_class(folder, ["Ada", "Bob"], "--shared", "--host", "redis.example.org")
    assert all(leak.what in said.out for leak in CANNOT_PREVENT)
    conf = (folder / "redis" / "redis.conf").read_text()
    (folder / "here.conf").write_text(conf.replace(REDIS_CONF, str(folder / "redis")))
    slips = html.unescape((folder / "handout.html").read_text())
    commands = re.findall(r"<code>(redislab repl .*?)</code>", slips)
    passwords = re.findall(r"Token: <code>(.*?)</code>", slips)
    users = [shlex.split(command)[shlex.split(command).index("--user") + 1] for command in commands]
    assert len(users) == len(passwords) == 2
    assert all("-h redis.example.org -p 6379" in command for command in commands)
    with RedisServer("--include", str(folder / "here.conf")) as server:

        def asked(user: str, password: str, *words: str) -> str:
            login = ("--no-auth-warning", "--user", user, "--pass", password)
            return server.cli(*login, *words).stdout.decode().strip()

        key = f"s:{users[0].removeprefix('s-')}:name"
        assert asked(users[0], passwords[0], "SET", key, "ada") == "OK"
        assert asked(users[0], passwords[0], "GET", key) == "ada"
        assert asked(users[1], passwords[1], "GET", key).startswith("NOPERM")
        assert asked("teacher", (folder / shared.TEACHER).read_text(), "GET", key) == "ada"
        assert server.cli("PING").stdout.startswith(b"NOAUTH"), "as the health check hears it"


def test_compose_accepts_a_redis_for_each_machine(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, [f"Student {number}" for number in range(6)], "--shared", "--students-per-host", "3")
    for number, file in enumerate(("compose.yaml", "compose-2.yaml")):
        content = resolved(folder / file)
        assert list(content["services"]) == ["redis"]
        (port,) = content["services"]["redis"]["ports"]
        assert (port["host_ip"], port["published"]) == ("127.0.0.1", "6379")
        assert Path(content["configs"]["users"]["file"]).read_text().count("\nuser s-") == 3, number


def test_passwords_are_in_the_tokens_alone(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["Ada", "Bob"], "--shared")
    found = contents(folder)
    passwords = {data for path, (_, data) in found.items() if path.endswith(".redis")}
    assert len(passwords) == 3
    for path, (mode, data) in found.items():
        if path.startswith("tokens/") or path == "handout.html":
            assert mode == 0o600
        else:
            assert not any(password in data for password in passwords), path
    before = {path: each for path, each in found.items() if path.startswith(("tokens/", "redis/"))}
    write_class(folder, ["Bob", "Ada"])
    after = contents(folder)
    assert {path: after[path] for path in before if path.startswith("tokens/")} == {
        path: each for path, each in before.items() if path.startswith("tokens/")
    }
    assert list(services(folder / "compose.yaml")) == ["redis"], "a class that shares goes on sharing"


def test_help_is_one_page() -> None:
    said = run("classroom", "--help")
    assert said.code == 0
    assert all(option in said.out for option in ("--shared", "--jupyterhub", "--students-per-host", "--out"))
    assert said.errors == ""
