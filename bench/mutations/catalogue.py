"""All mutants: of every boundary that has a contract, by their names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from bench.mutations.agreed import addresses, operations
from bench.mutations.behaviours import behaviour_mutants
from bench.mutations.fields import field_mutants
from bench.mutations.frames import frame_mutants
from bench.mutations.harmless import harmless_mutants
from bench.mutations.mutants import Mutant
from bench.mutations.requests import request_mutants
from bench.mutations.senders import sender_mutants
from bench.mutations.switched import switched_mutants
from bench.mutations.wholes import whole_mutants
from synthetic.contracts import boundaries
from synthetic.contracts.interactions import Contract
from synthetic.contracts.messages import AnyContract, MessageContract
from synthetic.contracts.pacts import PactFile

_THIRD_PARTIES = ("psp-", "game-provider-")  # consumers whose own changes break us


def contracts() -> dict[str, AnyContract]:
    """The contracts of all boundaries, by name."""
    found = [one for one in vars(boundaries).values() if isinstance(one, Contract | MessageContract)]
    return {one.name: one for one in found}


def mutants_of(contract: AnyContract, pact: PactFile, wanted: Sequence[str] = ()) -> list[Mutant]:
    """The mutants of one boundary: those whose kind or name matches one of the patterns, all without any."""
    every = _http_mutants(contract, pact) if isinstance(contract, Contract) else frame_mutants(contract.name, pact)
    found = {mutant.name: mutant for mutant in every if _is_wanted(mutant, wanted)}
    return list(found.values())


def _is_wanted(mutant: Mutant, wanted: Sequence[str]) -> bool:
    return not wanted or any(
        pattern in (mutant.kind.name, mutant.name) or fnmatchcase(mutant.name, pattern) for pattern in wanted
    )


def _http_mutants(contract: Contract, pact: PactFile) -> Iterator[Mutant]:
    name, everything, everywhere = contract.name, operations(pact), addresses(pact)
    for operation in everything:
        yield from field_mutants(name, operation)
        yield from whole_mutants(name, operation)
    for address in everywhere:
        yield from request_mutants(name, address)
    yield from behaviour_mutants(name, pact, everything)
    yield from switched_mutants(name, pact)
    if contract.consumer.startswith(_THIRD_PARTIES):
        yield from sender_mutants(name, everywhere)
    yield from harmless_mutants(name, everything)
