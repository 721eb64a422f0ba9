"""Whether an address can be connected to at all, looked at before anything is played."""

from __future__ import annotations

import socket
import ssl

from synthetic.core.effects import FaultKind, TransportFault
from synthetic.core.ports import Clock
from synthetic.drivers.alerts import alert_kind
from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.dialling import Deadline
from synthetic.drivers.guard import AllowList
from synthetic.drivers.places import NotAllowed, Target
from synthetic.drivers.proxies import Proxy
from synthetic.drivers.translate import TRANSPORT_ERRORS, fault, refusal
from synthetic.drivers.tunnels import dial_proxy, dial_through

LATE_ALERT_S = 1.0
"""So long a server may take to part; one that does not part at all can be connected to all the same."""


def reach(
    url: str, timeout_s: float, *, allow: AllowList, tls: ssl.SSLContext, clock: Clock, proxy: Proxy | None = None
) -> TransportFault | None:
    """Whether the address of a URL can be connected to (TCP, and TLS where it speaks it); None where it can.

    Behind a proxy that is known of tunnels only: of what is asked for in the clear, whether the proxy itself is there.
    """
    attempt = Attempt(clock)
    try:
        target = allow.check(url)
    except NotAllowed as refused:
        return refusal(FaultKind.OFF_ALLOW_LIST, str(refused), attempt)
    try:
        _touch(target, attempt, Deadline(timeout_s), tls, proxy)
    except TRANSPORT_ERRORS as error:
        return fault(error, attempt, target, timeout_s)
    return None


def _touch(target: Target, attempt: Attempt, deadline: Deadline, tls: ssl.SSLContext, proxy: Proxy | None) -> None:
    attempt.enter(Phase.CONNECTING)
    if proxy is not None and target.scheme == "http":
        dial_proxy(proxy, deadline, attempt).close()
        return
    with dial_through(proxy, target, deadline, attempt) as sock:
        if target.secure:
            attempt.enter(Phase.SECURING)
            sock.settimeout(deadline.remaining_s())
            with tls.wrap_socket(sock, server_hostname=target.host) as secured:
                secured.settimeout(min(deadline.remaining_s(), LATE_ALERT_S))
                _hear_late_alert(secured)


def _hear_late_alert(secured: ssl.SSLSocket) -> None:
    """Part from the server and hear what it answers: in TLS 1.3 it judges our certificate only when our handshake is over."""
    try:
        socket.socket.shutdown(secured, socket.SHUT_WR)  # of TLS nothing is ended, or an alert would be dropped
        secured.recv(1)
    except OSError as error:
        if alert_kind([error]) is not None:
            raise
