"""Start a generated class as processes, where there is no container engine: python tools/run_class.py DIR.

DIR is what `redislab classroom` wrote. Ctrl-C ends all; with --keep BASE the students' data stays.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.classroom.processes import ClassProcesses, new_base


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of the class")
    parser.add_argument("--file", default="compose.yaml", help="which machine's file (compose.yaml)")
    parser.add_argument("--keep", type=Path, help="keep volumes and logs in this folder")
    asked = parser.parse_args()
    if asked.keep is not None:
        asked.keep.mkdir(0o755, parents=True, exist_ok=True)
    base = asked.keep or new_base()
    try:
        with ClassProcesses(asked.folder / asked.file, base) as running:
            print(f"{running.found}; volumes and logs are in {base}")
            for service in running.services.values():
                print(
                    f"  {service.name}: 127.0.0.1:{service.port}, {service.resident_kb() >> 10} MB, healthy"
                )
            print(f"The links are in {asked.folder / 'handout.html'}. Ctrl-C ends the class.")
            signal.pause()
    except KeyboardInterrupt:
        print("Ended.")
    finally:
        if asked.keep is None:
            shutil.rmtree(base)


if __name__ == "__main__":
    main()
