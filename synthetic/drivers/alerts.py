"""What the TLS alerts of a server say of the certificate that it was shown, or was not (RFC 8446, 6.2).

A server judges no other certificate than the client's, so such an alert is always about ours. Where it wants one and got none, or
ours has run out or was revoked, that is our mistake. Where it does not know the authority, it may have lost it, or we may show a
wrong certificate.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable

from synthetic.core.effects import FaultKind

_SEE = "see `mtls` of the cell"
_WANTS_ONE = f"the server wants a client certificate: {_SEE}"
_PERHAPS = f"perhaps the server wants a client certificate: {_SEE}"
_OVER = f"so the server says of our client certificate: {_SEE}"
_NOT_TAKEN = f"so the server says of the client certificate, or it wants one and got none: {_SEE}"

# By OpenSSL's names of alerts that came; what we find out about the server ourselves has other names.
_MEANINGS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": (FaultKind.OUR_CERTIFICATE, _WANTS_ONE),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": (FaultKind.OUR_CERTIFICATE, _OVER),
    "SSLV3_ALERT_CERTIFICATE_REVOKED": (FaultKind.OUR_CERTIFICATE, _OVER),
    "SSLV3_ALERT_BAD_CERTIFICATE": (FaultKind.CERTIFICATE_REFUSED, _NOT_TAKEN),
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": (FaultKind.CERTIFICATE_REFUSED, _NOT_TAKEN),
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": (FaultKind.CERTIFICATE_REFUSED, _NOT_TAKEN),
    "TLSV1_ALERT_UNKNOWN_CA": (FaultKind.CERTIFICATE_REFUSED, _NOT_TAKEN),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": (FaultKind.TLS_FAILED, _PERHAPS),  # or no cipher in common: nobody can tell
}


def alert_kind(chain: Iterable[BaseException]) -> FaultKind | None:
    """The fault that an alert about a client certificate is; None where none came."""
    return next((_MEANINGS[reason][0] for reason in _reasons(chain) if reason in _MEANINGS), None)


def alert_words(reason: str) -> str:
    """An OpenSSL reason in words, with what an alert about a client certificate means."""
    told = reason.lower().replace("_", " ")
    return f"{told}: {_MEANINGS[reason][1]}" if reason in _MEANINGS else told


def _reasons(chain: Iterable[BaseException]) -> Iterable[str]:
    return (cause.reason for cause in chain if isinstance(cause, ssl.SSLError) and cause.reason)
