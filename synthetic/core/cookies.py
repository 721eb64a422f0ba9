"""The cookies of one run (RFC 6265, as much as a player's session needs: host, path, Secure, deletion)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class _Cookie:
    name: str
    value: str
    host: str
    path: str
    secure: bool


class CookieJar:
    """Host-only cookies: a probe talks to one platform, so domain-wide ones would only widen what leaks where."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], _Cookie] = {}

    def take(self, url: str, set_cookie: Iterable[str]) -> list[str]:
        """Remember what an answer of `url` sets; returns the values, which are secrets."""
        host, values = urlsplit(url).hostname or "", []
        for header in set_cookie:
            try:
                parsed = SimpleCookie(header)
            except CookieError:
                continue
            for name, morsel in parsed.items():
                identity = (host, morsel["path"] or "/", name)
                if morsel["max-age"] == "0" or not morsel.value:
                    self._cookies.pop(identity, None)
                    continue
                self._cookies[identity] = _Cookie(name, morsel.value, host, identity[1], bool(morsel["secure"]))
                values.append(morsel.value)
        return values

    def header(self, url: str) -> str:
        """The `Cookie` header for a request to `url`; empty where there is none."""
        parts = urlsplit(url)
        secure = parts.scheme in ("https", "wss")
        return "; ".join(
            f"{cookie.name}={cookie.value}"
            for cookie in self._cookies.values()
            if cookie.host == (parts.hostname or "")
            and (secure or not cookie.secure)
            and _within(parts.path or "/", cookie.path)
        )


def _within(path: str, cookie_path: str) -> bool:
    prefix = cookie_path.rstrip("/")
    return path == cookie_path or path.startswith(prefix + "/") or not prefix
