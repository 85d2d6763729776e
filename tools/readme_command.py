"""Print a command of the README, so that checks run what readers run: `readme_command.py start`."""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def command(name: str) -> str:
    """The fenced block after `<!-- command: NAME -->`. Raises KeyError where there is none."""
    pattern = rf"<!-- command: {re.escape(name)} -->\s*```\w*\n(.*?)\n```"
    found = re.search(pattern, README.read_text("utf-8"), re.DOTALL)
    if found is None:
        raise KeyError(name)
    return found[1]


if __name__ == "__main__":
    print(command(sys.argv[1]))
