"""notebooks/*.ipynb from notebooks/sources/*.md: `python tools/write_notebooks.py [--check]`.

The sources are edited (Markdown with code cells, as jupytext reads it), the notebooks are written from them:
without outputs, and the same bytes from the same source. `--check` writes nothing and names what differs; its
exit code is 1 then.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import jupytext
import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(source: Path) -> str:
    """The text of the notebook that a source stands for."""
    read = jupytext.read(source, fmt="md:myst")
    seen: dict[str, int] = {}
    for cell in read.cells:
        # By content, so that a cell that comes or goes leaves the others as they were.
        named = hashlib.sha256(f"{source.stem}\n{cell.source}".encode()).hexdigest()[:12]
        seen[named] = seen.get(named, 0) + 1
        cell["id"] = named if seen[named] == 1 else f"{named}-{seen[named]}"
        cell["metadata"] = {}
    read["metadata"] = nbformat.from_dict(METADATA)
    read["nbformat"], read["nbformat_minor"] = 4, 5
    nbformat.validate(read)
    return f"{nbformat.writes(read).rstrip()}\n"


def main(arguments: list[str]) -> int:
    stale = []
    for source in sorted((NOTEBOOKS / "sources").glob("*.md")):
        target, text = NOTEBOOKS / f"{source.stem}.ipynb", notebook(source)
        if target.exists() and target.read_text("utf-8") == text:
            continue
        stale.append(target.name)
        if "--check" not in arguments:
            target.write_text(text, "utf-8", newline="\n")
    print("\n".join(stale) or "all notebooks are as their sources")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
