"""Reading what a target sent, which is never trusted: a body or a frame becomes a value, or it is said what it is instead."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synthetic.core.effects import HttpReply
from synthetic.core.expressions import ExpressionError
from synthetic.core.held import JsonText, held_headers, held_json
from synthetic.core.quick import quick

UNREADABLE = "unreadable"
"""The code of a step whose answer came but can't be read as the mapping wants it."""

LACKING = "JSON that lacks what the mapping takes from it"

_DEPTH_MAX = 64
_VALUES_MAX = 100_000
_CONTAINERS = (dict, list)
_BUT_BRACKETS = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_BLANKS = " \t\n\r"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_PLAIN = re.compile(r"[\w.+-]{1,40}(/[\w.+-]{1,60})?")
_KEY_SHOWN_MAX = 40
_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_PAGE = ("<!doctype html", "<html", "<head", "<body")
_PACKED_AS_IT_CAME = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})  # what drivers unpack, or need not


class NotJson(ValueError):  # noqa: N818 - the sentence reads "it is not JSON"
    """The text is not JSON that every reader reads alike (I-JSON, RFC 7493); says what it is: `JSON that is cut short`."""


@quick
@dataclass(frozen=True, slots=True)
class Body:
    """The body of an answer. `value` is what expressions see: data, None where nothing came, else the text.

    `flaw` says what came where it is no JSON, `HTML` or `JSON that is cut short`; empty where it is.
    """

    value: Any
    flaw: str
    content_type: str
    size: int
    coding: str = ""

    @property
    def claims_json(self) -> bool:
        """Whether its sender says that it is JSON."""
        return "json" in self.content_type

    def __str__(self) -> str:
        """`HTML (text/html, 312 bytes) where JSON was expected`."""
        if self.size and not self.flaw:
            return LACKING
        return self.shown if self.flaw.startswith("JSON") else f"{self.shown} where JSON was expected"

    @property
    def shown(self) -> str:
        """`HTML (text/html, 312 bytes)`."""
        facts = f"{_token(self.content_type, 'content type')}, {self.size} {'byte' if self.size == 1 else 'bytes'}"
        packed = f", packed as {_token(self.coding, 'coding')}" if self.coding not in _PACKED_AS_IT_CAME else ""
        return f"{self.flaw or 'an empty body'} ({facts}{packed})"


def read_body(reply: HttpReply, headers: Mapping[str, str] | None = None) -> Body:
    """Read the body of an answer; no body is None, whatever its type. `headers`: its headers by name, where they are known."""
    if headers is None:
        headers = held_headers(reply.headers)
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    coding = headers.get("content-encoding", "").strip().lower()
    value, flaw = _read(reply.body, content_type)
    return Body(value, flaw, content_type, len(reply.body), coding)


def _read(body: bytes, content_type: str) -> tuple[Any, str]:
    if not body:
        return None, ""
    text, broken_at = _decoded(body)
    if content_type in _PAGES or (text[0] not in "{[" and text[:200].lstrip().lower().startswith(_PAGE)):
        return text, "HTML"
    if broken_at is not None:
        return text, f"bytes that are not UTF-8 from byte {broken_at} on"
    try:
        return read_json(text), ""
    except NotJson as error:
        looks_like_json = "json" in content_type or text[:200].lstrip().startswith(("{", "["))
        return text, str(error) if looks_like_json else "text that is not JSON"


def _decoded(body: bytes) -> tuple[str, int | None]:
    """The text of a body, and from which byte on it is none."""
    try:
        return body.decode("utf-8"), None
    except UnicodeDecodeError as error:
        return body.decode("utf-8", errors="replace"), error.start


def read_json(text: str) -> Any:
    """Strict JSON: no NaN, no key twice, no half characters, bounded depth and numbers. Raises NotJson."""
    written = JsonText(text)
    containers_max = written.outline.count(b"{") + written.outline.count(b"[")
    try:
        data = _STRICT.decode(text) if written.escaped else _unescaped(written, containers_max)
    except RecursionError:
        raise NotJson(_too_deep()) from None
    except NotJson:
        raise
    except json.JSONDecodeError as error:
        raise NotJson(_broken(text, error)) from None
    except ValueError:  # Python reads no number of more than 4300 digits
        raise NotJson("JSON that holds a number of thousands of digits") from None
    if containers_max > _DEPTH_MAX or len(text) > 2 * _VALUES_MAX:
        _bounded(data, text)
    if written.escaped and _SURROGATE.search(text):
        _whole_characters(data)
    return held_json(data, written)


