"""The allow-list as it is checked when a cells file is loaded. At run time the drivers guard every connection again."""

from __future__ import annotations

from urllib.parse import urlsplit

PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def target_of(url: str) -> tuple[str, int, int] | None:
    """Host, port and the scheme's own port of an address; None where it is none that can be connected to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    own = PORTS.get(parts.scheme)
    if own is None or not parts.hostname or parts.username is not None:
        return None
    return parts.hostname.lower().rstrip("."), port or own, own


def is_allowed(url: str, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern (`host`, `host:port`, `host:*`, `*.example.com`) covers the address."""
    target = target_of(url)
    return target is not None and any(_covers(pattern.strip().lower(), *target) for pattern in patterns)


def _covers(pattern: str, host: str, port: int, own_port: int) -> bool:
    named, wanted = split_pattern(pattern)
    if wanted not in ("*", str(port)) and not (wanted == "" and port == own_port):
        return False
    if named.startswith("*."):
        return host.endswith(named[1:])
    return host == named


def split_pattern(pattern: str) -> tuple[str, str]:
    """Host and port of a pattern; an IPv6 address stands in brackets."""
    if pattern.startswith("["):
        host, _, rest = pattern[1:].partition("]")
        return host, rest.removeprefix(":")
    host, _, port = pattern.partition(":")
    return host.rstrip("."), port
