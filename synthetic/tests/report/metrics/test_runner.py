"""Claims about the series of a runner: which are shown, which disappear, and what the runner sets itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from synthetic.config.serving import load_serving
from synthetic.config.serving_rules import SERIES_OF_A_RUN, SERIES_OF_A_STEP
from synthetic.config.shipped import shipped_root
from synthetic.core.events import Event, RunEnded
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.report.metrics import RunnerMetrics, TooManySeries, probes_of, series_of
from synthetic.report.metrics.exposition import OPENMETRICS, pieces
from synthetic.report.metrics.releases import FORGOTTEN_AFTER_S, RELEASES_MAX
from synthetic.report.metrics.runner import SILENT_SLOTS
from synthetic.tests.report.metrics.scraped import Scrape, fed, series
from synthetic.tests.sli.streams import WALL_NS, Story, failing, passing

S = 1_000_000_000


def released(labels: Mapping[str, str], run_id: str = "r", wall_ns: int = WALL_NS) -> list[Event]:
    """A run whose answers told of a release."""
    *events, ended = Story(run_id, wall_ns=wall_ns).end_step("login", sli="login").end()
    assert isinstance(ended, RunEnded)
    return [*events, replace(ended, labels=labels)]


def take(metrics: RunnerMetrics, events: list[Event]) -> None:
    for event in events:
        metrics(event)


def test_series_of_a_removed_probe_disappear() -> None:
    """After a reload without it there is nothing left of it, not even of a run that ends later."""
    both = (series(), series(psp="psp-b"))
    metrics = fed(passing("a"), passing("b", psp="psp-b"), failing("c", psp="psp-b"), probes=both)
    *begun, end = passing("d", psp="psp-b")
    take(metrics, begun)
    metrics.show({"one": [series()]})
    metrics(end)
    scrape = Scrape(metrics)
    assert scrape.label_values("psp") == {"psp-a"}
    assert scrape.total("synthetic_runs_total", outcome="ok") == 1


def test_a_reload_keeps_what_was_counted() -> None:
    """Counters of a probe that stays go on."""
    metrics = fed(passing("a"))
    metrics.show({"one": [series()], "two": [series(psp="psp-b")]})
    scrape = Scrape(metrics)
    assert scrape.total("synthetic_runs_total", psp="psp-a", outcome="ok") == 1
    assert scrape.values("synthetic_runs_total", psp="psp-b", outcome="ok") == [0]


def test_the_preflight_counts_the_series_that_are_then_shown() -> None:
    """Once every step has run, a probe has as many series as were foretold, and no more."""
    probe = series()
    metrics = fed(passing("a"), failing("b"), probes=(probe,))
    metrics.slot_due("deposit-bet-withdrawcanarypsp-a")
    metrics.slot_missed("deposit-bet-withdrawcanarypsp-a", "overlap")
    scrape = Scrape(metrics)
    shown = [sample for sample in scrape.samples if "scenario" in sample.labels]
    assert 0.8 * series_of([probe]) < len(shown) <= series_of([probe])


def test_a_configuration_over_the_cap_is_refused_and_the_old_one_is_shown_on() -> None:
    """The pre-flight says how many series it would be and which probe weighs most."""
    metrics = RunnerMetrics()
    metrics.show({"one": [series()]}, series_max=200)
    with pytest.raises(TooManySeries, match=r"2 probes would show \d+ series, and the cap is 200"):
        metrics.show({"one": [series()], "two": [series(psp="psp-b")]}, series_max=200)
    assert Scrape(metrics).label_values("psp") == {"psp-a"}


def test_what_a_serve_file_was_accepted_with_is_never_refused_later() -> None:
    """The loader's estimate, made before there are metrics, is no less than what they count."""
    plan = load_serving(shipped_root() / "fixtures" / "serving" / "reference.yaml")
    probes = probes_of(plan)
    assert len(probes) == len(plan.probes) > 3
    for probe in plan.probes:
        for shown, (scenario, _) in zip(probes[probe.name], probe.sides, strict=True):
            assert series_of([shown]) <= SERIES_OF_A_RUN + SERIES_OF_A_STEP * len(scenario.steps)


def test_two_probes_that_metrics_cannot_tell_apart_are_counted_once() -> None:
    """Rows that differ in another name than the PSP share their series."""
    assert series_of([series(), series()]) == series_of([series()])


