"""The services of a generated class as processes, where there is no container engine.

`compose.yaml` is read, and each service started as it says: entrypoint, command, environment, user, files,
volumes, limits; its health is asked as it says. What a container would have given is translated, no more:

- paths of volumes, secrets and configs become paths of a folder; a file is a copy with its owner and mode
- the port inside a container becomes a free one on loopback, or the one that the file publishes
- the name of a service in a network becomes an address on loopback: the networks are not separated
- the file system can be written to, capabilities go with root, and images' programs are those of the PATH

Users need root; and where others may not start our Python, Jupyter runs as root. Limits (memory, processes,
processor) need control groups that can be written. `found` says what there was.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.servers import free_port, wait_until

HEALTHY_S = 120.0
STOP_S = 60.0
LOOK_EVERY_S = 0.05
_REPOSITORY = Path(__file__).resolve().parents[2]
_DEFAULT = re.compile(r"\$\{[A-Z_]+:-([^}]*)\}")
_GROUPS = Path("/sys/fs/cgroup")

Raw = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What this machine allowed: users of their own for each kind of service, and limits."""

    redis_users: bool
    lab_users: bool
    limits: bool


class Service:
    """One service: how it is started here, and its process while it runs."""

    def __init__(self, name: str, raw: Raw, env: Mapping[str, str], user: tuple[int, int] | None) -> None:
        self.name, self.raw, self.env, self.user = name, raw, dict(env), user
        self.command: list[str] = []
        self.health_test: list[str] = []
        self.port = 0  # on loopback
        self.group = ""  # the control groups' name; "" where there are none
        self.log = Path()
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, command: Sequence[str], timeout_s: float = 60) -> subprocess.CompletedProcess[bytes]:
        """Another command where the service runs, as `docker compose exec` does it."""
        return subprocess.run(
            self._in_group(command),
            env=self.env,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            **self._as_user(),
        )

    @property
    def is_healthy(self) -> bool:
        """The health check of the file, once."""
        timeout_s = float(self.raw["healthcheck"]["timeout"].removesuffix("s"))
        try:
            return self.run(self.health_test, timeout_s).returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def start(self) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self._in_group(self.command),
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as_user(),
            )

    def stop(self, number: int = signal.SIGTERM) -> int:
        """As `docker compose stop`: SIGTERM, and SIGKILL for what goes on. The exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        try:
            code = self.process.wait(STOP_S)
        finally:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)  # what it had started
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None
        return code

    def resident_kb(self) -> int:
        """Memory of the process itself."""
        assert self.process is not None
        return _resident_kb(self.process.pid)

    def children_kb(self) -> int:
        """Memory of all that it has started, and what that has."""
        assert self.process is not None
        return sum(_resident_kb(pid) for pid in _family(self.process.pid)[1:])

    def cpu_s(self) -> float:
        """Processor time of the process itself."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _as_user(self) -> dict[str, Any]:
        if self.user is None:
            return {}
        return {"user": self.user[0], "group": self.user[1], "extra_groups": []}

    def _in_group(self, command: Sequence[str]) -> list[str]:
        return list(command) if not self.group else ["/bin/sh", "-c", _JOIN, self.group, *command]


# In the words of a shell, which every user may start.
_JOIN = """\
for kind in memory pids cpu; do echo $$ >/sys/fs/cgroup/$kind/$0/cgroup.procs || exit 99; done
exec "$@"
"""


