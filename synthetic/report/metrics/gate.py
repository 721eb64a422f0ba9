"""What the gate has decided, as metrics. Labels are bounded: pairs of cells, objectives and their values; never a rollout's id."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import get_args

from synthetic.gate.decision import Decision, Reason, Verdict
from synthetic.report.metrics.tables import CounterTable, GaugeTable, Key, Table
from synthetic.report.metrics.words import bounded

CELLS = ("cell", "baseline")
CELLS_MAX = 64
"""So many pairs of cells are shown; of more, those that were decided on last."""
STREAMS_MAX = 100
"""So many streams (an objective, for one value of its label) of a pair of cells are shown."""

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
PASSING = frozenset({Reason.CLEAN})
FAILING = frozenset({Reason.MONEY_LAW, Reason.HARD_STOP, Reason.REGRESSION})


class GateTables:
    """What belongs to the gate. Gauges have no series before the first decision: unknown is no verdict."""

    def __init__(self) -> None:
        self.verdict = GaugeTable(
            "synthetic_gate_verdict",
            "The verdict as it is now: 1 for what holds, 0 for the others.",
            (*CELLS, "verdict"),
        )
        self.decisions = CounterTable(
            "synthetic_gate_decisions_total",
            "Decisions that differ from the one before in their verdict or their reason.",
            ("verdict", "reason"),
        )
        self.evidence = GaugeTable(
            "synthetic_gate_evidence_ratio",
            "Evidence as a share of what is needed; 1 and above is enough. A rollback needs budget and pair, a pass needs pass.",
            (*CELLS, "objective", "value", "test"),
        )
        self.pairs = GaugeTable(
            "synthetic_gate_pairs", "Pairs of runs that count.", (*CELLS, "objective", "value", "failed")
        )
        self.pairs_missing = GaugeTable(
            "synthetic_gate_pairs_missing",
            "How many more clean pairs a pass needs; no series where that is unknown.",
            CELLS,
        )
        self.last_pair = GaugeTable(
            "synthetic_gate_last_pair_timestamp_seconds", "When the newest pair was played that the gate knows.", CELLS
        )
        self.weight = GaugeTable(
            "synthetic_gate_rollout_weight_percent",
            "The canary's share of the traffic while a rollout is open; no series without one.",
            CELLS,
        )

    def tables(self) -> list[Table]:
        """All of them."""
        return list(vars(self).values())


class GateMetrics:
    """Takes every decision. For one event loop: nothing here is locked."""

    def __init__(self, tables: GateTables) -> None:
        self._tables = tables
        self._said: OrderedDict[Key, tuple[str, str]] = OrderedDict()

    def begin(self) -> None:
        """A gate answers here: what it will count is shown with 0, so that it is seen to be there."""
        for reason in Reason:
            self._tables.decisions.begin((_verdict_of(reason), reason))

    def decided(
        self,
        cell: str,
        baseline: str,
        decision: Decision,
        *,
        weight: int | None = None,
        last_pair_s: float | None = None,
    ) -> None:
        """This was decided of a canary's cell beside its baseline.

        `weight`: the canary's share in percent, None where no rollout is open; `last_pair_s`: Unix seconds, None: no pair yet.
        """
        self.begin()
        key = (bounded(cell), bounded(baseline))
        said = (decision.verdict, str(decision.reason))
        if self._said.get(key) != said:
            self._tables.decisions.add(said)
        self._said[key] = said
        self._said.move_to_end(key)
        if len(self._said) > CELLS_MAX:
            self.forget(*next(iter(self._said)))
        self._show(key, decision)
        _set(self._tables.weight, key, weight)
        _set(self._tables.last_pair, key, last_pair_s)
        _set(self._tables.pairs_missing, key, decision.pairs_missing)

    def only_open(self, pairs: Iterable[tuple[str, str]]) -> None:
        """These pairs (cell, baseline) have an open rollout, by whichever gate it was begun; what is shown of another's is over."""
        still = {(bounded(cell), bounded(baseline)) for cell, baseline in pairs}
        for cell, baseline in [key for key in self._tables.weight.values if key not in still]:
            self.forget(cell, baseline)

    def forget(self, cell: str, baseline: str) -> None:
        """Nobody asks of these cells any more; what was counted stays."""
        key = (bounded(cell), bounded(baseline))
        self._said.pop(key, None)
        for table in self._tables.tables():
            if isinstance(table, GaugeTable):
                table.drop(lambda series: series[:2] == key)

    def _show(self, key: Key, decision: Decision) -> None:
        """As it is now: a stream that the decision does not have is gone."""
        tables = self._tables
        for verdict in VERDICTS:
            tables.verdict.set((*key, verdict), 1.0 if decision.verdict == verdict else 0.0)
        for table in (tables.evidence, tables.pairs):
            table.drop(lambda series: series[:2] == key)
        for weighed in decision.streams[:STREAMS_MAX]:
            stream = (*key, bounded(weighed.objective), bounded(weighed.value))
            tables.evidence.set((*stream, "budget"), weighed.e_budget / weighed.e_budget_needed)
            tables.evidence.set((*stream, "pair"), weighed.e_pair / weighed.e_pair_needed)
            tables.evidence.set((*stream, "pass"), weighed.e_pass / weighed.e_pass_needed)
            counts = weighed.counts
            failed = counts.canary_only + counts.baseline_only + counts.both
            tables.pairs.set((*stream, "neither"), counts.pairs - failed)
            tables.pairs.set((*stream, "canary"), counts.canary_only)
            tables.pairs.set((*stream, "baseline"), counts.baseline_only)
            tables.pairs.set((*stream, "both"), counts.both)


def _set(table: GaugeTable, key: Key, value: float | None) -> None:
    if value is None:
        table.values.pop(key, None)
    else:
        table.set(key, value)


def _verdict_of(reason: Reason) -> Verdict:
    if reason in PASSING:
        return "pass"
    return "fail" if reason in FAILING else "inconclusive"
