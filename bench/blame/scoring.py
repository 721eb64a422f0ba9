"""What the observations come to: the confusion matrix, the rates that the bar is about, and every miss by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.blame.playing import Observed
from synthetic.core.outcome import Blame
from synthetic.sli.ratios import Ratio

REPORTED = (*(str(blame) for blame in Blame), "ok")
RIGHT_MIN, UNKNOWN_MAX, QUIET_MIN = 0.97, 0.03, 0.95


@dataclass(frozen=True, slots=True)
class Score:
    """The figures that the bar is about. `asleep`: runs at rate 1.0 in which the fault had no occasion to act."""

    detected_always: Ratio
    detected_seldom: Ratio
    right: Ratio
    unknown: Ratio
    false_alarms: Ratio
    quiet: Ratio
    asleep: int

    @property
    def passed(self) -> bool:
        """All faults at rate 1.0 detected, >= 97 % blamed right, <= 3 % unknown, no false alarm.

        There have to be healthy runs, and our own lag may have spoilt no more than 5 % of them.
        """
        return (
            self.detected_always.total > 0
            and self.detected_always.missed == 0
            and (self.right.value or 0.0) >= RIGHT_MIN
            and (self.unknown.value or 0.0) <= UNKNOWN_MAX
            and self.false_alarms.total > 0
            and self.false_alarms.held == 0
            and (self.quiet.value or 0.0) >= QUIET_MIN
            and self.asleep == 0
        )


def score(observed: Sequence[Observed]) -> Score:
    """Sum up. A healthy run that our own lag tainted says nothing: it is no false alarm, and counts as such apart (`quiet`)."""
    faulty = [one for one in observed if one.true]
    always = [one for one in faulty if one.rate >= 1.0]
    seldom = [one for one in faulty if one.rate < 1.0]
    seen = [one for one in faulty if one.detected]
    clean = [one for one in observed if not one.true]
    alarms = [one for one in clean if one.outcome in ("failed", "aborted")]
    return Score(
        detected_always=_ratio(always, [one for one in always if one.detected]),
        detected_seldom=_ratio(seldom, [one for one in seldom if one.detected]),
        right=_ratio(seen, [one for one in seen if one.reported == one.true]),
        unknown=_ratio(seen, [one for one in seen if one.reported == Blame.UNKNOWN]),
        false_alarms=_ratio(clean, alarms),
        quiet=_ratio(clean, [one for one in clean if not one.detected]),
        asleep=sum(1 for one in observed if one.rate >= 1.0 and not one.true),
    )


def _ratio(whole: Sequence[Observed], part: Sequence[Observed]) -> Ratio:
    return Ratio(len(part), len(whole))


def confusion(observed: Sequence[Observed]) -> dict[str, Counter[str]]:
    """True blame (`healthy` where nothing was broken) -> reported blame -> how many runs."""
    matrix: dict[str, Counter[str]] = {}
    for one in observed:
        matrix.setdefault(one.true or "healthy", Counter())[one.reported] += 1
    return matrix


def misses(observed: Sequence[Observed]) -> list[tuple[str, str, str, int, str]]:
    """Each way to be wrong, once: case, true, reported, how often, an example's run and sentence."""
    groups: dict[tuple[str, str, str], list[Observed]] = {}
    for one in observed:
        if one.reported != (one.true or "ok"):
            groups.setdefault((one.case, one.true or "healthy", one.reported), []).append(one)
    return [
        (*key, len(ones), f"{ones[0].scenario} [{ones[0].row}] {ones[0].run_id}: {ones[0].sentence}")
        for key, ones in sorted(groups.items())
    ]
