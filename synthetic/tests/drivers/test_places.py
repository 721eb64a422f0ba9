"""What a URL points at, found without parsing it anew each time, is what httpx finds."""

from __future__ import annotations

import contextlib
import tracemalloc

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.drivers.guard import AllowList
from synthetic.drivers.places import NotAllowed, place_of

PIECES = st.sampled_from("/ // . .. a Z9 ~ %41 %zz ? a=b & #f @ : ; ' | \\ \u00fc + * ( [ < = - _ , ! $ ^ ` {".split())
ORIGINS = st.sampled_from(
    [
        *("http://a.example", "https://a.example:443", "https://a.example:8443", "ws://127.0.0.1:80", "wss://[::1]:9"),
        *("HTTP://A.example", "http://a.example.", "http://u:p@a.example", "http://a_b.example", "http://1.2.3.4:0"),
        *(
            "ftp://a.example",
            "http://",
            "",
            "http://b\u00fccher.example",
            "http://xn--bcher-kva.example",
            "http://a..b",
        ),
    ]
)


@given(ORIGINS, st.lists(PIECES, max_size=8))
def test_a_place_is_where_httpx_would_go(origin: str, pieces: list[str]) -> None:
    """Host, port and the request's target, for plain URLs and for odd ones."""
    url = origin + "".join(pieces)
    with contextlib.suppress(NotAllowed, httpx.InvalidURL):
        place, parsed = place_of(url), httpx.URL(url)
        assert place.path == parsed.raw_path.decode()
        assert place.host == parsed.netloc.decode()
        assert place.target.scheme == parsed.scheme
        assert place.target.host == parsed.raw_host.decode().lower().strip("[]").rstrip(".")
        assert place.target.port == (parsed.port or {"http": 80, "ws": 80}.get(parsed.scheme, 443))


@pytest.mark.parametrize("url", ["http://a.example\n", "http://a.example/\r\nx: 1", "/x", ""])
def test_what_is_no_url_has_no_place(url: str) -> None:
    """However plain its beginning is."""
    with pytest.raises(NotAllowed):
        place_of(url)


def test_what_is_kept_of_urls_has_a_limit() -> None:
    """A target that redirects to a long URL, each time another one, makes nothing grow."""
    AllowList.of(["a.example"]).check("http://a.example/short")
    tracemalloc.start()
    for number in range(100):
        place_of(f"http://a.example/{number}{'x' * 50_000}")
        with pytest.raises(NotAllowed):
            AllowList.of(["a.example"]).check(f"http://{number}{'x' * 50_000}/")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2_000_000
