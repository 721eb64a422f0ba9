"""One HTTP answer without I/O, however it is cut into pieces."""

from __future__ import annotations

import contextlib
import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.drivers.guard import Limits
from synthetic.drivers.probe.parser import Answer
from synthetic.drivers.translate import BadAnswer, NotHttp

OK = b"HTTP/1.1 200 OK\r\n"
PLAIN = OK + b"Content-Length: 3\r\nX-Odd:  caf\xe9 \r\n\r\nabc"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n2;ext=1\r\nab\r\n1 \r\nc\r\n0\r\nX-Trailer: 1\r\n\r\n"
INFORMED = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + PLAIN
BARE = b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc"


class Kept:
    """A body that is kept."""

    def __init__(self) -> None:
        self.data = b""

    def feed(self, chunk: bytes) -> None:
        """Keep it."""
        self.data += chunk


def parsed(
    *pieces: bytes, method: str = "GET", ends: bool = False, limits: Limits | None = None
) -> tuple[Answer[Kept], bytes]:
    """The answer that these pieces are, and its body."""
    body = Kept()
    answer = Answer(method, limits or Limits(), lambda _: body)
    for piece in pieces:
        answer.feed(piece)
    if ends:
        answer.end()
    return answer, body.data


@pytest.mark.parametrize("wire", [PLAIN, CHUNKED, INFORMED, BARE], ids=["plain", "chunked", "informed", "bare"])
def test_an_answer_is_the_same_however_it_is_cut(wire: bytes) -> None:
    """In two pieces at every byte, and byte by byte, it is what it is as a whole."""
    whole, body = parsed(wire)
    assert (whole.complete, whole.reusable, whole.status, body) == (True, True, 200, b"abc")
    cuts = [(wire[:at], wire[at:]) for at in range(1, len(wire))]
    for pieces in (*cuts, tuple(wire[at : at + 1] for at in range(len(wire)))):
        answer, same = parsed(*pieces)
        assert (answer.complete, answer.reusable, answer.headers, same) == (True, True, whole.headers, body)


@pytest.mark.parametrize("wire", [PLAIN, CHUNKED, INFORMED], ids=["plain", "chunked", "informed"])
def test_a_complete_answer_is_freed_without_the_collector(wire: bytes) -> None:
    """The parser, which knows whom to call, keeps nothing alive; a collection would be a stall of ours."""
    answer, _ = parsed(wire)
    assert answer.complete
    left = weakref.ref(answer)
    gc.disable()
    try:
        del answer
        assert left() is None
    finally:
        gc.enable()


def test_headers_keep_their_order_their_case_and_their_bytes() -> None:
    """Only white space around a value, and a fold within it, is no part of it."""
    folded = (
        OK
        + b"Set-Cookie: a=1\r\nX-Fold: one\r\n\ttwo\r\nSet-Cookie: b=2\r\nX-Odd:  caf\xe9 \t\r\nContent-Length: 0\r\n\r\n"
    )
    answer, _ = parsed(folded)
    assert [name for name, _ in answer.headers] == [
        b"Set-Cookie",
        b"X-Fold",
        b"Set-Cookie",
        b"X-Odd",
        b"Content-Length",
    ]
    assert [value.split() for _, value in answer.headers] == [
        [b"a=1"],
        [b"one", b"two"],
        [b"b=2"],
        [b"caf\xe9"],
        [b"0"],
    ]


@pytest.mark.parametrize(
    ("method", "wire"),
    [
        ("HEAD", OK + b"Content-Length: 3\r\n\r\n"),
        ("HEAD", OK + b"Transfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", OK + b"\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n"),
        ("GET", OK + b"Content-Length: 0\r\n\r\n"),
    ],
)
def test_an_answer_without_a_body_is_complete_with_its_head(method: str, wire: bytes) -> None:
    """Whatever its headers announce; and the next one may follow on the same connection."""
    answer, body = parsed(wire, method=method)
    assert (answer.complete, answer.reusable, body) == (True, True, b"")


@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Connection: close\r\nContent-Length: 3\r\n\r\nabc",
        OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        PLAIN + PLAIN,
        PLAIN + b"garbage",
        OK + b"Connection: close\r\nContent-Length: 3\r\n\r\nabcdef",
    ],
)
def test_a_connection_that_may_be_out_of_step_is_not_used_again(wire: bytes) -> None:
    """The answer counts; what the server says, or sent, about more of them decides about the connection."""
    answer, body = parsed(wire)
    assert (answer.complete, answer.reusable, body) == (True, False, b"abc")


