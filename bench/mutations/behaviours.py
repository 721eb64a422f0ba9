"""Mutations of what a provider does: idempotency and seals. What its own switchboard knows is in `switched`."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.mutations.agreed import Operation, Path, Place, content_of, told
from bench.mutations.bodies import Rewrite, rewritten
from bench.mutations.hop import Answer, Forward
from bench.mutations.mutants import Kind, Mutant, Rig, on_answers, on_requests
from synthetic.contracts.pacts import PactFile
from synthetic.contracts.sealing import Outgoing, Seal
from synthetic.contracts.states import WRONG_SEAL

_KEY = re.compile(r"\bpact-key-[a-z0-9-]+")
_ENDING = re.compile(r"[0-9a-f]{1,6}$|\w$")
_HEADER = "idempotency-key"
_TAKEN = (b"idempotency_error", b"DUPLICATE_TX")

MISSING_IDEMPOTENCY = Kind("missing-idempotency", "a retry moves a second time", listed=True)
REPLAY_OTHER_ID = Kind("replay-other-id", "a replay answers another id", listed=True)
OTHER_BODY_ACCEPTED = Kind("other-body-accepted", "a known key with another body is accepted", listed=True)
STALE_ACCEPTED = Kind("stale-signature-accepted", "a stale time stamp of a signature is accepted", listed=True)
PAYLOAD_ACCEPTED = Kind("other-payload-accepted", "a signature of another payload is accepted", listed=True)
UNSIGNED_ACCEPTED = Kind("unsigned-accepted", "a request whose signature header was dropped is accepted", listed=True)
KEY_ACCEPTED = Kind("other-key-accepted", "a seal that another key made is accepted")
FUTURE_ACCEPTED = Kind("future-signature-accepted", "a time stamp of the future is accepted")
SEALS_UNCHECKED = Kind("seals-unchecked", "no seal is checked at all")
REFUSED_IS_ACCEPTED = Kind("refused-is-accepted", "what has to be refused is answered as a success")
ACCEPTED_IS_REFUSED = Kind("accepted-is-refused", "what has to be accepted is answered as a refusal of the same kind")

_SEALS: Mapping[str, Kind] = {
    "stale": STALE_ACCEPTED,
    "ahead": FUTURE_ACCEPTED,
    "another payload": PAYLOAD_ACCEPTED,
    "the payload written anew": Kind("rewritten-payload-accepted", "a signature of the parsed payload is accepted"),
    "another key": KEY_ACCEPTED,
    "missing": UNSIGNED_ACCEPTED,
    "none": UNSIGNED_ACCEPTED,
}


def behaviour_mutants(boundary: str, pact: PactFile, everything: Sequence[Operation]) -> Iterator[Mutant]:
    """Those that a boundary's pact gives an occasion for."""
    yield from _seal_mutants(boundary, pact)
    for operation in everything:
        yield from _replay_mutants(boundary, operation)
    yield from _contrary_mutants(boundary, everything)


def accepting(*wrongs: str) -> Callable[[Seal], Seal]:
    """A provider that takes these wrong seals for right ones: all of them where none is named."""

    def wrap(inner: Seal) -> Seal:
        return lambda request, wrong: inner(request, "" if wrong in wrongs or not wrongs else wrong)

    return wrap


def _seal_mutants(boundary: str, pact: PactFile) -> Iterator[Mutant]:
    seen_by: dict[str, list[str]] = {}
    for one in pact.interactions:
        for state in one.get("providerStates", []):
            if state["name"] == WRONG_SEAL:
                seen_by.setdefault(str(state["params"]["how"]), []).append(str(one["description"]))
    for how, descriptions in sorted(seen_by.items()):
        kind = _SEALS.get(how, Kind(f"{how.replace(' ', '-')}-accepted", f"a seal that is wrong is accepted: {how}"))
        yield Mutant(kind, boundary, "", tuple(descriptions), Rig(seal=accepting(how)))
    if seen_by:
        everyone = tuple(sorted({name for names in seen_by.values() for name in names}))
        yield Mutant(SEALS_UNCHECKED, boundary, "", everyone, Rig(seal=accepting()))


