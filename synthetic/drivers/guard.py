"""Where a driver may connect to, and how much it may take: the allow-list and the limits, checked before any connection.

A redirect or an address out of an earlier answer is an effect of its own, so it meets the same check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from synthetic.drivers.places import NotAllowed, Target, place_of

CRUMB_BYTES = 16
_NAME_MAX = 253  # RFC 1035; a host of any length may come in a redirect, and what is kept has a limit


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
        target = place_of(url).target
        known = _is_known_listed if len(target.host) <= _NAME_MAX else _is_listed
        if not known(self.patterns, target):
            raise NotAllowed(
                f"{target} is not on the cell's allow-list ({', '.join(self.patterns) or 'which is empty'})"
            )
        return target


def _is_listed(patterns: tuple[str, ...], target: Target) -> bool:
    return any(_matches(pattern, target) for pattern in patterns)


_is_known_listed = lru_cache(1024)(_is_listed)


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
