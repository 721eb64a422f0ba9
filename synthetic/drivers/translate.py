"""Exceptions of sockets, TLS, httpcore and websockets as faults. The wording is ours, so that both drivers say the same."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from socket import gaierror

import httpcore
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import Close

from synthetic.core.effects import FaultKind, TransportFault
from synthetic.core.errors import FencedOff, HarnessError
from synthetic.drivers.alerts import alert_kind, alert_words
from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.places import Target


class BadAnswer(Exception):  # noqa: N818 - it is the target that errs
    """An answer is larger than we take, or can't be decoded; says what the target did: `sent a body over the limit of ...`."""


class NotHttp(Exception):  # noqa: N818 - it is the target that errs
    """What came is not HTTP; says what is wrong, in words that hold nothing of what came: `illegal status line`."""


class Unsendable(Exception):  # noqa: N818 - nothing was sent
    """The request can't be written as HTTP: a line break in a header, a bad method."""


class ProxyFailed(Exception):  # noqa: N818 - it is ours, and says nothing of the target
    """The proxy on the way takes no connection, or passes nothing on; says why, in words that hold nothing of what it sent."""


class TargetBehindProxy(Exception):  # noqa: N818 - it is the target that errs
    """The proxy says that the target takes no connection."""


TRANSPORT_ERRORS = (
    OSError,
    UnicodeError,  # the name of a host that IDNA can't encode
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    WebSocketException,
    ValueError,  # websockets' refusal to follow a redirect on our socket; its cause holds the answer
    BadAnswer,
    NotHttp,
    Unsendable,
    ProxyFailed,
    TargetBehindProxy,
)
_BEFORE_IT_LEFT = (Unsendable, httpcore.LocalProtocolError)
_CLOSED_EARLY = ("disconnected", "closed connection", "connection closed")  # how h11, httpcore and websockets say it
# A tunnel that takes too long is the proxy's or the target's slowness, nobody can tell: it must not be held against the target.
_TIMED_OUT = {
    Phase.TO_PROXY: FaultKind.PROXY_FAILED,
    Phase.TUNNELLING: FaultKind.PROXY_FAILED,
    Phase.EXCHANGING: FaultKind.READ_TIMEOUT,
}
_TOO_BIG, _BAD_FRAMES, _NOT_UTF_8, _FLOOD = 1009, 1002, 1007, 1008


def fault(error: BaseException, attempt: Attempt, target: Target, timeout_s: float) -> TransportFault:
    """The fault that an exception during an attempt means."""
    chain = tuple(_causes(error))
    kind = _kind(chain, attempt.phase)
    rejected = next((cause for cause in chain if isinstance(cause, InvalidStatus)), None)
    status = None if rejected is None else rejected.response.status_code
    return TransportFault(
        kind=kind,
        detail=_detail(kind, chain, attempt, target, timeout_s, status),
        maybe_sent=attempt.phase >= Phase.EXCHANGING and not _is(chain, *_BEFORE_IT_LEFT),
        times=attempt.times(),
        status=status,
    )


def refusal(kind: FaultKind, detail: str, attempt: Attempt) -> TransportFault:
    """A fault of something that we did not even begin."""
    return TransportFault(kind, detail, maybe_sent=False, times=attempt.times())


def not_journaled(error: HarnessError, attempt: Attempt) -> TransportFault:
    """A fault of what the journal did not take: it can't, or the run is another worker's by now."""
    kind = FaultKind.FENCED_OFF if isinstance(error, FencedOff) else FaultKind.NOT_JOURNALED
    return refusal(kind, str(error), attempt)


def ending(closed: ConnectionClosed) -> tuple[FaultKind, str, int | None]:
    """Why a WebSocket is closed: the kind of fault, the detail, and the peer's close code (1006: it sent none)."""
    ours = closed.sent if closed.rcvd is None or not closed.rcvd_then_sent else None
    if ours is not None and ours.code == _TOO_BIG:
        return FaultKind.PROTOCOL, f"a frame is over the size limit ({ours.reason})", ours.code
    if ours is not None and ours.code == _FLOOD:
        return FaultKind.PROTOCOL, f"the peer sent {ours.reason}", ours.code
    if ours is not None and ours.code == _NOT_UTF_8:
        return FaultKind.PROTOCOL, f"a text frame is not UTF-8: {ours.reason}".rstrip(": "), ours.code
    if ours is not None and ours.code == _BAD_FRAMES:
        return FaultKind.PROTOCOL, f"what came is not WebSocket: {ours.reason}".rstrip(": "), ours.code
    return FaultKind.WS_CLOSED, *_peer_close(closed.rcvd)


def _peer_close(close: Close | None) -> tuple[str, int]:
    if close is None:
        return "the connection ended without a close frame", 1006
    return f"the peer closed with {close.code} {close.reason}".rstrip(), close.code


def _causes(error: BaseException) -> Iterator[BaseException]:
    yield error
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _causes(member)
    if error.__cause__ is not None:
        yield from _causes(error.__cause__)


def _is(chain: tuple[BaseException, ...], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in chain)


