"""`Connection` to a lab: batches in, parts out. Every wait is here, in slices that Ctrl-C can end."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence

from redislab.core.parts import Part
from redislab.core.reply import Reply
from redislab.engines.embedded import results
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.lab import Lab
from redislab.errors import Cancelled, ConnectionLost

SLICE_S = 0.1  # Windows ends no wait for Ctrl-C: none is longer than this

_AGAIN = "The next command connects again."


class EmbeddedConnection:
    """Commands run while they are sent, in the sender's thread; one that must wait is parked.

    What is sent behind a parked command stands in its backlog. Whoever wakes it (another
    connection, or `replies` when its time is up) runs the backlog too, as a server would.
    """

    def __init__(self, lab: Lab, *, aside: bool = False, rung: Callable[[], None] = lambda: None) -> None:
        self._lab = lab
        self._rung = rung  # told in any thread that something came out
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # put may be called by a signal handler
        self._waiting = False
        self._under_way: Iterator[Part] | None = None  # an aggregate of which parts are still to come
        self._cancelled = False
        self._closed = False
        self.client = Client(lab, self._ring, aside=aside)
        lab.join(self.client)

    def send(self, batch: Sequence[Sequence[bytes]]) -> None:
        self._check_open()
        client, lock, effects = self.client, self._lab.lock, self._lab.effects
        last = len(batch) - 1
        try:
            for place, args in enumerate(batch):
                held: list[bool] = []
                try:
                    if self._acquired(list(args), held):
                        effects.batch_of = client if place < last else None
                        client.take(list(args))
                finally:
                    if True in held:
                        lock.release()
        except BaseException:  # Ctrl-C in the middle of a command: nobody knows what was done
            if lock.acquire(timeout=SLICE_S):
                effects.close()
                lock.release()
            self.close()
            raise

    def replies(self, timeout_s: float | None) -> Iterator[Part]:
        self._check_open()
        output = self.client.output
        while True:
            while self._under_way is not None or output:
                if self._under_way is not None:
                    for part in self._under_way:  # noqa: UP028 - `yield from` would end it with this iterator
                        yield part
                    self._under_way = None
                    continue
                result, resp = output.popleft()
                if type(result) is Reply:
                    yield result
                else:
                    self._under_way = results.parts(result, resp)
            try:
                if not self._wait(timeout_s):
                    return
            except BaseException:
                self.close()
                raise

    def received(self, timeout_s: float | None) -> bytes:
        """What has come, as a server writes it, in place of `replies`; b"" when nothing came in time."""
        self._check_open()
        try:
            if not self._wait(timeout_s):
                return b""
        except BaseException:
            self.close()
            raise
        output = self.client.output
        pieces: list[bytes] = []
        while output:
            pieces.extend(results.encoded(*output.popleft()))
        return b"".join(pieces)

    def cancel(self) -> None:
        self._cancelled = True
        self._wake.put(None)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._lab.leave(self.client)

    # -- inside ---------------------------------------------------------------------------------

    def _acquired(self, args: list[bytes], held: list[bool]) -> bool:
        """Wait for the lab's lock; False where a script holds it for so long that `args` were answered.

        `held` gets True with the lock itself: Ctrl-C comes between two steps of Python, and these are one.
        """
        lock, scripts = self._lab.lock, self._lab.scripts
        while True:
            held.extend(map(lock.acquire, (True,), (SLICE_S,)))
            if held[-1]:
                return True
            self._check_open()
            scripts.attend()
            if scripts.is_busy and self.client.take_while_busy(args):
                return False

    def _ring(self) -> None:
        """Something came out; called in any thread."""
        if self._waiting:
            self._wake.put(None)
        self._rung()

    def _check_open(self) -> None:
        if self._cancelled:
            self.close()
            raise Cancelled("The wait was cancelled")
        if self._closed:
            raise ConnectionLost("The connection is closed", remedy=_AGAIN)

    def _wait(self, timeout_s: float | None) -> bool:
        """Until something came out; False when nothing did in time."""
        until_s = None if timeout_s is None else time.monotonic() + timeout_s
        self._waiting = True
        try:
            while True:
                self._lab.tick()
                if self.client.output:
                    return True
                self._check_open()
                if self.client.ended:
                    why = self.client.ended_because or "Server closed the connection"
                    raise ConnectionLost(why, remedy=_AGAIN)
                left_s = SLICE_S if until_s is None else until_s - time.monotonic()
                if left_s <= 0:
                    return False
                self._sleep(min(left_s, SLICE_S, self._lab.next_deadline_in_s()))
        finally:
            self._waiting = False

    def _sleep(self, for_s: float) -> None:
        try:
            self._wake.get(timeout=max(for_s, 0.0))
        except queue.Empty:
            pass
