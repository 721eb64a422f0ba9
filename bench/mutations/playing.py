"""Playing the mutants of one boundary against its suite: one at a time each, those of remembered answers in batches."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from bench.mutations.catalogue import contracts, mutants_of
from bench.mutations.frames import remember_frames, verified_frames
from bench.mutations.judging import Said, exercised, said_of, sent_by, verified
from bench.mutations.memory import remember, verified_from
from bench.mutations.mutants import Kind, Mutant, Rig
from synthetic.contracts.interactions import Contract
from synthetic.contracts.messages import pact_for
from synthetic.contracts.pacts import PactFile
from synthetic.contracts.providers import PROVIDERS
from synthetic.contracts.providers.gateway import gateway_of, serving_gateway
from synthetic.contracts.verifying_messages import verify_messages
from synthetic.reference.switchboard import Switch
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.reference.world.world import World, WorldSettings

BATCH = 40  # mutants in one run of the verifier
FEW = 2
DERIVED = "synthetic-runner-platform"


@dataclass(frozen=True, slots=True)
class Played:
    """One mutant, and what the Pact suite and the laws said: whether they killed it; None: they were not asked.

    `counts`: whether anything that anybody reads was changed; what changes nothing is no mutant.
    `is_loose`: see `Mutant`.
    """

    boundary: str
    kind: str
    title: str
    place: str
    is_listed: bool
    is_harmless: bool
    counts: bool
    by_pact: bool | None = None
    by_laws: bool | None = None
    sentence: str = ""
    law: str = ""
    is_loose: bool = False

    @property
    def name(self) -> str:
        """Kind and place."""
        return f"{self.kind} {self.place}".rstrip()


@dataclass(frozen=True, slots=True)
class Boundary:
    """What one boundary came to. `red`: why its suite fails at the healthy provider; then nothing can be said of it."""

    name: str
    interactions: int
    played: tuple[Played, ...]
    red: str = ""


def play(name: str, wanted: Sequence[str]) -> Boundary:
    """All mutants of a boundary that are wanted, against its Pact suite."""
    contract = contracts()[name]
    pact = pact_for(contract)
    mutants = mutants_of(contract, pact, wanted)
    with quiet():
        if isinstance(contract, Contract):
            red, said = _play_http(contract, pact, mutants)
        else:
            red, said = _play_frames(pact, mutants)
    played = tuple(_played(mutant, said[mutant.name]) for mutant in mutants if mutant.name in said)
    return Boundary(name, len(pact.interactions), played, red)


def _played(mutant: Mutant, said: Said) -> Played:
    return Played(
        boundary=mutant.boundary,
        kind=mutant.kind.name,
        title=mutant.kind.title,
        place=mutant.place,
        is_listed=mutant.kind.listed,
        is_harmless=mutant.kind.harmless,
        counts=said.acted > 0 or mutant.rig.always_counts,
        by_pact=said.killed,
        sentence=said.sentence,
        is_loose=mutant.is_loose,
    )


def with_laws(boundary: Boundary, said: Mapping[str, Said]) -> Boundary:
    """The same, with what the laws said of its mutants."""
    return replace(boundary, played=tuple(_with_law(one, said.get(one.name)) for one in boundary.played))


def _with_law(one: Played, said: Said | None) -> Played:
    if said is None:
        return one
    judged = replace(one, by_laws=said.killed, law=said.sentence)
    # The pact of the harness is derived: what it has by type only makes no difference to the engine. Where no check of all
    # scenarios judges it either, it is a value that nobody reads.
    is_unread = one.is_loose and one.boundary == DERIVED and not one.by_pact and not said.killed
    return replace(judged, counts=False) if is_unread else judged


def _play_http(contract: Contract, pact: PactFile, mutants: Sequence[Mutant]) -> tuple[str, dict[str, Said]]:
    with PROVIDERS[contract.provider].serving() as target:
        memory = remember(pact, target)
        if not memory.verification.held:
            return memory.verification.told(), {}
        (again,) = verified_from(memory, pact, [_unchanged(contract, pact)])
        if again.killed:
            return f"what was remembered of it does not hold: {again.sentence}", {}
        said = _remembered(mutants, partial(verified_from, memory, pact))
        for mutant in mutants:
            if not (mutant.rig.answers_only or mutant.rig.sender or mutant.rig.switch):
                said[mutant.name] = verified(mutant, pact, target)
    for mutant in mutants:
        if mutant.rig.switch:  # a provider of its own: what it moves wrongly would be the next one's state
            with PROVIDERS[contract.provider].serving() as target:
                said[mutant.name] = verified(mutant, pact, target)
    senders = [mutant for mutant in mutants if mutant.rig.sender]
    sent = sent_by(contract, {name for mutant in senders for name in mutant.seen_by})
    return "", said | {mutant.name: exercised(mutant, contract, sent) for mutant in senders}


def _unchanged(contract: Contract, pact: PactFile) -> Mutant:
    """No mutation: what is remembered has to be as good as the provider."""
    everyone = tuple(str(one["description"]) for one in pact.interactions)
    return Mutant(Kind("unchanged", "nothing", harmless=True), contract.name, "", everyone, Rig(answers_only=True))


def _play_frames(pact: PactFile, mutants: Sequence[Mutant]) -> tuple[str, dict[str, Said]]:
    with serving_gateway() as target:
        memory = remember_frames(pact, target)
    if not memory.verification.held:
        return memory.verification.told(), {}
    said = _remembered(mutants, partial(verified_frames, memory, pact))
    switched = [mutant for mutant in mutants if mutant.rig.switch]
    if switched:
        with world_in_a_thread(WorldSettings(cells=1)) as world:
            said |= {mutant.name: _switched(mutant, pact, world) for mutant in switched}
    return "", said


def _switched(mutant: Mutant, pact: PactFile, world: World) -> Said:
    """Verify the gateway of a cell whose switch is thrown meanwhile."""
    board = world.boards[world.cells[0].name]
    board.throw(Switch(mutant.rig.switch, params=mutant.rig.params))
    try:
        return said_of(verify_messages(pact, gateway_of(world)).results, 1)
    finally:
        board.clear()


def _remembered(mutants: Sequence[Mutant], judge: Callable[[Sequence[Mutant]], list[Said]]) -> dict[str, Said]:
    """What is said of the mutants of remembered answers. One interaction that fails is enough, so that a mutant is first shown
    to two of those that see it, and to all of them where it survives that; a harmless change has to pass all.
    """
    remembered = [mutant for mutant in mutants if mutant.rig.answers_only]
    few = [replace(mutant, seen_by=mutant.seen_by[:FEW]) for mutant in remembered if not mutant.kind.harmless]
    first = _judged(few, judge)
    killed = {name: said for name, said in first.items() if said.killed}
    return killed | _judged([mutant for mutant in remembered if mutant.name not in killed], judge)


def _judged(mutants: Sequence[Mutant], judge: Callable[[Sequence[Mutant]], list[Said]]) -> dict[str, Said]:
    said: dict[str, Said] = {}
    for start in range(0, len(mutants), BATCH):
        batch = mutants[start : start + BATCH]
        said |= {mutant.name: one for mutant, one in zip(batch, judge(batch), strict=True)}
    return said


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing on the process's own standard output and error meanwhile: Pact's verifier writes there, whatever it is told."""
    kept = os.dup(1), os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept[0], 1)
        os.dup2(kept[1], 2)
        for one in (*kept, nowhere):
            os.close(one)
