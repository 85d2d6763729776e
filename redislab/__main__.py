"""The `redislab` command, which is `python -m redislab` as well."""

from __future__ import annotations

import gc
import sys

SWITCH_S = 0.001  # Python's 5 ms are felt in a key that waits for the thread that completes
COLLECT_AFTER = 50_000  # new objects; Python's 700 means many searches for garbage while libraries load


def run() -> int:
    """`cli.main` for a process of its own, in which nothing holds up a start, a key or the end."""
    sys.setswitchinterval(SWITCH_S)
    # The oldest objects are a lab's keys: a search through 100,000 takes 50 ms, in the middle of a word.
    gc.set_threshold(COLLECT_AFTER, 20, 1_000)
    from redislab.cli import main

    code = main()
    gc.freeze()  # the process ends: nothing is worth a last search (20 ms with redis-py loaded)
    return code


if __name__ == "__main__":
    sys.exit(run())
