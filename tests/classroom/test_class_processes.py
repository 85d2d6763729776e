"""A generated class of six at work: its services as processes, and students who use them."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.classroom import jupyter
from tests.classroom.folder import NAMES, ClassFolder, write_again, write_class
from tests.classroom.processes import ClassProcesses, Service, new_base, wait_until_healthy

IS_LONG = bool(os.environ.get("REDISLAB_LONG"))
PRESENT = NAMES if IS_LONG else NAMES[:2]
ENDS = [signal.SIGTERM, signal.SIGKILL] if IS_LONG else [signal.SIGTERM]
# A login shell sets a PATH of its own, on which the image has redislab; nobody here says where a cursor is.
LESSON = f"PATH={Path(sys.executable).parent}:$PATH PROMPT_TOOLKIT_NO_CPR=1 redislab lesson"


class Class:
    """The folder and its running services; both sides of a restart."""

    def __init__(self, folder: ClassFolder, base: Path) -> None:
        self.folder, self._base = folder, base
        self.running = self.start()

    def start(self) -> ClassProcesses:
        keys = [self.folder.keys[name] for name in PRESENT]
        return ClassProcesses(self.folder.compose, self._base, keys)

    def restart(self) -> None:
        self.running.down()
        self.running = self.start()
        self.running.up()

    def redis(self, name: str) -> Service:
        return self.running.services[f"redis-{self.folder.keys[name]}"]

    def lab(self, name: str) -> Service:
        return self.running.services[f"lab-{self.folder.keys[name]}"]

    def address(self, name: str) -> str:
        return f"http://127.0.0.1:{self.lab(name).port}"

    def token(self, name: str) -> str:
        return self.folder.token(name, "jupyter")

    def redislab(self, name: str, *words: str) -> str:
        """As `docker compose run lab redislab WORD …`."""
        enter = self.lab(name).raw["entrypoint"]
        done = self.lab(name).run([*enter, "python", "-m", "redislab", *words])
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()


@pytest.fixture(scope="module")
def six(redis_server_path: str, redis_cli: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Class]:
    base = new_base()
    of_six = Class(write_class(tmp_path_factory.mktemp("six") / "class"), base)
    try:
        of_six.running.up()
        yield of_six
    finally:
        of_six.running.down()
        shutil.rmtree(base)


def test_all_are_healthy_by_the_checks_of_the_file(six: Class) -> None:
    assert len(six.running.services) == 2 * len(PRESENT)
    assert all(service.is_healthy for service in six.running.services.values())


@pytest.mark.parametrize("kind", ["redis", "lab"])
def test_the_check_of_a_service_that_hangs_fails(six: Class, kind: str) -> None:
    service = six.redis("Ada") if kind == "redis" else six.lab("Ada")
    assert service.process is not None
    service.process.send_signal(signal.SIGSTOP)
    try:
        assert not service.is_healthy
    finally:
        service.process.send_signal(signal.SIGCONT)
    wait_until_healthy(service)


@pytest.mark.parametrize("name", PRESENT)
def test_a_student_plays_a_lesson_in_a_terminal_of_the_browser(six: Class, name: str) -> None:
    with jupyter.terminal(six.address(name), six.token(name)) as terminal:
        terminal.type(f"{LESSON} strings\r")
        terminal.wait_for("Alice gets a card")
        terminal.wait_for(f"127.0.0.1:{six.redis(name).port}>")
        terminal.type("SET user:1A Alice\r")
        terminal.wait_for("Done: step 1 of 9.")
        terminal.type(":quit\r")
        terminal.wait_for("goes on here.")
    assert six.redislab(name, "repl", "GET", "user:1A") == "Alice\n"
    assert "1 of 9" in six.redislab(name, "lesson")


@pytest.mark.parametrize("name", PRESENT)
def test_a_student_runs_a_notebook(six: Class, name: str) -> None:
    with jupyter.kernel(six.address(name), six.token(name)) as kernel:
        assert kernel.run("%load_ext redislab") == ""
        assert "OK" in kernel.run(f"%%redis\nSET from:notebook '{name}'")
        assert kernel.run(
            "import redislab; r = redislab.connect(decode_responses=True); r.get('from:notebook')"
        ) == (repr(name))
    assert six.redislab(name, "repl", "--raw", "GET", "from:notebook") == f"{name}\n"


def test_a_lesson_asks_before_it_empties_what_a_student_has_made(six: Class) -> None:
    six.redislab("Ada", "repl", "SET", "made:by:hand", "1")
    with jupyter.terminal(six.address("Ada"), six.token("Ada")) as terminal:
        terminal.type(f"{LESSON} hashes\r")
        terminal.wait_for("is yours alone and holds")
        terminal.wait_for("[y/N]")
        terminal.type("n\r")
        terminal.wait_for("Nothing was run.")
    assert six.redislab("Ada", "repl", "GET", "made:by:hand") == "1\n"


def test_what_one_stores_another_has_not(six: Class) -> None:
    six.redislab("Ada", "repl", "SET", "mine", "1")
    assert six.redislab("Bob", "repl", "EXISTS", "mine") == "0\n"


@pytest.mark.parametrize("how", ENDS, ids=lambda how: how.name)
def test_a_restart_loses_nothing_but_a_token_that_was_replaced(six: Class, how: signal.Signals) -> None:
    six.redislab("Ada", "repl", "SET", f"kept:{how.name}", "1")
    before = six.redislab("Ada", "lesson")
    kept, replaced = six.token("Ada"), six.token("Bob")
    (six.folder.path / "tokens" / f"{six.folder.keys['Bob']}.jupyter").unlink()
    write_again(six.folder)
    if how is signal.SIGKILL:
        for service in six.running.services.values():
            service.stop(how)
    six.restart()
    assert six.redislab("Ada", "repl", "GET", f"kept:{how.name}") == "1\n"
    assert six.redislab("Ada", "lesson") == before
    assert six.token("Ada") == kept
    assert jupyter.status(f"{six.address('Ada')}/api/contents", kept) == 200
    assert jupyter.status(f"{six.address('Bob')}/api/contents", replaced) == 403
    assert jupyter.status(f"{six.address('Bob')}/api/contents", six.token("Bob")) == 200


def test_redis_refuses_before_its_container_is_full(six: Class) -> None:
    service = six.redis("Ada")
    told = six.redislab("Ada", "repl", "--raw", "CONFIG", "GET", "maxmemory").split()
    assert 0 < int(told[1]) < int(service.raw["mem_limit"].removesuffix("m")) << 20


HOG = "import os\nhog = bytearray(b'x') * (3 << 30)\n"
FORKS = """\
import os, signal
children = []
try:
    for _ in range(1000):
        pid = os.fork()
        if pid == 0:
            signal.pause()
        children.append(pid)
