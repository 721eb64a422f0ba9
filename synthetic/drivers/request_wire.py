"""An HTTP request as the bytes that travel. It says what `http_wire.http_request` has httpcore say, at a tenth of the cost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import httpx

from synthetic.core.effects import Http
from synthetic.drivers.guard import Target
from synthetic.drivers.http_wire import with_defaults
from synthetic.drivers.translate import Unsendable

_TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")  # RFC 9110: of methods and the names of headers
_VALUE = re.compile(r"(?:[^\s\0]+(?:[ \t]+[^\s\0]+)*)?", re.ASCII)
# A URL that is written so plainly that httpx's parser would change nothing in its path and query.
_PATH = r"[A-Za-z0-9_~!$&'()*+,;=:@-]"
_PLAIN = re.compile(
    r"((?:https?|wss?)://[a-z0-9.-]+(?::[1-9][0-9]{0,4})?)"
    rf"((?:/{_PATH}(?:{_PATH}|\.)*)*/?)"
    r"(\?[A-Za-z0-9._~!$&()*+,;=:@/?-]+)?"
)
_WITH_LENGTH = ("POST", "PUT", "PATCH")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes: what is connected to, the `Host` header, and the request's target."""

    target: Target
    host: str
    path: str


def place_of(url: str) -> Place:
    """The place that a URL names; the same as httpx's parser finds. Raises NotAllowed."""
    plain = _PLAIN.fullmatch(url)
    if plain is None:
        return _parsed(url)
    origin, path, query = plain.groups("")
    base = _parsed(origin)
    return Place(base.target, base.host, f"{path or '/'}{query}")


@lru_cache(maxsize=1024)
def _parsed(url: str) -> Place:
    target = Target.of(url)
    parsed = httpx.URL(url)
    return Place(target, parsed.netloc.decode("ascii"), parsed.raw_path.decode("ascii"))


def says_close(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether these headers of a request make it the last one of its connection."""
    return any("close" in value.lower() for name, value in headers if name.lower() == "connection")


def request_bytes(effect: Http, place: Place) -> bytes:
    """The request as it travels, with Host and Content-Length. Raises Unsendable."""
    return written(effect.method.upper(), place, with_defaults(effect.headers), effect.body)


def written(
    method: str, place: Place, headers: Iterable[tuple[str, str]], body: bytes, encoding: str = "ascii"
) -> bytes:
    """Head and body; how the body is framed is decided here. Raises Unsendable."""
    if not _TOKEN.fullmatch(method):
        raise Unsendable("its method is none that HTTP has")
    lines = [f"{method} {place.path} HTTP/1.1\r\n"]
    named: dict[str, str] = {}
    for name, value in headers:
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise Unsendable(f"HTTP can't carry the header {name!r} as it is")
        lines.append(f"{name}: {value}\r\n")
        named[name.lower()] = value
    if "host" not in named:
        lines.insert(1, f"Host: {place.host}\r\n")
    if "transfer-encoding" in named:
        if named["transfer-encoding"].lower() != "chunked" or "content-length" in named:
            raise Unsendable("the only transfer coding is chunked, without a Content-Length")
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    elif "content-length" in named:
        if named["content-length"] != str(len(body)):
            raise Unsendable(f"its Content-Length is not the {len(body)} bytes of its body")
    elif body or method in _WITH_LENGTH:
        lines.append(f"Content-Length: {len(body)}\r\n")
    lines.append("\r\n")
    try:
        return "".join(lines).encode(encoding) + body
    except UnicodeError as error:
        raise Unsendable(f"method and headers have to be ASCII: {error}") from None
