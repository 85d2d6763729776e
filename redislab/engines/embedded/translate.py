"""fakeredis's own results and errors → ours."""

from __future__ import annotations

from typing import Any

from fakeredis._helpers import SimpleError, SimpleString

from redislab.core.reply import OK, Kind, Reply
from redislab.engines.embedded import results


def plain(result: Any) -> Any:
    """Fakeredis's own types → ours, at any depth."""
    kind = type(result)
    if kind is SimpleString:
        return OK if result.value == b"OK" else Reply(Kind.STATUS, result.value)
    if kind is SimpleError:
        return their_error(result)
    if kind is list:
        for value in result:
            if type(value) is not bytes:
                return [value if type(value) is bytes else plain(value) for value in result]
    if kind is dict:
        return {plain(key): plain(value) for key, value in result.items()}
    return result


def their_error(fail: SimpleError) -> Reply:
    return results.error(fail.value.encode("utf-8", "surrogateescape"))