except OSError as error:
    print(error.strerror)
finally:
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
print(len(children) < 300)
"""


def test_limits_of_memory_and_processes_hold(six: Class) -> None:
    if not six.running.found.limits:
        pytest.skip("control groups cannot be written here: no limits were set")
    lab = six.lab("Ada")
    assert lab.run(["python", "-c", HOG]).returncode == -signal.SIGKILL
    assert lab.run(["python", "-c", FORKS]).stdout.decode().split("\n")[-2:] == ["True", ""]
    wait_until_healthy(lab)
    assert six.lab("Bob").is_healthy


def test_a_redis_without_its_own_bound_ends_at_that_of_its_container(six: Class) -> None:
    if not six.running.found.limits:
        pytest.skip("control groups cannot be written here: no limits were set")
    service = six.redis("Bob")
    assert service.process is not None
    six.redislab("Bob", "repl", "CONFIG", "SET", "maxmemory", "0")
    fill = "for i = 1, 300 do redis.call('SET', i, string.rep('x', 1000000)) end"
    six.lab("Bob").run(
        [*six.lab("Bob").raw["entrypoint"], "python", "-m", "redislab", "repl", "EVAL", fill, "0"]
    )
    assert service.process.wait(60) == -signal.SIGKILL
    assert six.redislab("Ada", "repl", "PING") == "PONG\n"
    service.process = None
    service.start()  # as `restart: unless-stopped` does
    wait_until_healthy(service)
