"""A mutant: one mutation at one place of one boundary, and how it acts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from bench.mutations.agreed import Operation
from bench.mutations.hop import Answer, Change, Forward, unchanged
from synthetic.contracts.sealing import Outgoing, Seal


def _as_it_is(seal: Seal) -> Seal:
    return seal


def _same(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return values


@dataclass(frozen=True, slots=True)
class Rig:
    """How a provider is made to be wrong: what a hop in front of it does; how requests are sealed; what its states give;
    a switch of its own switchboard, with its parameters.

    `sender`: the hop stands behind the consumer instead, which is who is wrong.
    `plant`: changes the sender's own code meanwhile.
    `answers_only`: the change is a function of a request and its answer, so that remembered ones will do.
    """

    change: Change = unchanged
    seal: Callable[[Seal], Seal] = _as_it_is
    values: Callable[[Mapping[str, Any]], Mapping[str, Any]] = _same
    switch: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    sender: bool = False
    plant: Callable[[], AbstractContextManager[None]] = nullcontext
    answers_only: bool = False

    @property
    def always_counts(self) -> bool:
        """Whether it is a mutant even where it has no occasion to act: then an interaction is missing."""
        return bool(self.switch) or self.plant is not nullcontext or (not self.answers_only and not self.sender)


@dataclass(frozen=True, slots=True)
class Kind:
    """A mutation by name. `listed`: whether it is one of those of the contract reference, or one of our own."""

    name: str
    title: str
    listed: bool = False
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class Mutant:
    """`seen_by`: the interactions that ask for what is mutated.

    `is_loose`: the pact agrees on the value by its type, as it is another one each time; what it has to be, laws know.
    """

    kind: Kind
    boundary: str
    place: str
    seen_by: tuple[str, ...]
    rig: Rig
    is_loose: bool = False

    @property
    def name(self) -> str:
        """As `--mutation` takes it: kind and place."""
        return f"{self.kind.name} {self.place}".rstrip()


def on_answers(operation: Operation, change: Callable[[Answer], Answer]) -> Change:
    """A change of the answers of one operation."""

    def act(request: Outgoing, forward: Forward) -> Answer:
        answer = forward(request)
        meant = operation.asks(request.method, request.path) and answer.status == operation.status
        return change(answer) if meant else answer

    return act


def on_requests(operation: Operation, change: Change) -> Change:
    """A change of what happens to requests for one operation, whatever they are answered with."""

    def act(request: Outgoing, forward: Forward) -> Answer:
        return change(request, forward) if operation.asks(request.method, request.path) else forward(request)

    return act
