"""Claims about what a run becomes as metrics."""

from __future__ import annotations

import pytest

from synthetic.core.events import Event
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.report.metrics.words import ERROR_CLASSES, MISSED, RUN_RESULTS, STEP_RESULTS
from synthetic.runner.timetable import Missed
from synthetic.sli.samples import fold
from synthetic.sli.summaries import SliKey, summarise_cell
from synthetic.tests.report.metrics.scraped import STEPS, Scrape, fed, series
from synthetic.tests.sli.streams import Story, failing, passing

NAMES = {
    "synthetic_runs": "counter",
    "synthetic_steps": "counter",
    "synthetic_run_duration_seconds": "histogram",
    "synthetic_step_duration_seconds": "histogram",
    "synthetic_ws_rtt_seconds": "histogram",
    "synthetic_slots": "counter",
    "synthetic_slots_missed": "counter",
    "synthetic_schedule_lag_seconds": "histogram",
    "synthetic_last_run_timestamp_seconds": "gauge",
    "synthetic_last_success_timestamp_seconds": "gauge",
    "synthetic_retries": "counter",
    "synthetic_invariant_violations": "counter",
    "synthetic_compensations": "counter",
    "synthetic_stranded_minor": "gauge",
    "synthetic_residue_minor": "gauge",
    "synthetic_spend_minor": "counter",
    "synthetic_budget_remaining_minor": "gauge",
    "synthetic_leases_available": "gauge",
    "synthetic_config_last_reload_success": "gauge",
    "synthetic_scenario_info": "gauge",
    "probe_success": "gauge",
    "probe_duration_seconds": "gauge",
}


def tainted(run_id: str = "run-3") -> list[Event]:
    """A run that our own lag spoiled after a login that held."""
    story = Story(run_id).end_step("login", sli="login").end_step("deposit", sli="deposit", held=False, tainted=True)
    return story.check("balance-equals-ledger", held=False).end(RunOutcome.TAINTED, blame=Blame.HARNESS)


def test_the_metric_set_has_its_names_and_types_before_anything_ran() -> None:
    """A dashboard or an alert that names a metric never meets a missing type."""
    assert Scrape(fed()).types.items() >= NAMES.items()


def test_every_outcome_of_a_probe_begins_at_zero() -> None:
    """The first failure is an increase, and not a series that appears with 1."""
    scrape = Scrape(fed())
    shown = {
        (s.labels["outcome"], s.labels["blame"]): s.value for s in scrape.samples if s.name == "synthetic_runs_total"
    }
    assert shown == dict.fromkeys(RUN_RESULTS, 0.0)
    assert {blame for _, blame in RUN_RESULTS} == {"none", *Blame}
    for step, sli in STEPS:
        steps = [
            (s.labels["outcome"], s.labels["error_class"])
            for s in scrape.samples
            if s.name == "synthetic_steps_total" and (s.labels["step"], s.labels["sli"]) == (step, sli)
        ]
        assert set(steps) == set(STEP_RESULTS)
    assert scrape.total("synthetic_steps_total") == scrape.total("synthetic_slots_missed_total") == 0


def test_the_reasons_for_missed_slots_are_the_runners_words() -> None:
    """Each of them begins at 0, and none is forgotten."""
    assert set(MISSED) == {reason.value for reason in Missed}
    assert set(MISSED) == Scrape(fed()).label_values("reason")


def test_zero_runs_are_unknown_and_no_pass() -> None:
    """Before the first run there is no verdict and no time of a last run, only counters at 0."""
    scrape = Scrape(fed())
    for name in ("probe_success", "probe_duration_seconds", "synthetic_last_success_timestamp_seconds"):
        assert scrape.values(name) == []
    assert scrape.total("synthetic_steps_total") == 0


def test_runs_are_counted_by_outcome_and_blame() -> None:
    """What a run says of itself is what its counter says."""
    scrape = Scrape(fed(passing("a"), passing("b"), failing("c"), tainted("d")))
    assert scrape.total("synthetic_runs_total", outcome="ok", blame="none") == 2
    assert scrape.total("synthetic_runs_total", outcome="failed", blame="psp") == 1
    assert scrape.total("synthetic_runs_total", outcome="tainted", blame="harness") == 1


def test_a_step_ratio_is_that_of_the_summary() -> None:
    """Ratios from counters and ratios from run records are the same numbers, tainted runs and the player's own card left out."""
    own_card = Story("e").end_step("deposit", sli="deposit", held=False, blame=Blame.USER, labels={"psp": "psp-a"})
    runs = [passing("a"), failing("b"), tainted("c"), own_card.end(RunOutcome.FAILED, blame=Blame.USER)]
    summary = summarise_cell("canary", fold(event for run in runs for event in run))
    scrape = Scrape(fed(*runs))
    for sli in ("login", "deposit"):
        ratio = summary.slis[SliKey(sli)].ratio
        held = scrape.total("synthetic_steps_total", sli=sli, outcome="ok")
        failed = scrape.total("synthetic_steps_total", sli=sli, outcome="failed")
        assert (held, held + failed) == (ratio.held, ratio.total)
        assert scrape.total("synthetic_steps_total", sli=sli, outcome="left_out") == summary.slis[SliKey(sli)].left_out


def test_a_tainted_run_moves_no_gauge_no_histogram_and_no_violation() -> None:
    """What our own lag spoiled says nothing of the target."""
    scrape = Scrape(fed(tainted()))
    assert scrape.values("probe_success") == []
    assert scrape.total("synthetic_step_duration_seconds_count") == 0
    assert scrape.values("synthetic_invariant_violations_total") == []


