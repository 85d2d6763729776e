"""What may be asked beside the user's commands: the state of a command's keys, before and after it.

A probe has a connection of its own, so that nothing it asks is queued in the user's MULTI or answered
to a subscribed client. On an engine that nobody else uses it is always on; on a server that others
share it is off until a person switches it on: until then the server sees what was typed and nothing
else. It is bounded (keys, words, bytes, time), and a probe that fails disturbs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from redislab.core.catalogue import Catalogue, Command
from redislab.core.engine import Connection, Engine
from redislab.core.keys import key_positions
from redislab.core.parts import Assembler
from redislab.core.reply import Reply
from redislab.core.touched import keyspace
from redislab.errors import ConnectionLost, RedislabError

VALUE_BYTES = 256  # of a value that is kept; longer ones are not, or cut
MOST_WORDS = 32  # of a command, looked up as fields or members
OPENING_S = 1.0  # for the greetings on a new connection
GIVES_UP_AFTER = 3  # failures in a row: whatever is wrong with the connection stays wrong

# Redis does not count these as a use of the key; a look at its value would (OBJECT IDLETIME says so).
_LEAVE_UNTOUCHED = frozenset(
    {"TYPE", "TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME", "EXISTS", "DUMP", "TOUCH", "MEMORY USAGE"}
    | {f"OBJECT {name}" for name in ("ENCODING", "FREQ", "IDLETIME", "REFCOUNT")}
)
_SIZE_MATTERS = frozenset({"FLUSHDB", "FLUSHALL", "SCAN", "KEYS", "RANDOMKEY", "SELECT", "SWAPDB", "DBSIZE"})
_NOT_NOW = frozenset({"EXEC", "DISCARD", "QUIT", "SHUTDOWN", "MONITOR", "RESET"})


@dataclass(frozen=True, slots=True)
class Policy:
    """What a probe may cost, and whether it may begin on an engine that others share."""

    on_shared: bool = False
    most_keys: int = 8
    budget_s: float = 0.05


@dataclass(frozen=True, slots=True)
class KeyState:
    """One key at one moment.

    `ttl_ms`: None if there is no key, -1 if it never expires. `length` counts bytes, elements, fields,
    members or entries. `value` is a whole string of at most VALUE_BYTES; `ends` the first and the last
    element of a list; `fields`, `members` and `scores` hold the words of the command, and None (False)
    for those that the value has not. `fields` are cut to VALUE_BYTES. `looked_inside` is False where
    only type and time were asked.
    """

    exists: bool
    type: str = ""
    ttl_ms: int | None = None
    length: int | None = None
    encoding: str | None = None
    value: bytes | None = None
    ends: tuple[bytes, bytes] | None = None
    fields: Mapping[bytes, bytes | None] = field(default_factory=dict)
    members: Mapping[bytes, bool] = field(default_factory=dict)
    scores: Mapping[bytes, float | None] = field(default_factory=dict)
    looked_inside: bool = True

    @property
    def expires(self) -> bool:
        return self.ttl_ms is not None and self.ttl_ms >= 0


MISSING = KeyState(exists=False)

States = Mapping[bytes, KeyState]


@dataclass(frozen=True, slots=True)
class Observed:
    """The keys of a command before and after it; the number of keys in the database where it matters.

    For FLUSHALL the keys of all databases are counted.
    """

    before: States
    after: States
    size_before: int | None = None
    size_after: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw."""

    states: States
    size: int | None = None


