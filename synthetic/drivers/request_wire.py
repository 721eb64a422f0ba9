"""An HTTP request as the bytes that travel. It says what `http_wire.http_request` has httpcore say, at a tenth of the cost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from synthetic.core.effects import Headers, Http
from synthetic.drivers.http_wire import DEFAULTS, refuse_breaks
from synthetic.drivers.places import Place
from synthetic.drivers.translate import Unsendable

_TOKEN = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")  # RFC 9110: of methods and the names of headers
_VALUE = re.compile(r"(?:[^\s\0]+(?:[ \t]+[^\s\0]+)*)?", re.ASCII)
_ONCE = frozenset(
    ("host", "content-length", "transfer-encoding")
)  # of two, a server and what is before it may each take another
_WITH_LENGTH = ("POST", "PUT", "PATCH")


def says_close(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether these headers of a request make it the last one of its connection."""
    return any("close" in value.lower() for name, value in headers if name.lower() == "connection")


def request_bytes(effect: Http, place: Place) -> bytes:
    """The request as it travels, with Host, Content-Length and our defaults. Raises Unsendable."""
    return written(effect.method.upper(), place, effect.headers, effect.body, defaults=DEFAULTS)


def written(
    method: str,
    place: Place,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    defaults: Headers = (),
    encoding: str = "ascii",
) -> bytes:
    """Head and body; how the body is framed is decided here. Raises Unsendable.

    `defaults`: headers where there is none of that name. `encoding`: of the headers.
    """
    if not _TOKEN.fullmatch(method):
        raise Unsendable("its method is none that HTTP has")
    lines = [f"{method} {place.path} HTTP/1.1\r\n"]
    named: dict[str, str] = {}
    for name, value in headers:
        if not _is_plain(value) and not _VALUE.fullmatch(value):
            refuse_breaks(name, value)
            raise Unsendable(f"HTTP can't carry the value of the header {name!r} as it is")
        if (lower := _lower(name)) in named:
            _refuse_second(lower)
        named[lower] = value
        lines.append(f"{name}: {value}\r\n")
    lines += [f"{name}: {value}\r\n" for name, value in defaults if name not in named]
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


def _refuse_second(name: str) -> None:
    if name in _ONCE:
        raise Unsendable(f"it has the header {name!r} twice")


def _is_plain(value: str) -> bool:
    """What nearly all values are, found faster than by the rule."""
    return value.isascii() and value.isprintable() and value[:1] != " " and value[-1:] != " "


@lru_cache(4096)
def _lower(name: str) -> str:
    """The name of a header in lower case. Raises Unsendable where it is none."""
    if not _TOKEN.fullmatch(name):
        refuse_breaks(name, "")
        raise Unsendable(f"{name!r} is no name of a header")
    return name.lower()