class ClassProcesses:
    """A machine's compose file, from `with` to its end. `only`: services whose names end so, where not all.

    Started again on the same `base`, it finds volumes as they were left.
    """

    def __init__(self, compose: Path, base: Path, only: Sequence[str] = ()) -> None:
        self._folder, self._base = compose.parent, base
        self._file: Raw = yaml.safe_load(_DEFAULT.sub(r"\1", compose.read_text("utf-8")))
        self.found = Found(
            redis_users=os.getuid() == 0,
            lab_users=os.getuid() == 0 and _can_run_as((1000, 0), base),
            limits=_can_limit(),
        )
        names = [name for name in self._file["services"] if not only or name.endswith(tuple(only))]
        self.services = {name: self._service(name) for name in names}
        for service in self.services.values():
            self._translate(service)

    def __enter__(self) -> ClassProcesses:
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Start all, each after those that it needs are healthy; come back when all are."""
        started: list[Service] = []
        for service in sorted(self.services.values(), key=lambda each: len(each.raw.get("depends_on", {}))):
            for needed, how in service.raw.get("depends_on", {}).items():
                assert how == {"condition": "service_healthy"}
                wait_until_healthy(self.services[needed])
            service.start()
            started.append(service)
        for service in started:
            wait_until_healthy(service)

    def down(self) -> None:
        for service in reversed(self.services.values()):
            if service.process is not None:
                service.stop()
            if service.group:
                _forget_limits(service.group)

    # -- one service, translated ------------------------------------------------------------------

    def _service(self, name: str) -> Service:
        raw = self._file["services"][name]
        user = None
        may_change = self.found.redis_users if raw["command"][0] == "redis-server" else self.found.lab_users
        if may_change and "user" in raw:
            uid, gid = map(int, str(raw["user"]).split(":"))
            user = uid, gid
        service = Service(name, raw, {}, user)
        service.log = self._base / f"{name}.log"
        published = [str(each).split(":") for each in raw.get("ports", [])]
        service.port = int(published[0][-2]) if published else free_port()
        if self.found.limits:
            service.group = f"redislab-{os.getpid()}-{name}"
            _limit(service)
        return service

    def _translate(self, service: Service) -> None:
        paths = dict(self._mounts(service))
        addresses = {f"{alias}:6379": f"127.0.0.1:{port}" for alias, port in self._neighbours(service)}
        published = [str(each).split(":")[-1] for each in service.raw.get("ports", [])]

        def here(text: str) -> str:
            for inside, outside in sorted(paths.items(), key=lambda each: -len(each[0])):
                text = re.sub(rf"(?<![\w./-]){re.escape(inside)}(?=$|[/'\"\s])", str(outside), text)
            for name, address in addresses.items():
                text = re.sub(rf"(?<![\w.-]){re.escape(name)}\b", address, text)
            for port in published:
                text = re.sub(rf"\b{port}\b", str(service.port), text)
            return text.replace("0.0.0.0", "127.0.0.1")

        def command(words: Sequence[str]) -> list[str]:
            translated = [here(str(word)) for word in words]
            more = {
                "redis-server": ["--port", str(service.port), "--bind", "127.0.0.1"],
                "redis-cli": ["-p", str(service.port)],
            }.get(translated[0], [])
            at = 1 if translated[0] == "redis-cli" else len(translated)
            return [*translated[:at], *more, *translated[at:]]

        raw = service.raw
        service.env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(_REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "LANG": "C.UTF-8",
            "TMPDIR": str(self._owned(self._base / "tmp" / service.name, service)),
            **{name: here(str(value)) for name, value in raw.get("environment", {}).items()},
        }
        service.command = command([*raw.get("entrypoint", []), *raw["command"]])
        if "jupyter" in service.command:
            service.command.append("--ServerApp.port_retries=0")  # in a container no other has the port
            if service.user is None and os.getuid() == 0:
                service.command.append("--allow-root")
        kind, *test = raw["healthcheck"]["test"]
        assert kind == "CMD"
        service.health_test = command(test)

    def _mounts(self, service: Service) -> Iterator[tuple[str, Path]]:
        """Paths inside, and where they are here."""
        for volume in service.raw.get("volumes", []):
            name, inside = str(volume).split(":")[:2]
            assert name in self._file["volumes"], "a class has named volumes alone"
            yield inside, self._owned(self._base / "volumes" / name, service)
        for kind in ("secrets", "configs"):
            for mounted in service.raw.get(kind, []):
                file = self._folder / self._file[kind][mounted["source"]]["file"]
                copy = self._base / kind / service.name / mounted["target"].strip("/").replace("/", "_")
                if copy.exists():  # from a run before
                    copy.unlink()
                copy.parent.mkdir(0o755, parents=True, exist_ok=True)
                shutil.copy2(file, copy)
                if os.getuid() == 0:
                    shutil.chown(copy, file.stat().st_uid, file.stat().st_gid)
                target = mounted["target"]
                yield target if target.startswith("/") else f"/run/secrets/{target}", copy

    def _owned(self, folder: Path, service: Service) -> Path:
        folder.mkdir(0o755, parents=True, exist_ok=True)
        if service.user is not None:
            os.chown(folder, *service.user)
        return folder

    def _neighbours(self, service: Service) -> Iterator[tuple[str, int]]:
        """The names that a service's networks know, and their ports here."""
        mine = set(service.raw.get("networks", []))
        for other in self.services.values():
            networks = other.raw.get("networks", {})
            for network in mine & set(networks):
                yield other.name, other.port
                if isinstance(networks, dict):
                    yield from ((alias, other.port) for alias in networks[network].get("aliases", []))