class Probe:
    """Looks at the keys of a command, on a connection of its own that is opened when first needed."""

    def __init__(
        self, engine: Engine, policy: Policy | None = None, catalogue: Catalogue | None = None
    ) -> None:
        self.policy = policy or Policy()
        self.catalogue = catalogue  # None: the usual one
        self._connection: Connection | None = None
        self._db = 0
        self._failures = 0
        self.follow(engine)

    @property
    def enabled(self) -> bool:
        return self._enabled

    @enabled.setter
    def enabled(self, on: bool) -> None:
        self._enabled = on
        self._failures = 0
        if not on:
            self.close()

    def follow(self, engine: Engine) -> None:
        """Go on with another engine; whether it may be asked is decided anew."""
        self.close()
        self._engine = engine
        self.enabled = self.policy.on_shared or not engine.capabilities.shared

    def close(self) -> None:
        """Close the connection; the next look opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def look(self, args: Sequence[bytes], db: int) -> Look | None:
        """The state of the keys of `args` in database `db`; None where nothing may or could be asked.

        Raises nothing but KeyboardInterrupt and its like.
        """
        if not self.enabled or self._failures >= GIVES_UP_AFTER or not args:
            return None
        command = (self.catalogue or Catalogue.load()).lookup(args)
        if command is None or command.name in _NOT_NOW:
            return None
        keys = _keys_of(command, args)[: self.policy.most_keys]
        sized = command.name in _SIZE_MATTERS
        if not keys and not sized:
            return None
        try:
            seen = self._look(command, args, keys, db, sized)
        except (RedislabError, OSError, ValueError):
            self._failures += 1
            self.close()
            return None
        except BaseException:  # Ctrl-C: replies that still come must not answer the next look
            self.close()
            raise
        self._failures = 0
        return seen

    def sizes(self) -> dict[int, int] | None:
        """How many keys each database has that has some; None where the server would not say in time."""
        try:
            if not self.enabled or not self._go_to(0):
                return None
            answer = next(self._ask([(b"INFO", b"keyspace")], time.monotonic() + OPENING_S))
        except (RedislabError, OSError):
            self.close()
            return None
        return None if answer.is_error else keyspace(answer.text)

    def described(self, name: bytes) -> tuple[Reply, Reply] | None:
        """What COMMAND INFO and COMMAND DOCS say of a command; None where the server would not in time."""
        asks = [(b"COMMAND", about, name) for about in (b"INFO", b"DOCS")]
        try:
            if not self.enabled or not self._go_to(self._db):
                return None
            info, docs = self._ask(asks, time.monotonic() + OPENING_S)
        except (RedislabError, OSError):
            self.close()
            return None
        return info, docs

    # -- inside ---------------------------------------------------------------------------------

    def _look(
        self, command: Command, args: Sequence[bytes], keys: Sequence[bytes], db: int, sized: bool
    ) -> Look | None:
        batch = [ask for key in keys for ask in _outside(key)]
        if sized:
            batch.append((b"INFO", b"keyspace") if command.name == "FLUSHALL" else (b"DBSIZE",))
        if not self._go_to(db):
            return None
        until_s = time.monotonic() + self.policy.budget_s
        answers = self._ask(batch, until_s)
        states = {key: state for key in keys if (state := _outer_state(answers)) is not None}
        size = _size(next(answers)) if sized else None
        if command.name not in _LEAVE_UNTOUCHED:
            self._look_inside(states, _words(args, keys), until_s)
        else:
            states = {key: _only_outside(state) for key, state in states.items()}
        return Look(states, size)

    def _look_inside(self, states: dict[bytes, KeyState], words: Sequence[bytes], until_s: float) -> None:
        """Fill in what only a look at the value tells; one more batch, as the types are known now."""
        asked = {key: _inside(key, state.type, words) for key, state in states.items()}
        batch = [ask for asks in asked.values() for ask in asks]
        if not batch:
            return
        answers = self._ask(batch, until_s)
        for key, asks in asked.items():
            replies = [next(answers) for _ in asks]
            if replies:
                states[key] = _inner_state(states[key], replies, words)

    def _go_to(self, db: int) -> bool:
        """Whether a connection stands in database `db`; opens one if need be."""
        until_s = time.monotonic() + self.policy.budget_s
        if self._connection is None:
            self._connection, self._db = self._engine.aside().connect(), 0
            logins = [each.args for each in self._engine.greetings if each.args[0].upper() != b"HELLO"]
            opening: list[tuple[bytes, ...]] = [*logins, (b"CLIENT", b"SETNAME", b"redislab-probe")]
            # Connecting may take longer than a look: it happens once, and has the engine's own limit.
            until_s = time.monotonic() + OPENING_S
            self._ask(opening, until_s)
        if self._db != db:
            if next(self._ask([(b"SELECT", b"%d" % db)], until_s)).is_error:
                return False
            self._db = db
        return True

    def _ask(self, batch: Sequence[Sequence[bytes]], until_s: float) -> Iterator[Reply]:
        """All replies to a batch. Raises ConnectionLost where they do not come in time."""
        connection = self._connection
        assert connection is not None
        connection.send(batch)
        found: list[Reply] = []
        assembler = Assembler()
        while len(found) < len(batch):
            left_s = max(0.0, until_s - time.monotonic())
            for part in connection.replies(left_s):
                reply = assembler.add(part)
                if reply is not None:
                    found.append(reply)
                    if len(found) == len(batch):
                        break
            else:
                raise ConnectionLost("No answer in time")
        return iter(found)


def _keys_of(command: Command, args: Sequence[bytes]) -> list[bytes]:
    """The keys, each once, in order."""
    return list(dict.fromkeys(args[place] for place in key_positions(command, args)))


def _words(args: Sequence[bytes], keys: Sequence[bytes]) -> list[bytes]:
    """What may be a field or a member: every word behind the first key, each once."""
    words = list(args)
    start = words.index(keys[0]) + 1 if keys and keys[0] in words[1:] else 1
    return [word for word in dict.fromkeys(words[start:]) if len(word) <= VALUE_BYTES][:MOST_WORDS]


def _outside(key: bytes) -> list[tuple[bytes, ...]]:
    return [(b"TYPE", key), (b"PTTL", key), (b"OBJECT", b"ENCODING", key)]


def _outer_state(answers: Iterator[Reply]) -> KeyState | None:
    """From the answers to `_outside`; None where the server would not say (NOPERM, MOVED)."""
    kind, ttl, encoding = next(answers), next(answers), next(answers)
    if kind.is_error or ttl.is_error:
        return None
    if kind.text == b"none":
        return MISSING
    name = None if encoding.is_error else encoding.text.decode("ascii", "replace")
    return KeyState(True, kind.text.decode("ascii", "replace"), ttl.number, encoding=name)


def _only_outside(state: KeyState) -> KeyState:
    return KeyState(
        state.exists, state.type, state.ttl_ms, encoding=state.encoding, looked_inside=not state.exists
    )


def _inside(key: bytes, kind: str, words: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    if kind == "string":
        return [(b"STRLEN", key), (b"GETRANGE", key, b"0", b"%d" % VALUE_BYTES)]
    if kind == "list":
        return [(b"LLEN", key), (b"LINDEX", key, b"0"), (b"LINDEX", key, b"-1")]
    if kind == "stream":
        return [(b"XLEN", key)]
    length, named = {"hash": (b"HLEN", b"HMGET"), "set": (b"SCARD", b"SMISMEMBER")}.get(
        kind, (b"ZCARD", b"ZMSCORE")
    )
    if kind not in ("hash", "set", "zset"):
        return []  # a module's type: nothing is known of it
    return [(length, key), (named, key, *words)] if words else [(length, key)]


def _inner_state(state: KeyState, replies: Sequence[Reply], words: Sequence[bytes]) -> KeyState:
    length, kind, seen = replies[0], state.type, replies[1:]
    count = None if length.is_error else length.number
    if any(reply.is_error for reply in replies):  # it changed between the two batches, or an old server
        return KeyState(True, kind, state.ttl_ms, count, state.encoding, looked_inside=False)
    value: bytes | None = None
    ends: tuple[bytes, bytes] | None = None
    fields: dict[bytes, bytes | None] = {}
    members: dict[bytes, bool] = {}
    scores: dict[bytes, float | None] = {}
    if kind == "string":
        value = seen[0].text if len(seen[0].text) <= VALUE_BYTES else None
    elif kind == "list":
        ends = (seen[0].text, seen[1].text)
    elif seen:
        items = zip(words, seen[0].items, strict=True)
        if kind == "hash":
            fields = {word: None if item.is_nil else item.text[:VALUE_BYTES] for word, item in items}
        elif kind == "set":
            members = {word: bool(item.number) for word, item in items}
        else:
            scores = {word: None if item.is_nil else float(item.text) for word, item in items}
    return KeyState(True, kind, state.ttl_ms, count, state.encoding, value, ends, fields, members, scores)


def _size(reply: Reply) -> int | None:
    """The keys that DBSIZE or INFO keyspace counts."""
    if reply.is_error:
        return None
    return sum(keyspace(reply.text).values()) if reply.text else reply.number
