"""What the hunt has come to, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from bench.journal_mutants.hunting import Caught


def table(caught: Sequence[Caught], used: int, broken: int, took_s: float) -> list[str]:
    """A line for each mutant, and what it adds up to."""
    width = max((len(one.name) for one in caught), default=0)
    lines = [
        f"{one.name:<{width}}  {one.seeds or 'SURVIVES':>8}  {', '.join(one.laws)}{f': {one.what}' if one.what else ''}"
        for one in caught
    ]
    survivors = sum(not one.seeds for one in caught)
    return [
        f"{'mutant':<{width}}  {'seeds':>8}  the laws that saw it, and what they saw first",
        *lines,
        f"{len(caught)} mutants, {len(caught) - survivors} caught, {survivors} survive; "
        f"the unbroken code breaks a law in {broken} of the same {used} seeds ({took_s:.0f} s)",
    ]
