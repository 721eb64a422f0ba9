"""What the Pact suite says of a mutant: the real verification, or the real consumer's test, with the mutation in between."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench.mutations.hop import Answer, Change, Forward, Hop, asking, client_of, hop_to, unchanged
from bench.mutations.mutants import Mutant, Rig
from synthetic.contracts.interactions import Contract, Exercise, Interaction
from synthetic.contracts.pacts import PactFile, exercise
from synthetic.contracts.results import InteractionResult
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.states import StateHandler
from synthetic.contracts.verifying import Target, verify

AT_A_TIME = 12


@dataclass(frozen=True, slots=True)
class Said:
    """Whether the mutant was killed, how often the mutation acted, and a sentence: what killed it, or who looked on."""

    killed: bool
    acted: int
    sentence: str


def verified(mutant: Mutant, pact: PactFile, target: Target) -> Said:
    """Verify the mutated provider against the interactions that see the mutation, a few at a time until one fails."""
    asked = [one for one in pact.interactions if one["description"] in mutant.seen_by]
    results: list[InteractionResult] = []
    with mutated(target, mutant.rig) as (wrong, acted):
        for start in range(0, len(asked), AT_A_TIME):
            some = pact.only(asked[start : start + AT_A_TIME])
            verification = verify(some, wrong)
            failed = [result for result in verification.results if not result.held]
            if failed and not mutant.rig.switch and all(map(_is_unreached, failed)):
                # no mutation was in the way of the state that was not reached
                verification = verify(some, wrong)
            results += verification.results
            if any(not result.held for result in results):
                break
        return said_of(results, acted())


def said_of(results: Sequence[InteractionResult], acted: int) -> Said:
    """What the results of one mutant come to."""
    failed = [result for result in results if not result.held]
    onlookers = "held: " + "; ".join(result.description for result in results)
    return Said(killed=bool(failed), acted=acted, sentence=failed[0].sentence if failed else onlookers)


def _is_unreached(result: InteractionResult) -> bool:
    return "the state " in result.reason and "could not be reached" in result.reason


Sent = Mapping[str, Sequence[Outgoing]]
"""What a consumer sends for each interaction."""


def sent_by(contract: Contract, descriptions: Collection[str]) -> Sent:
    """Exercise the healthy consumer once for each of these interactions, and keep what it sends."""
    sent: dict[str, list[Outgoing]] = {}
    for one in contract.interactions:
        if one.description in descriptions:
            kept = sent[one.description] = []

            def listen(request: Outgoing, forward: Forward, kept: list[Outgoing] = kept) -> Answer:
                kept.append(request)
                return forward(request)

            with _behind(one, listen) as (heard, _):
                exercise(contract, heard)
    return sent


def exercised(mutant: Mutant, contract: Contract, sent: Sent) -> Said:
    """Let the mutated consumer talk to the mock of its provider.

    What it sent while it was healthy is mutated and sent again, which is quick; only where the mock is content with all of that,
    or where the consumer's own code is changed, the consumer itself is exercised.
    """
    if mutant.rig.plant is nullcontext:
        said = _exercised(mutant, contract, lambda one: _again(one, mutant.rig.change, sent[one.description]))
        if said.killed or not said.acted:
            return said
    return _exercised(mutant, contract, lambda one: _behind(one, mutant.rig.change))


Spoilt = AbstractContextManager[tuple[Interaction, Callable[[], int]]]


def _exercised(mutant: Mutant, contract: Contract, spoil: Callable[[Interaction], Spoilt]) -> Said:
    times = 0
    for one in contract.interactions:
        if one.description in mutant.seen_by:
            with mutant.rig.plant(), spoil(one) as (wrong, acted):
                try:
                    exercise(contract, wrong)
                except Exception as error:  # noqa: BLE001 - whatever the consumer's test raises makes it red
                    sentence = f"{one.description}: {_first_line(error)}"
                    return Said(killed=True, acted=times + acted(), sentence=sentence)
                times += acted()
    return Said(killed=False, acted=times, sentence="held: " + "; ".join(mutant.seen_by))


@contextmanager
def _again(
    one: Interaction, change: Change, sent: Sequence[Outgoing]
) -> Iterator[tuple[Interaction, Callable[[], int]]]:
    """The interaction, for which what was sent before is sent again through a change."""
    acted = 0

    def declare(upon: Any) -> Exercise:
        one.declare(upon)

        def send(url: str) -> None:
            nonlocal acted
            with client_of({}) as http:
                hop = Hop(asking(http, url.rstrip("/")), change)
                for request in sent:
                    hop.pass_on(request)
                acted += hop.acted

        return send

    yield replace(one, declare=declare), lambda: acted


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__


@contextmanager
def mutated(target: Target, rig: Rig) -> Iterator[tuple[Target, Callable[[], int]]]:
    """The target with the rig in place, and how often it has acted so far."""
    sealed = 0

    def seal(request: Any, wrong: str) -> Any:
        nonlocal sealed
        out, plain = rig.seal(target.seal)(request, wrong), target.seal
        sealed += rig.seal(plain) is not plain and bool(wrong)
        return out

    states = None if target.states is None else _Given(target.states, rig)
    root = _root(target.url)
    http = dict(target.http)
    with _thrown(root, rig, http) as switched:
        if rig.change is unchanged:
            yield replace(target, seal=seal, states=states), lambda: sealed + switched()
        else:
            with hop_to(target.url, rig.change, **http) as (url, hop):
                wrong = replace(target, url=url, seal=seal, states=states, http={})
                yield wrong, lambda: hop.acted + sealed + switched()


class _Given(Mapping[str, StateHandler]):
    """The state handlers of a provider; what they give is as the mutated one would have it."""

    def __init__(self, inner: Mapping[str, StateHandler], rig: Rig) -> None:
        self._inner = inner
        self._rig = rig

    def __contains__(self, name: object) -> bool:
        return name in self._inner

    def __getitem__(self, name: str) -> StateHandler:
        handler = self._inner[name]
        return lambda params: self._rig.values(handler(params))

    def __iter__(self) -> Iterator[str]:
        return iter(self._inner)

    def __len__(self) -> int:
        return len(self._inner)


@contextmanager
def _thrown(root: str, rig: Rig, http: Mapping[str, Any]) -> Iterator[Callable[[], int]]:
    """The rig's switch, thrown at the provider's own switchboard meanwhile."""
    if not rig.switch:
        yield lambda: 0
        return
    with client_of({**http, "base_url": root}) as board:
        before = _acted(board, rig.switch)
        thrown = board.put("/_faults", json={"name": rig.switch, "params": dict(rig.params)})
        thrown.raise_for_status()
        try:
            yield lambda: _acted(board, rig.switch) - before
        finally:
            board.delete("/_faults").raise_for_status()


def _acted(board: httpx.Client, name: str) -> int:
    return sum(one["times"] for one in board.get("/_faults").json()["acted"] if one["name"] == name)


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def _behind(one: Interaction, change: Change) -> Iterator[tuple[Interaction, Callable[[], int]]]:
    """The interaction, whose consumer has a hop behind it."""
    acted = 0

    def declare(upon: Any) -> Exercise:
        play = one.declare(upon)

        def through(url: str) -> None:
            nonlocal acted
            with hop_to(url, change) as (own, hop):
                try:
                    play(own)
                finally:
                    acted += hop.acted

        return through

    yield replace(one, declare=declare), lambda: acted
