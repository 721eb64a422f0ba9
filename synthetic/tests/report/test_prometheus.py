"""A real Prometheus scrapes what real runs have become, and its answers are what their records say."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
import yaml

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.config.slo import shipped_policy
from synthetic.core.errors import Place
from synthetic.core.events import Event
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.core.ports import fan_out
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.faults import FAULTS
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.report.metrics import RunnerMetrics, probe_series
from synthetic.report.recorder import RunRecorder
from synthetic.report.records import RunRecord, Step
from synthetic.report.slo.burn_rates import prometheus_rules
from synthetic.runner.blocking import BlockingSession
from synthetic.runner.health import Health
from synthetic.runner.identity import fresh_seed
from synthetic.tests.report.metrics.scraped import fed
from synthetic.tests.report.prometheus import RULES, Prometheus, binary, promtool, scraping, until
from synthetic.tests.sli.streams import failing, passing
from synthetic.tests.web.faces import NO_TLS
from synthetic.web import build_app, serving

Labels = tuple[tuple[str, str], ...]
PSPS = ("psp-a", "psp-b")


def test_the_rules_are_clean() -> None:
    """promtool finds nothing to say of them."""
    code, said = promtool("check", "rules", *(str(path) for path in sorted(RULES.glob("*.yaml"))))
    assert (code, said.count("SUCCESS")) == (0, 3), said


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((RULES / "tests").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_rules_say_what_they_should_of_known_numbers(path: Path) -> None:
    """promtool's own unit tests of rules and alerts."""
    code, said = promtool("test", "rules", str(path))
    assert code == 0, said


def test_each_alert_has_a_unit_test_and_leads_to_a_page() -> None:
    """An alert that nobody has seen firing, or that says not what to do, is none."""
    for file, tests, at_least in (("alerts.yaml", "alerts_test.yaml", 8), ("gate.yaml", "gate_test.yaml", 4)):
        groups = yaml.safe_load((RULES / file).read_text())["groups"]
        alerts = {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}
        tested = (RULES / "tests" / tests).read_text()
        assert len(alerts) >= at_least
        for name, rule in alerts.items():
            assert f"alertname: {name}" in tested
            assert name in (shipped_root() / rule["annotations"]["runbook"]).read_text()


def test_each_recorded_name_has_a_unit_test() -> None:
    """And none is recorded twice."""
    groups = yaml.safe_load((RULES / "rules.yaml").read_text())["groups"]
    names = [rule["record"] for group in groups for rule in group["rules"]]
    assert len(names) == len(set(names))
    tested = (RULES / "tests" / "rules_test.yaml").read_text()
    assert [name for name in names if ":" not in name and name not in tested] == []  # the others are in them


def test_a_scrape_is_clean() -> None:
    """promtool's linter likes every name, type and help text."""
    metrics = fed(passing("a"), failing("b"))
    metrics.left({"EUR": 100}, oldest_s=3.0)
    metrics.budget_remaining("EUR", 100)
    metrics.killed(1_790_000_000.0)
    metrics.lag(0.1)
    metrics.leases_available(3)
    metrics.config_reloaded(valid=True)

    async def scrape() -> str:
        app = build_app(metrics=metrics, health=Health)
        async with serving(app) as address, httpx.AsyncClient(verify=NO_TLS) as client:
            return (await client.get(f"{address}/metrics")).text

    text = asyncio.run(scrape())
    assert text.count("# TYPE") > 25
    assert promtool("check", "metrics", stdin=text) == (0, "")


@dataclass
class Played:
    """Real runs: their events, as they came, and their records."""

    events: list[Event] = field(default_factory=list)
    records: list[RunRecord] = field(default_factory=list)
    cells: list[CellPlan] = field(default_factory=list)


@contextmanager
def sessions(tmp_path: Path) -> Iterator[tuple[World, Callable[[CellPlan], BlockingSession], Mapping[str, CellPlan]]]:
    """A reference world, and sessions on its cells."""
    opened: list[BlockingSession] = []
    with world_in_a_thread(WorldSettings(seed=11)) as world:
        world.write_cells(tmp_path / "cells.yaml")

        def session(cell: CellPlan) -> BlockingSession:
            opened.append(BlockingSession(cell, seed=fresh_seed(), journal=MemoryJournal()))
            return opened[-1]

        yield world, session, load_cells(tmp_path / "cells.yaml")
        for one in opened:
            one.close()


