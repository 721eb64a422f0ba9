"""HTTP requests and answers without I/O: what both drivers send, and how much of an answer they take."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from synthetic.core.effects import Headers, Http, HttpReply, Times
from synthetic.drivers.attempt import Attempt
from synthetic.drivers.guard import Limits
from synthetic.drivers.intake import refuse_crumbs, refuse_size
from synthetic.drivers.translate import BadAnswer, Unsendable

USER_AGENT = "igaming-synthetic"
# No compression unless the scenario asks: a body is then what travelled.
DEFAULTS = (("user-agent", USER_AGENT), ("accept", "*/*"), ("accept-encoding", "identity"))
_BREAKS = re.compile("[\r\n\0]")
_PACKED = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = 47  # zlib's wbits: 15 plus automatic detection of the header


def with_defaults(headers: Headers, defaults: Headers = DEFAULTS) -> list[tuple[str, str]]:
    """The headers, with ours where the scenario has none of that name. Raises Unsendable on a line break or a NUL."""
    for name, value in headers:
        refuse_breaks(name, value)
    named = {name.lower() for name, _ in headers}
    return [*headers, *((name, value) for name, value in defaults if name not in named)]


def refuse_breaks(name: str, value: str) -> None:
    """Raises Unsendable where a header would end, or become two."""
    if _BREAKS.search(name) or _BREAKS.search(value):
        raise Unsendable(f"the header {name!r} holds a line break or a NUL")


def http_request(effect: Http, extensions: dict[str, Any]) -> httpcore.Request:
    """The request as httpcore sends it, with Host and Content-Length. Raises Unsendable."""
    try:
        request = httpx.Request(effect.method, effect.url, headers=with_defaults(effect.headers), content=effect.body)
    except UnicodeError as error:
        raise Unsendable(f"method and headers have to be ASCII: {error}") from None
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=effect.body,
        extensions=extensions,
    )


def lowered(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The headers of an answer with their names in lower case, in their order."""
    return tuple([(str(name, "latin-1").lower(), str(value, "latin-1")) for name, value in headers])


class AnswerReader:
    """Collects the body of an answer up to a limit; the limit also holds after decompression.

    `headers`: as `lowered` gives them. The attempt learns whom to ask how far it came, for the case that the rest never comes.
    """

    def __init__(self, method: str, status: int, headers: Headers, limits: Limits, attempt: Attempt) -> None:
        attempt.progress = self.progress
        self._status = status
        self._headers = headers
        self._limits = limits
        self._chunk_count = 0
        self._chunks: list[bytes] = []
        self._size = 0
        self._travelled = 0
        named = dict(headers)
        self._announced = named.get("content-length", "")
        has_body = method != "HEAD" and status not in (204, 304)
        if has_body and self._announced.isdecimal() and int(self._announced) > limits.body_bytes_max:
            over = f"over the limit of {limits.body_bytes_max} bytes"
            raise BadAnswer(f"announced a body of {self._announced} bytes, {over}")
        packed = named.get("content-encoding", "").strip().lower() in _PACKED
        self._decoder = zlib.decompressobj(_GZIP_OR_ZLIB) if packed else None

    def feed(self, chunk: bytes) -> None:
        """Take the next part of the body. Raises BadAnswer."""
        self._travelled += len(chunk)
        self._chunk_count += 1
        refuse_crumbs(self._chunk_count, self._travelled, self._limits)
        if self._decoder is not None:
            chunk = self._decoded(chunk)
        self._size += len(chunk)
        refuse_size(self._size, self._limits, unpacked=self._decoder is not None)
        self._chunks.append(chunk)

    def progress(self) -> str:
        """How much has come: `HTTP 200 and 3 of 10 bytes had come`."""
        of = f" of {self._announced}" if self._announced else ""
        return f"HTTP {self._status} and {self._travelled}{of} bytes had come"

    def _decoded(self, chunk: bytes) -> bytes:
        assert self._decoder is not None
        try:
            return self._decoder.decompress(chunk, self._limits.body_bytes_max - self._size + 1)
        except zlib.error as error:
            raise BadAnswer(f"sent a compressed body that is broken: {error}") from None

    def reply(self, times: Times) -> HttpReply:
        """The complete answer. Raises BadAnswer where its compressed body stopped short."""
        if self._decoder is not None and self._chunks and not self._decoder.eof:
            raise BadAnswer("sent a compressed body that stops short")
        return HttpReply(self._status, self._headers, b"".join(self._chunks), times)
