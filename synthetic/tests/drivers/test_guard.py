"""The allow-list: what matches, and what only looks as if it did."""

from __future__ import annotations

import pytest

from synthetic.drivers.guard import AllowList
from synthetic.drivers.places import NotAllowed, Target

ALLOWED = [
    ("api.example.com", "https://api.example.com/x"),
    ("api.example.com", "http://API.example.com./x"),
    ("API.example.com", "wss://api.example.com/ws"),
    ("api.example.com:8443", "https://api.example.com:8443/"),
    ("api.example.com:443", "https://api.example.com/"),
    ("127.0.0.1:*", "http://127.0.0.1:40123/"),
    ("*.example.com", "https://a.b.example.com/"),
    ("*.example.com:*", "ws://a.example.com:1234/"),
    ("[::1]:8080", "http://[::1]:8080/"),
    ("[::1]:*", "http://[::1]:9/"),
    ("xn--bcher-kva.example", "https://b\u00fccher.example/"),
]
REFUSED = [
    ("api.example.com", "https://api.example.com:8443/"),
    ("api.example.com", "https://example.com/"),
    ("api.example.com", "https://api.example.com.evil.test/"),
    ("api.example.com", "https://api.example.com@evil.test/"),
    ("api.example.com", "https://evil.test#@api.example.com/"),
    ("*.example.com", "https://example.com/"),
    ("*.example.com", "https://evilexample.com/"),
    ("*.", "https://example.com/"),
    ("*", "https://example.com/"),
    ("*:*", "https://example.com/"),
    ("", "https://example.com/"),
    ("127.0.0.1:*", "http://127.0.0.2/"),
    ("api.example.com", "ftp://api.example.com/"),
    ("api.example.com", "//api.example.com/"),
    ("api.example.com", "https://"),
    ("api.example.com", "https://api.example.com:99999/"),
]


@pytest.mark.parametrize(("pattern", "url"), ALLOWED)
def test_a_listed_target_is_allowed(pattern: str, url: str) -> None:
    """Case, a trailing dot and the default port do not matter."""
    assert AllowList.of(["other.test", pattern]).check(url)


@pytest.mark.parametrize(("pattern", "url"), REFUSED)
def test_everything_else_is_refused(pattern: str, url: str) -> None:
    """Look-alikes, other ports, other schemes, and patterns that would match everything."""
    with pytest.raises(NotAllowed):
        AllowList.of([pattern]).check(url)


def test_a_refusal_names_the_target_and_the_list() -> None:
    """The reader sees at once what is missing."""
    with pytest.raises(NotAllowed, match=r"evil\.test:443 is not on the cell's allow-list \(api\.example\.com\)"):
        AllowList.of(["api.example.com"]).check("https://evil.test/")


def test_a_target_knows_what_it_connects_to() -> None:
    """Host without brackets, port by scheme."""
    assert Target.of("wss://[::1]/x") == Target("wss", "::1", 443)
    assert str(Target.of("wss://[::1]/x")) == "[::1]:443"