def new_base() -> Path:
    """A folder that other users can pass through, as they must: pytest's own are closed to them."""
    base = Path(tempfile.mkdtemp(prefix="redislab-class-"))
    base.chmod(0o755)
    return base


def wait_until_healthy(service: Service) -> None:
    """By the file's own check; with the log's end where it does not come about."""

    def is_so() -> bool:
        assert service.process is not None, f"{service.name} does not run"
        if service.process.poll() is not None:
            raise AssertionError(f"{service.name} has ended: {service.log.read_text()[-2000:]}")
        time.sleep(LOOK_EVERY_S)  # each look is a process
        return service.is_healthy

    try:
        wait_until(is_so, HEALTHY_S)
    except TimeoutError:
        raise AssertionError(f"{service.name} is not healthy: {service.log.read_text()[-2000:]}") from None


# -- users and limits ------------------------------------------------------------------------------


def _can_run_as(user: tuple[int, int], base: Path) -> bool:
    """Whether this user can start our Python and find redislab: the folders above them may be closed."""
    asked = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(_REPOSITORY)!r}); import redislab"]
    options: dict[str, Any] = {"user": user[0], "group": user[1], "extra_groups": []}
    try:
        return subprocess.run(asked, capture_output=True, cwd=base, check=False, **options).returncode == 0
    except PermissionError:
        return False


def _can_limit() -> bool:
    return all(os.access(_GROUPS / kind / "cgroup.procs", os.W_OK) for kind in ("memory", "pids", "cpu"))


def _limit(service: Service) -> None:
    """The limits of the file, in control groups (version 1)."""
    raw = service.raw
    memory = str(int(raw["mem_limit"].removesuffix("m")) << 20)
    values = {
        "memory": {"memory.limit_in_bytes": memory},
        "pids": {"pids.max": str(raw["pids_limit"])},
        "cpu": {"cpu.cfs_quota_us": str(int(float(raw["cpus"]) * 100_000))},
    }
    for kind, settings in values.items():
        folder = _GROUPS / kind / service.group
        folder.mkdir(exist_ok=True)
        for name, value in settings.items():
            (folder / name).write_text(value)
        if service.user is not None:
            os.chown(folder / "cgroup.procs", *service.user)


def _forget_limits(group: str) -> None:
    for kind in ("memory", "pids", "cpu"):
        folder = _GROUPS / kind / group
        wait_until(lambda folder=folder: not (folder / "cgroup.procs").read_text())  # type: ignore[misc]
        folder.rmdir()


def _family(pid: int) -> list[int]:
    """The process and all below it."""
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    return [pid, *(each for child in children for each in _family(int(child)))]


def _resident_kb(pid: int) -> int:
    """Proportional where it can be had: pages that several share are counted once."""
    try:
        rolled = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(re.search(r"^Pss:\s+(\d+)", rolled, re.MULTILINE)[1])  # type: ignore[index]
    except OSError:
        return 0
