"""TLS as a client speaks it: what is trusted, and in plain words why a handshake failed."""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Callable

from redislab.engines.target import Target, Tls
from redislab.errors import Unreachable, UsageError

_OTHER_NAME = frozenset({62, 63, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, EMAIL_MISMATCH, IP_ADDRESS_MISMATCH
_UNKNOWN_ISSUER = frozenset({18, 19, 20, 21})  # self-signed, or the signer is not among the trusted
_OUT_OF_DATE = frozenset({9, 10})  # not yet valid, expired

# What the other side says when it ends the conversation: reason → (words, remedy).
_OWN_CERTIFICATE = "Show one with --cert FILE and --key FILE."
_ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": ("the server wants a client certificate", _OWN_CERTIFICATE),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": ("the server refused the handshake", _OWN_CERTIFICATE),
    "TLSV1_ALERT_UNKNOWN_CA": (
        "the server does not trust our certificate",
        "Give --cert and --key of a certificate that the server's own authority signed.",
    ),
}
_NOT_TLS = "Does this port speak TLS? Without it: leave --tls out, and write redis:// instead of rediss://."
_CLEARER = {"pem lib": "no certificate with its key in it"}
_SHOWABLE_NAME = re.compile(r"[A-Za-z0-9.*:_-]{1,253}").fullmatch  # a certificate is the server's data
_NAMES_SHOWN = 3
_SOURCE_LINE = re.compile(r"^\[\w+\] | \(_ssl\.c:\d+\)$")


def context(tls: Tls) -> ssl.SSLContext:
    """The client context of `tls`. Raises UsageError naming the option whose value is of no use."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks chain and name, trusts nobody yet
    if tls.insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if tls.cacert:
        _use("--cacert", tls.cacert, made.load_verify_locations, tls.cacert)
    if tls.cacertdir:
        _use("--cacertdir", tls.cacertdir, os.listdir, tls.cacertdir)  # OpenSSL does not miss a folder
        _use("--cacertdir", tls.cacertdir, made.load_verify_locations, None, tls.cacertdir)
    if not (tls.cacert or tls.cacertdir):
        made.load_default_certs()
    if tls.cert:
        _use("--cert and --key", tls.cert, made.load_cert_chain, tls.cert, tls.key)
    elif tls.key:
        raise UsageError("--key needs --cert: a private key is of use with its certificate only.")
    if tls.ciphers:
        _use("--tls-ciphers", tls.ciphers, made.set_ciphers, tls.ciphers)
    if tls.ciphersuites:
        choose = getattr(made, "set_ciphersuites", None)
        if choose is None:
            raise UsageError(
                "--tls-ciphersuites needs Python 3.15 or later: older ones have no way to set them."
            )
        _use("--tls-ciphersuites", tls.ciphersuites, choose, tls.ciphersuites)
    return made


def _use(option: str, value: str, load: Callable[..., object], *args: str | None) -> None:
    try:
        load(*args)
    except (OSError, ValueError) as error:
        raise UsageError(f"{option}: {value!r} is of no use: {words(error)}.") from error


def encrypted(
    plain: socket.socket, context: ssl.SSLContext, target: Target, *, timeout_s: float
) -> ssl.SSLSocket:
    """The connected socket with TLS on it. Raises Unreachable; `plain` is used up either way."""
    plain.settimeout(timeout_s)
    try:
        return context.wrap_socket(plain, server_hostname=server_name(target))
    except (OSError, ValueError) as error:
        raise refused(error, target) from error
    finally:
        plain.close()  # wrapped, it is an empty shell


def server_name(target: Target) -> str:
    """The name that the certificate must carry, and that is sent ahead (SNI)."""
    assert target.tls is not None
    return target.tls.sni or target.host


def refused(error: OSError | ValueError, target: Target) -> Unreachable:
    """Why the handshake failed, in one line, and what to do about it."""
    reason, remedy = words(error), _NOT_TLS
    if isinstance(error, TimeoutError):
        reason = "the server did not answer in time"
    elif isinstance(error, ssl.SSLCertVerificationError):
        reason, remedy = _distrust(error, target)
    elif isinstance(error, ssl.SSLError):
        reason, remedy = _ALERTS.get(_reason(error), (reason, remedy))
    return Unreachable(f"Could not negotiate a TLS connection: {reason}", remedy=remedy)


def alert(error: ssl.SSLError) -> tuple[str, str]:
    """Words and remedy for what ended a connection after its handshake."""
    return _ALERTS.get(_reason(error), (words(error), ""))


def words(error: OSError | ValueError) -> str:
    """The system's or OpenSSL's own words, without their source lines and numbers."""
    if isinstance(error, ssl.SSLError):
        said = _reason(error) or _SOURCE_LINE.sub("", str(error.strerror or "".join(map(str, error.args))))
        said = said.rstrip(".").replace("_", " ").lower()
        return _CLEARER.get(said, said)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _reason(error: ssl.SSLError) -> str:
    return getattr(error, "reason", None) or ""  # only OpenSSL's own errors carry one


def _distrust(error: ssl.SSLCertVerificationError, target: Target) -> tuple[str, str]:
    code = error.verify_code
    if code in _OTHER_NAME:
        wanted, carried = server_name(target), _names(target)
        if not carried:
            return f"the certificate is not for {wanted}", "Connect by the name that the certificate carries."
        shown = ", ".join(carried[:_NAMES_SHOWN]) + (", …" if len(carried) > _NAMES_SHOWN else "")
        reason = f"the certificate is for {shown}, not for {wanted}"
        whole = [name for name in carried if "*" not in name]
        expect = f", or expect it with --sni {whole[0]}" if whole else ""
        return reason, f"If that is your server: connect by such a name{expect}."
    if code in _UNKNOWN_ISSUER:
        return error.verify_message, "Name the authority that signed it: --cacert FILE."
    if code in _OUT_OF_DATE:
        return error.verify_message, "The server needs a new certificate, or this machine's clock is wrong."
    return error.verify_message, "Ask whoever runs the server for the right --cacert."


def _names(target: Target) -> list[str]:
    """The names in the server's certificate, read over a second connection.

    OpenSSL gives no certificate out of a failed handshake. The chain is checked here too, the name
    is not, and nothing is sent.
    """
    assert target.tls is not None
    trusting = context(target.tls)
    trusting.check_hostname = False
    try:
        with (
            socket.create_connection((target.host, target.port), timeout=1) as plain,
            trusting.wrap_socket(plain, server_hostname=server_name(target)) as encrypted,
        ):
            certificate = encrypted.getpeercert() or {}
    except (OSError, ValueError):
        return []
    names = [str(entry[1]) for entry in certificate.get("subjectAltName", ())]
    return [name for name in names if _SHOWABLE_NAME(name)]
