"""What starts first in a lab's container: `python -m redislab.classroom.enter COMMAND ARG …`.

It reads the password of the Redis from its file. Before a Jupyter it puts the notebooks into the home, where
those that somebody has changed stay as they are, and makes a token at the first start, unless one was given.
Then it becomes COMMAND.

REDISLAB_PASSWORD_FILE   the password for REDISLAB_URL; what runs here gets it as REDISCLI_AUTH
JUPYTER_TOKEN_FILE       the Jupyter's token; without it, one is made and kept in the home
REDISLAB_LINK            where the Jupyter is found from outside, for the line that tells the token
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from redislab.classroom.secrets import kept_token, new_token

TOKEN = ".redislab/jupyter-token"
NOTEBOOKS = "notebooks"


def prepare(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[list[str], dict[str, str], str]:
    """The command, its environment, and a line for the person at the first start. Raises OSError."""
    env = dict(environ)
    password_file = env.pop("REDISLAB_PASSWORD_FILE", "")
    if password_file:
        env["REDISCLI_AUTH"] = Path(password_file).read_text("utf-8").strip()
    if argv[0] != "jupyter":
        return list(argv), env, ""
    given = env.get("JUPYTER_TOKEN_FILE")
    if given:
        if not Path(given).read_text("utf-8").strip():  # it would let everybody in
            raise OSError(0, "there is no token in it", given)
        return list(argv), env, ""
    path = Path(env["HOME"]) / TOKEN
    env["JUPYTER_TOKEN_FILE"] = str(path)
    return list(argv), env, _first_token(path, env.get("REDISLAB_LINK", "http://127.0.0.1:8888/lab"))


def main() -> int:
    """Become the command; the exit code where that cannot be."""
    if not sys.argv[1:]:
        sys.stderr.write("redislab.classroom.enter needs the command to run\n")
        return 1
    try:
        argv, env, said = prepare(sys.argv[1:], os.environ)
        if argv[0] in ("jupyter", "jupyterhub-singleuser"):
            _put_notebooks(Path(env["HOME"]) / NOTEBOOKS)
        sys.stdout.write(said)
        sys.stdout.flush()
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        named = error.filename or sys.argv[1]
        sys.stderr.write(f"redislab cannot start here: {error.strerror}: {named}\n")
        return 1


def _put_notebooks(folder: Path) -> None:
    """What comes of it is in the log; a Jupyter without them is better than none."""
    subprocess.run([sys.executable, "-m", "redislab", "notebooks", str(folder)], check=False)


def _first_token(path: Path, link: str) -> str:
    """Make the token, if there is none yet; the line that tells it, once."""
    if kept_token(path):
        return ""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    token, beside = new_token(), path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)  # an empty file would be a Jupyter without a token
    return f"\nOpen {link}?token={token}\nThis is said once; {path} keeps the token.\n\n"


if __name__ == "__main__":
    sys.exit(main())
