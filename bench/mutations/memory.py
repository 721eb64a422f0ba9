"""What the real provider answered once, for each interaction of its pact: most mutations are functions of that.

A mutation of an answer, or of which requests are taken, needs no new payment for each mutant. So the provider is verified once,
its answers and the values of its states are kept, and the mutants are made of them. Each mutant is verified by the same verifier;
several share one of its runs, in which every request says by a header which mutant and which interaction it is of.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bench.mutations.hop import Answer, Forward, Hop, hop_to
from bench.mutations.judging import Said, said_of
from bench.mutations.mutants import Mutant
from synthetic.contracts.pacts import PactFile
from synthetic.contracts.results import InteractionResult, Verification
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.states import StateHandler
from synthetic.contracts.verifying import Target, verify

_HEADER = "X-Bench-Mutant"
_SEPARATOR = " /mutant "
_OF = "bench interaction"  # a parameter of states: whose they are


@dataclass(frozen=True, slots=True)
class Memory:
    """Answers by interaction, and the values of states by name and parameters. `verification`: of the healthy provider."""

    answers: Mapping[str, Answer]
    values: Mapping[tuple[str, str], Mapping[str, Any]]
    verification: Verification


def remember(pact: PactFile, target: Target) -> Memory:
    """Verify the provider, and keep what it answers."""
    answers: dict[str, Answer] = {}
    kept: dict[tuple[str, str], Mapping[str, Any]] = {}
    wanted = _marked(pact, pact.interactions, 0)

    def listen(request: Outgoing, forward: Forward) -> Answer:
        number, unmarked = _mark_of(request)
        answers[_description(pact, number)] = answer = forward(unmarked)
        return answer

    def seal(request: Outgoing, wrong: str) -> Outgoing:
        number, unmarked = _mark_of(request)
        return target.seal(unmarked, wrong).having(**{_HEADER: str(number)})

    def noting(name: str, handler: StateHandler) -> StateHandler:
        def change(params: Mapping[str, Any]) -> Mapping[str, Any]:
            own = {key: value for key, value in params.items() if key != _OF}
            kept[_state(name, params)] = given = handler(own)
            return given

        return change

    states = None if target.states is None else {name: noting(name, one) for name, one in target.states.items()}
    with hop_to(target.url, listen, **target.http) as (url, _):
        verification = verify(pact.only(wanted), replace(target, url=url, seal=seal, states=states, http={}))
    return Memory(answers, kept, verification)


@dataclass(slots=True)
class _Batch:
    """Mutants that are verified in one run of the verifier."""

    pact: PactFile
    memory: Memory
    mutants: Sequence[Mutant]
    acted: Counter[int] = field(default_factory=Counter)

    def pass_on(self, request: Outgoing, _: Forward) -> Answer:
        number, unmarked = _mark_of(request)
        mutant, description = divmod(number, len(self.pact.interactions))
        remembered = self.memory.answers[_description(self.pact, description)]
        hop = Hop(lambda _request: remembered, self.mutants[mutant].rig.change)
        try:
            return hop.pass_on(unmarked)
        finally:
            self.acted[mutant] += hop.acted

    def interactions(self) -> Iterator[Mapping[str, Any]]:
        for number, mutant in enumerate(self.mutants):
            wanted = [one for one in self.pact.interactions if one["description"] in mutant.seen_by]
            known = [one for one in wanted if one["description"] in self.memory.answers]
            yield from _marked(self.pact, known, number)


def verified_from(memory: Memory, pact: PactFile, mutants: Sequence[Mutant]) -> list[Said]:
    """What the suite says of each mutant, in their order. They have to be functions of what is remembered."""
    batch = _Batch(pact, memory, mutants)
    target = Target("", states=_Remembered(memory))
    with hop_to("", batch.pass_on) as (url, _):
        verification = verify(pact.only(batch.interactions()), replace(target, url=url, can=_all_needs(pact)))
    of: dict[int, list[InteractionResult]] = {number: [] for number in range(len(mutants))}
    for result in verification.results:
        description, _, number = result.description.rpartition(_SEPARATOR)
        of[int(number)].append(replace(result, description=description))
    return [said_of(results, batch.acted[number]) for number, results in of.items()]


class _Remembered(Mapping[str, StateHandler]):
    """State handlers that give what was given before."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> StateHandler:
        return lambda params: self._memory.values[_state(name, params)]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _state(name: str, params: Mapping[str, Any]) -> tuple[str, str]:
    return name, json.dumps(params, sort_keys=True)


def _all_needs(pact: PactFile) -> frozenset[str]:
    return frozenset(need for one in pact.interactions for need in one.get("comments", {}).get("needs", []))


def _description(pact: PactFile, number: int) -> str:
    return str(pact.interactions[number]["description"])


def _marked(pact: PactFile, interactions: Sequence[Mapping[str, Any]], mutant: int) -> Iterator[Mapping[str, Any]]:
    """The interactions, each with a header that says which it is, and of which mutant."""
    for one in interactions:
        marked: dict[str, Any] = copy.deepcopy(dict(one))
        number = mutant * len(pact.interactions) + pact.interactions.index(one)
        marked["request"].setdefault("headers", {})[_HEADER] = [str(number)]
        for state in marked.get("providerStates", []):  # what one state gives may be another value for each interaction
            state["params"] = {**state.get("params", {}), _OF: one["description"]}
        marked["description"] = f"{one['description']}{_SEPARATOR}{mutant}"
        yield marked


def _mark_of(request: Outgoing) -> tuple[int, Outgoing]:
    kept = {name: value for name, value in request.headers.items() if name.lower() != _HEADER.lower()}
    marked = next(value for name, value in request.headers.items() if name.lower() == _HEADER.lower())
    return int(marked), replace(request, headers=kept)
