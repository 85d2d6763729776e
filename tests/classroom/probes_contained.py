"""Attempts in containers, where an engine runs them: Ada, in her Jupyter, against Bob and the machine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redislab.classroom.compose import LAB_IMAGE
from tests.classroom.folder import ClassFolder, write_class
from tests.classroom.isolation import Probe, Promise
from tests.classroom.programs import REPOSITORY, compose

LONG_S = 900.0
# Variables of an engine that has no registry.
_PASSED_ON = ("REDIS_IMAGE", "REDISLAB_IMAGE", "BASE_IMAGE", "PIP_INDEX_URL", "DOCKER_BUILDKIT")


@dataclass(frozen=True)
class ContainedRoom:
    """Ada's and Bob's services on an engine."""

    folder: ClassFolder
    project: str

    def compose(self, *words: str) -> tuple[int, str]:
        """Exit code, and all that was said."""
        return _compose("-f", str(self.folder.compose), "-p", self.project, *words)

    def services(self) -> list[str]:
        keys = [self.folder.keys[name] for name in ("Ada", "Bob")]
        return [f"{kind}-{key}" for key in keys for kind in ("redis", "lab")]

    def in_lab(self, code: str, *words: str) -> str:
        """What a Python program says in Ada's Jupyter's container: the last line."""
        lab = f"lab-{self.folder.keys['Ada']}"
        status, said = self.compose("exec", "-T", lab, "python", "-c", _PRELUDE + code, *words)
        return said.splitlines()[-1] if said else f"exit code {status}"

    def address(self, service: str) -> str:
        """Of one of Bob's containers, in his network."""
        return self.compose("exec", "-T", f"{service}-{self.folder.keys['Bob']}", "hostname", "-i")[
            1
        ].split()[0]

    def bobs_answer(self) -> str:
        lab = f"lab-{self.folder.keys['Bob']}"
        enter = ("python", "-m", "redislab.classroom.enter", "redislab", "repl", "GET", "secret")
        return self.compose("exec", "-T", lab, *enter)[1]

    def bobs_data(self) -> str:
        return self.bobs_answer()


def _compose(*words: str) -> tuple[int, str]:
    environ = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    done = compose(*words, environ=environ, timeout_s=LONG_S)
    return done.returncode, (done.stdout + done.stderr).strip()


def _build_image() -> None:
    """The image of a class, from this checkout, where the engine has none; that takes minutes."""
    image = os.environ.get("REDISLAB_IMAGE", LAB_IMAGE)
    if subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=False).returncode:
        status, said = _compose("-f", str(REPOSITORY / "docker-compose.yml"), "build", "lab")
        assert status == 0, said


@contextmanager
def contained_room(parent: Path) -> Iterator[ContainedRoom]:
    """Of a class of two; the networks are apart from those of other tests."""
    _build_image()
    number = os.getpid()
    subnets = f"10.{100 + number % 50}.{number // 50 % 256}.0/24"
    folder = write_class(parent / "contained", ("Ada", "Bob"), "--subnets", subnets)
    room = ContainedRoom(folder, json.loads((folder.path / "class.json").read_text())["project"])
    try:
        status, said = room.compose("up", "-d", "--wait", *room.services())
        assert status == 0, said
        lab = f"lab-{folder.keys['Bob']}"
        room.compose(
            *["exec", "-T", lab, "python", "-m", "redislab.classroom.enter"],
            *["redislab", "repl", "SET", "secret", "42"],
        )
        yield room
    finally:
        room.compose("down", "--volumes")


# Says how an attempt ended: what it gave, or the error's own words.
_PRELUDE = """\
import ctypes, os, signal, socket, sys
def tell(attempt):
    try:
        print(attempt())
    except OSError as error:
        print(f"{type(error).__name__}: {error.strerror or error}")
def call(name, *words):
    if ctypes.CDLL(None, use_errno=True)[name](*words) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return "done"
def connect(host, port):
    socket.create_connection((host, port), 3)
    return "connected"
"""


def _runs(code: str) -> Callable[[ContainedRoom], str]:
    return lambda room: room.in_lab(code)


def _connects(service: str, port: int) -> Callable[[ContainedRoom], str]:
    code = "tell(lambda: connect(sys.argv[1], int(sys.argv[2])))"
    return lambda room: room.in_lab(code, room.address(service), str(port))


def _finds_the_name(room: ContainedRoom) -> str:
    name = f"redis-{room.folder.keys['Bob']}"
    return room.in_lab("tell(lambda: socket.gethostbyname(sys.argv[1]))", name)


def _crowds(room: ContainedRoom) -> str:
    code = """
import time
until, held = time.monotonic() + 5, []
while time.monotonic() < until:
    try:
        held.append(socket.create_connection((sys.argv[1], 6379), 1))
    except OSError:
        pass
print(len(held), "connections")
"""
    return f"{room.in_lab(code, room.address('redis'))}; Bob: {room.bobs_answer()}"


def _by_the_host(room: ContainedRoom) -> str:
    """His published port, at the address that the machine has in her network."""
    code = """
gateway = next(line.split()[2] for line in open("/proc/net/route") if line.split()[1] == "00000000")
host = ".".join(str(each) for each in reversed(bytes.fromhex(gateway)))
tell(lambda: connect(host, int(sys.argv[1])))
"""
    return room.in_lab(code, str(room.folder.ports["Bob"]))


