"""The allow-list at load and the one that guards every connection say the same."""

from __future__ import annotations

import pytest

from synthetic.config.allow import is_allowed
from synthetic.drivers.guard import AllowList
from synthetic.drivers.places import NotAllowed

ALLOWED = [
    ("a.example.com", "https://a.example.com/x"),
    ("a.example.com", "http://a.example.com"),
    ("A.example.com", "https://a.EXAMPLE.com."),
    ("a.example.com:443", "wss://a.example.com"),
    ("a.example.com:8443", "https://a.example.com:8443"),
    ("a.example.com:*", "ws://a.example.com:1"),
    ("*.example.com", "https://b.a.example.com"),
    ("127.0.0.1:*", "http://127.0.0.1:8101"),
    ("[::1]:8080", "http://[::1]:8080/x"),
]
REFUSED = [
    ("a.example.com", "https://b.example.com"),
    ("a.example.com", "https://a.example.com:8443"),
    ("a.example.com", "https://a.example.com.evil.test"),
    ("a.example.com", "https://evil.test/a.example.com"),
    ("a.example.com:443", "http://a.example.com"),
    ("*.example.com", "https://example.com"),
    ("*.example.com", "https://badexample.com"),
    ("*.", "https://a."),
    ("*", "https://a.example.com"),
    ("a.example.com", "ftp://a.example.com"),
    ("a.example.com", "a.example.com"),
    ("a.example.com", "https://"),
    ("a.example.com", "https://a.example.com:99999"),
]


def guarded(pattern: str, url: str) -> bool:
    """What the drivers' guard says."""
    try:
        AllowList.of([pattern]).check(url)
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize(("pattern", "url"), ALLOWED)
def test_what_is_allowed_at_load_is_allowed_at_run_time(pattern: str, url: str) -> None:
    """A cells file that loads can be played."""
    assert is_allowed(url, (pattern,))
    assert guarded(pattern, url)


@pytest.mark.parametrize(("pattern", "url"), REFUSED)
def test_what_is_refused_at_run_time_is_refused_at_load(pattern: str, url: str) -> None:
    """And the other way round."""
    assert not is_allowed(url, (pattern,))
    assert not guarded(pattern, url)
