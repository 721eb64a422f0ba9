"""Streams weighed: the evidence of each, tick by tick, against its thresholds, and for how many ticks on end it is above both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from synthetic.gate.counts import Counts, Evidence, Stream, total
from synthetic.gate.decision import Weighed
from synthetic.gate.eprocess import (
    EVERY_TICK,
    SLOW_SHARES,
    Process,
    above_budget,
    begin,
    below_margin,
    canary_sided,
    hits_max,
    log_e_above_budget,
)
from synthetic.gate.policy import Objective, Policy
from synthetic.gate.shares import alpha_of_objectives, shares_of_values

LOG_MAX = 500.0
"""Evidence is told as a factor, and JSON has no infinity."""
RECENT_TICKS = 10
MORE_MAX = 100_000
SILENT_GAPS = 6
SUSPECT_ODDS = 2.0
"""So much has to speak for "slow more often than may be" before probes are denser for it."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One stream on the scales: what is told of it (`weighed`), and what else a decision needs.

    `recent`: its counts of late (`recent_s`); `above_recently`: in that time the canary failed more than its budget allows,
    whatever the baseline did. `suspicious`: it has failed alone within the last `suspect_for_s`, or was slow alone more often than
    its budget allows: of slow answers some are there in any health, and one is nothing to be suspicious of.
    `pairs_missing`: how many more clean pairs a pass needs, for its evidence, for `pairs_min`, and since the last step.
    `silent_s`: for how long it has been longer without a pair than a stream may be that is played as it is; 0: it is not.
    """

    objective: Objective
    weighed: Weighed
    recent: Counts
    above_recently: bool
    suspicious: bool
    pairs_missing: int
    pairs_per_s: float
    silent_s: float


def weigh(policy: Policy, evidence: Evidence) -> list[Weight]:
    """Every stream of an objective of the policy, in the policy's order; one that has no pairs, too."""
    scales = []
    by_name: dict[str, list[Stream]] = {}
    for stream in evidence.streams:
        by_name.setdefault(stream.objective, []).append(stream)
    for objective in policy.objectives:
        expected = evidence.expected.get(objective.name, frozenset()) if objective.by else frozenset()
        streams = _with_unseen(objective, by_name.get(objective.name, []), expected)
        # The values of a label divide the share of their objective, or each one more would be one more chance of an error.
        parts = shares_of_values(policy, objective.by, streams, expected)
        scales += [
            _weigh(policy, evidence, objective, stream, objective.share * part)
            for stream, part in zip(streams, parts, strict=True)
        ]
    return scales


def _with_unseen(objective: Objective, seen: list[Stream], expected: frozenset[str]) -> list[Stream]:
    """What was never measured is a stream, too, of which a pass needs all that it needs of the others."""
    unseen = expected - {stream.value for stream in seen}
    streams = seen + [Stream(objective.name, value) for value in unseen]
    return sorted(streams, key=lambda stream: stream.value) or [Stream(objective.name)]


def _weigh(policy: Policy, evidence: Evidence, objective: Objective, stream: Stream, share: float) -> Weight:
    course = _Course(objective, policy.burst_max, _Needed.of(policy, share)).run(stream.ticks)
    counted, recent = stream.total, _recent(policy, evidence, stream)
    needed = course.needed
    log_budget, log_pair, log_pass = course.logs()
    weighed = Weighed(
        stream=stream.name,
        objective=objective.name,
        value=stream.value,
        counts=counted,
        e_budget=_factor(log_budget),
        e_budget_needed=_factor(needed.log_budget),
        e_pair=_factor(log_pair),
        e_pair_needed=_factor(needed.log_pair),
        e_pass=_factor(log_pass),
        e_pass_needed=policy.pass_evidence,
        hits=course.hits,
        streak=course.streak,
        regressed=course.longest >= max(policy.consecutive, 1),
        line=tuple(course.line),
    )
    above = log_e_above_budget(recent.canary_failed, recent.pairs, objective.budget) >= needed.log_budget
    of_step = _needed_since_step(policy, evidence, stream)
    missing = max(course.clean_pairs_to_pass(), policy.pairs_min - counted.pairs, of_step, 0)
    suspicious = _is_suspicious(policy, evidence, objective, stream)
    return Weight(
        objective,
        weighed,
        recent,
        above,
        suspicious,
        missing,
        _pace(policy, evidence, recent),
        _silent_s(policy, evidence, stream),
    )


@dataclass(frozen=True, slots=True)
class _Needed:
    """The thresholds of one stream, in logarithms."""

    log_budget: float
    log_pair: float
    log_pass: float

    @classmethod
    def of(cls, policy: Policy, share: float) -> _Needed:
        return cls(
            -math.log(policy.alpha_budget * share),
            -math.log(alpha_of_objectives(policy) * share),
            math.log(policy.pass_evidence),
        )


