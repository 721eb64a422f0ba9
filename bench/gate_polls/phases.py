"""What was seen with polls and without, in phases that take turns, and what the polls have changed: with how much certainty.

Whatever else the machine does meanwhile hits the phases of both kinds alike. A difference of two percentiles is told with its
interval: rounds (a phase without polls and the one with them beside it) are drawn again and again, each time as many as there
were (bootstrap; Efron 1979), as lags of one phase belong together and those of one instant even more.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from bench.results import Bar
from bench.schedule.measuring import percentile

POLL_P99_MS_MAX = 50.0
LAG_MORE_MS_MAX = 5.0
DRAWS = 1_000
BELIEF = 0.95
"""How sure it has to be that the polls cost no more than the bar allows."""
RESTLESS = "; the machine is too restless to tell, as nothing and too much are both possible: more --rounds, or no other work on it"


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch: the lag of its slots, how many of them were due and missed, and the CPU of the service (all threads)."""

    lags_ms: list[float]
    due: int
    missed: int
    cpu_share: float


@dataclass(frozen=True, slots=True)
class Round:
    """A phase without polls and one with them, side by side."""

    silent: Phase
    polled: Phase


@dataclass(frozen=True, slots=True)
class Difference:
    """A percentile of the lag with polls, less that without: measured, and what it is at most and at least, each with `BELIEF`."""

    ms: float
    at_least_ms: float
    at_most_ms: float

    def __str__(self) -> str:
        return f"{self.ms:+.1f} ms ({self.at_least_ms:+.1f} to {self.at_most_ms:+.1f})"


@dataclass(frozen=True, slots=True)
class Measured:
    """All rounds, and what came of the polls: how long each took, sorted, and how many answers there were of each kind."""

    rounds: list[Round]
    polls_ms: list[float]
    answers: dict[str, int] = field(default_factory=dict)

    @property
    def silent(self) -> list[Phase]:
        """The phases without polls."""
        return [one.silent for one in self.rounds]

    @property
    def polled(self) -> list[Phase]:
        """The phases with them."""
        return [one.polled for one in self.rounds]

    @property
    def bars(self) -> tuple[Bar, ...]:
        """What the issue asks for."""
        more, poll_ms = difference(self.rounds, 0.99), percentile(self.polls_ms, 0.99)
        missed = sum(phase.missed for phase in (*self.silent, *self.polled))
        return (
            Bar(f"p99 of a poll below {POLL_P99_MS_MAX:g} ms", poll_ms < POLL_P99_MS_MAX, f"{poll_ms:.1f} ms"),
            Bar(
                "every poll was answered with a verdict",
                bool(self.answers) and all(map(_is_verdict, self.answers)),
                ", ".join(f"{count} {kind}" for kind, count in sorted(self.answers.items())) or "none was sent",
            ),
            Bar(
                f"p99 of the lag at most {LAG_MORE_MS_MAX:g} ms above that without polls, for certain ({BELIEF:.0%})",
                more.at_most_ms <= LAG_MORE_MS_MAX,
                f"{more}{RESTLESS if self.restless else ''}",
            ),
            Bar(
                "no missed slot",
                not missed and all(phase.due for phase in (*self.silent, *self.polled)),
                f"{missed} of {sum(phase.due for phase in (*self.silent, *self.polled))}",
            ),
        )

    @property
    def restless(self) -> bool:
        """Whether the machine was too restless to tell: the polls may cost more than they may, and may cost nothing."""
        more = difference(self.rounds, 0.99)
        return more.at_least_ms <= 0.0 and more.at_most_ms > LAG_MORE_MS_MAX


def difference(rounds: Sequence[Round], share: float) -> Difference:
    """What polls add to a percentile of the lag."""
    draw = random.Random(1)
    drawn = sorted(_more_ms(draw.choices(rounds, k=len(rounds)), share) for _ in range(DRAWS))
    return Difference(_more_ms(rounds, share), percentile(drawn, 1 - BELIEF), percentile(drawn, BELIEF))


def lag_ms(phases: Sequence[Phase], share: float) -> float:
    """A percentile of the lag over all these phases."""
    return percentile(sorted(chain.from_iterable(phase.lags_ms for phase in phases)), share)


def _more_ms(rounds: Sequence[Round], share: float) -> float:
    return lag_ms([one.polled for one in rounds], share) - lag_ms([one.silent for one in rounds], share)


def _is_verdict(kind: str) -> bool:
    status, _, verdict = kind.partition(" ")
    return status == "200" and verdict in ("pass", "fail", "inconclusive")
