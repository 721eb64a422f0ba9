"""What the Pact suite says of a mutant: the real verification, or the real consumer's test, with the mutation in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from bench.mutations.hop import Change, hop_to, unchanged
from bench.mutations.mutants import Mutant, Rig
from synthetic.contracts.interactions import Contract, Exercise, Interaction
from synthetic.contracts.pacts import PactFile, exercise
from synthetic.contracts.providers import Provider
from synthetic.contracts.results import InteractionResult
from synthetic.contracts.states import StateHandler
from synthetic.contracts.verifying import Target, verify

WITHIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Said:
    """Whether the mutant was killed, how often the mutation acted, and a sentence: what killed it, or who looked on."""

    killed: bool
    acted: int
    sentence: str


def verified(mutant: Mutant, pact: PactFile, provider: Provider) -> Said:
    """Verify a provider that was started for it and is mutated, against the interactions that see the mutation."""
    asked = pact.only(one for one in pact.interactions if one["description"] in mutant.seen_by)
    said, again = _verified(asked, mutant.rig, provider)
    if again and not mutant.rig.switch:  # no mutation was in the way of the state that was not reached
        said, _ = _verified(asked, mutant.rig, provider)
    return said


def _verified(asked: PactFile, rig: Rig, provider: Provider) -> tuple[Said, bool]:
    """What is said, and whether that is for nothing but states that were not reached."""
    with provider.serving() as target, mutated(target, rig) as (wrong, acted):
        results = verify(asked, wrong).results
        failed = [result for result in results if not result.held]
        return said_of(results, acted()), bool(failed) and all(map(_is_unreached, failed))


def said_of(results: Sequence[InteractionResult], acted: int) -> Said:
    """What the results of one mutant come to."""
    failed = [result for result in results if not result.held]
    onlookers = "held: " + "; ".join(result.description for result in results)
    return Said(killed=bool(failed), acted=acted, sentence=failed[0].sentence if failed else onlookers)


def _is_unreached(result: InteractionResult) -> bool:
    return "the state " in result.reason and "could not be reached" in result.reason


def exercised(mutant: Mutant, contract: Contract) -> Said:
    """Let the mutated consumer talk to the mock of its provider."""
    times = 0
    for one in contract.interactions:
        if one.description in mutant.seen_by:
            with mutant.rig.plant(), _behind(one, mutant.rig.change) as (wrong, acted):
                try:
                    exercise(contract, wrong)
                except Exception as error:  # noqa: BLE001 - whatever the consumer's test raises makes it red
                    sentence = f"{one.description}: {_first_line(error)}"
                    return Said(killed=True, acted=times + acted(), sentence=sentence)
                times += acted()
    return Said(killed=False, acted=times, sentence="held: " + "; ".join(mutant.seen_by))


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
    with httpx.Client(base_url=root, timeout=WITHIN_S, trust_env=False, **http) as board:
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