def _replay_mutants(boundary: str, operation: Operation) -> Iterator[Mutant]:
    """Where the pact has a replay: its answer has a value that the provider's state promised."""
    for place in operation.answered():
        if not place.promised:
            continue
        where, seen_by = f"{operation.name} {told(place.path)}", _promising(operation, place)
        rig = Rig(on_answers(operation, _at(place.path, _another)), answers_only=True)
        yield Mutant(REPLAY_OTHER_ID, boundary, where, seen_by, rig)
        if not _is_signed(operation) and _has_key(operation):
            rig = Rig(on_requests(operation, _with_fresh_keys))
            yield Mutant(MISSING_IDEMPOTENCY, boundary, operation.name, seen_by, rig)
    taken = tuple(str(one["description"]) for one in operation.interactions if _says_taken(one))
    if taken and not _is_signed(operation):
        rig = Rig(on_requests(operation, _with_fresh_keys_where_taken))
        yield Mutant(OTHER_BODY_ACCEPTED, boundary, operation.name, taken, rig)


def _promising(operation: Operation, place: Place) -> tuple[str, ...]:
    return tuple(
        str(one["description"])
        for one in operation.interactions
        if told(place.path) in one["response"].get("generators", {}).get("body", {})
    )


def _is_signed(operation: Operation) -> bool:
    """A hop can't change a request under a signature."""
    return any("signature" in name.lower() or "sign" in name.lower() for name in operation.headers("request"))


def _has_key(operation: Operation) -> bool:
    """Whether its requests carry a key, by which a repetition is known."""
    has_header = any(name.lower() == _HEADER for name in operation.headers("request"))
    return has_header or any(_KEY.search(json.dumps(content_of(one["request"]))) for one in operation.interactions)


def _says_taken(one: Mapping[str, Any]) -> bool:
    said = json.dumps(content_of(one["response"])).encode()
    return any(word in said for word in _TAKEN)


def _another(owner: dict[str, Any], name: str) -> None:
    """Another value of the same format: other characters at the end."""
    fresh = secrets.token_hex(3)
    value = owner[name]
    owner[name] = _ENDING.sub(lambda found: fresh[: len(found[0])], value) if isinstance(value, str) else value
    if owner[name] == value and isinstance(value, str):
        owner[name] = value[:-1] + ("1" if value[-1:] == "0" else "0")


def _at(path: Path, rewrite: Rewrite) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, body=rewritten(answer.body, path, rewrite))


def _fresh(request: Outgoing) -> Outgoing:
    """The request under a key that nobody has seen."""
    mark = secrets.token_hex(3)

    def anew(text: str) -> str:
        return _KEY.sub(lambda found: f"{found[0]}-{mark}", text)

    return replace(
        request,
        headers={
            name: f"{value}-{mark}" if name.lower() == _HEADER else anew(value)
            for name, value in request.headers.items()
        },
        body=anew(request.body.decode("utf-8")).encode(),
    )


def _with_fresh_keys(request: Outgoing, forward: Forward) -> Answer:
    return forward(_fresh(request))


def _with_fresh_keys_where_taken(request: Outgoing, forward: Forward) -> Answer:
    answer = forward(request)
    return forward(_fresh(request)) if any(word in answer.body for word in _TAKEN) else answer


def _contrary_mutants(boundary: str, everything: Sequence[Operation]) -> Iterator[Mutant]:
    """An operation with both successes and refusals answers each as the other."""
    for operation in everything:
        siblings = [one for one in everything if (one.method, one.template) == (operation.method, operation.template)]
        wanted = [one for one in siblings if (one.status < 300) != (operation.status < 300)]
        for other in wanted[:1]:
            kind = ACCEPTED_IS_REFUSED if operation.status < 300 else REFUSED_IS_ACCEPTED
            rig = Rig(on_answers(operation, _saying(other)), answers_only=True)
            yield Mutant(kind, boundary, operation.name, operation.seen_by, rig)


def _saying(other: Operation) -> Callable[[Answer], Answer]:
    content = content_of(other.interactions[0]["response"])
    body = b"" if content is None else json.dumps(content).encode()
    return lambda _: Answer(other.status, (("content-type", "application/json"),), body)
