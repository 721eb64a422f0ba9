"""The bytes of a request are those that httpcore would send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.effects import Http
from synthetic.drivers.http_wire import http_request
from synthetic.drivers.places import place_of
from synthetic.drivers.request_wire import request_bytes
from synthetic.drivers.translate import Unsendable

NAMES = st.sampled_from(["X-A", "x-b", "Accept", "user-agent", "Host", "Content-Type"])
VALUES = st.from_regex(r"[!-~]{1,8}( [!-~]{1,5})?", fullmatch=True)


def read(wire: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
    """The first line, the headers in order of their names, and the body."""
    head, _, body = wire.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    return first, sorted((name.lower(), value) for name, value in headers), body


@given(
    st.sampled_from(["GET", "POST", "put", "DELETE", "PATCH", "HEAD"]),
    st.lists(st.tuples(NAMES, VALUES), max_size=6, unique_by=lambda header: header[0]),
    st.binary(max_size=30),
)
def test_a_request_says_what_httpcore_says(method: str, headers: list[tuple[str, str]], body: bytes) -> None:
    """Line, headers and body; only their order is free."""
    effect = Http(method, "http://a.example:81/x?y=1", tuple(headers), body)
    peer = http_request(effect, {})
    first, sent, travelled = read(request_bytes(effect, place_of(effect.url)))
    assert first == f"{peer.method.decode()} {peer.url.target.decode()} HTTP/1.1"
    assert sent == sorted((name.decode().lower(), value.decode()) for name, value in peer.headers)
    assert travelled == body


def test_a_body_is_framed_as_its_headers_say() -> None:
    """In one chunk, where the scenario wants chunks."""
    effect = Http("POST", "http://a.example/", (("Transfer-Encoding", "chunked"),), b"abc")
    _, headers, body = read(request_bytes(effect, place_of(effect.url)))
    assert body == b"3\r\nabc\r\n0\r\n\r\n"
    assert "content-length" not in dict(headers)


def test_a_percent_sign_travels_as_it_is() -> None:
    """In the name of a header, in its value, and in the path."""
    effect = Http("GET", "http://a.example/%41", (("X%s-%d", "100%s"), ("x%", "")))
    first, headers, _ = read(request_bytes(effect, place_of(effect.url)))
    assert first == "GET /%41 HTTP/1.1"
    assert ("x%s-%d", "100%s") in headers
    assert ("x%", "") in headers


def test_requests_of_one_form_have_each_their_own_values() -> None:
    """What is found once for all with the same names holds no value, and a header that comes twice comes twice."""
    names = ("X-A", "x-b", "X-A")
    for values in (("1", "2", "3"), ("4", "5", "6")):
        effect = Http("GET", "http://a.example/", tuple(zip(names, values, strict=True)))
        _, headers, _ = read(request_bytes(effect, place_of(effect.url)))
        assert [value for name, value in headers if name == "x-a"] == [values[0], values[2]]
        assert ("x-b", values[1]) in headers


@pytest.mark.parametrize(
    "effect",
    [
        Http("GE T", "http://a.example/"),
        Http("", "http://a.example/"),
        Http("GET", "http://a.example/", (("x y", "1"),)),
        Http("GET", "http://a.example/", (("", "1"),)),
        Http("GET", "http://a.example/", (("x", "1\r\ny: 2"),)),
        Http("GET", "http://a.example/", (("x\n", "1"),)),
        Http("GET", "http://a.example/", (("x", " 1"),)),
        Http("GET", "http://a.example/", (("x", "1 "),)),
        Http("GET", "http://a.example/", (("x", "1\x7f"), ("y", "1\0"))),
        Http("GET", "http://a.example/", (("x", "\u00fc"),)),
        Http("POST", "http://a.example/", (("Content-Length", "2"),), b"abc"),
        Http("POST", "http://a.example/", (("Transfer-Encoding", "gzip"),), b"abc"),
        Http("POST", "http://a.example/", (("Transfer-Encoding", "chunked"), ("Content-Length", "3")), b"abc"),
        Http("POST", "http://a.example/", (("Content-Length", "1"), ("content-length", "3")), b"abc"),
        Http("POST", "http://a.example/", (("Transfer-Encoding", "x"), ("transfer-encoding", "chunked")), b"abc"),
        Http("GET", "http://a.example/", (("Host", "b.example"), ("host", "a.example"))),
    ],
)
def test_what_http_can_not_carry_is_not_written(effect: Http) -> None:
    """No byte of it leaves, and no value of a header is told."""
    with pytest.raises(Unsendable):
        request_bytes(effect, place_of(effect.url))
