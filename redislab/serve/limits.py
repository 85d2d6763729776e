"""How much a client may send, and leave unread. Settings are the lab's, with Redis's names and meanings."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.lab import Lab

UNREAD_BYTES = 256 << 20  # replies that nobody reads, of all clients together; who has more of them is paused
UNREAD_BYTES_MIN = 1 << 20  # so much may each of them leave unread, however many they are


class OutputLimit(NamedTuple):
    """A client with more unread bytes than `hard`, or `soft_s` long more than `soft`, is dropped. 0: none."""

    hard_bytes: int
    soft_bytes: int
    soft_s: int


class ClientLimits:
    """What `core.requests` asks about the client that it reads."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def is_stranger(self) -> bool:
        return not self._client.authenticated

    @property
    def max_bulk_bytes(self) -> int:
        return self._client.lab.settings.number("proto-max-bulk-len")


def output_limit(client: Client) -> OutputLimit:
    """By `client-output-buffer-limit`. MONITOR counts as pub/sub here: it is sent things unasked as well."""
    unasked = client.subscriptions or client.shards or client in client.lab.monitors
    limits = _output_limits(client.lab.settings["client-output-buffer-limit"])
    return limits.get("pubsub" if unasked else "normal", OutputLimit(0, 0, 0))


@lru_cache(maxsize=8)
def _output_limits(setting: str) -> dict[str, OutputLimit]:
    words = setting.split()
    return {
        words[place].lower(): OutputLimit(*map(int, words[place + 1 : place + 4]))
        for place in range(0, len(words) - 3, 4)
    }


def unread_room(clients: int) -> int:
    """How many bytes of replies a client may leave unread before it is read no further."""
    return max(UNREAD_BYTES_MIN, UNREAD_BYTES // max(clients, 1))


def query_room(lab: Lab) -> int:
    """How many bytes of one command, and of what stands behind it, are kept."""
    return lab.settings.number("client-query-buffer-limit")
