"""Whose command runs when: the lab's lock without waits in the loop, scripts in threads of their own.

A script may run for long. In the loop's thread nobody could say SCRIPT KILL, so scripts run beside it;
while one does, the others are answered as soon as it has ended, or with BUSY when it takes too long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum

from redislab.engines.embedded.client import Client
from redislab.engines.embedded.lab import Lab

LOOP_PATIENCE_S = 0.001  # so long the loop waits for another thread's command
LOOK_AGAIN_S = 0.005
SCRIPT_PATIENCE_S = 0.05

_SCRIPTS = frozenset({b"EVAL", b"EVALSHA", b"EVAL_RO", b"EVALSHA_RO", b"FCALL", b"FCALL_RO", b"FUNCTION"})


class Turn(Enum):
    """What became of a command."""

    TAKEN = "taken"
    LATER = "later"  # the lab is not free: ask again in LOOK_AGAIN_S
    AWAY = "away"  # it runs in another thread, which says when it is done


class Turns:
    """Gives commands to one lab, in the loop's thread."""

    def __init__(self, lab: Lab, loop: asyncio.AbstractEventLoop) -> None:
        self._lab = lab
        self._loop = loop
        self._threads: ThreadPoolExecutor | None = None  # made for the first script
        self._away: set[Client] = set()

    def take(self, client: Client, args: list[bytes], done: Callable[[], None]) -> Turn:
        """Run a command, if it can be done now. `done` is called in the loop's thread after AWAY."""
        if _runs_script(client, args):
            self._send_away(client, args, done)
            return Turn.AWAY
        lab = self._lab
        if not lab.lock.acquire(timeout=LOOP_PATIENCE_S):
            lab.scripts.attend()
            busy = lab.scripts.is_busy and client.take_while_busy(args)
            return Turn.TAKEN if busy else Turn.LATER
        try:
            client.take(args)
        finally:
            lab.lock.release()
        return Turn.TAKEN

    def close(self) -> None:
        """End the scripts of our clients, and the threads."""
        running = self._lab.scripts.running
        if running is not None and running.client in self._away:
            running.stopped = True
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)

    def _send_away(self, client: Client, args: list[bytes], done: Callable[[], None]) -> None:
        def end(future: asyncio.Future[None]) -> None:
            self._away.discard(client)
            done()
            future.result()  # a fault in it is reported, not swallowed

        self._threads = self._threads or ThreadPoolExecutor(thread_name_prefix="redislab-script")
        self._away.add(client)
        self._loop.run_in_executor(self._threads, self._run, client, args).add_done_callback(end)

    def _run(self, client: Client, args: list[bytes]) -> None:
        lab = self._lab
        while not lab.lock.acquire(timeout=SCRIPT_PATIENCE_S):
            lab.scripts.attend()
            if lab.scripts.is_busy and client.take_while_busy(args):
                return
        try:
            client.take(args)
        finally:
            lab.lock.release()


def _runs_script(client: Client, args: list[bytes]) -> bool:
    name = args[0].upper()
    if name == b"EXEC":
        return any(words[0].upper() in _SCRIPTS for _, words in client.queued or ())
    return name in _SCRIPTS and client.queued is None
