"""Mutations of what a provider takes: fields and headers that it refuses all at once, or wants all at once, and other addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.mutations.agreed import Operation, told
from bench.mutations.bodies import values_at
from bench.mutations.hop import Answer, Change, Forward
from bench.mutations.mutants import Kind, Mutant, Rig, on_requests
from synthetic.contracts.sealing import Outgoing

Judge = Callable[[Outgoing], bool]

_FIELD_REFUSED = Kind("request-field-refused", "a mandatory field of the request is no longer accepted", listed=True)
_FIELD_WANTED = Kind("request-field-wanted", "a new mandatory field of the request", listed=True)
_HEADER_REFUSED = Kind("request-header-refused", "a header of the request is no longer accepted")
_HEADER_WANTED = Kind("request-header-wanted", "a new mandatory header of the request")
_QUERY_REFUSED = Kind("request-query-refused", "a query parameter is no longer accepted")
_MOVED = Kind("path-moved", "the operation is at another path")
_OTHER_METHOD = Kind("method-not-allowed", "the operation has another method")
_UNSUPPORTED = Kind("request-type-refused", "JSON requests are no longer accepted")
_STRANGERS = Kind("everybody-refused", "the credentials are no longer accepted")


def request_mutants(boundary: str, operation: Operation) -> Iterator[Mutant]:
    """Of one address: every agreed field, header and query parameter refused; a new one wanted; the operation at another place."""

    def mutant(kind: Kind, place: str, change: Change) -> Mutant:
        where = f"{operation.name} {place}".rstrip()
        return Mutant(kind, boundary, where, operation.seen_by, Rig(on_requests(operation, change), answers_only=True))

    places = [place for place in operation.sent() if place.name]
    for place in places:
        refuses = _refusing(400, "unknown_parameter", lambda asked, path=place.path: bool(values_at(asked.body, path)))
        yield mutant(_FIELD_REFUSED, told(place.path), refuses)
    if places:
        wants = _refusing(400, "parameter_missing", lambda asked: not values_at(asked.body, ("device_fingerprint",)))
        yield mutant(_FIELD_WANTED, "device_fingerprint", wants)
        yield mutant(_UNSUPPORTED, "", _refusing(415, "unsupported_media_type", _always))
    for name in operation.headers("request"):
        if name.lower() != "content-type":
            refuses = _refusing(400, "unknown_header", lambda asked, name=name: _has_header(asked, name))
            yield mutant(_HEADER_REFUSED, name, refuses)
    yield mutant(
        _HEADER_WANTED,
        "X-Api-Version",
        _refusing(400, "version_missing", lambda asked: not _has_header(asked, "X-Api-Version")),
    )
    for name in sorted({name for one in operation.interactions for name in one["request"].get("query", {})}):
        refuses = _refusing(
            400, "unknown_parameter", lambda asked, name=name: f"{name}=" in asked.path.partition("?")[2]
        )
        yield mutant(_QUERY_REFUSED, name, refuses)
    yield mutant(_MOVED, "", _refusing(404, "not_found", _always))
    yield mutant(_OTHER_METHOD, "", _refusing(405, "method_not_allowed", _always))
    if any(one["response"]["status"] not in (401, 403) for one in operation.interactions):
        yield mutant(_STRANGERS, "", _refusing(401, "unauthorized", _always))


def _refusing(status: int, code: str, judge: Judge) -> Change:
    def act(request: Outgoing, forward: Forward) -> Answer:
        if not judge(request):
            return forward(request)
        body = f'{{"error": {{"code": "{code}"}}}}'.encode()
        return Answer(status, (("content-type", "application/json"),), body)

    return act


def _always(_: Outgoing) -> bool:
    return True


def _has_header(asked: Outgoing, name: str) -> bool:
    return name.lower() in {known.lower() for known in asked.headers}