def test_a_step_that_our_own_lag_spoiled_is_in_no_ratio_of_a_run_that_is_ok() -> None:
    """The run came to its end; what this step measured was our own slowness."""
    run = Story().end_step("login", sli="login").end_step("deposit", sli="deposit", tainted=True, latency_ms=900).end()
    scrape = Scrape(fed(run))
    assert scrape.total("synthetic_steps_total", step="deposit", outcome="left_out", error_class="tainted") == 1
    assert scrape.total("synthetic_steps_total", step="deposit", outcome="ok") == 0
    assert scrape.total("synthetic_step_duration_seconds_count", step="deposit") == 0
    assert scrape.total("synthetic_steps_total", step="login", outcome="ok") == 1


def test_first_attempts_and_retries_stand_beside_each_other() -> None:
    """A retry hides no failure: it has an outcome of its own, is counted, and is in no latency."""
    run = Story().end_step("login", sli="login", attempts=3).end()
    scrape = Scrape(fed(run, passing("b")))
    assert scrape.total("synthetic_steps_total", step="login", outcome="ok") == 1
    assert scrape.total("synthetic_steps_total", step="login", outcome="ok_after_retry") == 1
    assert scrape.total("synthetic_retries_total", step="login") == 2
    assert scrape.total("synthetic_step_duration_seconds_count", step="login") == 1


@pytest.mark.parametrize(
    ("code", "outcome", "expected"),
    [
        ("http_503", StepOutcome.UNKNOWN, "http_5xx"),
        ("http_418", StepOutcome.UNKNOWN, "http_4xx"),
        ("read_timeout", StepOutcome.UNKNOWN, "timeout"),
        ("connect_refused", StepOutcome.REFUSED, "connect"),
        ("unreadable", StepOutcome.UNKNOWN, "unreadable"),
        ("declined: card 4929-1234 at https://psp.test/x?token=1", StepOutcome.REFUSED, "refused"),
        ("", StepOutcome.DONE, "wrong"),
    ],
)
def test_an_error_class_is_one_of_a_few_words(code: str, outcome: StepOutcome, expected: str) -> None:
    """The code that a target chose never becomes a label."""
    run = Story().end_step("deposit", sli="deposit", held=False, code=code, outcome=outcome, blame=Blame.PLATFORM)
    scrape = Scrape(fed(run.end(RunOutcome.FAILED, blame=Blame.PLATFORM)))
    assert scrape.total("synthetic_steps_total", outcome="failed", error_class=expected) == 1
    assert expected in ERROR_CLASSES


def test_no_label_holds_a_run_id_a_url_or_the_text_of_an_error() -> None:
    """Each of them would be a new series every time."""
    scrape = Scrape(fed(passing("run-1"), failing("run-2"), tainted("run-3")))
    assert "run-" not in scrape.text
    assert "http:" not in scrape.text
    assert "never told" not in scrape.text


def test_a_bucket_ends_at_each_bound_of_the_slos() -> None:
    """An answer of exactly 400 ms is within 400 ms; one of 401 ms is not."""
    within, beyond = (Story(str(ms)).end_step("deposit", sli="deposit", latency_ms=ms).end() for ms in (400, 401))
    scrape = Scrape(fed(within, beyond))
    name = "synthetic_step_duration_seconds_bucket"
    assert scrape.total(name, step="deposit", le="0.4") == 1
    assert scrape.total(name, step="deposit", le="0.8") == 2
    assert scrape.total(name, step="deposit", le="0.12") == 0


def test_round_trips_have_a_histogram_of_their_own() -> None:
    """The steps of the SLI ws_rtt."""
    scrape = Scrape(fed(passing()))
    assert scrape.total("synthetic_ws_rtt_seconds_count") == 1
    assert scrape.total("synthetic_ws_rtt_seconds_sum") == pytest.approx(0.003)


def test_the_aliases_say_how_the_last_run_that_counts_went() -> None:
    """probe_success falls with a failed run, stays with a tainted one, and the last success keeps its time."""
    metrics = fed(passing("a"))
    success = Scrape(metrics).values("synthetic_last_success_timestamp_seconds")
    for event in [*failing("b"), *tainted("c")]:
        metrics(event)
    scrape = Scrape(metrics)
    assert scrape.values("probe_success") == [0]
    assert scrape.values("synthetic_last_success_timestamp_seconds") == success
    assert scrape.values("synthetic_last_run_timestamp_seconds") > success


def test_spend_is_what_went_into_wallets_and_counted_once() -> None:
    """An unknown payment that was looked up and found is one payment, stakes and payouts are none."""
    looked_up = (
        Story("b").moved("in", 50, StepOutcome.UNKNOWN, step="d").moved("in", 50, step="d").moved("in", 50, step="d")
    )
    scrape = Scrape(fed(passing("a"), looked_up.end()))
    assert scrape.values("synthetic_spend_minor_total", currency="EUR") == [150]


def test_the_psp_of_a_step_is_its_own() -> None:
    """A scenario without a matrix of PSPs still tells them apart where its operation does."""
    run = Story(row={}).end_step("deposit", sli="deposit", labels={"psp": "psp-b"}).end()
    scrape = Scrape(fed(run, probes=(series(psp=""),)))
    assert scrape.total("synthetic_steps_total", psp="psp-b", outcome="ok") == 1


def test_compensations_are_counted_also_of_runs_that_another_process_began() -> None:
    """A survivor's undo has no RunStarted here."""
    metrics = fed(failing("a"))
    metrics(Story("elsewhere").undo("deposit", "stuck").events[-1])
    scrape = Scrape(metrics)
    assert scrape.total("synthetic_compensations_total", outcome="undone") == 1
    assert scrape.total("synthetic_compensations_total", outcome="stuck") == 1
    assert scrape.total("synthetic_compensations_total", outcome="nothing_to_undo") == 0
