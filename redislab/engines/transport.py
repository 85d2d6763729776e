"""One connection to a server: redis-py opens and closes the socket, what goes over it is all ours.

redis-py would drop what kind of string a reply was, build every reply as a tree, and send words of
its own (HELLO, CLIENT SETINFO) ahead of the user's; so it is asked for a connected socket only. One
private name of it is touched, `_sock`, and a contract test holds it.
"""

from __future__ import annotations

import selectors
import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import Any

import redis.connection
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from redislab.core.parts import Part
from redislab.core.resp import Decoder, encode
from redislab.engines import failures, tls
from redislab.engines.target import Target
from redislab.errors import Cancelled, ConnectionLost, ProtocolError, UsageError

CONNECT_TIMEOUT_S = 5.0  # for the connection, and again for a TLS handshake
READ_BYTES = 1 << 16
WRITE_BYTES = 1 << 16

_KEEPALIVE_S = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # as redis-cli sets them
_WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_library: Any = redis.connection  # its classes are untyped


def connect(target: Target) -> SocketConnection:
    """A connection over which nothing has been sent. Raises Unreachable; UsageError for TLS options."""
    context = tls.context(target.tls) if target.tls is not None else None
    opened = _unopened(target)
    try:
        opened.connect()
    except (RedisError, OSError, ValueError, OverflowError) as error:
        raise failures.unreachable(error, target) from error
    if context is not None:
        opened._sock = tls.encrypted(opened._sock, context, target, timeout_s=CONNECT_TIMEOUT_S)
    return SocketConnection(opened, may_want_tls=target.tls is None and target.socket_path is None)


def _unopened(target: Target) -> Any:
    options: dict[str, Any] = {
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": None,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "redis_connect_func": _say_nothing,
    }
    if target.socket_path is not None:
        if target.tls is not None:
            raise UsageError("A unix socket is not encrypted: leave --tls out, or give -h and -p.")
        if not hasattr(socket, "AF_UNIX"):
            raise UsageError("Python has no unix sockets on this system: give -h and -p.")
        return _library.UnixDomainSocketConnection(path=target.socket_path, **options)
    keepalive = {
        getattr(socket, name): value for name, value in _KEEPALIVE_S.items() if hasattr(socket, name)
    }
    return _library.Connection(
        host=target.host,
        port=target.port,
        socket_keepalive=True,
        socket_keepalive_options=keepalive,
        **options,
    )


def _say_nothing(connection: object) -> None:
    """In place of redis-py's greetings: the server sees what was typed, and nothing else."""


class SocketConnection:
    """The `Connection` of a server. Its socket never blocks: every wait is `_wait`.

    After any exception out of `send` or `replies`, KeyboardInterrupt too, the connection is closed:
    bytes may be half sent or half read. A loss noticed while sending is told by `replies`, after the
    replies that came before it, so that the count of unanswered commands is right.
    """

    def __init__(self, opened: Any, *, may_want_tls: bool) -> None:
        self._opened = opened
        self._socket: socket.socket = opened._sock
        self._socket.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._decoder = Decoder()
        self._may_want_tls = may_want_tls  # until it has answered
        self._lost: ConnectionLost | None = None  # noticed, not told yet
        self._cancelled = False
        self._closed = False

    def send(self, batch: Sequence[Sequence[bytes]]) -> None:
        self._check_open()
        try:
            if self._lost is not None:
                raise self._lost
            for chunk in _chunks(batch):
                self._write(memoryview(chunk))
        except BaseException:
            self.close()
            raise

    def replies(self, timeout_s: float | None) -> Iterator[Part]:
        self._check_open()
        try:
            while True:
                yield from self._decoder.parts()
                if not self._receive(timeout_s):
                    return
        except GeneratorExit:
            raise
        except ProtocolError as error:
            self.close()
            raise failures.not_redis(error) from None
        except BaseException:
            self.close()
            raise

    def cancel(self) -> None:
        self._cancelled = True
        try:
            # The plain socket's: SSLSocket.shutdown would take TLS away from under the reader.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            pass

    def close(self) -> None:
        self._closed = True
        self._selector.close()
        self._opened.disconnect()

    # -- inside ---------------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._cancelled:
            self.close()
            raise Cancelled("The wait was cancelled")
        if self._closed:
            raise failures.closed()

    def _write(self, data: memoryview) -> None:
        """Send all of `data`, and read what arrives meanwhile.

        A server that stops reading until its replies are read would otherwise wait for ever.
        """
        while data and self._lost is None:
            try:
                data = data[self._socket.send(data) :]
            except _WOULD_BLOCK:
                if self._wait_to_write() & selectors.EVENT_READ:
                    self._read()
            except OSError as error:
                self._lost = failures.lost(error, may_want_tls=self._may_want_tls)

    def _receive(self, timeout_s: float | None) -> bool:
        """Feed the decoder with what comes next; False when nothing came in time."""
        while not self._read():
            if self._cancelled:
                raise Cancelled("The wait was cancelled")
            if self._lost is not None:
                raise self._lost
            if not self._wait(timeout_s) and timeout_s is not None:
                return False
        return True

    def _read(self) -> bool:
        """Feed the decoder with what is there; False when nothing is, or the connection is lost."""
        try:
            data = self._socket.recv(READ_BYTES)
        except _WOULD_BLOCK:
            return False
        except OSError as error:
            self._lost = failures.lost(error, may_want_tls=self._may_want_tls)
            return False
        if not data:
            self._lost = failures.closed_by_server(may_want_tls=self._may_want_tls)
            return False
        self._may_want_tls = False
        self._decoder.feed(data)
        return True

    def _wait(self, timeout_s: float | None) -> int:
        """Until the socket is ready, as a mask of selectors' EVENT_ bits; 0 when time ran out."""
        return sum(events for _, events in self._selector.select(timeout_s))

    def _wait_to_write(self) -> int:
        self._selector.modify(self._socket, selectors.EVENT_READ | selectors.EVENT_WRITE)
        try:
            return self._wait(None)
        finally:
            self._selector.modify(self._socket, selectors.EVENT_READ)


def _chunks(batch: Sequence[Sequence[bytes]]) -> Iterator[bytes]:
    """The encoded commands, small ones joined so that one system call carries many."""
    held: list[bytes] = []
    size = 0
    for args in batch:
        held.append(encode(args))
        size += len(held[-1])
        if size >= WRITE_BYTES:
            yield b"".join(held)
            held.clear()
            size = 0
    if held:
        yield b"".join(held)
