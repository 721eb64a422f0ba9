"""An HTTP request as the bytes that travel. It says what `http_wire.http_request` has httpcore say, at a tenth of the cost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    return "close" in ",".join([value for name, value in headers if name.lower() == "connection"]).lower()


def request_bytes(effect: Http, place: Place) -> bytes:
    """The request as it travels, with Host, Content-Length and our defaults. Raises Unsendable."""
    return written(effect.method.upper(), place, effect.headers, effect.body, defaults=DEFAULTS)


def written(
    method: str,
    place: Place,
    headers: Headers,
    body: bytes,
    *,
    defaults: Headers = (),
    encoding: str = "ascii",
) -> bytes:
    """Head and body; how the body is framed is decided here. Raises Unsendable.

    `defaults`: headers where there is none of that name. `encoding`: of the headers.
    """
    values = [value for _, value in headers]
    form = _form(method, tuple([name for name, _ in headers]), defaults)
    _check_values(headers, values)
    host = "" if "host" in form.place_of else f"Host: {place.host}\r\n"
    length = ""
    if "transfer-encoding" in form.place_of:
        if values[form.place_of["transfer-encoding"]].lower() != "chunked" or "content-length" in form.place_of:
            raise Unsendable("the only transfer coding is chunked, without a Content-Length")
        body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + b"0\r\n\r\n"
    elif "content-length" in form.place_of:
        if values[form.place_of["content-length"]] != str(len(body)):
            raise Unsendable(f"its Content-Length is not the {len(body)} bytes of its body")
    elif body or method in _WITH_LENGTH:
        length = f"Content-Length: {len(body)}\r\n"
    head = f"{method} {place.path} HTTP/1.1\r\n{host}{form.lines % tuple(values)}{length}\r\n"
    try:
        return head.encode(encoding) + body
    except UnicodeError as error:
        raise Unsendable(f"method and headers have to be ASCII: {error}") from None


@dataclass(frozen=True, slots=True)
class _Form:
    """What the heads of all requests with these names of headers have in common.

    `lines`: the headers, with a place (`%s`) for each value and our defaults behind them. `place_of`: by the name in lower case.
    """

    lines: str
    place_of: Mapping[str, int]


@lru_cache(1024)
def _form(method: str, names: tuple[str, ...], defaults: Headers) -> _Form:
    """Found once for each operation of a scenario: methods and names are its own, never a target's. Raises Unsendable."""
    if not _TOKEN.fullmatch(method):
        raise Unsendable("its method is none that HTTP has")
    place_of: dict[str, int] = {}
    for place, name in enumerate(names):
        if not _TOKEN.fullmatch(name):
            refuse_breaks(name, "")
            raise Unsendable(f"{name!r} is no name of a header")
        lower = name.lower()
        if lower in _ONCE and lower in place_of:
            raise Unsendable(f"it has the header {lower!r} twice")
        place_of[lower] = place
    lines = [name.replace("%", "%%") + ": %s\r\n" for name in names]
    lines += [f"{name}: {value}\r\n".replace("%", "%%") for name, value in defaults if name not in place_of]
    return _Form("".join(lines), place_of)


def _check_values(headers: Headers, values: list[str]) -> None:
    """Raises Unsendable where HTTP can't carry a value as it is."""
    text = "".join(values)
    if text.isascii() and text.isprintable() and [value.strip(" ") for value in values] == values:
        return  # what nearly all are, found faster than by the rule
    for name, value in headers:
        if not _VALUE.fullmatch(value):
            refuse_breaks(name, value)
            raise Unsendable(f"HTTP can't carry the value of the header {name!r} as it is")
