"""Where a driver may connect to, and how much it may take: the allow-list and the limits, checked before any connection.

A redirect or an address out of an earlier answer is an effect of its own, so it meets the same check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import httpx

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}

CRUMB_BYTES = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """A limit on everything that a target could make grow."""

    connections_max: int = 8
    keepalive_s: float = (
        2.0  # below what servers use (5 s and more): a connection that they are closing is not taken again
    )
    head_bytes_max: int = 128 << 10  # status line and headers, with the 1xx answers before them
    body_bytes_max: int = 1 << 20  # unpacked
    body_wire_bytes_max: int = 4 << 20  # as it travels: packed, in chunks, with trailers
    crumbs_max: int = 1000  # chunks, pings and fragments that hold next to nothing: each costs us more than its sender
    frame_bytes_max: int = 1 << 20  # of a whole message, however many fragments it comes in
    unread_frames_max: int = 1000
    unread_bytes_max: int = 4 << 20
    close_s: float = 1.0  # how long a WebSocket's closing handshake may take


class NotAllowed(Exception):  # noqa: N818 - a refusal, translated into a fault at once
    """A URL is off the allow-list, or is none that a driver can open."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL connects to; the host is ASCII, in lower case and without IPv6 brackets."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Target:
        """Parse with the parser that the HTTP client uses, so that both see the same host. Raises NotAllowed."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise NotAllowed(f"this is no URL: {error}") from None
        host = parsed.raw_host.decode("ascii").lower().strip("[]").rstrip(".")
        if parsed.scheme not in _PORTS or not host:
            raise NotAllowed(
                f"an http, https, ws or wss URL with a host is needed, not scheme {parsed.scheme!r}, host {host!r}"
            )
        return cls(parsed.scheme, host, parsed.port or _PORTS[parsed.scheme])

    @property
    def secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.scheme in ("https", "wss")

    @property
    def default_port(self) -> int:
        """The port of its scheme."""
        return _PORTS[self.scheme]

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class AllowList:
    """The hosts and ports that may be connected to.

    A pattern is `host`, `host:port` or `host:*`; without a port it means the scheme's own (80 or 443). `*.example.com` is any
    name below example.com but not example.com itself. An IPv6 address is written in brackets. Nothing matches everything.
    """

    patterns: tuple[str, ...]

    @classmethod
    def of(cls, patterns: Sequence[str]) -> AllowList:
        """From the `allow` of a cell."""
        return cls(tuple(pattern.strip().lower() for pattern in patterns))

    def check(self, url: str) -> Target:
        """The target of the URL. Raises NotAllowed."""
        target = Target.of(url)
        if not any(_matches(pattern, target) for pattern in self.patterns):
            raise NotAllowed(
                f"{target} is not on the cell's allow-list ({', '.join(self.patterns) or 'which is empty'})"
            )
        return target


def _matches(pattern: str, target: Target) -> bool:
    host, port = _split(pattern)
    if port not in ("*", str(target.port)) and not (port == "" and target.port == target.default_port):
        return False
    if host.startswith("*."):
        return len(host) > 2 and target.host.endswith(host[1:]) and target.host != host[2:]
    return host == target.host


def _split(pattern: str) -> tuple[str, str]:
    if pattern.startswith("["):
        host, _, rest = pattern[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = pattern.partition(":")
    return host.rstrip("."), port
