"""How much denser a probe may be played on a suspicion: as far as what is left of the budget carries it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from synthetic.core.plan_serving import DensityPlan, ProbePlan, ServingPlan
from synthetic.runner.grid import SECOND_NS
from synthetic.runner.timetable import Timetable

EVERY_MIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Purse:
    """What playing a probe costs, in minor units.

    `run_minor`: what one of its ticks brings into wallets. `left_minor`: what the day's budget has left; None: no cap.
    `kept_minor`: what the normal slots of all probes still need of it today.
    """

    run_minor: int = 0
    left_minor: int | None = None
    kept_minor: int = 0


def density(plan: DensityPlan, every_s: float, for_s: float, purse: Purse) -> int:
    """The factor: 1 (no denser) up to the plan's. Extra slots are paid from what the normal ones leave of the day's budget."""
    most = max(1, min(plan.factor_max, int(every_s / EVERY_MIN_S)))
    if purse.left_minor is None or purse.run_minor <= 0:
        return most
    extra_runs = max(0, purse.left_minor - purse.kept_minor) // purse.run_minor
    return max(1, min(most, 1 + int(extra_runs * every_s / max(for_s, every_s))))


def end_of(plan: DensityPlan, now_ns: int, until_ns: int) -> int:
    """When a suspicion ends: as asked for, and the plan's time after now at the latest."""
    return min(until_ns, now_ns + round(plan.for_s * SECOND_NS))


@dataclass(slots=True)
class Suspicions:
    """Which probes are under suspicion, until when. What is over is forgotten."""

    _until: dict[str, int] = field(default_factory=dict)

    def suspect(self, probe: str, until_ns: int) -> None:
        """The gate suspects the canary of a probe; a later suspicion prolongs, and never shortens."""
        self._until[probe] = max(until_ns, self._until.get(probe, 0))

    def open_at(self, now_ns: int) -> Mapping[str, int]:
        """The suspicions that are not over, with their ends."""
        self._until = {probe: until for probe, until in self._until.items() if until > now_ns}
        return dict(self._until)


PurseOf = Callable[[ProbePlan], Purse]


@dataclass(slots=True)
class Denser:
    """Plays probes under suspicion denser. `purses`: what each probe may spend at an instant.

    `look` weighs every open suspicion against the budget again: a factor falls while the budget does. Both are done on the event
    loop, between two slots: what a thousand probes have in common is found out once, not once for each of them.
    """

    plan: Callable[[], ServingPlan]
    timetable: Timetable
    purses: Callable[[int], PurseOf]
    suspicions: Suspicions = field(default_factory=Suspicions)

    def suspect(self, probes: Iterable[str], until_ns: int, now_ns: int) -> None:
        """The gate suspects the canary of these probes."""
        end_ns = end_of(self.plan().density, now_ns, until_ns)
        names = list(probes)
        for name in names:
            self.suspicions.suspect(name, end_ns)
        self._densify(names, now_ns)

    def look(self, now_ns: int) -> None:
        """Weigh what is open again."""
        self._densify(self.suspicions.open_at(now_ns), now_ns)

    def _densify(self, names: Iterable[str], now_ns: int) -> None:
        plan, open_until_ns = self.plan(), self.suspicions.open_at(now_ns)
        purse_of = self.purses(now_ns)
        for name in names:
            probe, until_ns = plan.probe(name), open_until_ns.get(name, now_ns)
            if probe is not None:
                for_s = (until_ns - now_ns) / SECOND_NS
                factor = density(plan.density, probe.schedule.every_s, for_s, purse_of(probe))
                self.timetable.densify(name, factor, until_ns, now_ns)