def _unescaped(text: JsonText, containers_max: int) -> Any:
    """What the text holds. Without a backslash, a quote before a colon ends a key: as many keys as those, and none came twice."""
    data = _lenient(text.raw)
    if not isinstance(data, _CONTAINERS):
        return data
    return data if _keys_in(data, containers_max) == text.outline.count(b'":') else _STRICT.decode(text.raw)


def _lenient(text: str) -> Any:
    """`_LENIENT.decode` without its two searches for blanks where there are none. Raises JSONDecodeError."""
    if text[:1] in _BLANKS:
        return _LENIENT.decode(text)
    data, end = _LENIENT.raw_decode(text)
    return _LENIENT.decode(text) if text[end:].strip(_BLANKS) else data


def _keys_in(data: Any, containers_max: int) -> int:
    """How many keys there are. Once as many containers were found as the text can hold, nobody has to look into the last ones."""
    level, found, keys = [data], 1, 0
    while level:
        keys += sum([len(container) for container in level if type(container) is dict])
        if found == containers_max:
            break
        within = [container.values() if type(container) is dict else container for container in level]
        level = [item for items in within for item in items if type(item) is dict or type(item) is list]
        found += len(level)
    return keys


def _broken(text: str, error: json.JSONDecodeError) -> str:
    """A text that ends before its brackets do was cut on its way; anything else was written badly."""
    rest = text[error.pos :]
    closed = text.rstrip().endswith(("}", "]"))
    at_the_end = error.msg.startswith("Unterminated string") or len(rest.strip()) < len("false")
    if text.lstrip().startswith(("{", "[")) and at_the_end and not closed:
        return "JSON that is cut short"
    return f"JSON that is broken at line {error.lineno}, column {error.colno}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        key = f"the key {twice!r}" if len(twice) <= _KEY_SHOWN_MAX else "a key"
        raise NotJson(f"JSON that has {key} twice in one object")
    return data


def _no_constant(name: str) -> Any:
    raise NotJson(f"JSON that holds {name}, which is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise NotJson("JSON that holds a number too large for 64 bits")
    return number


def _bounded(data: Any, text: str) -> None:
    """Deep or many values would cost each expression over them far more than the text cost to read."""
    if not isinstance(data, _CONTAINERS) or _is_small(text):
        return
    waiting, values = [(data, 1)], 0
    while waiting:
        container, depth = waiting.pop()
        values += len(container)
        if depth > _DEPTH_MAX:
            raise NotJson(_too_deep())
        if values > _VALUES_MAX:
            raise NotJson(f"JSON that holds over {_VALUES_MAX} values")
        items = container.values() if isinstance(container, dict) else container
        waiting.extend((item, depth + 1) for item in items if isinstance(item, _CONTAINERS))


def _is_small(text: str) -> bool:
    """Whether a JSON text with many brackets still can't hold too many values, nor containers too deep inside of each other.

    A value takes two characters. Where all quotes stand in pairs once everything else but brackets is gone, no text has a bracket
    in it, and the brackets are all there is: each round takes the innermost pairs away. A quote behind a backslash may end no text,
    so that pairs of quotes tell nothing.
    """
    if len(text) > 2 * _VALUES_MAX:
        return False
    if "\\" in text:
        return False
    brackets = text.encode(errors="replace").translate(_ONE_KIND, _BUT_BRACKETS).replace(b'""', b"")
    if b'"' in brackets:
        return False
    for _ in range(_DEPTH_MAX):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return not brackets


def _too_deep() -> str:
    return f"JSON that is nested over {_DEPTH_MAX} levels deep"


def _whole_characters(data: Any) -> None:
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotJson("JSON that holds half a surrogate pair, which is no character") from None


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
_LENIENT = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def lacking(flaw: Callable[[], str] | None, error: ExpressionError) -> str:
    """The reason why an answer is of no use: what came instead (`flaw` says it), else what it lacks."""
    if flaw is None:
        return f"the answer lacks what the mapping takes from it: {error}"
    came = flaw()
    return f"{came}: {error}" if came.endswith(LACKING) else came


def _token(value: str, what: str) -> str:
    """A header's value as it came, if it is as short and plain as such values are; it is not cut, as it may hold a secret."""
    if not value:
        return f"no {what}"
    return value if _PLAIN.fullmatch(value) else f"an odd {what}"
