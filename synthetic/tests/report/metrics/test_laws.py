"""Laws of the metrics, over any stream of runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.events import Event, RunEnded
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.report.metrics import RunnerMetrics
from synthetic.sli.samples import fold
from synthetic.sli.summaries import SliKey, summarise_cell
from synthetic.tests.report.metrics.scraped import series
from synthetic.tests.sli.streams import WALL_NS, Story

STEPS = ("login", "deposit", "ping")
RESULTS = [
    (RunOutcome.OK, None),
    *((RunOutcome.FAILED, blame) for blame in Blame if blame is not Blame.HARNESS),
    (RunOutcome.TAINTED, Blame.HARNESS),
    (RunOutcome.ABORTED, Blame.HARNESS),
]
step_ends = st.tuples(
    st.sampled_from(STEPS), st.booleans(), st.booleans(), st.integers(1, 3), st.sampled_from([None, *Blame])
)


@st.composite
def runs(draw: st.DrawFn) -> list[list[Event]]:
    """Runs of one cell, on one of many releases each, hours apart."""
    told: list[list[Event]] = []
    for number in range(draw(st.integers(0, 12))):
        story = Story(f"r{number}", wall_ns=WALL_NS + number * 3_700_000_000_000)
        for step, held, tainted, attempts, blame in draw(st.lists(step_ends, max_size=4)):
            sli = {"ping": "ws_rtt"}.get(step, step)
            story.end_step(step, sli=sli, held=held, tainted=tainted, attempts=attempts, blame=None if held else blame)
        outcome, blame = draw(st.sampled_from(RESULTS))
        *events, ended = story.end(outcome, blame=blame)
        assert isinstance(ended, RunEnded)
        version = draw(st.sampled_from(["", *(f"1.{n}" for n in range(20))]))
        told.append([*events, replace(ended, labels={"version": version} if version else {})])
    return told


def sums(metrics: RunnerMetrics) -> dict[tuple[str, ...], float]:
    """Counters summed up over all releases, as the recording rules do."""
    summed: dict[tuple[str, ...], float] = {}
    tables = metrics.families.probes
    for table in (tables.runs, tables.steps, tables.retries):
        for key, value in table.values.items():
            without = (table.name, *key[:6], *key[9:])
            summed[without] = summed.get(without, 0.0) + value
    return summed


def shown() -> RunnerMetrics:
    metrics = RunnerMetrics()
    metrics.show({"p": [series()]})
    return metrics


@given(runs())
def test_ratios_of_counters_are_the_summarys(told: list[list[Event]]) -> None:
    """Held, first attempts, left out: whatever runs there were, and however many releases they were spread over."""
    metrics = shown()
    for event in every(told):
        metrics(event)
    summary = summarise_cell("canary", fold(every(told)))
    counted = sums(metrics)

    def total(sli: str, *outcomes: str) -> float:
        name = "synthetic_steps_total"
        return sum(n for key, n in counted.items() if key[0] == name and key[8] == sli and key[9] in outcomes)

    for sli in ("login", "deposit", "ws_rtt"):
        known = summary.slis.get(SliKey(sli))
        held, whole = total(sli, "ok", "ok_after_retry"), total(sli, "ok", "ok_after_retry", "failed")
        assert (held, whole) == ((known.ratio.held, known.ratio.total) if known else (0, 0))
        assert total(sli, "ok") == (known.first_attempt.held if known else 0)
        assert total(sli, "left_out") == (known.left_out if known else 0)


@given(runs())
def test_no_sum_over_releases_ever_falls(told: list[list[Event]]) -> None:
    """Prometheus takes every fall for a restart, and would count everything again."""
    metrics = shown()
    before = sums(metrics)
    assert set(before.values()) == {0.0}
    for run in told:
        for event in run:
            metrics(event)
        now = sums(metrics)
        assert all(now.get(key, -1.0) >= value for key, value in before.items())
        before = now
    runs_counted = sum(value for key, value in before.items() if key[0] == "synthetic_runs_total")
    assert runs_counted == len(told)


def every(told: list[list[Event]]) -> Iterator[Event]:
    return (event for run in told for event in run)
