"""Which cells there are: a rollout or a signal of a cell that nobody has is a mistake that is told at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from synthetic.web.calls import BadCall


@dataclass(frozen=True, slots=True)
class Cells:
    """`names`: every cell that may be watched; empty where that is not known here. `pairs`: (canary, baseline) that are played."""

    names: Callable[[], frozenset[str]] = frozenset
    pairs: Callable[[], frozenset[tuple[str, str]]] = frozenset

    def require(self, *cells: str) -> None:
        """Raises BadCall (404) for the first cell that is none, with the one that was meant."""
        if len(set(cells)) < len(cells):
            raise BadCall(422, "`cell` and `baseline` are two cells")
        known = self.names()
        for cell in cells:
            if known and cell not in known:
                meant = get_close_matches(cell, known, n=1)
                hint = f"did you mean {meant[0]!r}?" if meant else f"known are: {', '.join(sorted(known))}"
                raise BadCall(404, f"there is no cell {cell!r}; {hint}")

    def not_paired(self, cell: str, baseline: str) -> str:
        """Why a canary is not judged beside a baseline, in words; "" where it is, or where nobody knows here."""
        pairs = self.pairs()
        if not pairs or (cell, baseline) in pairs:
            return ""
        told = ", ".join(f"{canary!r} beside {other!r}" for canary, other in sorted(pairs))
        return f"No probe plays {cell!r} beside {baseline!r}. Played are: {told}."

    def only_pair(self) -> tuple[str, str] | None:
        """The canary and its baseline, where there is one pair and no other."""
        pairs = self.pairs()
        return next(iter(pairs)) if len(pairs) == 1 else None