def _kind(chain: tuple[BaseException, ...], phase: Phase) -> FaultKind:
    if _is(chain, InvalidStatus):
        return FaultKind.WS_REJECTED
    if _is(chain, Unsendable, BadAnswer, NotHttp, httpcore.LocalProtocolError):
        return FaultKind.PROTOCOL
    if _is(chain, ProxyFailed):
        return FaultKind.PROXY_FAILED
    if (alert := alert_kind(chain)) is not None:
        return alert
    if _is(chain, TimeoutError, httpcore.TimeoutException):
        return _TIMED_OUT.get(phase, FaultKind.CONNECT_TIMEOUT)
    if phase is Phase.SECURING:
        return FaultKind.TLS_FAILED
    if phase is not Phase.EXCHANGING:
        return FaultKind.NAME_UNKNOWN if _is(chain, gaierror, UnicodeError) else FaultKind.CONNECT_REFUSED
    return _broken_exchange(chain)


def _broken_exchange(chain: tuple[BaseException, ...]) -> FaultKind:
    if any(isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError) for cause in chain):
        return FaultKind.TLS_FAILED  # TLS 1.3 rejects our side only after its handshake
    if _is(chain, OSError, EOFError, httpcore.NetworkError, ConnectionClosed):
        return FaultKind.RESET
    if any(phrase in str(cause).lower() for cause in chain for phrase in _CLOSED_EARLY):
        return FaultKind.RESET
    return FaultKind.PROTOCOL


def _detail(
    kind: FaultKind,
    chain: tuple[BaseException, ...],
    attempt: Attempt,
    target: Target,
    timeout_s: float,
    status: int | None,
) -> str:
    came = "" if attempt.progress is None else f" ({attempt.progress()})"
    match kind:
        case FaultKind.WS_REJECTED:
            return f"{target} answered HTTP {status} instead of a WebSocket handshake"
        case FaultKind.READ_TIMEOUT:
            did_not = "did not finish its answer" if attempt.progress else "did not answer"
            return f"{target} {did_not} within {timeout_s:.2f} s{came}"
        case FaultKind.CONNECT_TIMEOUT if attempt.phase is Phase.WAITING:
            return f"no connection of the pool became free within {timeout_s:.2f} s"
        case FaultKind.CONNECT_TIMEOUT:
            return f"no connection to {target} within {timeout_s:.2f} s"
        case FaultKind.NAME_UNKNOWN:
            return f"the name {target.host} can't be resolved"
        case FaultKind.TLS_FAILED | FaultKind.OUR_CERTIFICATE | FaultKind.CERTIFICATE_REFUSED:
            return f"TLS with {target} failed: {_tls_reason(chain)}"
        case FaultKind.PROXY_FAILED:
            not_reached = "" if attempt.phase is Phase.EXCHANGING else "was not reached: "
            return f"{target} {not_reached}{_proxy_reason(chain, attempt, timeout_s)}"
        case FaultKind.CONNECT_REFUSED:
            return f"{target} can't be connected to: {_system_reason(chain)}"
        case FaultKind.RESET:
            return f"{target} closed the connection before its answer was complete{came}"
        case _ if _is(chain, BadAnswer):
            return f"{target} {_root(chain)}"
        case _ if _is(chain, Unsendable, httpcore.LocalProtocolError):
            return f"the request to {target} can't be written: {_root(chain)}"
        case _:
            protocol = "WebSocket" if _is(chain, WebSocketException) else "HTTP"
            return f"{target} sent what is not {protocol}: {_root(chain)}{came}"


def _tls_reason(chain: tuple[BaseException, ...]) -> str:
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"certificate verify failed: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return alert_words(cause.reason)
    return "the connection was closed during the handshake"


def _proxy_reason(chain: tuple[BaseException, ...], attempt: Attempt, timeout_s: float) -> str:
    if _is(chain, ProxyFailed):
        return _said(chain, ProxyFailed)
    if attempt.phase is Phase.TO_PROXY:
        return f"no connection to the proxy {attempt.proxy} within {timeout_s:.2f} s"
    slow = "it or the target was too slow, and nobody can tell which"
    return f"the proxy {attempt.proxy} opened no tunnel within {timeout_s:.2f} s: {slow}"


def _said(chain: tuple[BaseException, ...], kind: type[BaseException]) -> str:
    return str(next(cause for cause in chain if isinstance(cause, kind)))


def _system_reason(chain: tuple[BaseException, ...]) -> str:
    if _is(chain, TargetBehindProxy):
        return _said(chain, TargetBehindProxy)
    codes = [cause.errno for cause in chain if isinstance(cause, OSError) and cause.errno]
    return os.strerror(codes[-1]).lower() if codes else "no address takes it"


def _root(chain: tuple[BaseException, ...]) -> str:
    known = [
        cause
        for cause in chain
        if isinstance(cause, BadAnswer | NotHttp | Unsendable | httpcore.ProtocolError | WebSocketException)
    ]
    told = str((known or chain)[-1])
    if told == "Receive buffer too long":
        return "a head that does not end"
    # Behind the colon h11 shows what came, up to all of it, in a spelling in which no secret would be known again.
    return told.partition(": ")[0] if _is(chain, httpcore.RemoteProtocolError) else told
