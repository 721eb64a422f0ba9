"""Mutations of a third party as sender: its webhooks or calls are no longer as agreed, which its own consumer test has to see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bench.mutations.agreed import Operation, Place, content_of, told
from bench.mutations.bodies import rewritten, values_in
from bench.mutations.fields import FIELD_KINDS
from bench.mutations.hop import Answer, Change, Forward
from bench.mutations.mutants import Kind, Mutant, Rig, on_requests
from synthetic.contracts.sealing import Outgoing
from synthetic.reference.psp import intents, merchant_calls

_KINDS = frozenset(
    "drop-field rename-field change-type unknown-enum-value major-units other-currency null-for-value array-for-object".split()
)
EVENT_RENAMED = Kind("event-renamed", "a webhook's event has another name", listed=True)
HEADER_DROPPED = Kind("signature-header-dropped", "the signature header is not sent", listed=True)
HEADER_RENAMED = Kind("signature-header-renamed", "the signature header has another name", listed=True)
PAYLOAD_SIGNED = Kind("other-payload-signed", "another payload is signed than is sent", listed=True)
STALE_SIGNED = Kind("stale-time-signed", "a signature is stale when it is sent")
PATH_MOVED = Kind("sender-path-moved", "what is sent goes to another path")


def sender_mutants(boundary: str, everything: list[Operation]) -> Iterator[Mutant]:
    """`everything`: the boundary's addresses, whatever they are answered with."""
    for operation in everything:
        for place in operation.sent():
            yield from _field_mutants(boundary, operation, place)
        for name in operation.headers("request"):
            if "sign" in name.lower():
                where = f"{operation.name} {name}"
                seen_by = tuple(
                    str(one["description"])
                    for one in operation.interactions
                    if name in one["request"].get("headers", {})
                )
                for kind, change in ((HEADER_DROPPED, _dropping(name)), (HEADER_RENAMED, _renaming(name))):
                    yield Mutant(kind, boundary, where, seen_by, Rig(on_requests(operation, change), sender=True))
        rig = Rig(on_requests(operation, _moving), sender=True)
        yield Mutant(PATH_MOVED, boundary, operation.name, operation.seen_by, rig)
    yield from _signing_mutants(boundary, everything)


def _field_mutants(boundary: str, operation: Operation, place: Place) -> Iterator[Mutant]:
    seen_by = tuple(
        str(one["description"]) for one in operation.interactions if values_in(content_of(one["request"]), place.path)
    )
    where = f"{operation.name} sent {told(place.path)}"
    for one in FIELD_KINDS:
        if one.kind.name in _KINDS and place.name and one.suits(place):
            rig = Rig(on_requests(operation, _sending(place, one.rewrite)), sender=True)
            yield Mutant(one.kind, boundary, where, seen_by, rig)
    if told(place.path) == "$.type" and "." in str(place.value):
        rig = Rig(on_requests(operation, _sending(place, _renamed)), sender=True)
        yield Mutant(EVENT_RENAMED, boundary, where, seen_by, rig)


def _sending(place: Place, rewrite: Any) -> Change:
    def act(request: Outgoing, forward: Forward) -> Answer:
        return forward(replace(request, body=rewritten(request.body, place.path, rewrite)))

    return act


def _renamed(owner: dict[str, Any], name: str) -> None:
    owner[name] = str(owner[name]).replace(".", "_")


def _dropping(name: str) -> Change:
    def act(request: Outgoing, forward: Forward) -> Answer:
        kept = {known: value for known, value in request.headers.items() if known.lower() != name.lower()}
        return forward(replace(request, headers=kept))

    return act


def _renaming(name: str) -> Change:
    def act(request: Outgoing, forward: Forward) -> Answer:
        renamed = {
            f"X-{known}-2" if known.lower() == name.lower() else known: v for known, v in request.headers.items()
        }
        return forward(replace(request, headers=renamed))

    return act


def _moving(request: Outgoing, forward: Forward) -> Answer:
    path, mark, query = request.path.partition("?")
    return forward(replace(request, path=f"{path}/v2{mark}{query}"))


Sign = Callable[[str, bytes, datetime], Any]


def _signing_mutants(boundary: str, everything: list[Operation]) -> Iterator[Mutant]:
    """The PSPs sign inside the simulator: there it is changed."""
    places = {"psp-a-cashier": (intents, "sign_stripe"), "psp-b-cashier": (merchant_calls, "sign_body")}
    if boundary not in places:
        return
    module, name = places[boundary]
    seen_by = tuple(
        str(one["description"])
        for operation in everything
        for one in operation.interactions
        if one["response"]["status"] == 200
    )
    wrong: list[tuple[Kind, Callable[[Sign], Sign]]] = [(PAYLOAD_SIGNED, _over_another_payload)]
    if boundary == "psp-a-cashier":
        wrong.append((STALE_SIGNED, _an_hour_ago))
    for kind, change in wrong:
        yield Mutant(kind, boundary, "", seen_by, Rig(sender=True, plant=_planting(module, name, change)))


def _over_another_payload(sign: Sign) -> Sign:
    return lambda secret, raw, at: sign(secret, raw + b" ", at)


def _an_hour_ago(sign: Sign) -> Sign:
    return lambda secret, raw, at: sign(secret, raw, at - timedelta(hours=1))


def _planting(module: Any, name: str, change: Callable[[Sign], Sign]) -> Callable[[], AbstractContextManager[None]]:
    """The simulator's own function replaced meanwhile: there is no switch for it."""

    @contextmanager
    def plant() -> Iterator[None]:
        right = getattr(module, name)
        setattr(module, name, change(right))
        try:
            yield
        finally:
            setattr(module, name, right)

    return plant
