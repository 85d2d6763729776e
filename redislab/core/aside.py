"""Questions to a server on a connection of their own, each with an end in sight."""

from __future__ import annotations

import time
from collections.abc import Sequence

from redislab.core.engine import Engine
from redislab.core.link import Link
from redislab.core.parts import Assembler
from redislab.core.reply import Reply
from redislab.errors import ConnectionLost, RedislabError

BUDGET_S = 2.0  # for all answers to one batch


class Aside:
    """One connection, opened when first needed; `name` is what CLIENT LIST shows."""

    def __init__(self, engine: Engine, name: bytes) -> None:
        self._link = Link(engine)
        self._name = name

    def ask(self, batch: Sequence[Sequence[bytes]]) -> list[Reply]:
        """The answers to a batch, in order. Raises Unreachable, ConnectionLost, ProtocolError."""
        if not batch:
            return []
        if not self._link.connected or self._has_ended():
            self._link.connect()
            self._answers([(b"CLIENT", b"SETNAME", self._name)])
        try:
            return self._answers(batch)
        except BaseException:  # answers that still come must not be taken for the next
            self.close()
            raise

    def _has_ended(self) -> bool:
        """The server has hung up since the last question, which is no reason not to answer this one.

        Where keys are watched it is one: a new connection would not know of them.
        """
        if self._link.state.watching:
            return False
        try:
            for _ in self._link.arrivals(0):
                pass
        except RedislabError:
            self.close()
            return True
        return False

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        self._link.drop()
        self._link.acknowledge()  # keys that were watched: nobody waits to hear of it

    def _answers(self, batch: Sequence[Sequence[bytes]]) -> list[Reply]:
        until_s = time.monotonic() + BUDGET_S
        assembler = Assembler()
        found: list[Reply] = []
        self._link.send(batch)
        while len(found) < len(batch):
            left_s = until_s - time.monotonic()
            if left_s <= 0:
                raise ConnectionLost(f"No answer within {BUDGET_S:g} s")
            for arrival in self._link.arrivals(left_s):
                reply = assembler.add(arrival.part) if arrival.args is not None else None
                if reply is not None:
                    found.append(reply)
                    if len(found) == len(batch):
                        break
        return found
