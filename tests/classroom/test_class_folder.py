"""What `redislab classroom` writes, keeps, and leaves alone."""

from __future__ import annotations

import html.parser
import json
import os
import random
import re
import shutil
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from redislab.classroom import secrets, writing
from redislab.classroom.compose import redis_conf
from redislab.engines.embedded.keeping.disk import Disk
from redislab.engines.embedded.keeping.lock import Lock
from tests.classroom.folders import contents, run, services, write_class
from tests.servers import RedisServer

THIRTY = [f"Student {number}" for number in range(1, 31)]


def keys(folder: Path) -> dict[str, str]:
    """Service names by student."""
    return {each["name"]: each["key"] for each in json.loads((folder / "class.json").read_text())["students"]}


def links_of(folder: Path) -> list[str]:
    return re.findall(r'href="([^"]*)"', (folder / "handout.html").read_text("utf-8"))


def test_each_student_has_all_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    said = write_class(folder, THIRTY)
    assert said.out.startswith(f"30 students in {folder}: 30 added, 0 removed, 0 as before.\n")
    found = services(folder / "compose.yaml")
    assert len(found) == 60
    networks = [
        IPv4Network(subnet) for subnet in re.findall(r"subnet: (.*)", (folder / "compose.yaml").read_text())
    ]
    assert len(networks) == 30
    assert all(not a.overlaps(b) for a in networks for b in networks if a is not b)
    ports = [service["ports"][0] for name, service in found.items() if name.startswith("lab-")]
    assert ports == [f"${{CLASS_BIND:-127.0.0.1}}:{port}:8888" for port in range(8101, 8131)]
    assert not any("ports" in service for name, service in found.items() if name.startswith("redis-"))
    for name, service in found.items():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["user"].split(":")[0] not in ("", "0", "root")
        assert int(service["mem_limit"][:-1]) > 0
        assert service["pids_limit"] > 0
        assert service["healthcheck"]["test"][0] == "CMD"
        others = {key for key in keys(folder).values() if not name.endswith(key)}
        assert not any(key in json.dumps(service) for key in others), "one student's service names another"
    redis = next(iter(found.values()))
    limit_mb = int(redis["command"][redis["command"].index("--maxmemory") + 1].removesuffix("mb"))
    assert limit_mb * 2 <= int(redis["mem_limit"][:-1])
    assert "docker.sock" not in (folder / "compose.yaml").read_text()


def test_tokens_are_long_different_and_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, THIRTY)
    files = contents(folder)
    tokens = {path: data for path, (_, data) in files.items() if path.startswith("tokens/")}
    assert len(tokens) == len(set(tokens.values())) == 60
    assert all(re.fullmatch(rb"[a-z2-7]{32}", data) for data in tokens.values()), "160 bits in base32"
    assert all(files[path][0] == 0o600 for path in (*tokens, "handout.html", "class.json", "compose.yaml"))
    assert all(path.stat().st_mode & 0o777 == 0o700 for path in (folder, *folder.iterdir()) if path.is_dir())
    readable = [path for path, (mode, _) in files.items() if mode != 0o600]
    assert readable == [path for path in files if path.startswith("redis/")]
    plain = {token for path, token in tokens.items()}
    for path, (_, data) in files.items():
        shows = {token for token in plain if token in data}
        expected = {path} & tokens.keys() or (
            {each for each in tokens if each.endswith(".jupyter")} if path == "handout.html" else set()
        )
        assert shows == {tokens[each] for each in expected}, path


def test_again_keeps_places_and_tokens_whatever_the_order(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, THIRTY, "--port-base", "9000", "--host", "lab.example.org")
    before, link = (
        contents(folder),
        links_of(folder),
    )
    shuffled = random.Random(7).sample(THIRTY, 30)
    write_class(folder, shuffled)
    after = contents(folder)
    assert after.keys() == before.keys()
    same = [path for path in before if path.startswith(("tokens/", "redis/", "compose"))]
    assert {path: after[path] for path in same} == {path: before[path] for path in same}
    links = links_of(folder)
    assert links == [link[THIRTY.index(name)] for name in shuffled]