def test_what_comes_behind_an_answer_to_head_spoils_the_connection() -> None:
    """A server that sends the body all the same."""
    answer, body = parsed(OK + b"Content-Length: 3\r\n\r\nabc", method="HEAD")
    assert (answer.complete, answer.reusable, body) == (True, False, b"")


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    """Not before, and only there."""
    open_ended = OK + b"\r\nabc"
    assert not parsed(open_ended)[0].complete
    answer, body = parsed(open_ended, ends=True)
    assert (answer.complete, answer.reusable, body) == (True, False, b"abc")
    assert not parsed(PLAIN[:-1], ends=True)[0].complete
    assert not parsed(CHUNKED[:-2], ends=True)[0].complete
    assert not parsed(OK, ends=True)[0].complete


def test_a_change_of_protocol_that_nobody_asked_for_is_refused() -> None:
    """What would follow is no HTTP, and nobody here speaks it."""
    with pytest.raises(NotHttp, match="an upgrade that nobody asked for"):
        parsed(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc")


@pytest.mark.parametrize(
    ("wire", "says"),
    [
        (b"\x00\x01\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1 password token\r\n\r\n", "illegal status line"),
        (b"HTTP/3.9 200 OK\r\n\r\n", "illegal status line"),
        (OK + b"X secret: 1\r\n\r\n", "invalid header token"),
        (OK + b"X: a\0b\r\n\r\n", "header"),
        (OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "content-length"),
        (OK + b"Content-Length: -3\r\n\r\nabc", "content-length"),
        (OK + b"Content-Length: 99999999999999999999999\r\n\r\nabc", "content-length"),
        (OK + b"Transfer-Encoding: gzip\r\n\r\nabc", "a transfer coding that is not chunked"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "chunk size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n", "chunk size"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "chunk"),
        (b"HTTP/1.1 103 Hints\r\nContent-Length: 3\r\n\r\nabc", "an informational answer with a body"),
    ],
)
def test_what_is_not_http_is_told_without_what_came(wire: bytes, says: str) -> None:
    """The words are llhttp's and ours; a secret that came back can't be among them."""
    with pytest.raises(NotHttp, match=f"(?i){says}") as told:
        parsed(wire)
    assert not any(word in str(told.value) for word in ("password", "token ", "secret"))


def test_a_head_has_limits() -> None:
    """One that does not end, and informational ones without end."""
    endless = [OK + b"X: ", *[b"x" * 10_000] * 20]
    with pytest.raises(NotHttp, match="a head that does not end"):
        parsed(*endless)
    with pytest.raises(BadAnswer, match="a head over the limit of 5000 bytes"):
        parsed(*[b"HTTP/1.1 103 Hints\r\n\r\n" * 10] * 100, limits=Limits(head_bytes_max=5000))


def test_a_body_has_a_limit_on_the_wire() -> None:
    """Chunk extensions and trailers count."""
    padded = b"1;" + b"x" * 900 + b"\r\na\r\n"
    with pytest.raises(BadAnswer, match="over the limit of 5000 bytes on the wire"):
        parsed(OK + b"Transfer-Encoding: chunked\r\n\r\n", *[padded] * 10, limits=Limits(body_wire_bytes_max=5000))


@given(st.lists(st.binary(max_size=40), max_size=20), st.booleans())
def test_any_body_arrives_as_it_was_sent(chunks: list[bytes], at_once: bool) -> None:  # noqa: FBT001 - drawn
    """In chunks of any size and content."""
    framed = [b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks if chunk]
    pieces = [OK + b"Transfer-Encoding: chunked\r\n\r\n", *framed, b"0\r\n\r\n"]
    answer, body = parsed(b"".join(pieces)) if at_once else parsed(*pieces)
    assert (answer.complete, body) == (True, b"".join(chunks))


@given(st.binary(max_size=300), st.sampled_from([b"", OK, OK + b"Transfer-Encoding: chunked\r\n\r\n"]))
def test_any_bytes_are_an_answer_or_an_error_of_ours(noise: bytes, first: bytes) -> None:
    """Nothing else is raised."""
    with contextlib.suppress(NotHttp, BadAnswer):
        answer, _ = parsed(first + noise, ends=True)
        assert answer.complete or not answer.reusable
