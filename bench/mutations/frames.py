"""Boundaries of messages: their frames are mutated by the same kinds as answers, and by those that only frames have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.mutations.agreed import Operation, told
from bench.mutations.bodies import Rewrite, rewritten, values_at
from bench.mutations.fields import field_mutants
from bench.mutations.harmless import harmless_mutants
from bench.mutations.hop import Answer, Forward, Hop, HungUpError
from bench.mutations.judging import Said, said_of
from bench.mutations.mutants import Kind, Mutant, Rig, on_answers
from bench.mutations.switched import switched_mutants
from bench.mutations.wholes import WHOLE_KINDS
from synthetic.contracts.messages import asked_of, heard_of, heard_part
from synthetic.contracts.pacts import PactFile, states_of
from synthetic.contracts.results import InteractionResult, Verification
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.verifying_messages import Ask, MessageTarget, Provoked, verify_messages

_FRAME = "<-"
_WHOLES = frozenset("truncated-body enveloped listed-answer json-in-a-string hung-up".split())
_SEPARATOR = " /mutant "

SEQ_SKIPPED = Kind("seq-skipped", "a frame's `seq` is skipped", listed=True)
SEQ_REPEATED = Kind("seq-repeated", "a frame has the `seq` of the one before it")
REQ_ID_LOST = Kind("req-id-not-echoed", "the `req_id` of the request is not echoed", listed=True)
FRAME_RENAMED = Kind("event-renamed", "a frame has another type", listed=True)
FIELD_REFUSED = Kind("request-field-refused", "a mandatory field of the request is no longer accepted", listed=True)
FIELD_WANTED = Kind("request-field-wanted", "a new mandatory field of the request", listed=True)


def frame_mutants(boundary: str, pact: PactFile) -> Iterator[Mutant]:
    """All of a pact of messages."""
    heard = _heard(pact)
    for operation in heard:
        yield from field_mutants(boundary, operation)
        for whole in WHOLE_KINDS:
            if whole.kind.name in _WHOLES:
                rig = Rig(on_answers(operation, whole.change), answers_only=True)
                yield Mutant(whole.kind, boundary, operation.name, operation.seen_by, rig)
        for kind, name, rewrite in _FRAME_KINDS:
            if any(place.name == name for place in operation.answered()):
                rig = Rig(on_answers(operation, _at(name, rewrite)), answers_only=True)
                yield Mutant(kind, boundary, f"{operation.name} $.{name}", operation.seen_by, rig)
    yield from _request_mutants(boundary, pact)
    yield from switched_mutants(boundary, pact)
    yield from harmless_mutants(boundary, heard)


def _heard(pact: PactFile) -> list[Operation]:
    """The frames that are heard, by their type, as if each were an answer."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for one in pact.interactions:
        part = heard_part(one)
        body = {"content": heard_of(one), "contentType": "application/json"}
        rules = {name: part[name] for name in ("matchingRules", "generators") if name in part}
        frame = {"description": one["description"], "response": {"status": 200, "body": body, **rules}, "request": {}}
        groups.setdefault(str(heard_of(one)["type"]), []).append(frame)
    return [
        Operation(_FRAME, kind, 200, re.compile(re.escape(kind)), tuple(ones)) for kind, ones in sorted(groups.items())
    ]


def _at(name: str, rewrite: Rewrite) -> Callable[[Answer], Answer]:
    return lambda answer: replace(answer, body=rewritten(answer.body, (name,), rewrite))


def _later(owner: dict[str, Any], name: str) -> None:
    owner[name] += 1


def _earlier(owner: dict[str, Any], name: str) -> None:
    owner[name] -= 1


def _another(owner: dict[str, Any], name: str) -> None:
    owner[name] = "of-nobody"


def _renamed(owner: dict[str, Any], name: str) -> None:
    owner[name] = f"{owner[name]}_v2"


_FRAME_KINDS: Sequence[tuple[Kind, str, Rewrite]] = (
    (SEQ_SKIPPED, "seq", _later),
    (SEQ_REPEATED, "seq", _earlier),
    (REQ_ID_LOST, "req_id", _another),
    (FRAME_RENAMED, "type", _renamed),
)


