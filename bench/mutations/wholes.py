"""Mutations of a whole answer of one operation: its status, its body, its headers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bench.mutations.agreed import Operation, content_of
from bench.mutations.bodies import whole
from bench.mutations.hop import Answer, HungUpError
from bench.mutations.mutants import Kind, Mutant, Rig, on_answers

_HTML = b"<!doctype html><html><body><h1>Service unavailable</h1></body></html>"
_ERROR = b'{"error": "internal", "message": "something went wrong"}'


@dataclass(frozen=True, slots=True)
class WholeKind:
    """`suits`: whether it means anything for an operation; `change`: what becomes of an answer."""

    kind: Kind
    suits: Callable[[Operation], bool]
    change: Callable[[Answer], Answer]


def whole_mutants(boundary: str, operation: Operation) -> Iterator[Mutant]:
    """Every kind that suits the operation, and every agreed header of its answers dropped, renamed and changed."""
    for one in WHOLE_KINDS:
        if one.suits(operation):
            rig = Rig(on_answers(operation, one.change), answers_only=True)
            yield Mutant(one.kind, boundary, operation.name, operation.seen_by, rig)
    for name in operation.headers("response"):
        for kind, change in _HEADER_KINDS:
            is_open = kind is _OTHER_VALUE and operation.is_open_header(name)
            if name.lower() != "content-type" and not is_open:  # wrong content types are above
                rig = Rig(on_answers(operation, _at_header(name, change)), answers_only=True)
                yield Mutant(kind, boundary, f"{operation.name} {name}", operation.seen_by, rig)


def _json(status: int, body: bytes) -> Answer:
    return Answer(status, (("content-type", "application/json"),), body)


def _status(status: int) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, status=status)


def _has_body(operation: Operation) -> bool:
    return any(content_of(one["response"]) is not None for one in operation.interactions)


def _says_something(operation: Operation) -> bool:
    """Whether something is agreed inside the body."""
    return any(content_of(one["response"]) for one in operation.interactions)


def _is_success(operation: Operation) -> bool:
    return operation.status < 300


def _both(*claims: Callable[[Operation], bool]) -> Callable[[Operation], bool]:
    return lambda operation: all(claim(operation) for claim in claims)


def _always(_: Operation) -> bool:
    return True


def _hang_up(_: Answer) -> Answer:
    raise HungUpError


WHOLE_KINDS: tuple[WholeKind, ...] = (
    WholeKind(
        Kind("other-success-status", "201 for 200, or the reverse", listed=True),
        _is_success,
        lambda answer: replace(answer, status=201 if answer.status == 200 else 200),
    ),
    WholeKind(
        Kind("error-for-success", "a success is answered with 422, its body unchanged", listed=True),
        _is_success,
        _status(422),
    ),
    WholeKind(
        Kind("other-error-status", "an error has another status of its class", listed=True),
        lambda operation: operation.status >= 400,
        lambda answer: replace(answer, status=answer.status + 1),
    ),
    WholeKind(
        Kind("200-with-error", "an error is answered with 200", listed=True),
        lambda operation: operation.status >= 400,
        _status(200),
    ),
    WholeKind(
        Kind("200-with-error-body", "a success is answered with 200 and the body of an error", listed=True),
        _both(_is_success, _says_something),
        lambda answer: _json(answer.status, _ERROR),
    ),
    WholeKind(
        Kind("truncated-body", "the body ends in the middle"),
        _has_body,
        lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2] or b"{"),
    ),
    WholeKind(Kind("empty-body", "there is no body"), _has_body, lambda answer: replace(answer, body=b"")),
    WholeKind(
        Kind("html-body", "a page of HTML with the agreed status, as a proxy on the way has it"),
        _has_body,
        lambda answer: Answer(answer.status, (("content-type", "text/html"),), _HTML),
    ),
    WholeKind(
        Kind("other-content-type", "the agreed body as text/plain"),
        _has_body,
        lambda answer: answer.having(content_type="text/plain"),
    ),
    WholeKind(
        Kind("enveloped", "the whole answer is inside `result`"),
        _says_something,
        lambda answer: replace(answer, body=whole(answer.body, lambda body: {"result": body})),
    ),
    WholeKind(
        Kind("listed-answer", "the whole answer is the only element of a list"),
        _has_body,
        lambda answer: replace(answer, body=whole(answer.body, lambda body: [body])),
    ),
    WholeKind(
        Kind("json-in-a-string", "the whole answer is a string of JSON"),
        _has_body,
        lambda answer: replace(answer, body=whole(answer.body, json.dumps)),
    ),
    WholeKind(
        Kind("utf-16-body", "the body in another encoding, and nothing says so"),
        _has_body,
        lambda answer: replace(answer, body=answer.body.decode("utf-8").encode("utf-16")),
    ),
    WholeKind(
        Kind("internal-error", "500 where the contract has an answer"),
        lambda operation: operation.status != 500,
        lambda _: _json(500, _ERROR),
    ),
    WholeKind(
        Kind("rate-limited", "429, whatever is asked"),
        lambda operation: operation.status != 429,
        lambda _: _json(429, b'{"error": "rate_limited", "message": "too many requests"}').having(retry_after="60"),
    ),
    WholeKind(
        Kind("accepted-later", "202 without a body: the answer comes at another time"),
        lambda operation: operation.status != 202,
        lambda _: Answer(202, (), b""),
    ),
    WholeKind(
        Kind("redirected", "307 to another address"),
        _always,
        lambda _: Answer(307, (("location", "/moved"),), b""),
    ),
    WholeKind(Kind("hung-up", "the connection is closed without an answer"), _always, _hang_up),
)

HeaderChange = Callable[[str, str], tuple[tuple[str, str], ...]]


def _at_header(name: str, change: HeaderChange) -> Callable[[Answer], Answer]:
    def act(answer: Answer) -> Answer:
        headers = []
        for known, value in answer.headers:
            headers += change(known, value) if known.lower() == name.lower() else [(known, value)]
        return replace(answer, headers=tuple(headers))

    return act


_OTHER_VALUE = Kind("other-header-value", "an agreed header of the answer says something else")
_HEADER_KINDS: tuple[tuple[Kind, HeaderChange], ...] = (
    (Kind("drop-header", "an agreed header of the answer is not there"), lambda _name, _value: ()),
    (
        Kind("rename-header", "an agreed header of the answer has another name"),
        lambda name, value: ((f"X-{name}", value),),
    ),
    (_OTHER_VALUE, lambda name, _value: ((name, _ODD),)),
)
_ODD = "not-in-the-contract"
