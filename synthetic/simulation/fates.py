"""What a seed brings: how many workers there are, what befalls each of their lives, and what fails around them and when."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from synthetic.core.money import Money
from synthetic.journal.model import Caps
from synthetic.simulation.lives import Fate

TROUBLED_S = 40.0  # so long things go wrong, and probes play
# And so long everything works, for recovery: an intent of the clock that is furthest ahead (90 s), read by the one that is furthest
# behind (42 s), looks younger by all that, and waits for `late_after` and the longest back-off besides.
CALM_S = 240.0
PAUSE_MAX_S = 10.0  # of a process that stands still; with the latest arrival it stays below the mapping's `late_after`
LIVES_MAX = 3  # of one worker that go wrong; what is started after them lives to the end
_CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Span:
    """A time from `start_s` up to `end_s`."""

    start_s: float
    end_s: float

    def holds(self, now_s: float) -> bool:
        """Whether it is now."""
        return self.start_s <= now_s < self.end_s


@dataclass(frozen=True, slots=True)
class Birth:
    """A worker's process: its name, when it first starts, the fates of its lives in turn, and how long it is away between them."""

    worker: str
    at_s: float
    fates: tuple[Fate, ...]
    away_s: float


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """All that a seed decides beforehand. `fault_rate` is a share of all requests, `cut_rate` one of all commits."""

    seed: int
    births: tuple[Birth, ...]
    fault_rate: float
    decline_rate: float
    settles_s: tuple[float, float]
    caps: Caps
    players: int
    probes: int
    lookups_down: tuple[Span, ...]
    psp_down: tuple[Span, ...]
    database_down: tuple[Span, ...]
    cut_rate: float
    killed: Span | None
    lease_s: float


def plan_of(seed: int, workers: int = 0) -> SeedPlan:
    """The plan of a seed, the same each time. `workers`: how many there are (0: the seed decides)."""
    chance = random.Random(f"plan {seed}")  # noqa: S311 - it has to be the same each time
    return SeedPlan(
        seed=seed,
        births=_births(chance, workers or chance.choice((1, 2, 2, 3))),
        fault_rate=chance.choice((0.0, 0.1, 0.2, 0.35)),
        decline_rate=chance.choice((0.0, 0.0, 0.2)),
        settles_s=chance.choice(((0.05, 0.5), (0.2, 2.0), (1.0, 6.0))),
        caps=_caps(chance),
        players=chance.choice((1, 2, 2, 3)),
        probes=chance.choice((1, 2, 2)),
        lookups_down=_spans(chance, 0.3, 5.0, 30.0),
        psp_down=_spans(chance, 0.2, 5.0, 20.0),
        database_down=_spans(chance, 0.3, 1.0, 15.0),
        cut_rate=chance.choice((0.0, 0.0, 0.02)),
        killed=next(iter(_spans(chance, 0.2, 5.0, 30.0)), None),
        lease_s=chance.choice((5.0, 6.0, 8.0)),
    )


def _births(chance: random.Random, workers: int) -> tuple[Birth, ...]:
    names = [f"w{number}" for number in range(1, workers + 1)]
    births = [_birth(chance, name, chance.uniform(0.0, 3.0)) for name in names]
    if chance.random() < 0.3:  # somebody starts the same worker twice
        births.append(_birth(chance, chance.choice(names), chance.uniform(3.0, 25.0)))
    return tuple(births)


def _birth(chance: random.Random, name: str, at_s: float) -> Birth:
    lives = chance.choice((0, 1, 1, 2, LIVES_MAX))
    return Birth(name, at_s, tuple(_fate(chance) for _ in range(lives)), chance.uniform(0.5, 12.0))


def _fate(chance: random.Random) -> Fate:
    """One thing, and sometimes a clock that is wrong besides."""
    clock = _clock(chance) if chance.random() < 0.25 else (0.0, 0.0, 0.0)
    match chance.choice(("gate", "gate", "gate", "instant", "pause", "clock")):
        case "gate":
            return Fate(round(2 ** chance.uniform(0.0, 7.5)), 0.0, 0, 0.0, *clock)
        case "instant":
            return Fate(0, chance.uniform(0.1, 30.0), 0, 0.0, *clock)
        case "pause":
            dies_s = chance.choice((0.0, 30.0))
            return Fate(0, dies_s, round(2 ** chance.uniform(2.0, 7.5)), chance.uniform(1.0, PAUSE_MAX_S), *clock)
        case _:
            return Fate(0, chance.choice((0.0, 30.0)), 0, 0.0, *_clock(chance))


def _clock(chance: random.Random) -> tuple[float, float, float]:
    """(off by, jumps by, after): seconds."""
    return (
        chance.choice((0.0, -2.0, 2.0, 30.0)),
        chance.choice((0.0, -40.0, 40.0, 60.0)),
        chance.uniform(1.0, 30.0),
    )


def _caps(chance: random.Random) -> Caps:
    def cap(choices: Sequence[int | None]) -> Money | None:
        minor = chance.choice(choices)
        return None if minor is None else Money(minor, _CURRENCY)

    return Caps(
        run=cap((None, 100)),
        account_day=cap((None, None, 300, 500)),
        day=cap((None, None, 400, 800)),
        outstanding=cap((None, 100, 100, 200)),
    )


def _spans(chance: random.Random, how_likely: float, shortest_s: float, longest_s: float) -> tuple[Span, ...]:
    if chance.random() >= how_likely:
        return ()
    start_s = chance.uniform(1.0, TROUBLED_S - 5.0)
    return (Span(start_s, min(start_s + chance.uniform(shortest_s, longest_s), TROUBLED_S)),)