def play_runs(plan: ScenarioPlan, tmp_path: Path) -> Played:
    """Healthy runs on both cells, a PSP that declines the canary's cards, and a canary that nobody can reach."""
    played = Played()
    sink = fan_out([played.events.append, RunRecorder(played.records.append)])
    with sessions(tmp_path) as (world, session, cells):
        canary, baseline = cells["canary"], cells["baseline"]
        on_canary, on_baseline = session(canary), session(baseline)
        for psp in PSPS:
            for here in (on_canary, on_baseline):
                here.play(plan, {"psp": psp}, sink=sink)
        world.throw(FAULTS["bin_declined"], "canary", place="psp-a")
        for _ in range(2):
            on_canary.play(plan, {"psp": "psp-a"}, sink=sink)
        gone = replace(canary, endpoints={**canary.endpoints, "api": "http://127.0.0.1:9"}, allow=("127.0.0.1",))
        session(gone).play(plan, {"psp": "psp-b"}, sink=sink)
        played.cells = [canary, baseline]
    return played


def said_by_records(records: list[RunRecord], sli: str, *, by_psp: bool) -> dict[Labels, float]:
    """The success ratio of an SLI, from the documents alone."""
    held: Counter[Labels] = Counter()
    total: Counter[Labels] = Counter()
    for record in records:
        if record.outcome not in (RunOutcome.OK, RunOutcome.FAILED):
            continue
        for step in record.steps:
            if step.sli == sli and step.purpose == "step" and counts(step):
                told = {"cell": record.cell, "track": record.track} | ({"psp": step.labels["psp"]} if by_psp else {})
                labels = tuple(sorted(told.items()))
                total[labels] += 1
                held[labels] += step.held
    return {labels: held[labels] / total[labels] for labels in total}


def counts(step: Step) -> bool:
    """Whether a step says anything of the target."""
    return not step.tainted and (step.held or step.blame not in (Blame.USER, Blame.HARNESS))


@pytest.mark.slow
def test_a_real_prometheus_says_what_the_run_records_say(tmp_path: Path) -> None:
    """login_success_ratio and deposit_success_by_psp, recorded by our rules from scrapes of the app, are the records' ratios.

    And the continuous SLO, by the rules that are exported of the SLO that ships, says the same of what failed.
    """
    binary("prometheus")
    platform = load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")
    plan = load_scenario(shipped_root() / "scenarios" / "cashier" / "deposit_bet_withdraw.yaml", platform)
    played = play_runs(plan, tmp_path)
    metrics = RunnerMetrics()
    metrics.show({f"{c.name}/{p}": [probe_series(plan, c, {"psp": p})] for c in played.cells for p in PSPS})
    logins = said_by_records(played.records, "login", by_psp=False)
    deposits = said_by_records(played.records, "deposit", by_psp=True)
    assert min(logins.values()) < 1.0
    assert min(deposits.values()) < 1.0

    async def compare() -> None:
        async with serving(build_app(metrics=metrics, health=Health)) as address:
            await asyncio.to_thread(with_prometheus, address, asyncio.get_running_loop())

    def with_prometheus(address: str, loop: asyncio.AbstractEventLoop) -> None:
        slo = yaml.safe_dump(prometheus_rules(shipped_policy(), Place("slo.yaml"))).replace(
            "interval: 30s", "interval: 1s"
        )
        with scraping(address, tmp_path, more=slo) as prometheus:
            until(
                lambda: prometheus.query('sum(synthetic_slo:events_total{objective="runs_good"}) == 0'), within_s=90.0
            )
            until(lambda: prometheus.query("sum(synthetic:ws_rtt_seconds_bucket) == 0"), within_s=90.0)
            assert prometheus.query("login_success_ratio >= 0") == {}  # nothing has run: unknown
            for event in played.events:
                loop.call_soon_threadsafe(metrics, event)
            total = len(played.records)
            until(lambda: prometheus.query(f"sum(synthetic_runs_total) == {total}"), within_s=90.0)
            until(lambda: same(prometheus, "login_success_ratio", logins), within_s=90.0)
            until(lambda: same(prometheus, "deposit_success_by_psp", deposits), within_s=90.0)
            until(lambda: same(prometheus, _held("login_success_ratio"), logins), within_s=90.0)
            until(lambda: same(prometheus, _held("deposit_success_by_psp", "psp"), deposits), within_s=90.0)
            assert prometheus.query("p95_payments_deposit > 0").keys() == logins.keys()
            traces = {record.trace_id for record in played.records}
            assert prometheus.exemplars("synthetic_runs_total") <= traces
            assert prometheus.exemplars("synthetic_runs_total")

    asyncio.run(compare())


def _held(objective: str, *by: str) -> str:
    """What held of an objective, by the exported rules."""
    labels = ", ".join(("cell", "track", *by))
    return f'1 - sum by ({labels}) (synthetic_slo:error_ratio:rate5m{{objective="{objective}"}})'


def same(prometheus: Prometheus, name: str, expected: Mapping[Labels, float]) -> bool:
    """Whether a recorded ratio is exactly this."""
    return {labels: round(value, 9) for labels, value in prometheus.query(name).items()} == {
        labels: round(value, 9) for labels, value in expected.items()
    }
