"""Which commands a redis-py call sends, without a server to send them to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import redis
from redis.commands import CoreCommands
from redis.exceptions import RedisError

from redislab.errors import UsageError


class _Recorder(redis.Redis):
    """A client that keeps what it would send."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[list[bytes]] = []

    def execute_command(self, *args: Any, **options: Any) -> Any:
        encode = self.connection_pool.get_encoder().encode
        # redis-py passes names of several words as one: "CONFIG GET"
        words = [*str(args[0]).split(), *args[1:]]
        self.sent.append([bytes(encode(word)) for word in words])  # type: ignore[no-untyped-call]
        return None


def words_of(method: str, args: Sequence[Any], options: Mapping[str, Any]) -> list[list[bytes]]:
    """The commands of `r.method(*args, **options)`. Raises UsageError, in redis-py's words."""
    if not hasattr(CoreCommands, method) and method != "execute_command":
        raise UsageError(f"redis-py has no command r.{method}")
    recorder = _Recorder()
    try:
        getattr(recorder, method)(*args, **options)
    except (RedisError, TypeError, ValueError) as error:
        raise UsageError(f"redis-py refuses this: {type(error).__name__}: {error}") from None
    except AttributeError:  # a method that looks into the reply
        pass
    if not recorder.sent:
        raise UsageError(f"r.{method} sends nothing by itself; write the calls that do")
    return recorder.sent
