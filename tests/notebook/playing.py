"""A notebook's cells run in a process of their own, without a kernel; as a program it is that process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = ROOT / "notebooks"
PATIENCE_S = 300


@dataclass(frozen=True)
class Played:
    """A cell of code: what it printed, the mime bundles it displayed, and why it failed (or None)."""

    source: str
    printed: str
    displayed: list[dict[str, str]]
    failure: str | None


def environment(url: str | None) -> dict[str, str]:
    """That of a kernel which works on the server at `url`, or on the Redis inside the process."""
    kept = {name: value for name, value in os.environ.items() if name != "REDISLAB_URL"}
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**kept, "PYTHONPATH": paths, **({"REDISLAB_URL": url} if url else {})}


def play(notebook: Path, folder: Path, url: str | None = None) -> list[Played]:
    """Run all cells in `folder`, from top to bottom; the first that fails is the last."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.notebook.playing", str(notebook)],
        cwd=folder,
        env={**environment(url), "MPLBACKEND": "agg", "IPYTHONDIR": str(folder / "ipython")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=PATIENCE_S,
        check=True,
    )
    return [Played(**cell) for cell in json.loads(done.stdout.splitlines()[-1])]


def _main(notebook: str) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell: Any = InteractiveShell.instance()
    played = []
    for cell in json.loads(Path(notebook).read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        with capture_output() as captured:
            result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
        failure = None if error is None else f"{type(error).__name__}: {error}\n{captured.stdout}"
        displayed = [output.data for output in captured.outputs]
        played.append(Played(source, captured.stdout, displayed, failure).__dict__)
        if error is not None:
            break
    print(json.dumps(played))  # noqa: T201 - this is the program's output


if __name__ == "__main__":
    _main(sys.argv[1])
