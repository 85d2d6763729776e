"""redis-py on a lab: its own connections, parsers and clients, with a lab where they have a socket.

What redis-py writes is read as a server reads it, and what it reads is what a server would write, so a
client here meets the same replies, errors and waits as over a network. No thread is in between: a command
runs in the thread that sends it.

Private names of redis-py that are used here, each held by a contract test: `_connect` of both connection
classes, `_reader` and `_writer` of the one for asyncio, and `_RESP2Parser`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import redis.asyncio.connection
import redis.connection
from redis._parsers import _RESP2Parser

from redislab.core.requests import RequestReader
from redislab.engines.embedded.connection import SLICE_S, EmbeddedConnection
from redislab.errors import RedislabError

if TYPE_CHECKING:
    from redislab.engines.embedded.engine import EmbeddedEngine

PATH = "redislab"  # what redis-py shows in place of an address

_sync: Any = redis.connection  # its classes are untyped
_async: Any = redis.asyncio.connection


def client(engine: EmbeddedEngine, options: dict[str, Any]) -> redis.Redis:
    """A client whose connections are the lab's. `options` are those of `redis.Redis`."""
    options = dict(options)
    single = options.pop("single_connection_client", False)
    made: Any = redis.Redis(unix_socket_path=PATH, **options)
    _lead(made.connection_pool, LabConnection, engine)
    return _single(made) if single else made


def _single(made: Any) -> redis.Redis:
    """The same with one connection, which redis-py opens at once: the pool must have been led here before."""
    made.auto_close_connection_pool = False
    single = redis.Redis(connection_pool=made.connection_pool, single_connection_client=True)
    single.auto_close_connection_pool = True
    return single


def asyncio_client(engine: EmbeddedEngine, options: dict[str, Any]) -> redis.asyncio.Redis:
    """The same for `redis.asyncio`."""
    made: Any = redis.asyncio.Redis(unix_socket_path=PATH, **options)
    _lead(made.connection_pool, AsyncLabConnection, engine)
    return made  # type: ignore[no-any-return]


def _lead(pool: Any, connection_class: type, engine: EmbeddedEngine) -> None:
    pool.connection_class = connection_class
    pool.connection_kwargs["engine"] = engine


class LabConnection(_sync.UnixDomainSocketConnection):  # type: ignore[misc]
    """A connection of redis-py's that reaches a lab."""

    host, port = PATH, 0  # redis-py 7 asks for them under RESP3

    def __init__(self, *, engine: EmbeddedEngine, **options: Any) -> None:
        self._engine = engine
        # hiredis would ask the system about the socket, and there is none.
        super().__init__(**{**options, "parser_class": _RESP2Parser})

    def _connect(self) -> LabSocket:
        return LabSocket(self._engine, self.socket_timeout)


class LabSocket:
    """What redis-py needs of a socket. A failure is an OSError, as of any socket."""

    def __init__(self, engine: EmbeddedEngine, timeout_s: float | None) -> None:
        self._reader = RequestReader()
        self._unread = b""
        self._timeout_s = timeout_s
        try:
            self._connection = engine.connect()
        except RedislabError as error:
            raise OSError(errno.ECONNREFUSED, error.message) from error

    def settimeout(self, timeout_s: float | None) -> None:
        self._timeout_s = timeout_s

    def getpeername(self) -> tuple[str, int]:
        """For redis-py's messages, which else would ask the network who `redislab` is."""
        return PATH, 0

    def getsockname(self) -> tuple[str, int]:
        return PATH, 0

    def sendall(self, data: bytes) -> None:
        _send(self._connection, self._reader, data)

    def recv(self, size: int) -> bytes:
        """Raises TimeoutError, or BlockingIOError where no time was given; b"": the server has hung up."""
        if not self._unread:
            try:
                self._unread = self._connection.received(self._timeout_s)
            except RedislabError:
                return b""
            if not self._unread and self._timeout_s == 0:
                raise BlockingIOError(errno.EWOULDBLOCK, "nothing has come")
            if not self._unread:
                raise TimeoutError("timed out")
        data, self._unread = self._unread[:size], self._unread[size:]
        return data

    def shutdown(self, how: int) -> None:
        """`close` does it."""

    def close(self) -> None:
        self._connection.close()


def _send(connection: EmbeddedConnection, reader: RequestReader, data: bytes) -> None:
    """Raises OSError where the connection has ended."""
    reader.feed(data)
    try:
        connection.send(list(reader.commands()))
    except RedislabError as error:
        raise OSError(errno.EPIPE, error.message) from error


class AsyncLabConnection(_async.UnixDomainSocketConnection):  # type: ignore[misc]
    """A connection of redis.asyncio that reaches a lab."""

    host, port = PATH, 0

    def __init__(self, *, engine: EmbeddedEngine, **options: Any) -> None:
        self._engine = engine
        super().__init__(**options)

    async def _connect(self) -> None:
        self._reader = asyncio.StreamReader()
        try:
            self._writer = LabWriter(self._engine, self._reader)
        except RedislabError as error:
            raise OSError(errno.ECONNREFUSED, error.message) from error
        await self.on_connect()


class LabWriter:
    """What redis-py needs of an asyncio.StreamWriter; what comes back is fed to `reader`.

    Commands run in the event loop's own thread. While this client waits for something, a timer looks
    whether its time is up, for nobody else would.
    """

    def __init__(self, engine: EmbeddedEngine, reader: asyncio.StreamReader) -> None:
        self._loop = asyncio.get_running_loop()
        self._answers = reader
        self._requests = RequestReader()
        self._timer: asyncio.TimerHandle | None = None
        self._noted = False  # the loop will look at what came
        self._closed = False
        self._lab = engine.lab
        self._connection = engine.connect_with(self._ring)

    def write(self, data: bytes) -> None:
        self.writelines([data])

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Raises OSError where the connection has ended."""
        _send(self._connection, self._requests, b"".join(pieces))
        self._pump()

    async def drain(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._connection.close()

    async def wait_closed(self) -> None:
        """`close` has done it."""

    def get_extra_info(self, name: str, default: object = None) -> object:
        """There is no transport to tell of."""
        return default

    def _ring(self) -> None:
        """Something came; called in any thread."""
        if not self._noted:
            self._noted = True
            self._soon(self._pump)

    def _soon(self, work: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(work)

    def _pump(self) -> None:
        self._noted = False
        if self._closed:
            return
        try:
            data = self._connection.received(0)
        except RedislabError:
            self._answers.feed_eof()
            return
        if data:
            self._answers.feed_data(data)
        client = self._connection.client
        if client.wait is not None or client.subscriptions or client.shards:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_later(min(SLICE_S, self._lab.next_deadline_in_s()), self._pump)
