"""The metric set: every name, its labels and what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from synthetic.report.metrics.gate import GateTables
from synthetic.report.metrics.tables import CounterTable, GaugeTable, HistogramTable, Key, NewestTable, Table
from synthetic.report.metrics.words import BUCKETS_S, COMPENSATIONS, LAG_BUCKETS_S, PROBE_LABELS, RUN_LABELS

_STEP = (*RUN_LABELS, "step", "sli")


class ProbeTables:
    """What belongs to a probe and goes with it. The labels of each begin with `PROBE_LABELS`."""

    def __init__(self) -> None:
        self.runs = CounterTable(
            "synthetic_runs_total",
            "Runs that ended, by outcome and by whose fault it was.",
            (*RUN_LABELS, "outcome", "blame"),
        )
        self.steps = CounterTable(
            "synthetic_steps_total",
            "Steps of runs that ended; left_out says nothing of the target.",
            (*_STEP, "outcome", "error_class"),
        )
        self.run_duration = HistogramTable(
            "synthetic_run_duration_seconds", "Duration of runs that were ok.", RUN_LABELS, BUCKETS_S
        )
        self.step_duration = HistogramTable(
            "synthetic_step_duration_seconds", "The target's time, of steps that held at once.", _STEP, BUCKETS_S
        )
        self.ws_rtt = HistogramTable("synthetic_ws_rtt_seconds", "Round trip of a WebSocket.", RUN_LABELS, BUCKETS_S)
        self.retries = CounterTable("synthetic_retries_total", "Attempts of a step after its first.", _STEP)
        self.violations = CounterTable(
            "synthetic_invariant_violations_total",
            "Invariants and checks that did not hold.",
            (*RUN_LABELS, "invariant"),
        )
        self.spend = CounterTable(
            "synthetic_spend_minor_total", "Money that went into wallets, in minor units.", (*RUN_LABELS, "currency")
        )
        self.slots = CounterTable("synthetic_slots_total", "Slots of the schedule that were due.", PROBE_LABELS)
        self.missed = CounterTable(
            "synthetic_slots_missed_total", "Slots that were due and not played.", (*PROBE_LABELS, "reason")
        )
        self.last_run = _newest("synthetic_last_run_timestamp_seconds", "When the last run that counts ended.")
        self.last_success = _newest("synthetic_last_success_timestamp_seconds", "When the last run that was ok ended.")
        self.probe_success = _newest("probe_success", "Whether the last run that counts was ok; none yet, no series.")
        self.probe_duration = _newest("probe_duration_seconds", "How long the last run that counts took.")

    def tables(self) -> list[Table]:
        """All of them."""
        return list(vars(self).values())

    def merge_release(self, old: Callable[[Key], bool], new: Callable[[Key], Key]) -> None:
        """Count under another release from now on. Gauges of the old one are forgotten."""
        for table in self.tables():
            if isinstance(table, CounterTable | HistogramTable):
                table.move(old, new)
        self.drop(old)

    def forget_verdict(self, probe: Key) -> None:
        """What the last run of a probe said holds no longer; when it was is still shown."""
        self.probe_success.values.pop(probe, None)
        self.probe_duration.values.pop(probe, None)

    def drop(self, gone: Callable[[Key], bool]) -> None:
        """Forget series by their key."""
        for table in self.tables():
            table.drop(gone)


class RunnerTables:
    """What belongs to the runner itself."""

    def __init__(self) -> None:
        self.lag = HistogramTable(
            "synthetic_schedule_lag_seconds", "How long after its instant a slot began.", (), LAG_BUCKETS_S
        )
        self.compensations = CounterTable(
            "synthetic_compensations_total",
            "Money effects of unfinished runs, by what became of them.",
            ("outcome",),
            {(outcome,): 0.0 for outcome in COMPENSATIONS},
        )
        self.stranded = GaugeTable(
            "synthetic_stranded_minor",
            "Money of runs that are over that is not where it belongs, in minor units.",
            ("currency",),
        )
        self.stranded_age = GaugeTable(
            "synthetic_stranded_oldest_age_seconds",
            "For how long the oldest of it has been there; 0: there is none.",
            (),
        )
        self.residue = GaugeTable(
            "synthetic_residue_minor",
            "What is in wallets beyond what their players have to have, and stays there, in minor units.",
            ("currency",),
        )
        self.budget = GaugeTable(
            "synthetic_budget_remaining_minor", "What may still go into wallets today, in minor units.", ("currency",)
        )
        self.leases = GaugeTable("synthetic_leases_available", "Accounts that are free to play on.", ())
        self.reload = GaugeTable(
            "synthetic_config_last_reload_success", "Whether the configuration was valid when it was read last.", ()
        )
        self.differences = GaugeTable(
            "synthetic_reconciliation_differences",
            "What journal, ledger and PSP reports disagreed on when they were compared last, and what could not be read.",
            (),
        )
        self.reconciled = GaugeTable(
            "synthetic_last_reconciliation_timestamp_seconds", "When they were compared last, by any worker.", ()
        )
        self.killed = GaugeTable("synthetic_kill_switch", "Whether the kill switch is on.", ())
        self.killed_since = GaugeTable(
            "synthetic_kill_switch_since_timestamp_seconds", "Since when it is on; no series while it is off.", ()
        )
        self.unhealthy = GaugeTable(
            "synthetic_runner_unhealthy", "Reasons to distrust this runner, and whether they hold.", ("reason",)
        )
        self.info = GaugeTable(
            "synthetic_scenario_info", "The scenarios that are played.", ("scenario", "digest", "owner")
        )

    def tables(self) -> list[Table]:
        """All of them."""
        return list(vars(self).values())


class Families(Collector):
    """The whole set, as a collector of prometheus-client."""

    def __init__(self) -> None:
        self.probes = ProbeTables()
        self.runner = RunnerTables()
        self.gate = GateTables()

    def tables(self) -> list[Table]:
        """All of them, in the order in which they are shown."""
        return [*self.probes.tables(), *self.runner.tables(), *self.gate.tables()]

    def collect(self) -> Iterator[Metric]:
        """Every family as prometheus-client has it."""
        return (table.family() for table in self.tables())


def _newest(name: str, told: str) -> NewestTable:
    return NewestTable(name, told, RUN_LABELS, len(PROBE_LABELS))
