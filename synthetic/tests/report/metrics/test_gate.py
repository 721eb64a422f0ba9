"""Claims about the gate's series: what is decided is shown as it is now, counted when it changes, and gone when it is over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from synthetic.gate.counts import Counts
from synthetic.gate.decision import Decision, Reason, Verdict, Weighed
from synthetic.report.metrics import RunnerMetrics
from synthetic.report.metrics.exposition import OPENMETRICS, TEXT, pieces
from synthetic.report.metrics.gate import CELLS_MAX, FAILING, PASSING, STREAMS_MAX

HELD, BROKEN = ("inconclusive", Reason.INSUFFICIENT), ("fail", Reason.REGRESSION)


def weighed(objective: str = "deposit_success_by_psp", value: str = "psp-a", e_pair: float = 5.0) -> Weighed:
    """A stream of ten pairs, three of which failed on the canary only."""
    return Weighed(objective, objective, value, Counts(10, 3, 1, 2), 250.0, 1000.0, e_pair, 10.0, 0.5, 20.0)


def decision(said: tuple[str, Reason] = HELD, *streams: Weighed, missing: int | None = 27) -> Decision:
    verdict: Verdict = "fail" if said[0] == "fail" else "inconclusive"
    return Decision(verdict, said[1], "because", streams, pairs_missing=missing)


def shown(metrics: RunnerMetrics, name: str) -> dict[tuple[str, ...], float]:
    """All series of one metric."""
    (table,) = [table for table in metrics.families.gate.tables() if table.name == name]
    return dict(table.values)  # type: ignore[arg-type]


def test_before_the_first_decision_there_is_no_verdict() -> None:
    """Unknown is not inconclusive, and no share of anything. Where a gate answers, what it counts begins at 0."""
    metrics = RunnerMetrics()
    assert not any(table.values for table in metrics.families.gate.tables())
    metrics.gate.begin()
    series = {table.name: len(table.values) for table in metrics.families.gate.tables()}
    assert series.pop("synthetic_gate_decisions_total") == len(Reason)
    assert set(series.values()) == {0}


def test_a_decision_is_shown_with_its_evidence() -> None:
    """One verdict holds; evidence is a share of what is needed; pairs are told by who failed."""
    metrics = RunnerMetrics()
    metrics.gate.decided("canary", "baseline", decision(HELD, weighed()), weight=25, last_pair_s=1000.0)
    key = ("canary", "baseline")
    assert shown(metrics, "synthetic_gate_verdict") == {
        (*key, "pass"): 0,
        (*key, "fail"): 0,
        (*key, "inconclusive"): 1,
    }
    stream = (*key, "deposit_success_by_psp", "psp-a")
    assert shown(metrics, "synthetic_gate_evidence_ratio") == {
        (*stream, "budget"): 0.25,
        (*stream, "pair"): 0.5,
        (*stream, "pass"): 0.025,
    }
    assert shown(metrics, "synthetic_gate_pairs") == {
        (*stream, "neither"): 4,
        (*stream, "canary"): 3,
        (*stream, "baseline"): 1,
        (*stream, "both"): 2,
    }
    assert shown(metrics, "synthetic_gate_pairs_missing") == {key: 27}
    assert shown(metrics, "synthetic_gate_last_pair_timestamp_seconds") == {key: 1000.0}
    assert shown(metrics, "synthetic_gate_rollout_weight_percent") == {key: 25}


def test_what_a_later_decision_does_not_have_is_gone() -> None:
    """A stream, a share, a number of pairs that nobody knows any more."""
    metrics = RunnerMetrics()
    metrics.gate.decided("canary", "baseline", decision(HELD, weighed()), weight=25, last_pair_s=1000.0)
    metrics.gate.decided("canary", "baseline", decision(BROKEN, weighed("login", ""), missing=None))
    objectives = {key[2] for key in shown(metrics, "synthetic_gate_evidence_ratio")}
    assert objectives == {"login"}
    for name in ("pairs_missing", "last_pair_timestamp_seconds", "rollout_weight_percent"):
        assert shown(metrics, f"synthetic_gate_{name}") == {}
    assert shown(metrics, "synthetic_gate_verdict")["canary", "baseline", "fail"] == 1


def test_a_decision_is_counted_when_it_changes() -> None:
    """Not at every poll; and each pair of cells has its own."""
    metrics = RunnerMetrics()
    for said in (HELD, HELD, BROKEN, BROKEN, HELD):
        metrics.gate.decided("canary", "baseline", decision(said))
    metrics.gate.decided("other", "baseline", decision(BROKEN))
    counted = shown(metrics, "synthetic_gate_decisions_total")
    assert (counted[HELD], counted[BROKEN], sum(counted.values())) == (2, 2, 4)


def test_a_rollout_that_another_gate_has_ended_is_gone_here_too() -> None:
    """Its share would otherwise stand there for ever, beside a verdict that nobody renews."""
    metrics = RunnerMetrics()
    metrics.gate.decided("canary", "baseline", decision(BROKEN, weighed()), weight=25, last_pair_s=1.0)
    metrics.gate.decided("canary-2", "baseline", decision(HELD), weight=5)
    metrics.gate.decided("polled", "baseline", decision(HELD))
    metrics.gate.only_open([("canary-2", "baseline")])
    assert {key[0] for key in shown(metrics, "synthetic_gate_verdict")} == {"canary-2", "polled"}
    assert shown(metrics, "synthetic_gate_decisions_total")[BROKEN] == 1


def test_labels_are_bounded() -> None:
    """Whoever names ever new cells, or a platform that tells ever new PSPs, makes no more series than so many."""
    metrics = RunnerMetrics()
    many = [weighed(value=f"psp-{number}") for number in range(STREAMS_MAX + 50)]
    for number in range(CELLS_MAX + 10):
        metrics.gate.decided(f"canary-{number}", "baseline", decision(HELD, *many), weight=5)
    verdicts = shown(metrics, "synthetic_gate_verdict")
    assert len(verdicts) == 3 * CELLS_MAX
    assert ("canary-9", "baseline", "fail") not in verdicts
    assert len(shown(metrics, "synthetic_gate_evidence_ratio")) == 3 * STREAMS_MAX * CELLS_MAX
    metrics.gate.decided('x"\n' + "y" * 100, "baseline", decision(HELD))
    assert max(len(key[0]) for key in shown(metrics, "synthetic_gate_verdict")) == 64


def test_a_reason_belongs_to_one_verdict() -> None:
    """So that the counter begins at 0 for what can be, and for nothing else."""
    metrics = RunnerMetrics()
    metrics.gate.begin()
    counted = shown(metrics, "synthetic_gate_decisions_total")
    verdicts = {Reason(reason): verdict for verdict, reason in counted}
    assert verdicts.keys() == set(Reason)
    assert {reason for reason, verdict in verdicts.items() if verdict == "pass"} == PASSING
    assert {reason for reason, verdict in verdicts.items() if verdict == "fail"} == FAILING


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_no_evidence_makes_a_number_that_prometheus_can_not_read(e_pair: float) -> None:
    """However large it is, in both formats."""
    metrics = RunnerMetrics()
    metrics.gate.decided("canary", "baseline", decision(HELD, weighed(e_pair=e_pair)))
    for written in (TEXT, OPENMETRICS):
        text = b"".join(pieces(metrics, written)).decode()
        (line,) = [
            line for line in text.splitlines() if line.startswith("synthetic_gate_evidence") and '"pair"' in line
        ]
        assert float(line.rpartition(" ")[2]) == e_pair / 10.0