@dataclass(slots=True)
class _Course:
    """The three processes of a stream on their way through its ticks.

    Between two failures nothing is to be seen tick by tick: clean pairs only lower the evidence for a rollback. So, but for the
    first ticks, they are taken together, and a day of ticks costs no more than its failures and its starts.
    """

    objective: Objective
    burst_max: int
    needed: _Needed
    streak: int = 0
    longest: int = 0
    hits: int = 0
    line: list[tuple[int, float, float, float]] = field(default_factory=list)
    _hits_max: int = field(init=False)
    _budget: Process = field(init=False)
    _pair: Process = field(init=False)
    _pass: Process = field(init=False)

    def __post_init__(self) -> None:
        self._hits_max = hits_max(self.objective.budget, self.burst_max)
        self._budget = Process(above_budget(self.objective.budget))
        latency = self.objective.measure == "latency"
        self._pair = Process(canary_sided(SLOW_SHARES) if latency else canary_sided())
        self._pass = Process(below_margin(self.objective.margin))

    def run(self, ticks: Sequence[tuple[int, Counts]]) -> _Course:
        """Take all ticks of a stream."""
        start, clean, last = self._begin(0, -1 if ticks else 0), 0, len(ticks) - 1
        for place, (tick, counts) in enumerate(ticks):
            if tick >= start:
                self._take(Counts(clean))
                clean = 0
                start = self._begin(start, tick)
            failed = counts.canary_only or counts.baseline_only or counts.both
            if not (failed or self.streak or tick < EVERY_TICK or place == last):
                clean += counts.pairs
                continue
            self._take(Counts(clean))
            clean = 0
            self._take(counts)
            self._look(tick)
        return self

    def _begin(self, start: int, tick: int) -> int:
        """Start all processes anew at each start up to this tick; answers the next one."""
        return begin((self._budget, self._pair, self._pass), start, tick)

    def _take(self, counts: Counts) -> None:
        if not counts.pairs:
            return
        clean = counts.pairs - counts.canary_only
        hits = min(counts.canary_only, self._hits_max)
        self.hits += hits
        self._budget.take(hits, clean)
        self._pass.take(counts.canary_failed, counts.pairs - counts.canary_failed)
        if hits or counts.baseline_only:
            self._pair.take(hits, counts.baseline_only)

    def _look(self, tick: int) -> None:
        """A tick with new data is over: is the evidence above both thresholds?"""
        budget, pair, passing = self.logs()
        above = budget >= self.needed.log_budget and pair >= self.needed.log_pair
        self.streak = self.streak + 1 if above else 0
        self.longest = max(self.longest, self.streak)
        self.line.append((tick, _factor(budget), _factor(pair), _factor(passing)))

    def logs(self) -> tuple[float, float, float]:
        """log of the evidence: above the budget, canary-sided, below the margin."""
        return self._budget.log_value(), self._pair.log_value(), self._pass.log_value()

    def clean_pairs_to_pass(self) -> int:
        """How many more clean pairs the evidence for a pass needs: none where it is there."""
        if self._pass.log_value() >= self.needed.log_pass:
            return 0
        low, high = 0, 1
        while high < MORE_MAX and self._pass.log_value(high) < self.needed.log_pass:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._pass.log_value(middle) >= self.needed.log_pass else (middle, high)
        return high


def recent_s(policy: Policy) -> float:
    """How long "of late" is: the window, and some ticks at least."""
    return max(policy.window_s, RECENT_TICKS * policy.tick_s)


def _recent(policy: Policy, evidence: Evidence, stream: Stream) -> Counts:
    from_tick = (_elapsed_s(evidence) - recent_s(policy)) / policy.tick_s
    return total(counts for tick, counts in stream.ticks if tick + 1 > from_tick)


def _is_suspicious(policy: Policy, evidence: Evidence, objective: Objective, stream: Stream) -> bool:
    from_tick = (_elapsed_s(evidence) - policy.suspect_for_s) / policy.tick_s - 1
    lately = total(counts for _, counts in takewhile(lambda one: one[0] > from_tick, reversed(stream.ticks)))
    if objective.measure == "success" or not lately.canary_only:
        return lately.canary_only > 0
    return log_e_above_budget(lately.canary_only, lately.pairs, objective.budget) >= math.log(SUSPECT_ODDS)


def _needed_since_step(policy: Policy, evidence: Evidence, stream: Stream) -> int:
    """Since the last step each stream needs at least the pairs in which it could have regressed: one in each tick on end."""
    if evidence.step_ns <= evidence.since_ns or policy.step_s <= 0:
        return 0
    first_tick = (evidence.step_ns - evidence.since_ns) / 1e9 / policy.tick_s
    seen = total(counts for _, counts in takewhile(lambda one: one[0] >= first_tick, reversed(stream.ticks)))
    return min(policy.consecutive, policy.pairs_min) - seen.pairs


def _silent_s(policy: Policy, evidence: Evidence, stream: Stream) -> float:
    """One that is played every five minutes is not silent after three; one that was played every ten seconds is."""
    if not stream.ticks:
        return 0.0
    first, last = stream.ticks[0][0], stream.ticks[-1][0]
    gap_s = (last - first) / max(len(stream.ticks) - 1, 1) * policy.tick_s
    silent_s = _elapsed_s(evidence) - (last + 1) * policy.tick_s
    return silent_s if silent_s > max(policy.stale_s, SILENT_GAPS * gap_s) else 0.0


def _elapsed_s(evidence: Evidence) -> float:
    return max((evidence.now_ns - evidence.since_ns) / 1e9, 0.0)


def _pace(policy: Policy, evidence: Evidence, recent: Counts) -> float:
    """Pairs a second of late; 0 where there were none."""
    seconds = min(_elapsed_s(evidence), recent_s(policy))
    return recent.pairs / seconds if seconds > 0 else 0.0


def _factor(log_value: float) -> float:
    return math.exp(min(log_value, LOG_MAX))