def test_students_come_and_go(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["Ada", "Bob", "Cy"])
    before, were = contents(folder), keys(folder)
    said = write_class(folder, ["Cy", "Dan", "Eve", "Ada"])
    assert said.out.startswith(
        f"4 students in {folder}: 2 added, 1 removed, 2 as before.\nNothing that the removed"
    )
    after, are = contents(folder), keys(folder)
    assert {name: are[name] for name in ("Ada", "Cy")} == {name: were[name] for name in ("Ada", "Cy")}
    for name in ("Ada", "Cy"):
        for kind in ("jupyter", "redis"):
            assert after[f"tokens/{are[name]}.{kind}"] == before[f"tokens/{were[name]}.{kind}"]
    assert not any(were["Bob"] in path for path in after)
    assert were["Bob"] not in (folder / "compose.yaml").read_text()
    ports = {
        name: services(folder / "compose.yaml")[f"lab-{are[name]}"]["ports"][0].split(":")[-2] for name in are
    }
    assert ports == {"Ada": "8101", "Cy": "8103", "Dan": "8104", "Eve": "8105"}, "a place is given once"
    write_class(folder, ["Bob"])
    assert contents(folder)[f"tokens/{were['Bob']}.jupyter"] != before[f"tokens/{were['Bob']}.jupyter"]


def test_several_machines(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    said = write_class(
        folder, THIRTY, "--students-per-host", "12", "--host", "a.example,b.example,c.example,d.example"
    )
    files = ["compose.yaml", "compose-2.yaml", "compose-3.yaml"]
    assert [len(services(folder / file)) for file in files] == [24, 24, 12]
    assert all(f"{file} up -d" in said.out for file in files)
    assert all(f"on {host}.example" in said.out for host in "abc")
    links = re.findall(r'href="http://(\w)\.example:(\d+)/', (folder / "handout.html").read_text())
    assert [host for host, _ in links] == [*"a" * 12, *"b" * 12, *"c" * 6]
    assert len({port for _, port in links}) == 30

    # Who is there stays there, with the work; there is room on the third machine, then there is none.
    write_class(folder, [*THIRTY[:-1], *(f"New {number}" for number in range(8))])
    assert [len(services(folder / file)) for file in [*files, "compose-4.yaml"]] == [24, 24, 24, 2]
    write_class(folder, THIRTY[:12], "--students-per-host", "2")
    assert {path for path in contents(folder) if path.startswith("compose")} == {"compose.yaml"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--students-per-host", "10", "--host", "a,b"], "3 machines are needed, and --host names 2"),
        (["--port-base", "65520"], "--port-base 65520 leads to port 65549"),
        (["--port-base", "80"], "--port-base: the first port is a number from 1024 to 65535, not '80'"),
        (
            ["--subnets", "10.0.0.0/27"],
            "--subnets 10.0.0.0/27 has room for 4 students and 30 places are needed",
        ),
        (["--subnets", "8.8.0.0/16"], "a private network"),
        (["--subnets", "10.1.2.3"], "a private network"),
        (["--host", "a b"], "a host's name or address is needed"),
        (["--host", 'x"><script>'], "a host's name or address is needed"),
        (["--students-per-host", "0"], "is a number from 1 to 1000, not '0'"),
        (["--colour"], "redislab classroom has no option --colour."),
    ],
)
def test_wishes_that_cannot_be_met_write_nothing(tmp_path: Path, options: list[str], said: str) -> None:
    (tmp_path / "r.csv").write_text("\n".join(["name", *THIRTY]))
    result = run("classroom", str(tmp_path / "r.csv"), "--out", str(tmp_path / "class"), *options)
    assert result.code == 1
    assert said in result.errors
    assert result.errors.count("\n") == 1
    assert not (tmp_path / "class").exists()


def test_a_bad_roster_leaves_the_class_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, THIRTY)
    before = contents(folder)
    (tmp_path / "class.csv").write_text("name\nAda\n=1+1\n")
    assert run("classroom", str(tmp_path / "class.csv"), "--out", str(folder)).code == 1
    assert contents(folder) == before


