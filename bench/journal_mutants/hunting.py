"""The hunt for one mutant: seeds are played until a law is broken. A module of its own, as other processes import it by name."""

from __future__ import annotations

from dataclasses import dataclass

from bench.journal_mutants.catalogue import MUTANTS
from synthetic.simulation.playing import play_seed

SEEDS_MAX = 400
FIRST_SEED = 1


@dataclass(frozen=True, slots=True)
class Caught:
    """After how many seeds a mutant was seen (0: never), and by which laws."""

    name: str
    breaks: str
    seeds: int
    laws: tuple[str, ...] = ()
    what: str = ""


def hunt(name: str, *, seeds_max: int, first: int = FIRST_SEED, law: str = "") -> Caught:
    """Play seeds with the mutant alive until a law is broken; with `law`, until that one is."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    with mutant.alive():
        for number in range(1, seeds_max + 1):
            story = play_seed(first + number - 1)
            laws = tuple(sorted({violation.law for violation in story.violations}))
            if law in laws if law else laws:
                return Caught(name, mutant.breaks, number, laws, story.violations[0].what)
    return Caught(name, mutant.breaks, 0)


def clean(seed: int) -> tuple[str, ...]:
    """The laws that the unbroken code breaks on a seed."""
    return tuple(sorted({violation.law for violation in play_seed(seed).violations}))