def test_a_release_comes_from_the_answers() -> None:
    """Version, rollout step and flag variant are labels of what was counted while they held."""
    metrics = fed(released({"version": "1.2.0", "rollout_step": "25", "flag_variant": "new-lobby"}))
    scrape = Scrape(metrics)
    told = {"version": "1.2.0", "rollout_step": "25", "flag_variant": "new-lobby"}
    assert scrape.total("synthetic_runs_total", outcome="ok", **told) == 1
    assert scrape.values("synthetic_runs_total", outcome="failed", blame="psp", **told) == [0]
    assert (
        scrape.values("synthetic_runs_total", version="1.1.0") == []
    )  # nothing was counted under the cells file's own


def test_the_newest_release_alone_has_the_gauges_of_a_probe() -> None:
    """A last value of a release that is gone would stand on the dashboard for ever."""
    metrics = fed(released({"version": "1.2.0"}, "a"), released({"version": "1.3.0"}, "b"))
    samples = [sample for sample in Scrape(metrics).samples if sample.name == "probe_success"]
    assert [sample.labels["version"] for sample in samples] == ["1.3.0"]


def test_a_release_that_fails_keeps_the_time_of_the_last_success() -> None:
    """Since when a probe is red is known across releases."""
    metrics = fed(released({"version": "1.2.0"}, "a"))
    success = Scrape(metrics).values("synthetic_last_success_timestamp_seconds", version="1.2.0")
    *events, ended = Story("b").end(RunOutcome.FAILED, blame=Blame.PLATFORM)
    assert isinstance(ended, RunEnded)
    take(metrics, [*events, replace(ended, labels={"version": "1.3.0"})])
    scrape = Scrape(metrics)
    assert scrape.values("synthetic_last_success_timestamp_seconds", version="1.3.0") == success
    assert scrape.values("synthetic_last_success_timestamp_seconds", version="1.2.0") == []


def test_a_target_that_answers_another_release_each_time_makes_no_series_each_time() -> None:
    """Beyond a few, releases are counted together as `other`, and their labels are cut."""
    metrics = fed(*(released({"version": f"{n}-" + "x" * 500}, str(n)) for n in range(50)))
    versions = Scrape(metrics).label_values("version")
    assert len(versions) <= RELEASES_MAX + 2
    assert max(map(len, versions)) <= 64
    assert Scrape(metrics).total("synthetic_runs_total", version="other") == 50 - RELEASES_MAX


def test_a_release_that_was_not_seen_for_long_makes_room() -> None:
    """Months of rollouts do not end in `other`, and what they counted is not lost."""
    weekly = [released({"version": f"1.{n}"}, str(n), WALL_NS + n * int(FORGOTTEN_AFTER_S + 1) * S) for n in range(30)]
    scrape = Scrape(fed(*weekly))
    assert scrape.total("synthetic_runs_total", version="1.29") == 1
    assert scrape.values("synthetic_runs_total", version="1.0") == []
    assert scrape.total("synthetic_runs_total", version="other", outcome="ok") == 30 - RELEASES_MAX
    assert scrape.total("synthetic_runs_total", outcome="ok") == 30  # no sum over releases ever falls
    assert scrape.total("synthetic_step_duration_seconds_count", step="login") == 30


def test_exemplars_lead_from_a_number_to_its_trace() -> None:
    """In OpenMetrics, a counter and a bucket name the trace of the last run that was counted there."""
    text = b"".join(pieces(fed(passing(), failing()), OPENMETRICS)).decode()
    traced = [line for line in text.splitlines() if ' # {trace_id="0af7651916cd43dd8448eb211c80319c"} ' in line]
    for name in ("synthetic_runs_total", "synthetic_steps_total", "synthetic_step_duration_seconds_bucket"):
        assert [line for line in traced if line.startswith(name)]


def test_missed_slots_are_counted_for_both_cells_of_a_pair() -> None:
    """A slot that was not played is missing from the canary and from the baseline."""
    metrics = RunnerMetrics()
    metrics.show({"pair": [series(), series("baseline")]})
    metrics.slot_due("pair")
    metrics.slot_due("pair")
    metrics.slot_missed("pair", "overlap")
    scrape = Scrape(metrics)
    for track in ("canary", "baseline"):
        assert scrape.values("synthetic_slots_total", track=track) == [2]
        assert scrape.values("synthetic_slots_missed_total", track=track, reason="overlap") == [1]


