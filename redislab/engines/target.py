"""Which server is meant, and as whom: what a URL or the command line says, read without connecting."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from redislab.errors import UsageError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 6379

_EXAMPLE = "redis://user:password@127.0.0.1:6379/0"
_SCHEMES = {"redis": "tcp", "rediss": "tls", "unix": "unix"}


@dataclass(frozen=True)
class Tls:
    """How the connection is encrypted. Chain and host name are checked unless `insecure`."""

    cacert: str | None = None
    cacertdir: str | None = None
    cert: str | None = None
    key: str | None = None
    sni: str | None = None  # the name that the certificate must carry, where it is not the host
    insecure: bool = False
    ciphers: str | None = None  # up to TLS 1.2
    ciphersuites: str | None = None  # TLS 1.3


@dataclass(frozen=True)
class Target:
    """One server. With `socket_path`, host and port play no part."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    socket_path: str | None = None
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls | None = None
    protocol: int | None = None  # 3 asks for RESP3 with HELLO; None and 2 send nothing
    cluster: bool = False  # follow MOVED and ASK
    own: bool = False  # one person has the whole server: it may be looked at, and a lesson may empty it
    name: str = ""  # what stands in the prompt, where the address says little to a person

    @property
    def address(self) -> str:
        """Where it is, as messages name it."""
        if self.socket_path is not None:
            return self.socket_path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def label(self) -> str:
        """What stands in the prompt."""
        if self.name:
            return self.name
        return self.address if self.socket_path is None else f"redis {self.socket_path}"


def parse_url(url: str) -> Target:
    """`redis://`, `rediss://` (TLS) and `unix://` URLs as redis-cli reads them, and IPv6 and `?db=n`.

    A name without a colon before the `@` is the password: `redis://secret@host`. Raises UsageError,
    whose text repeats no piece of the URL: any of them may be a password in the wrong place.
    """
    scheme, separator, rest = url.strip().partition("://")
    kind = _SCHEMES.get(scheme.lower()) if separator else None
    if kind is None:
        raise UsageError(f"Invalid URI scheme: use redis://, rediss:// (TLS) or unix://, as in {_EXAMPLE}")
    if kind == "unix":
        return _unix_target(rest)
    # A password may hold a raw `/`, `?` or `@`; nothing after it can.
    userinfo, _, place = rest.rpartition("@")
    username, password = _credentials(userinfo)
    place, _, query = place.partition("?")
    authority, _, path = place.partition("/")
    host, port = _host_and_port(authority)
    return Target(
        host=host,
        port=port,
        db=_query_db(query) if query else _db(path),
        username=username,
        password=password,
        tls=Tls() if kind == "tls" else None,
    )


def _unix_target(rest: str) -> Target:
    # Credentials end before the path begins; an `@` after that belongs to the path.
    userinfo, at, path = rest.partition("@")
    if not at or "/" in userinfo:
        userinfo, path = "", rest
    path, _, query = path.partition("?")
    if not path:
        raise UsageError("The URL names no socket; a unix URL looks like unix:///run/redis/redis.sock?db=0")
    username, password = _credentials(userinfo)
    return Target(
        socket_path=_decoded(path),
        db=_query_db(query) if query else 0,
        username=username,
        password=password,
    )


def _credentials(userinfo: str) -> tuple[str | None, str | None]:
    if not userinfo:
        return None, None
    name, colon, password = userinfo.partition(":")
    if not colon:
        return None, _decoded(name)
    if not name and not password:
        return None, None
    return _decoded(name) or None, _decoded(password)


def _host_and_port(authority: str) -> tuple[str, int]:
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise UsageError("The IPv6 address in the URL is not closed, as in redis://[::1]:6379")
        port = port[1:]
    else:
        host, _, port = authority.partition(":")
        if ":" in port:
            raise UsageError("An IPv6 address in a URL stands in brackets, as in redis://[::1]:6379")
    if not port:
        return host or DEFAULT_HOST, DEFAULT_PORT
    if not _is_number(port) or not 0 < int(port) < 65536:
        raise UsageError(
            f"The port in the URL is no number from 1 to 65535 (a password ends with @), as in {_EXAMPLE}"
        )
    return host or DEFAULT_HOST, int(port)


def _query_db(query: str) -> int:
    name, _, value = query.partition("=")
    if name != "db":
        raise UsageError("Only the database may follow the ? of a URL, as in unix:///run/redis.sock?db=2")
    return _db(value)


def _db(text: str) -> int:
    if not text:
        return 0
    if not _is_number(text):
        raise UsageError(f"The database in the URL is no number, as in {_EXAMPLE}")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _decoded(text: str) -> str:
    """Percent-decoding; bytes that are not UTF-8 survive as the surrogates of the file system's codec."""
    raw = re.sub(rb"%(.{0,2})", _byte, text.encode("utf-8", "surrogateescape"), flags=re.DOTALL)
    return raw.decode("utf-8", "surrogateescape")


def _byte(escape: re.Match[bytes]) -> bytes:
    if not re.fullmatch(rb"[0-9A-Fa-f]{2}", escape[1]):
        raise UsageError("Illegal character in URI encoding: after % stand two hex digits (% itself is %25)")
    return bytes.fromhex(escape[1].decode("ascii"))
