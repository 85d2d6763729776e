"""What starts in a lab's container: the password, the token of the first start, and then the command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from redislab.classroom.compose import HOME, JUPYTER, LAB_PORT
from redislab.classroom.enter import TOKEN, prepare
from tests.servers import free_port, wait_until

START_S = 120.0  # a busy machine


def enter(home: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it with nothing else in the environment than a container has."""
    return subprocess.run(
        [sys.executable, "-m", "redislab.classroom.enter", *command],
        env={**container_environ(home), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def container_environ(home: Path) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"PATH": path, "HOME": str(home), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}


def test_the_password_reaches_what_runs_here(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    show = "import os; print(os.environ['REDISCLI_AUTH'], 'REDISLAB_PASSWORD_FILE' in os.environ)"
    done = enter(tmp_path, sys.executable, "-c", show, REDISLAB_PASSWORD_FILE=str(tmp_path / "password"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "s3cret False\n", "")


def test_the_command_is_what_ends(tmp_path: Path) -> None:
    assert enter(tmp_path, sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    done = enter(tmp_path, "redislab", "repl", "--fresh", "SET", "name", "ada")
    assert (done.returncode, done.stdout.strip()) == (0, "OK")
    assert not (tmp_path / TOKEN).exists(), "a token is for a Jupyter"


def test_what_is_missing_is_said_in_a_line(tmp_path: Path) -> None:
    done = enter(tmp_path, "true", REDISLAB_PASSWORD_FILE=str(tmp_path / "none"))
    assert done.returncode == 1
    assert done.stderr == f"redislab cannot start here: No such file or directory: {tmp_path / 'none'}\n"
    assert "nonsense" in enter(tmp_path, "nonsense").stderr
    assert enter(tmp_path).stderr == "redislab.classroom.enter needs the command to run\n"


def test_a_token_is_made_once(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "REDISLAB_LINK": "http://127.0.0.1:9/lab"}
    _, env, said = prepare(["jupyter", "lab"], environ)
    token = (tmp_path / TOKEN).read_text()
    assert re.fullmatch("[a-z2-7]{32}", token)
    assert f"Open http://127.0.0.1:9/lab?token={token}\n" in said
    assert env["JUPYTER_TOKEN_FILE"] == str(tmp_path / TOKEN)
    assert (tmp_path / TOKEN).stat().st_mode & 0o777 == 0o600
    assert prepare(["jupyter", "lab"], environ)[2] == ""
    assert (tmp_path / TOKEN).read_text() == token


def test_an_empty_token_is_no_token(tmp_path: Path) -> None:
    """A Jupyter would take it as the wish to ask nobody for one."""
    (tmp_path / TOKEN).parent.mkdir()
    (tmp_path / TOKEN).write_text("")
    prepare(["jupyter"], {"HOME": str(tmp_path)})
    assert (tmp_path / TOKEN).read_text() != ""
    (tmp_path / "given").write_text("\n")
    with pytest.raises(OSError, match="no token in it"):
        prepare(["jupyter"], {"HOME": str(tmp_path), "JUPYTER_TOKEN_FILE": str(tmp_path / "given")})


@contextmanager
def jupyter(home: Path, port: int) -> Iterator[Path]:
    """The command of the class's compose files, in this home and at this port; gives its log."""
    words = [word.replace(HOME, str(home)).replace(str(LAB_PORT), str(port)) for word in JUPYTER]
    if hasattr(os, "getuid") and os.getuid() == 0:  # who is nobody in a container
        words.append("--allow-root")
    log = home.parent / "log"
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "redislab.classroom.enter", *words],
            env={**container_environ(home), "REDISLAB_HOME": str(home / ".redislab")},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
        try:
            wait_until(lambda: process.poll() is not None or asked(port, "/api") == 200, timeout_s=START_S)
            assert process.poll() is None, log.read_text()
            yield log
        finally:
            process.terminate()
            process.wait(START_S)


def asked(port: int, path: str, token: str = "") -> int:
    """The status of an answer; 0: nobody listens yet."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if token:
        request.add_header("Authorization", f"token {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_jupyter_has_the_notebooks_asks_for_the_token_and_tells_it_once(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    lesson = home / "notebooks" / "02-strings.ipynb"
    lesson.parent.mkdir(parents=True)
    lesson.write_text("what a student has made of it")
    with jupyter(home, port) as log:
        token = (home / TOKEN).read_text()
        assert log.read_text().count(token) == 1
        assert [asked(port, "/api/contents", each) for each in ("", "x" * 32, token)] == [403, 403, 200]
        assert lesson.read_text() == "what a student has made of it"
        assert (home / "notebooks" / "04-counting.ipynb").is_file()
        (home / ".redislab" / "progress").write_text("as a lesson keeps it\n")
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/api/contents/.redislab/progress?format=text&type=file",
            headers={"Authorization": f"token {token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert json.load(answer)["content"] == "as a lesson keeps it\n"
