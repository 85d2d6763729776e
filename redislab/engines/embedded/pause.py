"""CLIENT PAUSE and DEBUG SLEEP: for how long whose commands wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client
    from redislab.engines.embedded.lab import Lab
    from redislab.engines.embedded.table import Entry


class Pause:
    """Of one lab, over when `until_s` of its monotonic clock has come."""

    def __init__(self, lab: Lab) -> None:
        self.until_s = 0.0
        self._lab = lab
        self._sleeper: Client | None = None
        self._writes_only = False

    def begin(self, for_s: float, *, writes_only: bool = False) -> None:
        """Until then commands wait, or those only that write. 0 s ends a pause."""
        self.until_s = self._lab.clock.monotonic() + for_s
        self._writes_only = writes_only
        self._sleeper = None
        self._lab.touched = True

    def sleep(self, client: Client, for_s: float) -> None:
        """One client's command stops all others, as where one thread does everything."""
        self.begin(for_s)
        self._sleeper = client

    def end_sleep_of(self, client: Client) -> None:
        """The client has gone; here, unlike there, its sleep goes with it."""
        if self._sleeper is client:
            self.begin(0)

    @property
    def is_on(self) -> bool:
        return self.until_s > 0 and self.until_s > self._lab.clock.monotonic()

    def holds_back(self, client: Client, entry: Entry, args: list[bytes]) -> bool:
        """While it is on: whether this command must wait."""
        if self._sleeper is None and entry.name.startswith("CLIENT"):
            return False
        if not self._writes_only:
            return True
        commands = client.queued or () if entry.name == "EXEC" else [(entry, args)]
        return any(self._changes_replicas(*command) for command in commands)

    def _changes_replicas(self, entry: Entry, args: list[bytes]) -> bool:
        """Whether a replica would be told of it: that is what CLIENT PAUSE WRITE holds back."""
        if entry.name == "FCALL":
            function = self._lab.functions.find(args[1])
            return function is None or b"no-writes" not in function.flags
        if entry.runs_script:
            return not (entry.name.endswith("_RO") or self._lab.scripts.only_reads(args))
        return entry.is_told_to_replicas
