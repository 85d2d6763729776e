"""What redis-py clients send and are answered, told to whoever follows it.

redis-py decodes replies and drops the codes of errors, so the bytes are read where they pass: at the socket
that a connection opens. One private name of redis-py is used, `_connect`, held by a contract test.
"""

from __future__ import annotations

import contextlib
import socket
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from redislab.core.parts import Assembler
from redislab.core.reply import Kind, Reply
from redislab.core.requests import RequestReader
from redislab.core.resp import Decoder
from redislab.core.state import CONFIRMED_BY_PUSH, ClientState
from redislab.errors import ProtocolError

# Told of each answered command: the client's name, its words, the reply, its journeys (0: it came along).
Follower: TypeAlias = Callable[[str, Sequence[bytes], Reply, int], None]

MOST_LEAVES = 10_000  # of one reply that are told

_GREETINGS = frozenset({b"HELLO", b"AUTH", b"CLIENT", b"SELECT", b"READONLY"})  # as redis-py connects
_SCORED = frozenset({b"WITHSCORES", b"WITHVALUES"})
_POPPED = frozenset({b"ZPOPMIN", b"ZPOPMAX"})
_READ = frozenset({b"XREAD", b"XREADGROUP"})


class Tap:
    """Of all clients that have joined. Until somebody follows, their sockets are their own."""

    def __init__(self) -> None:
        self.follower: Follower | None = None
        self._pools: weakref.WeakSet[Any] = weakref.WeakSet()
        self._sockets: weakref.WeakSet[_Socket] = weakref.WeakSet()

    def join(self, client: Any) -> None:
        """A `redis.Redis` that may be followed."""
        pool = getattr(client, "connection_pool", None)  # a cluster's client has several, and is not followed
        if pool is not None:
            pool.connection_class = self._followed(pool.connection_class)
            self._pools.add(pool)

    def follow(self, follower: Follower) -> None:
        """Tell this one, and no other, from now on. Connections that nobody uses at the moment are closed."""
        self.follower = follower
        for pool in list(self._pools):
            pool.disconnect(inuse_connections=False)

    def hang_up(self) -> None:
        """Close the connections that wait or listen; redis-py opens others when it needs them."""
        for each in list(self._sockets):
            if each.is_busy:
                each.hang_up()

    def _followed(self, kind: type) -> type:
        tap = self

        class Followed(kind):  # type: ignore[misc]
            def _connect(self) -> Any:
                inner = super()._connect()
                if tap.follower is None:
                    return inner
                opened = _Socket(inner, tap, str(self.client_name or ""))
                tap._sockets.add(opened)
                return opened

        Followed.__name__ = kind.__name__
        return Followed


class _Socket:
    """A socket of redis-py's that is read along."""

    def __init__(self, inner: Any, tap: Tap, name: str) -> None:
        self._inner = inner
        self._tap = tap
        self._name = name
        self._requests = RequestReader()
        self._decoder = Decoder()
        self._assembler = Assembler(MOST_LEAVES)
        self._state = ClientState()
        self._pending: deque[_Sent] = deque()
        self._greeting = True  # nothing but what redis-py says of itself was sent
        self._lost = False  # bytes passed unread, so that answers cannot be told apart any more

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @property
    def is_busy(self) -> bool:
        return bool(self._pending) or self._state.listening

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self._inner.shutdown(socket.SHUT_RDWR)
        self._inner.close()

    def sendall(self, data: bytes) -> None:
        self._read_along(self._note_sent, bytes(data))
        self._inner.sendall(data)

    def recv(self, size: int, *flags: int) -> bytes:
        data: bytes = self._inner.recv(size, *flags)
        if not flags:  # else it is only looked at, and comes again
            self._read_along(self._note_received, data)
        return data

    def recv_into(self, buffer: Any, *args: int) -> int:
        size: int = self._inner.recv_into(buffer, *args)
        self._read_along(self._note_received, bytes(memoryview(buffer)[:size]))
        return size

    def _read_along(self, note: Callable[[bytes], None], data: bytes) -> None:
        """Whatever is wrong with the bytes is for redis-py to say."""
        if self._lost:
            return
        try:
            note(data)
        except ProtocolError:
            self._lost = True

    def _note_sent(self, data: bytes) -> None:
        self._requests.feed(data)
        for args in self._requests.commands():
            self._greeting = self._greeting and args[0].upper() in _GREETINGS
            count = self._state.replies_to(args)
            if count:
                self._pending.append(_Sent(args, count, not self._greeting, is_first=not self._pending))

    def _note_received(self, data: bytes) -> None:
        self._decoder.feed(data)
        for part in self._decoder.parts():
            reply = self._assembler.add(part)
            if reply is not None:
                self._answered(reply)

    def _answered(self, reply: Reply) -> None:
        if not self._pending:
            return  # a message
        sent = self._pending[0]
        if reply.kind is Kind.PUSH and sent.args[0].lower() not in CONFIRMED_BY_PUSH:
            return
        sent.replies -= 1
        if not sent.replies or reply.is_error:
            self._pending.popleft()
            self._state.observe(sent.args, reply.kind)
        follower = self._tap.follower
        if follower is not None and sent.told:
            follower(self._name, sent.args, as_resp2(sent.args, reply), int(sent.is_first))


class _Sent:
    """A command under way. `is_first`: of those that travel together."""

    __slots__ = ("args", "is_first", "replies", "told")

    def __init__(self, args: Sequence[bytes], replies: int, told: bool, *, is_first: bool) -> None:
        self.args, self.replies, self.told, self.is_first = args, replies, told, is_first


def as_resp2(args: Sequence[bytes], reply: Reply) -> Reply:
    """The reply in the shape that RESP2 has: redis-py may ask for RESP3, redis-cli does not."""
    name = args[0].upper()
    if name in _READ and reply.kind is Kind.MAP:
        pairs = zip(reply.items[::2], reply.items[1::2], strict=True)
        return Reply(Kind.ARRAY, tuple(Reply(Kind.ARRAY, pair) for pair in pairs))
    scored = name in _POPPED or not _SCORED.isdisjoint(word.upper() for word in args)
    if (
        scored
        and reply.items
        and all(item.kind is Kind.ARRAY and len(item.items) == 2 for item in reply.items)
    ):
        return Reply(Kind.ARRAY, tuple(side for item in reply.items for side in item.items))
    return reply