def _request_mutants(boundary: str, pact: PactFile) -> Iterator[Mutant]:
    """Frames that are sent: each field refused, a new one wanted."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for one in pact.interactions:
        if asked_of(one) is not None:
            groups.setdefault(str(asked_of(one)["type"]), []).append(one)
    for kind, ones in sorted(groups.items()):
        names = sorted({name for one in ones for name in asked_of(one)})
        for name in names:
            seen_by = tuple(str(one["description"]) for one in ones if name in asked_of(one))
            rig = Rig(_refusing(kind, name, refuses=True), answers_only=True)
            yield Mutant(FIELD_REFUSED, boundary, f"-> {kind} {told((name,))}", seen_by, rig)
        seen_by = tuple(str(one["description"]) for one in ones)
        rig = Rig(_refusing(kind, "client_version", refuses=False), answers_only=True)
        yield Mutant(FIELD_WANTED, boundary, f"-> {kind} client_version", seen_by, rig)


def _refusing(kind: str, name: str, *, refuses: bool) -> Callable[[Outgoing, Forward], Answer]:
    """Frames of this type that have the field (or have it not) are answered with an error."""

    def act(request: Outgoing, forward: Forward) -> Answer:
        if values_at(request.body, ("type",)) != [kind] or bool(values_at(request.body, (name,))) is not refuses:
            return forward(request)
        req_id = values_at(request.body, ("req_id",))
        error = {"type": "error", "code": "unsupported_frame", "req_id": req_id[0] if req_id else None}
        return Answer(200, (), json.dumps(error).encode())

    return act


@dataclass(frozen=True, slots=True)
class FrameMemory:
    """What the gateway said for each message, and the verification that it was said in."""

    said: Mapping[str, Provoked]
    verification: Verification


def remember_frames(pact: PactFile, target: MessageTarget) -> FrameMemory:
    """Verify the gateway, and keep what it says."""
    said: dict[str, Provoked] = {}
    results: list[InteractionResult] = []
    left_out: list[tuple[str, str]] = []
    for one in pact.interactions:

        def provoke(states: Sequence[Mapping[str, Any]], ask: Ask, name: str = str(one["description"])) -> Provoked:
            said[name] = provoked = target.provoke(states, ask)
            return provoked

        verification = verify_messages(pact.only([one]), replace(target, provoke=provoke))
        results += verification.results
        left_out += verification.left_out
    whole = Verification(pact.consumer, pact.provider, target.version, tuple(results), tuple(left_out))
    return FrameMemory(said, whole)


@dataclass(slots=True)
class _Batch:
    """Messages of several mutants in one verification, in their order: one call of `provoke` each."""

    memory: FrameMemory
    waiting: list[tuple[Mutant, Mapping[str, Any]]]
    acted: dict[str, int] = field(default_factory=dict)

    def provoke(self, _states: Sequence[Mapping[str, Any]], ask: Ask) -> Provoked:
        mutant, one = self.waiting.pop(0)
        remembered = self.memory.said[str(one["description"])]
        asked = ask(remembered.values)
        request = Outgoing(_FRAME, str(heard_of(one)["type"]), {}, json.dumps(asked).encode())
        hop = Hop(lambda _: Answer(200, (), remembered.heard.encode()), mutant.rig.change)
        try:
            return replace(remembered, heard=hop.pass_on(request).body.decode("utf-8", "replace"))
        except HungUpError:
            raise ConnectionError("the socket was closed without an answer") from None
        finally:
            self.acted[mutant.name] = self.acted.get(mutant.name, 0) + hop.acted


def verified_frames(memory: FrameMemory, pact: PactFile, mutants: Sequence[Mutant]) -> list[Said]:
    """What the suite says of each mutant, in their order."""
    asked: list[tuple[int, Mutant, Mapping[str, Any]]] = [
        (number, mutant, one)
        for number, mutant in enumerate(mutants)
        for one in pact.interactions
        if one["description"] in mutant.seen_by and one["description"] in memory.said
    ]
    batch = _Batch(memory, [(mutant, one) for _, mutant, one in asked])
    marked = [{**one, "description": f"{one['description']}{_SEPARATOR}{number}"} for number, _, one in asked]
    needs = frozenset(need for one in pact.interactions for need in one.get("comments", {}).get("needs", []))
    states = frozenset(name for one in pact.interactions for name in states_of(one))
    verification = verify_messages(pact.only(marked), MessageTarget(batch.provoke, states, needs))
    of: dict[int, list[InteractionResult]] = {number: [] for number in range(len(mutants))}
    for result in verification.results:
        description, _, number = result.description.rpartition(_SEPARATOR)
        of[int(number)].append(replace(result, description=description))
    return [said_of(results, batch.acted.get(mutants[number].name, 0)) for number, results in of.items()]