def test_a_verdict_does_not_outlive_the_runs_that_it_was_made_of() -> None:
    """After ten slots without a run that counts nothing is known of a probe, however well the last one went."""
    name = "deposit-bet-withdrawcanarypsp-a"
    metrics = fed(passing("a"))
    for _ in range(SILENT_SLOTS - 1):
        metrics.slot_due(name)
    assert Scrape(metrics).values("probe_success") == [1]
    metrics.slot_due(name)
    scrape = Scrape(metrics)
    assert (scrape.values("probe_success"), scrape.values("probe_duration_seconds")) == ([], [])
    assert len(scrape.values("synthetic_last_success_timestamp_seconds")) == 1
    take(metrics, Story("t").end(RunOutcome.TAINTED, blame=Blame.HARNESS))
    assert Scrape(metrics).values("probe_success") == []
    take(metrics, failing("b"))
    metrics.slot_due(name)
    assert Scrape(metrics).values("probe_success") == [0]


def test_reasons_for_missed_slots_are_few() -> None:
    """A reason that is a sentence must not become a series each time."""
    metrics = fed()
    for n in range(100):
        metrics.slot_missed("deposit-bet-withdrawcanarypsp-a", f"account {n} was busy")
    assert len(Scrape(metrics).label_values("reason")) <= 21


def test_a_residue_is_shown_until_it_is_gone() -> None:
    """Unknown before anybody looked; then its amount; then 0."""
    metrics = RunnerMetrics()
    assert Scrape(metrics).values("synthetic_residue_minor") == []
    metrics.residue({"EUR": 30})
    assert Scrape(metrics).values("synthetic_residue_minor", currency="EUR") == [30]
    metrics.residue({})
    assert Scrape(metrics).values("synthetic_residue_minor", currency="EUR") == [0]


def test_stranded_money_falls_back_to_zero_and_stays_visible() -> None:
    """An alert on it ends when it came home; before the journal was read nothing is said, and then 0 is."""
    metrics = fed()
    assert Scrape(metrics).values("synthetic_stranded_minor") == []
    metrics.left({}, oldest_s=0.0)
    assert Scrape(metrics).values("synthetic_stranded_minor", currency="EUR") == [0]
    metrics.left({"EUR": 120}, oldest_s=30.0)
    assert Scrape(metrics).values("synthetic_stranded_minor", currency="EUR") == [120]
    assert Scrape(metrics).values("synthetic_stranded_oldest_age_seconds") == [30]
    metrics.left({}, oldest_s=0.0)
    assert Scrape(metrics).values("synthetic_stranded_minor", currency="EUR") == [0]
    assert Scrape(metrics).values("synthetic_stranded_oldest_age_seconds") == [0]


def test_what_only_the_runner_knows_is_shown_as_it_says_it() -> None:
    """Leases, budget, reload, lag, kill switch and its own health."""
    metrics = fed()
    metrics.leases_available(7)
    metrics.budget_remaining("EUR", 2500)
    metrics.config_reloaded(valid=False)
    metrics.lag(0.004)
    metrics.killed(1_790_000_000.0)
    metrics.unhealthy(["loop_lag"], all_reasons=["loop_lag", "tainted"])
    scrape = Scrape(metrics)
    assert scrape.values("synthetic_leases_available") == [7]
    assert scrape.values("synthetic_budget_remaining_minor", currency="EUR") == [2500]
    assert scrape.values("synthetic_config_last_reload_success") == [0]
    assert scrape.values("synthetic_schedule_lag_seconds_bucket", le="0.005") == [1]
    assert scrape.values("synthetic_kill_switch") == [1]
    assert scrape.values("synthetic_kill_switch_since_timestamp_seconds") == [1_790_000_000]
    assert scrape.values("synthetic_runner_unhealthy", reason="loop_lag") == [1]
    assert scrape.values("synthetic_runner_unhealthy", reason="tainted") == [0]
    metrics.killed(None)
    assert Scrape(metrics).values("synthetic_kill_switch") == [0]
    assert Scrape(metrics).values("synthetic_kill_switch_since_timestamp_seconds") == []


def test_scenarios_are_told_with_digest_and_owner() -> None:
    """Whom to ask about a probe, and which file it was."""
    samples = [sample for sample in Scrape(fed()).samples if sample.name == "synthetic_scenario_info"]
    assert [sample.labels for sample in samples] == [
        {"scenario": "deposit-bet-withdraw", "digest": "d1", "owner": "cashier"}
    ]
