"""The cookies of one run (RFC 6265, as much as a player's session needs: host, path, Secure, deletion)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

# What RFC 6265 (6.1) asks of every client. A target that sets more would make each request and each masking of its secrets longer.
COOKIES_MAX = 50
COOKIE_CHARS_MAX = 4096


@dataclass(frozen=True, slots=True)
class _Cookie:
    name: str
    value: str
    host: str
    path: str
    secure: bool


class CookieJar:
    """Host-only cookies: a probe talks to one platform, so domain-wide ones would only widen what leaks where.

    The core has no clock, so `Expires` is not read: an empty value or `Max-Age` of 0 or less deletes, as servers send it.
    """

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], _Cookie] = {}

    def take(self, url: str, set_cookie: Iterable[str]) -> list[str]:
        """Remember what an answer of `url` sets; returns the values, which are secrets."""
        parts, values = urlsplit(url), []
        for header in set_cookie:
            name, value, attributes = _parsed(header)
            path = attributes.get("path", "")
            if not path.startswith("/"):
                path = _default_path(parts.path)
            identity = (parts.hostname or "", path, name)
            if not name or not value or _is_past(attributes.get("max-age", "")):
                self._cookies.pop(identity, None)
                continue
            if len(value) > COOKIE_CHARS_MAX or (identity not in self._cookies and len(self._cookies) >= COOKIES_MAX):
                continue
            self._cookies[identity] = _Cookie(name, value, identity[0], path, "secure" in attributes)
            values.append(value.strip('"'))
        return values

    def header(self, url: str) -> str:
        """The `Cookie` header for a request to `url`; empty where there is none. Longer paths come first (5.4)."""
        if not self._cookies:
            return ""
        parts = urlsplit(url)
        secure = parts.scheme in ("https", "wss")
        fitting = [
            cookie
            for cookie in self._cookies.values()
            if cookie.host == (parts.hostname or "")
            and (secure or not cookie.secure)
            and _within(parts.path or "/", cookie.path)
        ]
        return "; ".join(f"{c.name}={c.value}" for c in sorted(fitting, key=lambda c: -len(c.path)))


def _parsed(header: str) -> tuple[str, str, Mapping[str, str]]:
    """Name, value and attributes as section 5.2 reads them: unknown attributes (`Partitioned`) spoil nothing."""
    pair, *rest = header.split(";")
    name, equals, value = pair.partition("=")
    named = (attribute.partition("=") for attribute in rest)
    attributes = {key.strip().lower(): text.strip() for key, _, text in named}
    return (name.strip() if equals else ""), value.strip(), attributes


def _default_path(path: str) -> str:
    """The folder of the answering path (5.1.4)."""
    folder = path.rpartition("/")[0]
    return folder if folder.startswith("/") else "/"


def _is_past(max_age: str) -> bool:
    return max_age.startswith("-") or (max_age != "" and not max_age.strip("0"))


def _within(path: str, cookie_path: str) -> bool:
    prefix = cookie_path.rstrip("/")
    return path == cookie_path or path.startswith(prefix + "/") or not prefix
