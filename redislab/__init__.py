"""A teaching kit for Redis: a shell that answers as redis-cli does and explains itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    import redis
    import redis.asyncio
    from IPython.core.interactiveshell import InteractiveShell

    from redislab.notebook import Check

__version__ = "0.1.0"


@overload
def connect(asyncio: Literal[False] = False, **options: Any) -> redis.Redis: ...
@overload
def connect(asyncio: Literal[True], **options: Any) -> redis.asyncio.Redis: ...
def connect(asyncio: bool = False, **options: Any) -> redis.Redis | redis.asyncio.Redis:
    """A plain redis-py client on the same data as the notebook's `%redis`.

    Without REDISLAB_URL and `%redis_connect` that is a Redis inside this process, empty at first and
    kept nowhere. `options` are those of `redis.Redis` (`decode_responses=True`), but for those that name
    a place. No command is sent twice or given up unless they say so.

    Raises `redislab.errors.UsageError` for an option that names another place and a wrong REDISLAB_URL.
    """
    from redislab.shared import SHARED

    return SHARED.client(asyncio=asyncio, options=options)  # type: ignore[no-any-return]


def lesson(wanted: str | int, *, allow: Sequence[str] = (), lang: str = "", clear: bool = False) -> Check:
    """A lesson in this notebook, to be called `check`: `check.start("login")`, and then `check("login")`.

    `wanted` is a number, an id or the path of a lesson file; `allow` names commands beyond the usual ones
    that it may run; `lang` is `fr` or another language of its translations. A lesson empties its place: on a
    server or in a kept lab that must hold nothing, unless `clear` says that it may go.

    Raises `redislab.errors.UsageError` where it cannot be opened here.
    """
    from redislab.notebook import open_lesson

    return open_lesson(wanted, allow=allow, language=lang, clear=clear)


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """`%load_ext redislab`."""
    from redislab.notebook import load

    load(ipython)


def unload_ipython_extension(ipython: InteractiveShell) -> None:
    """`%unload_ext redislab`."""
    from redislab.notebook import unload

    unload(ipython)
