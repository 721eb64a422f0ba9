"""Valid answers of HTTP/1.x (RFC 9112), in all the spellings that the standard allows, made by a seeded source of chance."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from random import Random
from typing import Literal

Ends = Literal["length", "chunked", "close", "bodiless"]
Headers = tuple[tuple[str, str], ...]

STATUSES = (
    200,
    201,
    202,
    203,
    205,
    206,
    226,
    299,
    300,
    302,
    307,
    400,
    401,
    404,
    409,
    418,
    429,
    451,
    500,
    502,
    503,
    599,
)
BODILESS = (204, 304)
_TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"  # noqa: S105 - RFC 9110's word
_VALUE = "".join(map(chr, range(0x21, 0x7F))) + "  \t" + "äöüß€"[:4]
_REASONS = ("OK", "", "Not Found", "Möglich (vielleicht)", "a  b\tc", "x" * 200)
_FRAMING = ("content-length", "transfer-encoding", "connection", "content-encoding", "keep-alive", "upgrade", "trailer")


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer as it travels, and what whoever reads it has to understand."""

    method: str
    data: bytes
    status: int
    headers: Headers
    body: bytes
    """Unpacked."""
    ends: Ends
    keeps: bool | None
    """Whether the connection is to be used again, by all that the answer says; None: of HTTP/1.0, so a client may leave it."""


def spoken(random: Random, *, body_bytes_max: int = 3000) -> Spoken:
    """Any valid answer to any request."""
    method = random.choice(("GET", "GET", "POST", "HEAD"))
    status = random.choice(STATUSES if random.random() < 0.85 else BODILESS)
    version = "1.1" if random.random() < 0.85 else "1.0"
    has_body = method != "HEAD" and status not in BODILESS
    body, coding, packed = _body(random, body_bytes_max) if has_body else (b"", "", b"")
    ends = _framing(random, version) if has_body else "bodiless"
    named = [*_any_headers(random), *([("Content-Encoding", coding)] if coding else [])]
    match ends:
        case "length":
            named.append(("Content-Length", str(len(packed)).zfill(random.choice((0, 0, 0, 5)))))
        case "chunked":
            named.append(("Transfer-Encoding", random.choice(("chunked", "chunked", "Chunked"))))
        case "bodiless" if status != 204 and random.random() < 0.5:
            named.append(random.choice((("Content-Length", "5"), ("Transfer-Encoding", "chunked"))))
        case _:
            pass
    says = random.choice(("", "", "", "keep-alive", "close", "Close", "foo, close", "close; foo"))
    named += [("Connection", said) for said in says.split("; ") if said]
    random.shuffle(named)
    head = b"".join(_header_line(random, name, value) for name, value in named)
    wire = _chunked(random, packed) if ends == "chunked" else packed
    data = _preludes(random) + _status_line(random, version, status) + head + b"\r\n" + wire
    keeps = None if version == "1.0" and says == "keep-alive" else version == "1.1"
    if ends == "close" or "close" in says.lower():
        keeps = False
    meant = tuple((name.lower(), value.strip(" \t")) for name, value in named)
    return Spoken(method, data, status, meant, body, ends, keeps)


def _body(random: Random, bytes_max: int) -> tuple[bytes, str, bytes]:
    size = random.choice((0, 1, 2, 17, 255, 256, bytes_max))
    body = random.randbytes(size) if random.random() < 0.5 else (b'{"amount_minor": 100}\r\n0\r\n\r\n' * 200)[:size]
    match random.randrange(8):
        case 0:
            return body, random.choice(("gzip", "GZIP")), gzip.compress(body, mtime=0)
        case 1:
            return body, "deflate", zlib.compress(body)
        case 2:
            return body, "identity", body
        case _:
            return body, "", body


def _framing(random: Random, version: str) -> Ends:
    kinds: tuple[Ends, ...] = ("length", "chunked", "close") if version == "1.1" else ("length", "close")
    return random.choice(kinds)


def _any_headers(random: Random) -> list[tuple[str, str]]:
    found = []
    for _ in range(random.choice((0, 1, 2, 3, 3, 30))):
        name = "".join(random.choices(_TOKEN, k=random.choice((1, 3, 8, 40))))
        value = "".join(random.choices(_VALUE, k=random.choice((0, 1, 5, 20, 300))))
        if name.lower() not in _FRAMING:
            found.append((name, value))
    return found


def _header_line(random: Random, name: str, value: str) -> bytes:
    before, behind = random.choice((" ", " ", "", "\t", "   ")), random.choice(("", "", " ", "\t "))
    spelt = random.choice((name, name, name.lower(), name.upper())) if name.lower() in _FRAMING else name
    if name == "Transfer-Encoding":
        behind = behind.replace(
            "\t", ""
        )  # llhttp does not take a tab there for blank space, so ours says that it can't tell
    return f"{spelt}:{before}{value}{behind}\r\n".encode("latin-1")


def _status_line(random: Random, version: str, status: int) -> bytes:
    return f"HTTP/{version} {status} {random.choice(_REASONS)}\r\n".encode("latin-1")


def _preludes(random: Random) -> bytes:
    lines = []
    for _ in range(random.choice((0, 0, 0, 1, 3))):
        status = random.choice((100, 102, 103))
        lines.append(_status_line(random, "1.1", status))
        if status == 103:
            lines.append(b"Link: </style.css>; rel=preload; as=style\r\n")
        lines.append(b"\r\n")
    return b"".join(lines)


def _chunked(random: Random, data: bytes) -> bytes:
    wire, offset = [], 0
    while offset < len(data):
        size = min(random.choice((1, 2, 15, 16, 100, len(data))), len(data) - offset)
        wire.append(_size_line(random, size) + data[offset : offset + size] + b"\r\n")
        offset += size
    wire.append(_size_line(random, 0))
    wire += random.choice(((), (), (b"X-Checksum: abc\r\n", b"X-Other:\r\n")))
    return b"".join((*wire, b"\r\n"))


def _size_line(random: Random, size: int) -> bytes:
    spelt = random.choice((f"{size:x}", f"{size:x}", f"{size:X}", f"{size:06x}"))
    return (spelt + random.choice(("", "", ";a=b", ';name="quoted; value"', ";flag"))).encode() + b"\r\n"