class FullDisk(Disk):
    """Takes so many files, and then no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, fd: int, data: bytes | memoryview) -> int:
        self.room -= 1
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return super().write(fd, data)


@pytest.mark.parametrize("room", [0, 1, 7, 11])
def test_a_full_disk_leaves_the_class_as_it_was(
    tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["Ada", "Bob"])
    before = contents(folder)
    monkeypatch.setattr(writing, "Disk", lambda: FullDisk(room))
    (tmp_path / "class.csv").write_text("name\nAda\nCy\nDan\n")
    said = run("classroom", str(tmp_path / "class.csv"), "--out", str(folder))
    assert (said.code, said.errors) == (1, f"{folder} cannot be written: No space left on device\n")
    assert contents(folder) == before
    new = tmp_path / "new" / "class"
    assert run("classroom", str(tmp_path / "class.csv"), "--out", str(new)).code == 1
    assert not new.exists()


def test_a_folder_that_holds_other_things(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    (tmp_path / "r.csv").write_text("name\nAda\n")
    words = ["classroom", str(tmp_path / "r.csv"), "--out", str(tmp_path / "home")]
    assert "holds other things and no class" in run(*words).errors
    assert [each.name for each in (tmp_path / "home").iterdir()] == ["thesis.txt"]
    assert run(*words, "--force").code == 0
    assert run(*words).code == 0, "it holds a class now"
    assert (tmp_path / "home" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    "spoil",
    [
        "{",
        "[]",
        '{"format": 99}',
        lambda text: text.replace('"compose.yaml"', '"../../etc/passwd"'),
        lambda text: text.replace('"redislab-class', '"../redislab'),
    ],
)
def test_a_state_that_somebody_spoilt(tmp_path: Path, spoil: object) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["Ada"])
    path = folder / "class.json"
    text = spoil if isinstance(spoil, str) else spoil(path.read_text())  # type: ignore[operator]
    path.write_text(text)
    before = contents(folder)
    said = run("classroom", str(tmp_path / "class.csv"), "--out", str(folder))
    assert said.code == 1
    assert "class.json" in said.errors
    assert contents(folder) == before


def test_one_run_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["Ada"])
    lock = Lock(folder / ".lock")
    assert lock.acquire()
    said = run("classroom", str(tmp_path / "class.csv"), "--out", str(folder))
    lock.release()
    assert said.errors == f"another redislab is writing the class in {folder}\n"


def test_a_name_spelt_otherwise_is_the_same_student(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["Anna Straße", "Zoë"])
    before = keys(folder)
    write_class(folder, ["ANNA STRASSE", "zoe\u0308"])
    assert list(keys(folder).values()) == list(before.values())


def test_names_that_look_alike_in_ascii_are_different_services(tmp_path: Path) -> None:
    names = ["Zoe", "Zoë", "艾達", "李雷", "a" * 64, "a" * 63 + "b", "../../etc", "-", "con", "$HOME ${x}"]
    folder = tmp_path / "class"
    write_class(folder, names[:-3] + names[-2:])
    found = keys(folder)
    assert len(set(found.values())) == len(found) == 9
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,40})", key) for key in found.values())
    assert "$HOME" not in (folder / "compose.yaml").read_text()


class Reader(html.parser.HTMLParser):
    """Tags, attributes and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_handout_shows_names_and_loads_nothing(tmp_path: Path) -> None:
    hostile = [
        "<script>alert('1')</script>",
        "<img src=x onerror=y>",
        "&lt;b&gt;",
        "o'`",
        "{0} {name}",
        "محمد",
    ]
    write_class(tmp_path / "class", hostile)
    reader = Reader()
    reader.feed((tmp_path / "class" / "handout.html").read_text("utf-8"))
    assert [name for name in hostile if name in reader.texts] == hostile
    assert not {"script", "img", "link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    assert not any(key.startswith("on") or key == "src" for _, attrs in reader.tags for key in attrs)
    links = [attrs["href"] for tag, attrs in reader.tags if tag == "a"]
    assert all(re.fullmatch(r"http://127\.0\.0\.1:\d+/lab\?token=[a-z2-7]{32}", link or "") for link in links)
    assert len(links) == len(hostile)
    assert ("html", {"lang": "en"}) in reader.tags
    order = [tag for tag, _ in reader.tags if tag in ("title", "main", "h1", "h2")]
    assert order == ["title", "main", "h1"] + ["h2"] * len(hostile)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away")
def test_root_gives_the_secrets_to_the_user_of_the_containers(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write_class(folder, ["Ada"])
    lab = services(folder / "compose.yaml")[f"lab-{keys(folder)['Ada']}"]
    owners = {path.stat().st_uid for path in (folder / "tokens").iterdir()}
    assert owners == {int(lab["user"].split(":")[0])} != {0}
    assert {path.stat().st_uid for path in folder.iterdir()} == {0}


def test_a_redis_knows_the_password_by_its_sum_alone(tmp_path: Path, redis_cli: str) -> None:
    conf = tmp_path / "redis.conf"
    password = secrets.new_token()
    conf.write_text(redis_conf(password))
    assert password not in conf.read_text()
    assert shutil.which("redis-server")
    with RedisServer("--include", str(conf)) as server:

        def said(*words: str) -> str:
            return server.cli(*words).stdout.decode().strip()

        assert said("SET", "a", "1").startswith("NOAUTH")
        assert said("--no-auth-warning", "-a", password, "CONFIG", "SET", "maxmemory", "10mb") == "OK"
        assert said("--no-auth-warning", "-a", password, "FLUSHALL") == "OK"
        as_health = ("--no-auth-warning", "--user", "health", "--pass", "health")
        assert said("-e", *as_health, "ping") == "PONG"
        for words in (
            ("GET", "a"),
            ("SET", "a", "1"),
            ("CONFIG", "GET", "*"),
            ("ACL", "LIST"),
            ("KEYS", "*"),
        ):
            assert said(*as_health, *words).startswith("NOPERM"), words
