"""What a server knows of one client and the client must know too: database, transaction, subscriptions.

Learnt from commands and the kinds of their replies alone, as redis-cli learns it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from redislab.core.reply import Kind

SUBSCRIBING = frozenset({b"subscribe", b"psubscribe", b"ssubscribe"})
UNSUBSCRIBING = frozenset({b"unsubscribe", b"punsubscribe", b"sunsubscribe"})

CONFIRMED_BY_PUSH = SUBSCRIBING | UNSUBSCRIBING  # one confirmation a channel; pushes under RESP3


@dataclass
class ClientState:
    """One connection. `wanted_db` is where the user wants to be, `db` where the server has us."""

    wanted_db: int = 0
    db: int = 0
    in_multi: bool = False
    queued: list[list[bytes]] = field(default_factory=list)  # since MULTI, in order
    watching: bool = False
    monitoring: bool = False
    subscriptions: int = 0  # channels and patterns
    shard_subscriptions: int = 0
    confirmations: int = 0  # still to come for subscriptions changed while listening
    resp3: bool = False
    muted: bool = False  # CLIENT REPLY OFF
    skipping: bool = False  # CLIENT REPLY SKIP was the last command
    _db_before_multi: int = 0

    def begin(self) -> None:
        """A new client: everything as after connecting, but for `wanted_db`."""
        fresh = ClientState(wanted_db=self.wanted_db)
        for each in fields(self):
            setattr(self, each.name, getattr(fresh, each.name))

    @property
    def subscribed(self) -> bool:
        return self.subscriptions > 0 or self.shard_subscriptions > 0 or self.confirmations > 0

    @property
    def listening(self) -> bool:
        """Messages come unasked."""
        return self.subscribed or self.monitoring

    @property
    def unpaired(self) -> bool:
        """Answers cannot be told from messages, which RESP3 marks as pushes."""
        return self.monitoring or (self.subscribed and not self.resp3)

    def replies_to(self, args: Sequence[bytes]) -> int:
        """How many replies this command will get; to be asked once for each, in the order of sending.

        0 while what comes cannot be paired with commands, and where CLIENT REPLY silences.
        """
        name = args[0].lower() if args else b""
        mode = (
            args[2].lower() if name == b"client" and len(args) == 3 and args[1].lower() == b"reply" else b""
        )
        if mode == b"on":
            self.muted, self.skipping = False, False
            return 1
        silent = self.muted or self.skipping or mode in (b"off", b"skip")
        self.skipping = mode == b"skip"
        self.muted = self.muted or mode == b"off"
        if silent and name == b"select" and len(args) == 2 and not self.in_multi:
            self.wanted_db = self.db = _leading_int(args[1])  # nothing will say whether it was so
        if self.unpaired and name in CONFIRMED_BY_PUSH:
            self.confirmations += max(1, len(args) - 1)
        if silent or self.unpaired:
            return 0
        if name in CONFIRMED_BY_PUSH and not self.in_multi:
            return max(1, len(args) - 1)
        return 1

    @property
    def db_of_exec(self) -> int:
        """The database in which the next command that runs begins: EXEC begins where MULTI was said."""
        return self._db_before_multi if self.in_multi else self.db

    def observe(self, args: Sequence[bytes], kind: Kind) -> None:
        """Take note of a command that got a reply of this kind."""
        name = args[0].lower() if args else b""
        failed = kind is Kind.ERROR
        if name == b"exec" and len(args) == 1 and self.in_multi:
            self._leave_multi(restore_db=failed or kind is Kind.NIL or kind is Kind.NIL_ARRAY)
        elif failed:
            return
        elif name == b"discard" and len(args) == 1:
            self._leave_multi(restore_db=True)
        elif name == b"multi" and len(args) == 1:
            self.in_multi, self.queued, self._db_before_multi = True, [], self.db
        elif name == b"reset" and len(args) == 1:
            self.wanted_db = 0
            self.begin()
        elif self.in_multi:
            self.queued.append(list(args))
        if name == b"select" and len(args) == 2 and not failed:
            self.wanted_db = self.db = _leading_int(args[1])
        elif name == b"watch" and not failed:
            self.watching = True
        elif name == b"unwatch" and not self.in_multi:
            self.watching = False
        elif name == b"monitor" and not self.in_multi:
            self.monitoring = True
        elif name == b"hello" and len(args) > 1:
            self.resp3 = args[1] == b"3"
        elif name == b"ssubscribe" and not self.in_multi:
            self.shard_subscriptions = max(1, self.shard_subscriptions)
        elif name in SUBSCRIBING and not self.in_multi:
            self.subscriptions = max(1, self.subscriptions)

    def selected(self, numbers: Sequence[bytes]) -> None:
        """After EXEC: these SELECTs of the transaction were carried out."""
        self.wanted_db = self.db = _leading_int(numbers[-1]) if numbers else self._db_before_multi

    def confirmed(self, name: bytes, count: int) -> None:
        """A confirmation has come: `name` is its first item, `count` how many are left of that kind."""
        self.confirmations = max(0, self.confirmations - 1)
        if name in (b"ssubscribe", b"sunsubscribe"):
            self.shard_subscriptions = count
        else:
            self.subscriptions = count

    def _leave_multi(self, *, restore_db: bool) -> None:
        self.in_multi = self.watching = False
        self.queued = []
        if restore_db:
            self.wanted_db = self.db = self._db_before_multi


def _leading_int(text: bytes) -> int:
    """C's atoi for what a server has accepted as a database number."""
    try:
        return int(text)
    except ValueError:
        return 0
