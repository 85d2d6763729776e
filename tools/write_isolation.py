"""Write docs/isolation.md from the attempts that the tests make: python tools/write_isolation.py."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.classroom.isolation_page import PATH, page


def main() -> None:
    PATH.write_text(page(), "utf-8")
    print(PATH)


if __name__ == "__main__":
    main()
