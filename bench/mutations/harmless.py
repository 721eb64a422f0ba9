"""Changes of a provider that break nobody: a suite that is red for one of them cries wolf."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bench.mutations.agreed import Operation, Path, Place, told
from bench.mutations.bodies import Rewrite, everywhere, parsed, rewritten
from bench.mutations.hop import Answer, Change, Forward
from bench.mutations.mutants import Kind, Mutant, Rig, on_answers
from synthetic.contracts.sealing import Outgoing, Seal

NEW = "x_added_lately"
_SUFFIXES = ("0", "a", "A", "_9", "-9")
_WORDS = re.compile(r"\w+(\|\w+)+")
_ID = re.compile(r"(id|uuid|reference|token|key|session|round)$", re.IGNORECASE)


def harmless_mutants(boundary: str, everything: list[Operation]) -> Iterator[Mutant]:
    """Each change of all answers of a boundary at once; those of one value, value by value."""
    seen_by = tuple(sorted({name for operation in everything for name in operation.seen_by}))
    for kind, change in (*WHOLE_CHANGES, (_NESTED, _with_nested(everything))):
        yield Mutant(kind, boundary, "", seen_by, Rig(_always(change), answers_only=True))
    if lengthener := _lengthener(everything):
        yield Mutant(_LONGER_ID, boundary, "", seen_by, lengthener)
    for operation in everything:
        for place in operation.answered():
            alike = [other for other in operation.each_answered() if other.path == place.path]
            for kind, rewrite in _other_values(place, alike):
                rig = Rig(on_answers(operation, _at(place, rewrite)), answers_only=True)
                yield Mutant(kind, boundary, f"{operation.name} {told(place.path)}", operation.seen_by, rig)


def _kind(name: str, title: str, *, listed: bool = False) -> Kind:
    return Kind(name, title, listed=listed, harmless=True)


def _body(change: Callable[[Any], Any], **dumped: Any) -> Callable[[Answer], Answer]:
    def act(answer: Answer) -> Answer:
        body = parsed(answer.body)
        return answer if body is None else replace(answer, body=json.dumps(change(body), **dumped).encode())

    return act


def _same(body: Any) -> Any:
    return body


def _with_field(body: Any) -> Any:
    return {**body, NEW: {"since": "2026-11"}} if isinstance(body, dict) else body


def _with_null(body: Any) -> Any:
    return {**body, NEW: None} if isinstance(body, dict) else body


def _with_nested(everything: list[Operation]) -> Callable[[Answer], Answer]:
    """In the objects that are agreed on: what is the asker's own, such as his metadata, has no new fields of the provider's."""
    places = [place for operation in everything for place in operation.each_answered()]
    paths = {place.path for place in places if isinstance(place.value, dict) and place.name}

    def rewrite(owner: dict[str, Any], name: str) -> None:
        owner[name] = _with_field(owner[name])

    def act(answer: Answer) -> Answer:
        for path in sorted(paths, key=told):
            answer = replace(answer, body=rewritten(answer.body, path, rewrite))
        return _body(_with_field)(answer)

    return act


def _backwards(body: Any) -> Any:
    return dict(reversed(body.items())) if isinstance(body, dict) else body


def _with_charset(answer: Answer) -> Answer:
    kept = answer.header("content-type")
    return answer.having(content_type=f"{kept}; charset=utf-8") if kept and ";" not in kept else answer


def _upper_headers(answer: Answer) -> Answer:
    return replace(answer, headers=tuple((name.upper(), value) for name, value in answer.headers))


WHOLE_CHANGES: tuple[tuple[Kind, Callable[[Answer], Answer]], ...] = (
    (_kind("optional-field", "a new optional field of the answer", listed=True), _body(_with_field)),
    (
        _kind("field-order", "the fields in another order", listed=True),
        _body(lambda body: everywhere(body, _backwards)),
    ),
    (
        _kind("optional-request-field", "a new optional field of the request, echoed as null", listed=True),
        _body(_with_null),
    ),
    (
        _kind("extra-headers", "more headers in the answer", listed=True),
        lambda answer: answer.having(x_request_cost="1", server_timing="db;dur=3", cache_control="no-store"),
    ),
    (_kind("white-space", "JSON with other white space"), _body(_same, indent=3)),
    (_kind("no-white-space", "JSON without white space"), _body(_same, separators=(",", ":"))),
    (_kind("header-case", "the names of the headers in other case"), _upper_headers),
    (_kind("charset-named", "the content type names its charset"), _with_charset),
)
_NESTED = _kind("optional-field-nested", "a new optional field in every agreed object of the answer", listed=True)
_LONGER_ID = _kind("longer-id", "longer ids that still match their format", listed=True)


def _always(change: Callable[[Answer], Answer]) -> Change:
    def act(request: Outgoing, forward: Forward) -> Answer:
        return change(forward(request))

    return act


def _at(place: Place, rewrite: Rewrite) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, body=rewritten(answer.body, place.path, rewrite))


def _to(value: Any) -> Rewrite:
    def rewrite(owner: dict[str, Any], name: str) -> None:
        owner[name] = value

    return rewrite


def _other_values(place: Place, alike: list[Place]) -> Iterator[tuple[Kind, Rewrite]]:
    """What else the contract allows there. `alike`: the same value in all interactions of the operation."""
    if any(other.promised or other.rule != place.rule for other in alike) or not place.name:
        return
    if place.rule == "regex" and all(_WORDS.fullmatch(other.pattern) for other in alike):
        allowed = set.intersection(*(set(other.pattern.split("|")) for other in alike))
        for word in sorted(allowed - {other.value for other in alike})[:1]:
            yield _kind("other-agreed-word", "another of the agreed words"), _to(word)
    if place.rule == "type" and isinstance(place.value, str):
        yield _kind("other-text", "another text where only the type is agreed"), _to("Something else was said.")
    if place.rule == "type" and isinstance(place.value, list) and place.value:
        yield _kind("longer-list", "one element more where the number is open"), _longer


def _longer(owner: dict[str, Any], name: str) -> None:
    owner[name] = [*owner[name], *owner[name][-1:]]


def _lengthener(everything: list[Operation]) -> Rig | None:
    """Ids that can be longer are, in answers and in what states give; requests have them as the provider knows them."""
    ids: dict[Path, dict[str, str]] = {}  # path -> pattern -> suffix
    for operation in everything:
        for place in operation.each_answered():
            if place.rule == "regex" and (suffix := _suffix(place)):
                ids.setdefault(place.path, {})[place.pattern] = suffix
    if not ids:
        return None
    short_of: dict[str, str] = {}

    def longer(value: Any, formats: Mapping[str, str]) -> Any:
        known = (suffix for pattern, suffix in formats.items() if re.fullmatch(pattern, str(value)))
        suffix = next(known, "") if isinstance(value, str) else ""
        if not suffix:
            return value
        short_of[value + suffix] = value
        return value + suffix

    def shorter(text: str) -> str:
        for long, short in short_of.items():
            text = text.replace(long, short)
        return text

    def change(request: Outgoing, forward: Forward) -> Answer:
        answer = forward(_with(request, shorter))
        for path, formats in ids.items():
            rewrite = _each(lambda value, formats=formats: longer(value, formats))
            answer = replace(answer, body=rewritten(answer.body, path, rewrite))
        return answer

    def seal(inner: Seal) -> Seal:
        return lambda request, wrong: inner(_with(request, shorter), wrong)

    def values(given: Mapping[str, Any]) -> Mapping[str, Any]:
        every = {pattern: suffix for formats in ids.values() for pattern, suffix in formats.items()}
        return {name: longer(value, every) for name, value in given.items()}

    return Rig(change, seal, values)


def _each(change: Callable[[Any], Any]) -> Rewrite:
    def rewrite(owner: dict[str, Any], name: str) -> None:
        owner[name] = change(owner[name])

    return rewrite


def _suffix(place: Place) -> str:
    """What can be written behind an id without leaving its format; "" where nothing can, or where it is no id."""
    if not isinstance(place.value, str) or not _ID.search(place.name):
        return ""
    return next((suffix for suffix in _SUFFIXES if re.fullmatch(place.pattern, place.value + suffix)), "")


def _with(request: Outgoing, shorter: Callable[[str], str]) -> Outgoing:
    return replace(
        request,
        path=shorter(request.path),
        headers={name: shorter(value) for name, value in request.headers.items()},
        body=shorter(request.body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"),
    )
