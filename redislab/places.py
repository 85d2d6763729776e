"""Where things of the user lie, beside labs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def history_path(environ: Mapping[str, str]) -> Path | None:
    """Where the history lies: REDISLAB_HISTORY (empty: nowhere), or the user's folder for such things.

    None: there is no home folder to put it in.
    """
    named = environ.get("REDISLAB_HISTORY")
    if named is not None:
        return Path(os.path.expanduser(named) if named else os.devnull)
    from platformdirs import user_state_path  # not needed where the file is named

    path, home = user_state_path("redislab") / "history", Path(os.path.expanduser("~"))
    homeless = home in path.parents and not home.is_dir()
    return path if path.is_absolute() and not homeless else None
