"""One client of `serve`: bytes → commands → replies → bytes. All of it runs in the loop's thread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING, cast

from redislab.core.requests import RequestReader
from redislab.engines.embedded import results
from redislab.engines.embedded.client import Client
from redislab.errors import ProtocolError
from redislab.serve.limits import ClientLimits, output_limit, query_room, unread_room
from redislab.serve.turns import LOOK_AGAIN_S, Turn

if TYPE_CHECKING:
    from redislab.serve.front import ServeFront

WRITE_BYTES = 1 << 16  # encoded replies are given to the transport in pieces of about this size
COMMANDS_PER_TURN = 500  # of one client, before others get a turn

# The first words of HTTP: a browser was made to send commands here by some web page.
_CROSS_PROTOCOL = frozenset({b"post", b"host:"})


class Session(asyncio.Protocol):
    """The protocol of one connection. `path` is that of the unix socket, "" for TCP."""

    def __init__(self, front: ServeFront, path: str = "") -> None:
        self._front = front
        self._path = path
        self._transport: asyncio.Transport | None = None
        self._client: Client | None = None  # None: refused, or gone
        self._reader = RequestReader()
        self._pieces: list[bytes] = []
        self._pieces_bytes = 0
        self._postponed: list[bytes] | None = None  # a command whose turn has not come
        self._away = False  # a script of this client runs in another thread
        self._behind = False  # there may be commands in the reader that were not taken yet
        self._paused = False  # nothing is read or run until replies have been read
        self._soft_since_s: float | None = None  # when the soft limit of output was passed
        self.noted = False  # it is known that something came out
        self.active_s = front.now_s()

    # -- the transport's calls ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        refusal = self._front.refusal(transport, self._path)
        if refusal:
            self._transport.write(b"-%b\r\n" % refusal)
            self._transport.close()
            return
        if not self._path:
            with contextlib.suppress(OSError):  # it may be gone already
                self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        address, local_address = self._addresses()
        self._client = Client(self._front.lab, self._ring, address, local_address)
        self._reader = RequestReader(ClientLimits(self._client))
        self._front.joined(self, self._client)

    def data_received(self, data: bytes) -> None:
        if self._client is None:
            return
        self.active_s = self._front.now_s()
        self._reader.feed(data)
        if self._reader.held_bytes > query_room(self._front.lab):
            self.drop()
            return
        self._behind = True
        self._run()

    def eof_received(self) -> None:
        self._leave()  # what waits for a key waits no more; replies under way are still written

    def resume_writing(self) -> None:
        if self._paused:  # not at once: Python up to 3.11 ends a transport twice that is closed in here
            self._front.soon(self._resume)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._front.left(self)

    # -- the front's calls ----------------------------------------------------------------------

    def flush(self) -> None:
        """Write what came out; hang up or go on, whichever is due."""
        client, transport = self._client, self._transport
        if client is None or transport is None:
            return
        self._drain(client)
        self._write()
        if client.ended:
            self._leave()
            transport.close()
        elif self._is_over_limit(client, transport.get_write_buffer_size()):
            self.drop()
        elif self._behind and client.wait is None and not self._away and self._postponed is None:
            self._front.soon(self._run)

    def drop(self) -> None:
        """End the connection at once; what was not read is lost."""
        self._leave()
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """End the connection when what came out has been written."""
        self.flush()
        self._leave()
        if self._transport is not None:
            self._transport.close()

    def sweep(self, idle_limit_s: float) -> None:
        """Look at the limits that only time can pass."""
        client, transport = self._client, self._transport
        if client is None or transport is None:
            return
        waits = client.wait is not None or client.subscriptions or client in client.lab.monitors
        idle_s = self._front.now_s() - self.active_s
        too_idle = 0 < idle_limit_s < idle_s and not waits
        if too_idle or self._is_over_limit(client, transport.get_write_buffer_size()):
            self.drop()

    @property
    def needs_sweeps(self) -> bool:
        return self._soft_since_s is not None

    # -- inside ---------------------------------------------------------------------------------

    def _addresses(self) -> tuple[bytes, bytes]:
        """Of the client and of the server, as CLIENT LIST shows them."""
        assert self._transport is not None
        if self._path:
            shown = self._path.encode("utf-8", "surrogateescape") + b":0"
            return shown, shown
        names = [self._transport.get_extra_info(name) for name in ("peername", "sockname")]
        peer, ours = (_shown_address(name) if name else b"?:0" for name in names)
        return peer, ours

    def _ring(self) -> None:
        """Something came out; called in any thread."""
        self._front.note(self)

    def _resume(self) -> None:
        if self._paused and self._client is not None and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
            self._run()

    def _run(self) -> None:
        """Take the commands that have arrived, as far as this client may go now."""
        client = self._client
        if client is None or self._paused or self._away:
            return
        left = COMMANDS_PER_TURN
        self.noted = True  # it is looked at anyway
        try:
            while client.wait is None and not client.ended and left and not self._is_full():
                args = self._postponed or next(self._reader.commands(), None)
                if args is None:
                    self._behind = False
                    break
                if len(args[0]) < 6 and args[0].lower() in _CROSS_PROTOCOL:
                    self.drop()
                    return
                turn = self._front.turns.take(client, args, self._come_back)
                self._postponed = args if turn is Turn.LATER else None
                if turn is Turn.LATER:
                    self._front.later(LOOK_AGAIN_S, self._run)
                if turn is not Turn.TAKEN:
                    self._away = turn is Turn.AWAY
                    self._drain(client)
                    self._write()
                    return
                self._drain(client)
                left -= 1
        except ProtocolError as fault:
            self._refuse(client, fault)
            return
        finally:
            self.noted = False
        self.flush()
        self._front.schedule()

    def _come_back(self) -> None:
        """The script has ended."""
        self._away = False
        self.flush()

    def _is_full(self) -> bool:
        """Whether too much lies unread; then nothing more is read from this client for a while."""
        transport = self._transport
        assert transport is not None
        if transport.get_write_buffer_size() <= unread_room(self._front.clients):
            return False
        self._paused = True
        transport.pause_reading()
        return True

    def _refuse(self, client: Client, fault: ProtocolError) -> None:
        self._drain(client)
        self._put(b"-ERR %b\r\n" % fault.message.encode("latin-1", "replace"))
        self._write()
        self._leave()
        assert self._transport is not None
        self._transport.close()

    def _drain(self, client: Client) -> None:
        output = client.output
        while output:
            for piece in results.encoded(*output.popleft()):
                self._put(piece)

    def _put(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._pieces_bytes += len(piece)
        if self._pieces_bytes > WRITE_BYTES:
            self._write()

    def _write(self) -> None:
        if self._pieces and self._transport is not None:
            self._transport.write(b"".join(self._pieces))
            self._pieces.clear()
            self._pieces_bytes = 0

    def _is_over_limit(self, client: Client, unread_bytes: int) -> bool:
        limit = output_limit(client)
        if limit.hard_bytes and unread_bytes > limit.hard_bytes:
            return True
        if not limit.soft_bytes or unread_bytes <= limit.soft_bytes:
            self._soft_since_s = None
            return False
        if self._soft_since_s is None:
            self._soft_since_s = self._front.now_s()
            self._front.sweep_soon()
        return self._front.now_s() - self._soft_since_s > limit.soft_s

    def _leave(self) -> None:
        if self._client is not None:
            self._front.lab.leave(self._client)
            self._client = None


def _shown_address(name: tuple[str, int] | tuple[str, int, int, int]) -> bytes:
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"{host}:{name[1]}".encode()
