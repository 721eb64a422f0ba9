"""Which parts of an answer the harness reads, found out by taking them away.

A field belongs to the contract if, and only if, the engine makes something else of the answer without it. Its matcher comes from
what the engine can live with: another value, another type. Nobody has to write down a second time what the mapping says already.
"""

from __future__ import annotations

import copy
import json
import re
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pact import match

from synthetic.contracts.matching import one_of, whole
from synthetic.contracts.runner.recording import RecordedReply
from synthetic.contracts.runner.replaying import Made, Replay

Where = tuple[Any, ...]
_EACH = object()  # in a path: all elements of a list
_OTHER = "another-text"
_COARSE = 1_000_000  # an amount in fine units has to be a whole one of the currency's
_LITERAL = re.compile(r"'([^']*)'")
_MISSING = object()
_SESSION = re.compile(r"[\w-]+-of-the-\w+")
_SIGN = re.compile(r"[.^$*+?{}\[\]\\|()]")  # signs to Oniguruma, which Pact reads texts with, and matches whole
_HOLE = "[^\"'<>\\s]+"
_KEPT_HEADERS = ("location", "set-cookie")


@dataclass(frozen=True, slots=True)
class Read:
    """What the harness reads of an answer, as Pact's matchers. `body` None: nothing of it.

    `text`: of a page, a regular expression; `page`: an example of it.
    """

    status: int
    headers: Mapping[str, Any]
    body: Any = None
    text: str = ""
    page: str = ""
    content_type: str = ""


def read_of(replay: Replay, index: int, reply: RecordedReply) -> Read:
    """What is read of the example's n-th answer."""
    reader = _Reader(replay, index, reply)
    headers = dict(reader.headers())
    kind = dict(reply.headers).get("content-type", "").partition(";")[0].strip()
    if not reader.is_json:
        page = reader.window()
        return Read(reply.status, headers, text=_pattern(page), page=page, content_type=kind)
    body = reader.read((), reader.body)
    return Read(reply.status, headers, None if body is _MISSING else body, content_type=kind)


