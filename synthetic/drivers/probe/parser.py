"""One HTTP/1.1 answer without I/O: bytes in, head and body out, within limits. The grammar is llhttp's (httptools).

It takes what a client has to take (RFC 9112): folded header lines, a bare line feed, an informational answer before the real one,
a body until the connection ends. Nothing that came is ever told in an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import httptools

from synthetic.core.effects import Headers
from synthetic.drivers.guard import Limits
from synthetic.drivers.translate import BadAnswer, NotHttp

_HEAD_BYTES_MAX = 100 << 10  # of one head that has not ended; `Limits.head_bytes_max` counts those before it as well
_WITHOUT_BODY = (204, 304)
_SWITCHING = 101
_WHITE = " \t\r\n\v\f"


class Body(Protocol):
    """Takes the body of an answer, as it is packed."""

    def feed(self, chunk: bytes, /) -> None:
        """Take the next part. Raises BadAnswer."""


B = TypeVar("B", bound=Body)


class Answer(Generic[B]):
    """Parses one answer to one request. `body_of` is called when its head is complete, with this answer.

    `last`: the request said `Connection: close`, so nothing may follow, whatever the answer says of it.
    """

    status = 0
    reason = b""
    http_version = "1.1"
    fields: Headers = ()  # the headers, with their names in lower case
    complete = False
    reusable = False  # whether the connection may carry another request afterwards
    _body: B | None = None
    _taken = _head_began = 0
    _until_the_end = _past_status_line = False

    def __init__(self, method: str, limits: Limits, body_of: Callable[[Answer[B]], B], *, last: bool = False) -> None:
        self._method = method
        self._last = last
        self._limits = limits
        self._body_of = body_of
        self._taken_max = limits.head_bytes_max
        self._lines: list[tuple[bytes, bytes]] = []
        self._named: dict[str, str] = {}
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_chunked_length=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )

    @property
    def body(self) -> B:
        """What `body_of` made; there is one once the head is complete."""
        assert self._body is not None, "a body comes behind its head"
        return self._body

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers as they came, without white space around their values."""
        return [(name, value.rstrip(b" \t")) for name, value in self._lines]

    def feed(self, data: bytes) -> None:
        """Take what came. Raises NotHttp, BadAnswer."""
        if self.complete:
            self.reusable = False  # nobody asked for this
            return
        self._taken += len(data)
        if self._taken > self._taken_max:
            part, where = ("head", "") if self._body is None else ("body", " on the wire")
            raise BadAnswer(f"sent a {part} over the limit of {self._taken_max} bytes{where}")
        self._parse(data)
        if self._body is None and self._taken - self._head_began > _HEAD_BYTES_MAX:
            raise NotHttp("a head that does not end")

    def end(self) -> bool:
        """The connection has ended; whether the answer is complete."""
        if not self.complete and self._until_the_end:
            self._finish(reusable=False)
        return self.complete

    def _parse(self, data: bytes) -> None:
        assert self._parser is not None, "a complete answer takes nothing"
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._finish(reusable=False)
        except httptools.HttpParserError as error:
            if self.complete:
                self.reusable = False  # what follows the answer is wrong, the answer is not
            elif isinstance(error, httptools.HttpParserCallbackError) and error.__context__ is not None:
                raise error.__context__ from None
            else:
                raise NotHttp(self._flaw(error)) from None

    def _flaw(self, error: httptools.HttpParserError) -> str:
        """llhttp's words are fixed texts, so they hold nothing of what came."""
        return str(error).lower() if self._past_status_line or self._lines else "illegal status line"

    def _finish(self, *, reusable: bool) -> None:
        self.complete = True
        self.reusable = reusable and not self._last
        self._parser = None  # it knows us, and a circle is freed by the collector alone, at several times the cost

    # What httptools calls. Whatever it finds behind a complete answer only spoils the connection.

    def on_message_begin(self) -> None:
        """Another answer begins: the first one, or one behind an informational one."""
        if self.complete:
            self.reusable = False
            return
        self.reason = b""
        self._lines = []
        self._past_status_line = False

    def on_status(self, reason: bytes) -> None:
        """A part of the words behind the status."""
        self._past_status_line = True
        if b"\0" in reason:
            raise NotHttp("a status line that holds a NUL")
        if not self.complete:
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; behind the body a trailer, which nobody asks for. Looked at when all are there, as it is called for each."""
        if self._body is None:
            self._lines.append((name, value))

    def _read_lines(self) -> None:
        """The headers that came. Raises NotHttp where one reader could read them in another way than the next."""
        fields = [(str(name, "latin-1").lower(), str(value, "latin-1")) for name, value in self._lines]
        self._named = dict(fields)
        if "\0" in "".join([value for _, value in fields]):
            raise NotHttp("a header that holds a NUL")
        if " :" in ":".join([*self._named, ""]):
            raise NotHttp("a header with a blank before its colon")
        if "transfer-encoding" in self._named and any(
            name == "transfer-encoding" and value.endswith("\t") for name, value in fields
        ):
            # llhttp takes only blanks there for white space: it would read the chunks' own lines as the body.
            raise NotHttp("a transfer coding with a tab behind it")
        self.fields = tuple([(name, value.rstrip(" \t")) for name, value in fields])

    def _said(self, name: str) -> str | None:
        """The value of this header; all of them, where it came twice; None where it did not."""
        if name not in self._named:
            return None
        if len(self._named) == len(self.fields):
            return self._named[name].strip(_WHITE).lower()
        return ", ".join([value.strip(_WHITE).lower() for other, value in self.fields if other == name])

    def on_headers_complete(self) -> None:
        """The head is complete; of an informational answer it is all that there is."""
        if self.complete:
            return
        assert self._parser is not None, "it is calling"
        self._past_status_line = True
        self.status = self._parser.get_status_code()
        self.http_version = self._parser.get_http_version()
        self._read_lines()
        coding, length = self._said("transfer-encoding"), self._said("content-length")
        if self.status < 200 and self.status != _SWITCHING:
            if coding is not None or length not in (None, "0"):
                raise NotHttp("an informational answer with a body")
            self._head_began = self._taken
            return
        if coding not in (None, "chunked"):
            raise NotHttp("a transfer coding that is not chunked")
        if self.status == _SWITCHING:
            raise NotHttp("an upgrade that nobody asked for")
        self._taken, self._taken_max = 0, self._limits.body_wire_bytes_max
        self._body = self._body_of(self)
        if self._method == "HEAD" or self.status in _WITHOUT_BODY:
            self._finish(reusable=self.http_version == "1.1" and "close" not in (self._said("connection") or ""))
        else:
            self._until_the_end = coding is None and length is None
            if coding is not None:
                # A bare line feed may end a line, but no chunk: one that lacks a byte would take half its line break for it.
                self._parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=False)

    def on_body(self, chunk: bytes) -> None:
        """A part of the body."""
        if self.complete:
            self.reusable = False
            return
        self.body.feed(chunk)

    def on_message_complete(self) -> None:
        """The answer is complete, where it was not an informational one."""
        if self._body is not None and self._parser is not None:
            ambiguous = "transfer-encoding" in self._named and "content-length" in self._named
            self._finish(reusable=not ambiguous and self._parser.should_keep_alive())
