"""What canary and baseline go through in each scenario, and what probes see of it: three PSPs, one pair for each every 10 s.

A trace says of every base probe whether it failed, on either side. All rules look at the same traces; a rule that probes denser
draws its further pairs from the same failure rates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rates = NDArray[np.float64]
Failed = NDArray[np.bool_]

PSPS = 3
SLOT_S = 10
SLOTS_A_MINUTE = 60 // SLOT_S
HEALTHY = 0.001
SLOW_HEALTHY = 0.03

RESTART_EVERY_MIN = 20
RESTART_SLOTS = 2
RESTART_FAILS = 0.5


@dataclass(frozen=True, slots=True)
class Traces:
    """Failure rates and base probes of many runs. Shapes: (runs or 1, slots, PSPs) and (runs, slots, PSPs)."""

    canary_rates: Rates
    baseline_rates: Rates
    canary: Failed
    baseline: Failed

    @property
    def runs(self) -> int:
        """How many."""
        return int(self.canary.shape[0])

    @property
    def slots(self) -> int:
        """How long each is."""
        return int(self.canary.shape[1])


Course = Callable[[np.random.Generator, int, int], tuple[Rates, Rates]]
"""(random numbers, runs, slots) -> failure rates of canary and baseline."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named course of things. `bad`: the canary is worse than its baseline, so that a rollback is right.

    `latency`: what counts as failed is a slow answer, which a twentieth of all may be. `slow`: the
    share of slow answers on either side beside the failures, for the latency objectives of our own gate.
    """

    name: str
    title: str
    course: Course
    minutes: int = 60
    bad: bool = False
    latency: bool = False
    slow: float = 0.0


def draw(scenario: Scenario, runs: int, random: np.random.Generator, *, minutes: int | None = None) -> Traces:
    """The traces of so many runs."""
    slots = (minutes or scenario.minutes) * SLOTS_A_MINUTE
    canary, baseline = scenario.course(random, runs, slots)
    shape = (runs, slots, PSPS)
    return Traces(canary, baseline, random.random(shape) < canary, random.random(shape) < baseline)


def _level(slots: int, *rates: float) -> Rates:
    """The same rates all the time: one for all PSPs, or one for each."""
    every = rates * PSPS if len(rates) == 1 else rates
    return np.broadcast_to(np.array(every, dtype=np.float64), (1, slots, PSPS)).copy()


def steady(canary: tuple[float, ...], baseline: tuple[float, ...] = (HEALTHY,)) -> Course:
    """Failure rates that stay as they are."""
    return lambda _random, _runs, slots: (_level(slots, *canary), _level(slots, *baseline))


def drift(last: float) -> Course:
    """The canary gets worse in a straight line over the whole time."""

    def course(_random: np.random.Generator, _runs: int, slots: int) -> tuple[Rates, Rates]:
        canary = _level(slots, HEALTHY)
        canary += np.linspace(0.0, last - HEALTHY, slots)[None, :, None]
        return canary, _level(slots, HEALTHY)

    return course


def late(rate: float, from_minute: int) -> Course:
    """The canary is healthy, and after so many minutes it is not."""

    def course(_random: np.random.Generator, _runs: int, slots: int) -> tuple[Rates, Rates]:
        canary = _level(slots, HEALTHY)
        canary[:, from_minute * SLOTS_A_MINUTE :] = rate
        return canary, _level(slots, HEALTHY)

    return course


def outage(*, shared: bool) -> Course:
    """From minute 5 on every deposit of one PSP fails for 10 minutes: on both sides, or on the canary alone."""

    def course(_random: np.random.Generator, _runs: int, slots: int) -> tuple[Rates, Rates]:
        canary, baseline = _level(slots, HEALTHY), _level(slots, HEALTHY)
        for side in (canary, baseline) if shared else (canary,):
            side[:, 5 * SLOTS_A_MINUTE : 15 * SLOTS_A_MINUTE, 0] = 1.0
        return canary, baseline

    return course


def restarts(random: np.random.Generator, runs: int, slots: int) -> tuple[Rates, Rates]:
    """On each side, for itself, a pod restarts now and then: half of all probes fail for 20 s."""
    return _restarting(random, runs, slots), _restarting(random, runs, slots)


def _restarting(random: np.random.Generator, runs: int, slots: int) -> Rates:
    begins = random.random((runs, slots)) < 1 / (RESTART_EVERY_MIN * SLOTS_A_MINUTE)
    down = begins.copy()
    for after in range(1, RESTART_SLOTS):
        down[:, after:] |= begins[:, :-after]
    return np.where(down, RESTART_FAILS, HEALTHY)[:, :, None].repeat(PSPS, axis=2)


HEALTHY_HOUR = Scenario("healthy", "healthy, 1 h", steady((HEALTHY,)), slow=SLOW_HEALTHY)
OUTAGE = Scenario("outage", "PSP1 down 10 min in both", outage(shared=True), slow=SLOW_HEALTHY)
OWN_OUTAGE = Scenario("own_outage", "PSP1 down on the canary", outage(shared=False), bad=True)
HEALTHY_DAY = Scenario("healthy_24h", "healthy, 24 h", steady((HEALTHY,)), minutes=24 * 60, slow=SLOW_HEALTHY)
P95 = Scenario("0.95", ".95", steady((0.05,)), bad=True)
P98 = Scenario("0.98", ".98", steady((0.02,)), bad=True)
P99 = Scenario("0.99", ".99", steady((0.01,)), bad=True)
ONE_PSP = Scenario("one_psp", "one PSP at .90", steady((0.1, HEALTHY, HEALTHY)), bad=True)
BROWNOUT = Scenario(
    "brownout",
    "PSP1 30 % brownout in both",
    steady((0.3, HEALTHY, HEALTHY), (0.3, HEALTHY, HEALTHY)),
    slow=SLOW_HEALTHY,
)
RESTARTS = Scenario("restarts", "pods restart on both sides", restarts)
DRIFT = Scenario("drift", "drift to .95 over 1 h", drift(0.05), bad=True)
LATE = Scenario("late", ".98 from minute 30 on", late(0.02, 30), bad=True)
SLOW_BOTH = Scenario("latency_fine", "3 % slow on both", steady((0.03,), (0.03,)), latency=True)
SLOW = Scenario("latency", "15 % slow (3 % before)", steady((0.15,), (0.03,)), bad=True, latency=True)

HOURS = (HEALTHY_HOUR, P95, P98, P99, ONE_PSP, BROWNOUT, RESTARTS, DRIFT, LATE, SLOW_BOTH, SLOW)
SCENARIOS = (*HOURS, HEALTHY_DAY, OUTAGE, OWN_OUTAGE)
