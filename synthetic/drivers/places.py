"""What a URL points at: the target that is connected to, and what a request says of it. What httpx's parser finds, sooner."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import httpx

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
# A URL that is written so plainly that httpx's parser would change nothing behind its host.
_IN_PATH = r"[A-Za-z0-9_~!$&'()*+,;=:@-]"
_PLAIN = re.compile(
    r"((?:https?|wss?)://[a-z0-9.-]+(?::[1-9][0-9]{0,4})?)"
    rf"((?:/{_IN_PATH}(?:{_IN_PATH}|\.)*)*/?)"
    r"(\?[A-Za-z0-9._~!$&()*+,;=:@/?-]+)?"
)
_KEPT_MAX = 1024
_KEPT_CHARS_MAX = 512  # a target may redirect to URLs of any length, and what is kept has a limit


class NotAllowed(Exception):  # noqa: N818 - a refusal, translated into a fault at once
    """A URL is off the allow-list, or is none that a driver can open."""


class Target(NamedTuple):
    """What a URL connects to; the host is ASCII, in lower case and without IPv6 brackets.

    A tuple, as each request looks several times for what is kept of its target.
    """

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Target:
        """The target of a URL. Raises NotAllowed where it has none."""
        return place_of(url).target

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
class Place:
    """Where a request goes: what is connected to, the `Host` header, and the request's target."""

    target: Target
    host: str
    path: str


def place_of(url: str) -> Place:
    """The place that a URL names. Raises NotAllowed."""
    return _found(url) if len(url) <= _KEPT_CHARS_MAX else _parsed(url)


@lru_cache(_KEPT_MAX)
def _found(url: str) -> Place:
    plain = _PLAIN.fullmatch(url)
    if plain is None:
        return _parsed(url)
    origin, path, query = plain.groups("")
    base = _kept(origin)
    return Place(base.target, base.host, f"{path or '/'}{query}")


def _parsed(url: str) -> Place:
    """Parse with the parser that the HTTP client uses, so that all see the same host."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise NotAllowed(f"this is no URL: {error}") from None
    host = parsed.raw_host.decode("ascii").lower().strip("[]").rstrip(".")
    if parsed.scheme not in _PORTS or not host:
        raise NotAllowed(
            f"an http, https, ws or wss URL with a host is needed, not scheme {parsed.scheme!r}, host {host!r}"
        )
    target = Target(parsed.scheme, host, parsed.port or _PORTS[parsed.scheme])
    return Place(target, parsed.netloc.decode("ascii"), parsed.raw_path.decode("ascii"))


_kept = lru_cache(_KEPT_MAX)(_parsed)
