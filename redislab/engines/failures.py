"""Other people's exceptions → ours: what redis-py, the system and TLS raise, mapped here and nowhere else."""

from __future__ import annotations

import socket
import ssl

from redis.exceptions import TimeoutError as LibraryTimeout

from redislab.engines import tls
from redislab.engines.target import Target
from redislab.errors import ConnectionLost, ProtocolError, Unreachable

_NO_SERVER = "`redislab repl` without -h, -p, -s and -u needs no server."
_AGAIN = "The next command connects again."
_TRY_TLS = "If this port expects TLS, add --tls."
_ASK = "Ask whoever runs the server whether you may reach it."


def unreachable(error: Exception, target: Target) -> Unreachable:
    """Why no connection was made. `error` is the system's, or redis-py's around it."""
    cause = _system_error(error)
    return Unreachable(
        f"Could not connect to Redis at {target.address}: {_reason(cause)}",
        remedy=_remedy(cause, target),
    )


def lost(error: OSError, *, may_want_tls: bool = False) -> ConnectionLost:
    """What broke a connection that stood. `may_want_tls`: plain so far, and never answered."""
    if isinstance(error, ssl.SSLError):
        reason, remedy = tls.alert(error)
        return ConnectionLost(f"The TLS connection broke: {reason}", remedy=remedy or _AGAIN)
    return ConnectionLost(_reason(error), remedy=_TRY_TLS if may_want_tls else _AGAIN)


def closed_by_server(*, may_want_tls: bool = False) -> ConnectionLost:
    return ConnectionLost("Server closed the connection", remedy=_TRY_TLS if may_want_tls else _AGAIN)


def closed() -> ConnectionLost:
    """Somebody goes on with a connection that has ended."""
    return ConnectionLost("The connection is closed", remedy=_AGAIN)


def not_redis(error: ProtocolError) -> ProtocolError:
    """Bytes that are no reply, with a remedy."""
    return ProtocolError(error.message, remedy="Is this a Redis port? If it speaks TLS, add --tls.")


def _system_error(error: Exception) -> Exception:
    """redis-py raises its own error while it handles the system's, which says more."""
    cause = error.__context__
    return cause if isinstance(cause, OSError) and not isinstance(error, OSError) else error


def _reason(cause: Exception) -> str:
    if isinstance(cause, TimeoutError | LibraryTimeout):
        return "Connection timed out"
    if isinstance(cause, UnicodeError):  # a host name that no name server could hold
        return "Name or service not known"
    return tls.words(cause) if isinstance(cause, OSError | ValueError) else str(cause) or type(cause).__name__


def _remedy(cause: Exception, target: Target) -> str:
    if isinstance(cause, socket.gaierror | UnicodeError):
        return "Is the host name spelt right, and this machine on the network?"
    if isinstance(cause, ConnectionRefusedError):
        return f"Is a server running there? {_NO_SERVER}"
    if isinstance(cause, FileNotFoundError):
        return f"A server makes this file where its `unixsocket` setting says so. {_NO_SERVER}"
    if isinstance(cause, PermissionError):
        return _ASK
    if isinstance(cause, TimeoutError | LibraryTimeout):
        return f"Is the address right? A firewall may keep silent too. {_ASK}"
    place = "path" if target.socket_path is not None else "host and port"
    return f"Is the {place} right?"
