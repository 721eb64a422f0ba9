"""Against real servers every transport brings what was sent, and the same headers as httpx's own."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

import httpx
import pytest

from bench.transport_fuzz.exchanging import Answer, MakeTransport, exchange, httpx_own, request
from synthetic.tests.drivers.transport.replies import LARGE, REPLIES, TEXT
from synthetic.tests.drivers.transport.servers import Served


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and the body and status that it has to come back with."""

    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    status: int = 200
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.path} {' '.join(self.headers.values())}".strip()


PACKED = {"accept-encoding": "gzip, deflate, br"}
EVERYWHERE = [
    Asked("/plain", body=TEXT),
    Asked("/empty"),
    Asked("/large", body=LARGE),
    Asked("/streamed", body=b"".join(REPLIES["/streamed"].pieces)),
    Asked("/gzip", headers=PACKED, body=TEXT),
    Asked("/deflate", headers=PACKED, body=TEXT),
    Asked("/br", headers=PACKED, body=TEXT),
    Asked("/streamed-gzip", headers=PACKED, body=TEXT),
    Asked("/plain", "HEAD"),
    Asked("/streamed", "HEAD"),
    Asked("/gzip", "HEAD", headers=PACKED),
    Asked("/no-content", status=204),
    Asked("/not-modified", status=304),
    Asked("/moved", status=302),
    Asked("/missing", status=404, body=b"no such thing"),
    Asked("/broken", "POST", content=b"{}", status=500, body=b'{"error": "psp_unavailable"}'),
    Asked("/odd-status", status=299, body=b"odd"),
    Asked("/cookies"),
    Asked("/latin"),
    Asked("/closing", body=b"last"),
    Asked("/plain?a=1&b=%20%C3%BC&c=a+b", body=TEXT),
    Asked("/echo", "POST", content=b"", body=b""),
    Asked("/echo", "POST", content=b'{"amount_minor": 100}', body=b'{"amount_minor": 100}'),
    Asked("/echo", "PUT", content=LARGE * 2, body=LARGE * 2),
    Asked("/echo", "POST", headers={"expect": "100-continue"}, content=LARGE, body=LARGE),
]


async def alone(make: MakeTransport, trusting: ssl.SSLContext, asked: httpx.Request) -> Answer:
    """The answer on a connection of its own."""
    async with make(trusting) as transport:
        answer = await exchange(transport, asked)
    assert isinstance(answer, Answer), answer
    return answer


def without_its_instant(answer: Answer) -> Answer:
    """The answer but for what differs between two seconds."""
    kept = tuple((name, "" if name == "date" else value) for name, value in answer.headers)
    return Answer(answer.status, kept, answer.body)


@pytest.mark.parametrize("asked", EVERYWHERE, ids=str)
def test_the_answer_is_what_the_server_sent_and_what_httpx_sees(
    make_transport: MakeTransport, served: Served, trusting: ssl.SSLContext, asked: Asked
) -> None:
    """Status, every header in its order, and the whole body unpacked."""

    def fresh() -> httpx.Request:
        return request(asked.method, served.url + asked.path, headers=asked.headers, content=asked.content)

    answer = asyncio.run(alone(make_transport, trusting, fresh()))
    assert (answer.status, answer.body) == (asked.status, asked.body)
    peers = asyncio.run(alone(httpx_own, trusting, fresh()))
    assert without_its_instant(answer) == without_its_instant(peers)


@pytest.mark.parametrize(
    "asked", [asked for asked in EVERYWHERE if asked.path in ("/large", "/streamed", "/echo", "/closing")], ids=str
)
def test_tls_changes_nothing(
    make_transport: MakeTransport, served: Served, trusting: ssl.SSLContext, asked: Asked
) -> None:
    """Bodies of many records, in both directions."""
    url = served.tls_url + asked.path
    sent = request(asked.method, url, headers=asked.headers, content=asked.content)
    answer = asyncio.run(alone(make_transport, trusting, sent))
    assert (answer.status, answer.body) == (asked.status, asked.body)


def test_requests_in_a_row_take_one_connection_until_the_server_says_close(
    make_transport: MakeTransport, served: Served, trusting: ssl.SSLContext
) -> None:
    """Whatever kinds of body came before; the server tells the port that the request came from."""
    paths = ("/peer", "/plain", "/streamed", "/no-content", "/not-modified", "/gzip", "/peer", "/closing", "/peer")

    async def play(base: str) -> list[bytes]:
        async with make_transport(trusting) as transport:
            answers = [await exchange(transport, request("GET", base + path)) for path in paths]
            await exchange(transport, request("HEAD", base + "/plain"))
            answers.append(await exchange(transport, request("GET", base + "/peer")))
        return [answer.body for answer, path in zip(answers, (*paths, "/peer"), strict=True) if path == "/peer"]  # type: ignore[union-attr]

    for base in (served.url, served.tls_url):
        first, second, third, fourth = asyncio.run(play(base))
        assert first == second != third == fourth


def test_many_at_once_get_their_own_answers(
    make_transport: MakeTransport, served: Served, trusting: ssl.SSLContext
) -> None:
    """Forty requests over however many connections: nobody gets another's body."""

    async def play() -> list[object]:
        async with make_transport(trusting) as transport:
            asked = [request("POST", served.url + "/echo", content=b"%d" % number * 500) for number in range(40)]
            return list(await asyncio.gather(*(exchange(transport, each) for each in asked)))

    bodies = [answer.body for answer in asyncio.run(play()) if isinstance(answer, Answer)]
    assert bodies == [b"%d" % number * 500 for number in range(40)]


BY_NGINX = [
    (Asked("/text.txt", body=TEXT), "content-length"),
    (Asked("/text.txt", "HEAD"), "content-length"),
    (Asked("/text.txt", headers={"range": "bytes=5-9"}, status=206, body=TEXT[5:10]), "content-range"),
    (Asked("/text.txt", headers={"range": "bytes=999999-"}, status=416), "content-range"),
    (Asked("/text.txt", headers={"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}, status=304), "etag"),
    (Asked("/packed", headers=PACKED, body=TEXT), "content-encoding"),
    (Asked("/rewritten", body=TEXT.replace(b"Deposits", b"DEPOSITS")), "transfer-encoding"),
    (Asked("/text.txt", headers={"x-large": "y" * 60_000}, status=400), "connection"),
    (Asked("/small-only", "POST", content=LARGE * 12, status=413), "connection"),
]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize(
    ("asked", "header"), BY_NGINX, ids=lambda value: value if isinstance(value, str) else str(value)[:40]
)
def test_what_nginx_does_by_itself_is_read_as_httpx_reads_it(
    make_transport: MakeTransport,
    nginx_served: Served,
    trusting: ssl.SSLContext,
    asked: Asked,
    header: str,
    *,
    secure: bool,
) -> None:
    """Files, ranges, packing on the fly, and refusals that come while the request is still being sent."""
    base = nginx_served.tls_url if secure else nginx_served.url

    def fresh() -> httpx.Request:
        return request(asked.method, base + asked.path, headers=asked.headers, content=asked.content)

    answer = asyncio.run(alone(make_transport, trusting, fresh()))
    assert answer.status == asked.status
    assert header in dict(answer.headers)
    if asked.status < 400:
        assert answer.body == asked.body
    assert without_its_instant(answer) == without_its_instant(asyncio.run(alone(httpx_own, trusting, fresh())))
