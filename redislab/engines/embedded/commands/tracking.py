"""CLIENT TRACKING, CACHING, TRACKINGINFO and GETREDIR. Ours: upstream keeps nothing of what was read."""

from __future__ import annotations

from typing import Any

from redislab.core.reply import OK, Kind
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error
from redislab.engines.embedded.numbers import integer
from redislab.engines.embedded.results import Fail, Typed
from redislab.engines.embedded.tracking import Mode

_SWITCH = "before disabling tracking for this client, and then re-enabling it with a different mode."


@handles("CLIENT TRACKING")
def client_tracking(client: Client, args: list[bytes]) -> Any:
    mode = _mode(client, args[3:])
    word = args[2].upper()
    if word == b"OFF":
        client.lab.tracking.end(client)
        return OK
    if word != b"ON":
        raise syntax_error()
    _check(client.tracking, mode)
    if client.tracking is not None:
        mode.prefixes = [*client.tracking.prefixes, *mode.prefixes]
    if mode.broadcast and not mode.prefixes:
        mode.prefixes = [b""]
    client.lab.tracking.begin(client, mode)
    return OK


def _mode(client: Client, words: list[bytes]) -> Mode:
    """The options. Raises Fail."""
    mode = Mode()
    place = 0
    while place < len(words):
        word, more = words[place].upper(), place + 1 < len(words)
        if word == b"REDIRECT" and more:
            place += 1
            if mode.redirect:
                raise Fail(b"ERR A client can only redirect to a single other client")
            mode.redirect = integer(words[place])
            if mode.redirect not in client.lab.members:
                raise Fail(b"ERR The client ID you want redirect to does not exist")
        elif word == b"PREFIX" and more:
            place += 1
            mode.prefixes.append(words[place])
        elif word in (b"BCAST", b"OPTIN", b"OPTOUT", b"NOLOOP"):
            name = "broadcast" if word == b"BCAST" else word.decode().lower()
            setattr(mode, name, True)
        else:
            raise syntax_error()
        place += 1
    return mode


def _check(old: Mode | None, mode: Mode) -> None:
    """Raises Fail for options that do not go together, or not with those in force."""
    if mode.prefixes and not mode.broadcast:
        raise Fail(b"ERR PREFIX option requires BCAST mode to be enabled")
    if old is not None and old.broadcast != mode.broadcast:
        raise Fail(f"ERR You can't switch BCAST mode on/off {_SWITCH}")
    if mode.broadcast and (mode.optin or mode.optout):
        raise Fail(b"ERR OPTIN and OPTOUT are not compatible with BCAST")
    if mode.optin and mode.optout:
        raise Fail(b"ERR You can't specify both OPTIN mode and OPTOUT mode")
    if old is not None and ((mode.optin and old.optout) or (mode.optout and old.optin)):
        raise Fail(f"ERR You can't switch OPTIN/OPTOUT mode {_SWITCH}")
    for number, prefix in enumerate(mode.prefixes):
        for other in old.prefixes if old is not None else ():
            _check_overlap(prefix, other, b"an existing prefix")
        for other in mode.prefixes[number + 1 :]:
            _check_overlap(prefix, other, b"another provided prefix")


def _check_overlap(prefix: bytes, other: bytes, what: bytes) -> None:
    if prefix.startswith(other) or other.startswith(prefix):
        raise Fail(
            b"ERR Prefix '%b' overlaps with %b '%b'. Prefixes for a single client must not overlap."
            % (prefix, what, other)
        )


@handles("CLIENT CACHING")
def client_caching(client: Client, args: list[bytes]) -> Any:
    mode = client.tracking
    if mode is None:
        raise Fail(
            b"ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
            b"OPTOUT mode enabled"
        )
    word = args[2].upper()
    if word not in (b"YES", b"NO"):
        raise syntax_error()
    if not (mode.optin if word == b"YES" else mode.optout):
        wanted = "OPTIN" if word == b"YES" else "OPTOUT"
        raise Fail(
            f"ERR CLIENT CACHING {word.decode()} is only valid when tracking is enabled in {wanted} mode."
        )
    mode.caching = True
    return OK


@handles("CLIENT GETREDIR")
def client_getredir(client: Client, args: list[bytes]) -> Any:
    return -1 if client.tracking is None else client.tracking.redirect


@handles("CLIENT TRACKINGINFO")
def client_trackinginfo(client: Client, args: list[bytes]) -> Any:
    mode = client.tracking
    return {
        b"flags": Typed(Kind.SET, [b"off"] if mode is None else mode.flags),
        b"redirect": -1 if mode is None else mode.redirect,
        b"prefixes": [] if mode is None else sorted(mode.prefixes),
    }
