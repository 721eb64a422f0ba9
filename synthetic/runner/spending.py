"""What the budgets have left, as it was looked up last: no run begins that could not pay, none is denser than it can afford.

The journal reserves every amount by itself before it is sent; this only spares a run that would be cut off in its middle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from synthetic.config.serving_rules import brought_in
from synthetic.core.money import Money
from synthetic.core.plan_serving import ProbePlan, ServingPlan
from synthetic.journal.book import Book
from synthetic.journal.model import Caps
from synthetic.runner.density import Purse, PurseOf
from synthetic.runner.grid import Grid
from synthetic.runner.maintenance import DAY_NS
from synthetic.runner.outside import OffLoop
from synthetic.runner.policy import Refusal
from synthetic.runner.timetable import Missed


@dataclass(slots=True)
class Spending:
    """What is left of each currency's caps. `look` asks the book."""

    plan: Callable[[], ServingPlan]
    book: Book
    off_loop: OffLoop = asyncio.to_thread
    _left: Mapping[str, Mapping[str, Money]] = field(default_factory=dict)

    async def look(self) -> None:
        """Look it up. Raises JournalUnavailable."""
        left = {}
        for budget in self.plan().budgets:
            caps = Caps(budget.run, budget.account_day, budget.day, budget.outstanding)
            left[budget.currency] = await self.off_loop(self.book.remaining, caps)
        self._left = left

    def refusal(self, probe: ProbePlan) -> Refusal | None:
        """Why the probe can't pay what its runs bring into wallets; None where it can, or where nobody knows."""
        for currency, needed in costs(probe).items():
            for cap, left in self._left.get(currency, {}).items():
                if needed.minor and left < needed:
                    sentence = f"the cap `{cap}` has {left} left, and {probe.name} brings {needed} into wallets"
                    return Refusal("budget", sentence, Missed.BUDGET)
        return None

    def purses(self, now_ns: int) -> PurseOf:
        """What denser slots of a probe cost, and what the normal slots of all probes leave of the day for them.

        The normal slots are counted once for all that ask at this instant.
        """
        plan = self.plan()
        kept = cache(lambda currency: needed_today(plan, currency, now_ns))

        def purse(probe: ProbePlan) -> Purse:
            currency = probe.cell.currency
            cost_minor = most(probe).get(currency, 0)
            left = self._left.get(currency, {}).get("day")
            return Purse(cost_minor) if left is None else Purse(cost_minor, left.minor, kept(currency))

        return purse


def costs(probe: ProbePlan) -> dict[str, Money]:
    """What one tick of a probe brings into wallets for certain, by currency."""
    total: dict[str, Money] = {}
    for scenario, cell in probe.sides:
        cost = brought_in(scenario, cell.currency)
        total[cell.currency] = total.get(cell.currency, Money(0, cell.currency)) + cost
    return total


def most(probe: ProbePlan) -> dict[str, int]:
    """What one tick of a probe brings into wallets at most, in minor units: every step that pays in, up to its kind's limit."""
    total: dict[str, int] = {}
    for scenario, cell in probe.sides:
        paying = (step.operation.moves for step in scenario.steps if step.operation.moves is not None)
        for moves in paying:
            if moves.target == "wallet" and moves.kind in scenario.limits:
                total[cell.currency] = total.get(cell.currency, 0) + scenario.limits[moves.kind].minor
    return total


def needed_today(plan: ServingPlan, currency: str, now_ns: int) -> int:
    """What the slots of all probes up to the end of the UTC day bring into wallets at most, in minor units."""
    day_end_ns = now_ns - now_ns % DAY_NS + DAY_NS
    total = 0
    for probe in plan.probes:
        cost_minor = most(probe).get(currency, 0)
        if cost_minor:
            total += cost_minor * len(Grid.of(probe.name, probe.schedule).slots_between(now_ns, day_end_ns - 1))
    return total
