"""CLIENT TRACKING: who has read which keys, and telling them when these change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redislab.engines.embedded.key_uses import keys_used
from redislab.engines.embedded.results import push

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client
    from redislab.engines.embedded.settings import Settings
    from redislab.engines.embedded.table import Entry

CHANNEL = b"__redis__:invalidate"  # for those who listen with RESP2 on behalf of another


@dataclass
class Mode:
    """How a client is told. `redirect`: the client that is told in its place, 0 for none."""

    redirect: int = 0
    broadcast: bool = False
    optin: bool = False
    optout: bool = False
    noloop: bool = False
    prefixes: list[bytes] = field(default_factory=list)
    caching: bool = False  # CLIENT CACHING was said for the next command
    broken: bool = False  # the one who is told in its place has gone

    @property
    def flags(self) -> list[bytes]:
        """As CLIENT TRACKINGINFO says them."""
        shown = [b"on"]
        shown += [name.encode() for name in ("bcast",) if self.broadcast]
        if self.optin:
            shown += [b"optin", *[b"caching-yes"] * self.caching]
        if self.optout:
            shown += [b"optout", *[b"caching-no"] * self.caching]
        return shown + [b"noloop"] * self.noloop + [b"broken_redirect"] * self.broken


class Tracking:
    """What all clients of a lab track. All under the lab's lock."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.clients: dict[Client, None] = {}
        self._readers: dict[bytes, dict[Client, None]] = {}
        # For clients whose command runs, told behind its answer; None stands for all keys.
        self._own: list[tuple[Client, bytes | None]] = []
        self._changed: dict[bytes, Client | None] = {}  # for those who hear of every key; who changed it

    @property
    def keys(self) -> int:
        """How many keys somebody has read."""
        return len(self._readers)

    @property
    def readings(self) -> int:
        """Those keys, each for every client that has read it."""
        return sum(map(len, self._readers.values()))

    @property
    def prefixes(self) -> int:
        """How many prefixes somebody listens to."""
        modes = [client.tracking for client in self.clients]
        return len({prefix for mode in modes if mode is not None for prefix in mode.prefixes})

    def begin(self, client: Client, mode: Mode) -> None:
        client.tracking = mode
        self.clients[client] = None

    def end(self, client: Client) -> None:
        client.tracking = None
        self.clients.pop(client, None)

    def remember(self, client: Client, entry: Entry, words: Sequence[bytes]) -> None:
        """A client that tracks has read the keys of this command."""
        mode = client.tracking
        if mode is None or mode.broadcast:
            return
        if (mode.optin and not mode.caching) or (mode.optout and mode.caching):
            return
        for place, _ in keys_used(entry.command, words):
            self._readers.setdefault(words[place], {})[client] = None

    def changed(self, key: bytes, by: Client | None) -> None:
        """A key has changed or gone. `by`: whose command runs."""
        if not self.clients:
            return
        self._changed[key] = by
        for reader in self._readers.pop(key, ()):
            mode = reader.tracking
            if mode is None or mode.broadcast or (mode.noloop and reader is by):
                continue
            if reader is by:
                self._own.append((reader, key))
            else:
                self._tell(reader, [key])

    def emptied(self, by: Client | None) -> None:
        """A database has lost all its keys: None stands for whatever was read."""
        self._readers.clear()
        for client in self.clients:
            if client is by:
                self._own.append((client, None))
            else:
                self._tell(client, None)

    def deliver(self, by: Client | None) -> None:
        """The command has been answered: tell its client, and those who hear of every key."""
        own, self._own = self._own, []
        for client, key in own:
            if client is by:
                self._tell(client, None if key is None else [key])
            else:
                self._own.append((client, key))  # its own command is not answered yet
        if self._readers:
            self._trim(self._settings.number("tracking-table-max-keys"))
        changed, self._changed = self._changed, {}
        if not changed:
            return
        modes = [(client, client.tracking) for client in self.clients]
        listeners = [(client, mode) for client, mode in modes if mode is not None and mode.broadcast]
        for prefix in sorted({prefix for _, mode in listeners for prefix in mode.prefixes}):
            keys = sorted(key for key in changed if key.startswith(prefix))
            for client, mode in listeners:
                found = [key for key in keys if not (mode.noloop and changed[key] is client)]
                if found and prefix in mode.prefixes:
                    self._tell(client, found)

    def _trim(self, most: int) -> None:
        """Where too many keys are remembered, act as if some had changed. 0: as many as there are."""
        while 0 < most < len(self._readers):
            key = next(iter(self._readers))
            for reader in self._readers.pop(key):
                if reader.tracking is not None and not reader.tracking.broadcast:
                    self._tell(reader, [key])

    def _tell(self, client: Client, keys: Iterable[bytes] | None) -> None:
        mode = client.tracking
        if mode is None:
            return
        listener = client
        if mode.redirect:
            found = client.lab.members.get(mode.redirect)
            if found is None:
                mode.broken = True
                if client.resp == 3:
                    client.put(push(b"tracking-redir-broken", mode.redirect))
                return
            listener = found
        named = None if keys is None else list(keys)
        if listener.resp == 3:
            listener.put(push(b"invalidate", named))
        elif mode.redirect and listener.subscriptions:
            listener.put(push(b"message", CHANNEL, named))
