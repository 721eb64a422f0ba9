"""What the played mutants come to: kill rates, survivors, false alarms, and whether the bar is met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.mutations.playing import Boundary, Played
from synthetic.sli.ratios import Ratio

PACT_MIN = 0.85


@dataclass(frozen=True, slots=True)
class Score:
    """Kill rates: of all mutants, by the Pact suite alone and by both; of those that the laws were asked for, by them alone.

    `red`: boundaries whose suite fails at the healthy provider.
    """

    pact: Ratio
    laws: Ratio
    both: Ratio
    false_alarms: Ratio
    survivors: tuple[Played, ...]
    alarms: tuple[Played, ...]
    red: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Both together kill all, Pact alone >= 85 %, no false alarm; and there was something to say that of."""
        return (
            not self.red
            and self.both.missed == 0
            and (self.pact.value is None or self.pact.value >= PACT_MIN)
            and not self.alarms
            and self.both.total + self.false_alarms.total > 0
        )


def is_killed(one: Played) -> bool:
    """By the Pact suite or by the laws."""
    return bool(one.by_pact) or bool(one.by_laws)


def score(boundaries: Sequence[Boundary]) -> Score:
    """Sum up."""
    played = [one for boundary in boundaries for one in boundary.played if one.counts]
    mutants = [one for one in played if not one.is_harmless]
    harmless = [one for one in played if one.is_harmless]
    alarms = [one for one in harmless if is_killed(one)]
    return Score(
        pact=_ratio(mutants, lambda one: bool(one.by_pact)),
        laws=_ratio([one for one in mutants if one.by_laws is not None], lambda one: bool(one.by_laws)),
        both=_ratio(mutants, is_killed),
        false_alarms=Ratio(len(alarms), len(harmless)),
        survivors=tuple(one for one in mutants if not is_killed(one)),
        alarms=tuple(alarms),
        red=tuple(boundary.name for boundary in boundaries if boundary.red),
    )


def grouped(boundaries: Sequence[Boundary], key: Callable[[Played], str]) -> dict[str, Score]:
    """The same for each boundary, or each kind."""
    every = [one for boundary in boundaries for one in boundary.played if one.counts]
    names = sorted({key(one) for one in every})
    return {name: score([_of(name, (one for one in every if key(one) == name))]) for name in names}


def _of(name: str, played: Iterable[Played]) -> Boundary:
    return Boundary(name, 0, tuple(played))


def _ratio(mutants: Sequence[Played], held: Callable[[Played], bool]) -> Ratio:
    return Ratio(sum(map(held, mutants)), len(mutants))
