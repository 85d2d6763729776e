"""The compose files, judged by docker compose itself, and the recipe of the image by hadolint."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from redislab.classroom.compose import LAB_IMAGE, REDIS_IMAGE
from tests.classroom.folders import write_class
from tests.classroom.programs import REPOSITORY, compose, hadolint, resolved

ROOT = REPOSITORY / "docker-compose.yml"
THIRTY = [f"Student {number}" for number in range(1, 31)]


def size(text: str) -> int:
    """Bytes of a limit as compose prints it, or as redis-server reads it."""
    number, unit = re.fullmatch(r"(\d+)([a-z]*)", text).groups()  # type: ignore[union-attr]
    return int(number) * {"": 1, "mb": 1 << 20}[unit]


def is_hardened(service: dict[str, Any]) -> bool:
    return (
        service["read_only"] is True
        and service["cap_drop"] == ["ALL"]
        and service["security_opt"] == ["no-new-privileges:true"]
        and service.get("user", "").split(":")[0] not in ("0", "root")
        and size(service["mem_limit"]) > 0
        and service["pids_limit"] > 0
        and bool(service["healthcheck"]["test"])
        and not service.get("privileged")
    )


def test_the_root_file_needs_no_variable() -> None:
    content = resolved(ROOT)
    services = content["services"]
    assert list(services) == ["lab", "redis"]
    assert all(map(is_hardened, services.values()))
    assert {each["host_ip"] for service in services.values() for each in service["ports"]} == {"127.0.0.1"}
    assert services["redis"]["ports"][0]["published"] == "6379"
    assert services["redis"]["image"] == REDIS_IMAGE
    assert services["lab"]["image"] == LAB_IMAGE
    command = services["redis"]["command"]
    maxmemory = command[command.index("--maxmemory") + 1]
    assert size(maxmemory) * 2 <= size(services["redis"]["mem_limit"])
    assert set(content["volumes"]) == {"redis-data", "lab-home"}


def test_the_root_file_takes_another_base_and_another_index() -> None:
    environ = {
        "BASE_IMAGE": "mirror/python:3.11",
        "PIP_INDEX_URL": "https://pypi.example/simple",
        "REDIS_PORT": "7000",
    }
    services = resolved(ROOT, environ=environ)["services"]
    build = services["lab"]["build"]
    assert build["args"] == {
        "BASE_IMAGE": "mirror/python:3.11",
        "PIP_INDEX_URL": "https://pypi.example/simple",
    }
    assert services["redis"]["ports"][0]["published"] == "7000"
    assert (Path(build["context"]) / build["dockerfile"]).samefile(REPOSITORY / "binder" / "Dockerfile")


def test_the_development_container_is_the_same_image_with_the_checkout_in_it() -> None:
    described = json.loads((REPOSITORY / ".devcontainer" / "devcontainer.json").read_text())
    files = [REPOSITORY / ".devcontainer" / name for name in described["dockerComposeFile"]]
    service = resolved(*files)["services"][described["service"]]
    assert service["image"] == LAB_IMAGE
    mounts = {volume["target"]: volume for volume in service["volumes"]}
    assert Path(mounts[described["workspaceFolder"]]["source"]).samefile(REPOSITORY)


def test_one_recipe() -> None:
    recipes = [path for path in REPOSITORY.rglob("*Dockerfile*") if ".venv" not in path.parts]
    assert recipes == [REPOSITORY / "binder" / "Dockerfile"], "compose, .devcontainer and Binder share it"
    text = recipes[0].read_text()
    base = re.findall(r"^ARG BASE_IMAGE=(.*)$", text, re.MULTILINE)
    assert base == re.findall(r"BASE_IMAGE:-(.*?)}", ROOT.read_text())
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", base[0])
    # What Binder asks of a recipe: it gives these two, and runs the container as that user, by number 1000.
    assert re.findall(r"^ARG (NB_\w+)=(.*)$", text, re.MULTILINE) == [
        ("NB_USER", "jovyan"),
        ("NB_UID", "1000"),
    ]
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE)[-1] == "${NB_UID}"


def test_the_recipe_takes_what_the_wheel_is_built_from() -> None:
    included = (REPOSITORY / "pyproject.toml").read_text().split("wheel.force-include]")[1].split("\n[")[0]
    wanted = {"redislab", "pyproject.toml", "README.md", "LICENSE", *re.findall(r'^"(\w+)"', included, re.M)}
    assert "lessons" in wanted
    let_in = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().split() if line.startswith("!")}
    assert wanted <= let_in


def test_hadolint_has_nothing_to_say() -> None:
    done = hadolint(REPOSITORY / "binder" / "Dockerfile")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_hadolint_would_say_it(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python:latest\nRUN cd /tmp && pip install x\n")
    assert "DL3007" in hadolint(tmp_path / "Dockerfile").stdout


def test_a_class_of_thirty(tmp_path: Path) -> None:
    write_class(tmp_path / "class", THIRTY)
    content = resolved(tmp_path / "class" / "compose.yaml")
    services = content["services"]
    assert len(services) == 60
    assert all(map(is_hardened, services.values()))
    assert {service["image"] for service in services.values()} == {REDIS_IMAGE, LAB_IMAGE}
    assert {each["host_ip"] for service in services.values() for each in service.get("ports", ())} == {
        "127.0.0.1"
    }
    assert len({name for service in services.values() for name in service["networks"]}) == 30
    for service in services.values():
        for given in (*service.get("secrets", ()), *service.get("configs", ())):
            kind = "secrets" if given in service.get("secrets", ()) else "configs"
            assert Path(content[kind][given["source"]]["file"]).is_file()
    opened = resolved(tmp_path / "class" / "compose.yaml", environ={"CLASS_BIND": "0.0.0.0"})["services"]
    assert {each["host_ip"] for service in opened.values() for each in service.get("ports", ())} == {
        "0.0.0.0"
    }


def test_a_class_on_three_machines(tmp_path: Path) -> None:
    write_class(tmp_path / "class", THIRTY, "--students-per-host", "10")
    contents = [resolved(tmp_path / "class" / f"compose{part}.yaml") for part in ("", "-2", "-3")]
    assert [len(content["services"]) for content in contents] == [20, 20, 20]
    assert len({content["name"] for content in contents}) == 3
    assert len({volume["name"] for content in contents for volume in content["volumes"].values()}) == 60


@pytest.mark.parametrize(
    ("right", "wrong"), [("mem_limit:", "mem_limt:"), ("healthcheck:", "healthchek:"), ("ports:", "port:")]
)
def test_a_misspelling_is_refused(tmp_path: Path, right: str, wrong: str) -> None:
    write_class(tmp_path / "class", ["Ada"])
    for file in (ROOT, tmp_path / "class" / "compose.yaml"):
        text = file.read_text()
        assert right in text
        (tmp_path / "wrong.yaml").write_text(text.replace(right, wrong, 1))
        done = compose("-f", str(tmp_path / "wrong.yaml"), "config", "-q")
        assert done.returncode != 0
        assert wrong[:-1] in done.stderr