class _Reader:
    def __init__(self, replay: Replay, index: int, reply: RecordedReply) -> None:
        self._replay, self._index, self._reply = replay, index, reply
        self._whole = replay.made()
        self._literals = {
            literal for claim in replay.step.expect for literal in _LITERAL.findall(claim.text) if literal
        }
        try:
            self.body = json.loads(reply.body)
            self.is_json = True
        except ValueError:
            self.body, self.is_json = None, False

    def headers(self) -> Iterator[tuple[str, Any]]:
        """The headers that are read; their values are the platform's own."""
        for name in _KEPT_HEADERS:
            kept = tuple(pair for pair in self._reply.headers if pair[0] != name)
            if kept != self._reply.headers and not self._with(replace(self._reply, headers=kept)).same(self._whole):
                value = next(value for header, value in self._reply.headers if header == name)
                yield name, match.regex(value, regex=".+")

    def read(self, path: Where, value: Any) -> Any:
        """The matcher of what is at the path; _MISSING where nobody reads it."""
        if self._without(path).same(self._whole):
            return _MISSING
        match value:
            case dict():
                fields = {name: self.read((*path, name), item) for name, item in value.items()}
                return {name: item for name, item in fields.items() if item is not _MISSING}
            case list():
                return self._list(path, value)
            case _:
                return self._scalar(path, value)

    def window(self) -> str:
        """The least part of a page that is read as the whole is; "" where none is."""
        text = self._reply.body

        def fine(start: int, end: int) -> bool:
            return self._with(replace(self._reply, body=text[start:end])).same(self._whole)

        if not text or fine(0, 0):
            return ""
        start = _furthest(len(text), lambda cut: fine(cut, len(text)))
        end = len(text) - _furthest(len(text) - start, lambda cut: fine(start, len(text) - cut))
        return text[start:end]

    def _list(self, path: Where, value: list[Any]) -> Any:
        """All recorded elements stand in the example; the rules, which are for each, come from the first."""
        if not value:
            return match.like([])
        first, *others = value
        if not all(isinstance(item, dict) for item in value):
            return match.type([match.like(first), *others], min=1)
        shared = [name for name in first if all(name in item for item in value)]
        read = {name: self.read((*path, _EACH, name), first[name]) for name in shared}
        fields = {name: item for name, item in read.items() if item is not _MISSING}
        return match.type([fields, *({name: item[name] for name in fields} for item in others)], min=1)

    def _scalar(self, path: Where, value: Any) -> Any:
        """Elements of a list are not alike, so only their types are the contract's; elsewhere the state decides yes and no."""
        in_list = _EACH in path
        match value:
            case bool():
                return match.like(value) if in_list else value
            case int():
                return self._integer(path, value)
            case float():
                return match.number(value)
            case str():
                return match.like(value) if in_list else self._text(path, value)
            case _:
                return match.null()

    def _integer(self, path: Where, value: int) -> Any:
        if _EACH not in path and not any(self._lives_with(path, other) for other in (value + 1, value + _COARSE)):
            return value
        return match.number(value) if self._lives_with(path, value + 0.5) else match.integer(value)

    def _text(self, path: Where, value: str) -> Any:
        if self._lives_with(path, _OTHER):
            return match.like(value)
        if self._lives_with(path, _varied(value)):
            return whole(value, _shape(value))
        others = sorted(one for one in self._literals - {value} if self._lives_with(path, one))
        return one_of(value, *others) if others else value

    def _lives_with(self, path: Where, value: Any) -> bool:
        return self._changed(lambda body: _set(body, path, value)).alike(self._whole)

    def _without(self, path: Where) -> Made:
        if not path:
            return self._with(replace(self._reply, body="{}" if isinstance(self.body, dict) else ""))
        return self._changed(lambda body: _set(body, path, _MISSING))

    def _changed(self, change: Callable[[Any], None]) -> Made:
        body = copy.deepcopy(self.body)
        change(body)
        return self._with(replace(self._reply, body=json.dumps(body)))

    def _with(self, reply: RecordedReply) -> Made:
        return self._replay.made(lambda index, recorded: reply if index == self._index else recorded)


def _set(body: Any, path: Where, value: Any) -> None:
    """Put the value at the path, in all elements where it says so; or take away what is there."""
    step, rest = path[0], path[1:]
    if step is _EACH:
        for item in body:
            _set(item, rest, value)
    elif rest:
        _set(body[step], rest, value)
    elif value is _MISSING:
        body.pop(step, None)
    else:
        body[step] = value


def _pattern(page: str) -> str:
    """A regular expression for the page, whatever the session's own values are."""
    words = re.split(f"({_SESSION.pattern})", page)
    read = "".join(_HOLE if _SESSION.fullmatch(word) else _SIGN.sub(r"\\\g<0>", word) for word in words)
    return rf"[\s\S]*{read}[\s\S]*" if page else ""


def _varied(text: str) -> str:
    """Another text of the same shape: each letter and digit is the next one."""
    kinds = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
    return text.translate(str.maketrans("".join(kinds), "".join(kind[1:] + kind[0] for kind in kinds)))


def _shape(text: str) -> str:
    """`49.80` -> `\\d+\\.\\d+`."""
    kinds = ((r"\d+", r"\d+"), ("[A-Za-z]+", "[A-Za-z]+"))
    shaped, rest = "", text
    while rest:
        for found, written in kinds:
            piece = re.match(found, rest)
            if piece:
                shaped, rest = shaped + written, rest[piece.end() :]
                break
        else:
            shaped, rest = shaped + re.escape(rest[0]), rest[1:]
    return shaped


def _furthest(length: int, fine: Callable[[int], bool]) -> int:
    """The largest cut that is fine, tried in ever smaller steps."""
    cut, stride = 0, length
    while stride:
        if cut + stride <= length and fine(cut + stride):
            cut += stride
        else:
            stride //= 2
    return cut
