"""TLS as a client speaks it: what is trusted, and in plain words why a handshake failed."""

from __future__ import annotations

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
_SHOWABLE_NAME = re.compile(r"[A-Za-z0-9.*:_-]{1,253}").fullmatch  # a certificate is the server's data
_NAMES_SHOWN = 3


def context(tls: Tls) -> ssl.SSLContext:
    """The client context of `tls`. Raises UsageError naming the option whose value is of no use."""
    made = ssl.create_default_context() if not (tls.cacert or tls.cacertdir) else _empty_context()
    if tls.insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if tls.cacert:
        _use("--cacert", tls.cacert, lambda: made.load_verify_locations(cafile=tls.cacert))
    if tls.cacertdir:
        _use("--cacertdir", tls.cacertdir, lambda: made.load_verify_locations(capath=tls.cacertdir))
    if tls.cert:
        certificate = tls.cert
        _use("--cert and --key", certificate, lambda: made.load_cert_chain(certificate, tls.key))
    elif tls.key:
        raise UsageError("--key needs --cert: a private key is of use with its certificate only.")
    if tls.ciphers:
        ciphers = tls.ciphers
        _use("--tls-ciphers", ciphers, lambda: made.set_ciphers(ciphers))
    if tls.ciphersuites:
        choose = getattr(made, "set_ciphersuites", None)
        if choose is None:
            raise UsageError(
                "--tls-ciphersuites needs Python 3.15: older ones cannot choose TLS 1.3's ciphers."
            )
        suites = tls.ciphersuites
        _use("--tls-ciphersuites", suites, lambda: choose(suites))
    return made


def _empty_context() -> ssl.SSLContext:
    """Trusts nobody yet, checks chain and name."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _use(option: str, value: str, load: Callable[[], None]) -> None:
    try:
        load()
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
    elif isinstance(error, ssl.SSLError) and error.reason in _ALERTS:
        reason, remedy = _ALERTS[error.reason]
    return Unreachable(f"Could not negotiate a TLS connection: {reason}", remedy=remedy)


def alert(error: ssl.SSLError) -> tuple[str, str]:
    """Words and remedy for what ended a connection after its handshake."""
    return _ALERTS.get(error.reason or "", (words(error), ""))


def words(error: OSError | ValueError) -> str:
    """The system's or OpenSSL's own words, without their source lines and numbers."""
    if isinstance(error, ssl.SSLError) and error.reason:
        return error.reason.replace("_", " ").lower()
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _distrust(error: ssl.SSLCertVerificationError, target: Target) -> tuple[str, str]:
    code = error.verify_code
    if code in _OTHER_NAME:
        wanted, carried = server_name(target), _names(target)
        if not carried:
            return f"the certificate is not for {wanted}", "Connect by the name that the certificate carries."
        shown = ", ".join(carried[:_NAMES_SHOWN]) + (", …" if len(carried) > _NAMES_SHOWN else "")
        return (
            f"the certificate is for {shown}, not for {wanted}",
            f"Connect by that name, or say which one to expect: --sni {carried[0]}",
        )
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