def _sees_processes(room: ContainedRoom) -> str:
    code = """
others = [pid for pid in os.listdir("/proc") if pid.isdigit() and pid != str(os.getpid())]
names = [open(f"/proc/{pid}/cmdline").read() for pid in others]
for what in ("redis-server", "jupyter-lab"):
    print(what, sum(what in name for name in names), end="; ")
"""
    return room.in_lab(code)


def _reads_secrets(room: ContainedRoom) -> str:
    bobs = [room.folder.token("Bob", kind) for kind in ("jupyter", "redis")]
    code = """
names = sorted(os.listdir("/run/secrets"))
texts = [open(f"/run/secrets/{name}").read() for name in names]
print(names, "Bob's among them" if set(texts) & set(sys.argv[1:]) else "none of Bob's")
"""
    return room.in_lab(code, *bobs)


_TAKES_MEMORY = """
pid = os.fork()
if pid == 0:
    hog = bytearray(b"x") * (3 << 30)
    os._exit(0)
print("killed" if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL else "got 3 GB")
"""
_FORKS = """
children, why = [], "a thousand processes"
try:
    for _ in range(1000):
        pid = os.fork()
        if pid == 0:
            signal.pause()
        children.append(pid)
except OSError as error:
    why = error.strerror
for pid in children:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
print(why)
"""

_NOT_PERMITTED = "PermissionError: Operation not permitted"

PROBES: Sequence[Probe[ContainedRoom]] = (
    Probe(
        Promise.READ,
        "find Bob's Redis by its service's name",
        "no such name",
        "gaierror: Name or service not known",
        _finds_the_name,
    ),
    Probe(
        Promise.READ,
        "connect to Bob's Redis at its address",
        "no way",
        "TimeoutError: timed out",
        _connects("redis", 6379),
    ),
    Probe(
        Promise.LIST,
        "connect to Bob's Jupyter at its address",
        "no way",
        "TimeoutError: timed out",
        _connects("lab", 8888),
    ),
    Probe(
        Promise.LIST,
        "connect to Bob's port by way of the machine",
        "refused: it is on the machine's loopback",
        "ConnectionRefusedError: Connection refused",
        _by_the_host,
    ),
    Probe(
        Promise.LIST,
        "list the machine's processes",
        "hers alone",
        "redis-server 0; jupyter-lab 1;",
        _sees_processes,
    ),
    Probe(
        Promise.STOP,
        "connect to Bob's Redis for five seconds, as often as it goes",
        "no connection; Bob is served",
        "0 connections; Bob: 42",
        _crowds,
    ),
    Probe(Promise.FILL, "take 3 GB of memory", "killed at 1 GB", "killed", _runs(_TAKES_MEMORY)),
    Probe(
        Promise.FILL,
        "start a thousand processes",
        "an end at 256",
        "Resource temporarily unavailable",
        _runs(_FORKS),
    ),
    Probe(
        Promise.FILL,
        "write 100 MB to /tmp",
        "an end at 64 MB",
        "OSError: No space left on device",
        _runs("tell(lambda: open('/tmp/hog', 'wb').write(b'x' * 100_000_000))"),
    ),
    Probe(
        Promise.CHANGE,
        "change a program of the image",
        "refused",
        "OSError: Read-only file system",
        _runs("tell(lambda: open('/usr/local/bin/redis-cli', 'w'))"),
    ),
    Probe(
        Promise.CHANGE,
        "become root",
        "refused",
        _NOT_PERMITTED,
        _runs("tell(lambda: os.setuid(0))"),
    ),
    Probe(
        Promise.CHANGE,
        "mount a file system",
        "refused",
        _NOT_PERMITTED,
        _runs("tell(lambda: call('mount', b'none', b'/mnt', b'tmpfs', 0, None))"),
    ),
    Probe(
        Promise.CHANGE,
        "a namespace of her own, in which she is root",
        "refused",
        _NOT_PERMITTED,
        _runs("tell(lambda: call('unshare', 0x10000000))"),
    ),
    Probe(
        Promise.CHANGE,
        "capabilities, those that could be had included",
        "none",
        "CapPrm 0 CapEff 0 CapBnd 0",
        _runs(
            "caps = dict(line.split() for line in open('/proc/self/status') if line.startswith('Cap'))\n"
            "print(*(f'{name} {int(caps[name + \":\"], 16)}' for name in ('CapPrm', 'CapEff', 'CapBnd')))"
        ),
    ),
    Probe(
        Promise.SECRETS,
        "read the secrets that her container has",
        "her own",
        "['jupyter', 'redis'] none of Bob's",
        _reads_secrets,
    ),
    Probe(
        Promise.SECRETS,
        "look for the engine's socket",
        "not there",
        "False False",
        _runs("print(*map(os.path.exists, ('/run/docker.sock', '/var/run/docker.sock')))"),
    ),
    Probe(
        Promise.SECRETS,
        "listen to what others send (a raw socket)",
        "refused",
        _NOT_PERMITTED,
        _runs("tell(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3))"),
    ),
)
