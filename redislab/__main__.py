"""The `redislab` command, which is `python -m redislab` as well."""

from __future__ import annotations

import gc
import sys

COLLECT_AFTER = 50_000  # new objects; Python's 700 means many searches for garbage while libraries load


def run() -> int:
    """`cli.main` for a process of its own, with a garbage collector that costs no start and no end."""
    gc.set_threshold(COLLECT_AFTER, 20, 20)
    from redislab.cli import main

    code = main()
    gc.freeze()  # the process ends: nothing is worth a last search (20 ms with redis-py loaded)
    return code


if __name__ == "__main__":
    sys.exit(run())
