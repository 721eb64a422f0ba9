"""HTTP proxies: who they are, and the tunnel that HTTPS and WebSockets go through (`CONNECT`, RFC 9110 9.3.6), without any I/O."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from socket import gaierror
from typing import Generic, TypeVar

import httpcore

from synthetic.drivers.attempt import ATTEMPT, Phase
from synthetic.drivers.places import Target
from synthetic.drivers.translate import ProxyFailed, TargetBehindProxy

ANSWER_BYTES_MAX = 16 << 10
SWITCHING_PROTOCOLS = 101
PROXY_AUTHENTICATION_REQUIRED = 407
_CREDENTIALS = ": it wants a username and a password that it knows"
UNREACHED = (502, 504)
"""How a proxy says that it is the target which it can't connect to. A 503 may be its own overload, so it is the proxy's."""
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. `credentials`: a name and a password for Basic authentication (RFC 7617), told to nobody else."""

    target: Target
    credentials: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def at(cls, url: str, credentials: tuple[str, str] | None = None) -> Proxy:
        """The proxy of a URL. Raises NotAllowed where it is none."""
        return cls(Target.of(url), credentials)

    @property
    def authorization(self) -> str:
        """The value of `Proxy-Authorization`; "" for none."""
        if self.credentials is None:
            return ""
        return "Basic " + base64.b64encode(":".join(self.credentials).encode()).decode("ascii")

    def unreached(self, error: OSError | UnicodeError) -> ProxyFailed:
        """The failure of a connection to the proxy itself."""
        if isinstance(error, gaierror | UnicodeError):
            return ProxyFailed(f"the name of the proxy {self.target.host} can't be resolved")
        reason = os.strerror(error.errno).lower() if error.errno else "no address takes it"
        return ProxyFailed(f"the proxy {self.target} can't be connected to: {reason}")

    def for_httpcore(self) -> httpcore.Proxy:
        """As httpcore takes it, to ask for whole URLs."""
        name, password = self.credentials or ("", "")
        return httpcore.Proxy(
            f"http://{self.target}", auth=(name.encode(), password.encode()) if self.credentials else None
        )

    def refuse_answer(self, status: int) -> None:
        """Raises ProxyFailed where an answer to a whole URL can only be the proxy's. Others look as the target's do."""
        if status == PROXY_AUTHENTICATION_REQUIRED:
            raise ProxyFailed(f"answered HTTP {status} (the proxy's or the target's){_CREDENTIALS}")

    def tunnel_request(self, target: Target) -> bytes:
        """What asks for a tunnel to a target."""
        lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
        if self.authorization:
            lines.append(f"Proxy-Authorization: {self.authorization}")
        return "".join(f"{line}\r\n" for line in (*lines, "")).encode("ascii")


@dataclass(frozen=True, slots=True)
class Ways(Generic[P]):
    """The two ways of HTTP through a proxy, a pool for each: a tunnel where the target speaks TLS, else asking for whole URLs."""

    proxy: Proxy
    tunnelling: P
    asking: P

    def way(self, request: httpcore.Request) -> P:
        """The pool that carries a request. While it waits there for a connection, it waits for one to the proxy."""
        ATTEMPT.get().goes_by(str(self.proxy.target), Phase.TO_PROXY)
        return self.tunnelling if request.url.scheme == b"https" else self.asking

    def refuse(self, request: httpcore.Request, status: int) -> None:
        """Raises ProxyFailed where an answer can only be the proxy's; of a tunnel all answers are the target's."""
        if request.url.scheme != b"https":
            self.proxy.refuse_answer(status)


class TunnelAnswer:
    """The proxy's answer to a request for a tunnel, as it comes in."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._came = bytearray()
        self._skipped = 0  # bytes of interim answers

    def feed(self, data: bytes) -> bool:
        """Take what came; answers whether the tunnel stands.

        Raises ProxyFailed where it never will, TargetBehindProxy where that is because the target takes no connection.
        """
        if not data:
            raise ProxyFailed(f"the proxy {self._proxy.target} closed the connection instead of opening a tunnel")
        self._came += data
        head, end, rest = self._came.partition(b"\r\n\r\n")
        while end and is_interim(status_of(head)):
            self._skipped += len(head) + len(end)
            self._came = rest
            head, end, rest = rest.partition(b"\r\n\r\n")
        if not end:
            if self._skipped + len(self._came) > ANSWER_BYTES_MAX:
                raise ProxyFailed(f"the proxy {self._proxy.target} sent a head that does not end")
            return False
        refuse_status(status_of(head), self._proxy)
        if rest:  # the target has not been spoken to yet
            raise ProxyFailed(f"the proxy {self._proxy.target} sent more than an answer before anything went through")
        return True


def status_of(head: bytes | bytearray) -> int:
    """The status of an answer's head; 0 where it is not HTTP."""
    version, _, rest = head.partition(b"\r\n")[0].partition(b" ")
    status = rest[:3]
    return int(status) if version.startswith(b"HTTP/1.") and status.isdigit() and len(status) == 3 else 0


def is_interim(status: int) -> bool:
    """Whether another answer follows (RFC 9110 15.2). None does behind a 101, and a tunnel it is not."""
    return 100 <= status < 200 and status != SWITCHING_PROTOCOLS


def refuse_status(status: int, proxy: Proxy) -> None:
    """Raises ProxyFailed, or TargetBehindProxy, where a status does not open a tunnel."""
    if status in UNREACHED:
        raise TargetBehindProxy(f"the proxy gets no connection to it (HTTP {status})")
    if not 200 <= status < 300:
        told = f"answered HTTP {status}" if status else "sent what is not HTTP"
        hint = _CREDENTIALS if status == PROXY_AUTHENTICATION_REQUIRED else ""
        raise ProxyFailed(f"the proxy {proxy.target} {told} instead of opening a tunnel{hint}")
