"""Rules for the continuous SLO, judged by promtool: when they fire, and when they do not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from synthetic.config.slo import shipped_policy
from synthetic.core.errors import AuthorError, Place
from synthetic.gate.policy import RUN, Objective, Policy
from synthetic.report.metrics.words import BUCKETS_S
from synthetic.report.slo.burn_rates import BURNS, RUNBOOK, prometheus_rules
from synthetic.report.slo.events import events_of
from synthetic.tests.report.metrics.scraped import Scrape, fed
from synthetic.tests.report.prometheus import promtool
from synthetic.tests.report.slo.policies import policies
from synthetic.tests.sli.streams import passing

LOGINS = Objective("logins", "login", 0.999, share=0.5)
DEPOSITS = Objective("deposits", "deposit", 0.99, by="psp", share=0.5)
FAST = Objective("fast", "deposit", 0.95, "latency", 400.0)
LABELS = 'scenario="s", cell="prod", track="baseline"'
HOURS_26 = 26 * 12  # samples of five minutes


def rules_of(*objectives: Objective) -> dict[str, Any]:
    """The rule file of some objectives."""
    return prometheus_rules(Policy(objectives, name="x"), Place("slo.yaml"))


def judged(folder: Path, rules: dict[str, Any], test: dict[str, Any]) -> tuple[int, str]:
    """What promtool says of one unit test of the rules; a sample every five minutes."""
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
    interval = test.get("interval", "5m")
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": interval,
        "tests": [{"interval": interval, **test}],
    }
    (folder / "test.yaml").write_text(json.dumps(document))
    return promtool("test", "rules", str(folder / "test.yaml"))


def steps(sli: str, outcome: str, values: str, psp: str = "psp-a") -> dict[str, str]:
    """A series of the runner's."""
    return {
        "series": f'synthetic_steps_total{{{LABELS}, psp="{psp}", sli="{sli}", outcome="{outcome}", version="1"}}',
        "values": values,
    }


def firing(objective: str, windows: dict[str, str], **labels: str) -> list[dict[str, Any]]:
    """The alerts of an objective, by window and severity."""
    return [
        {
            "exp_labels": {
                "slo": "x", "objective": objective, "cell": "prod", "track": "baseline",
                "severity": severity, "window": window, **labels,
            }
        }
        for window, severity in windows.items()
    ]  # fmt: skip


def without_annotations(rules: dict[str, Any]) -> dict[str, Any]:
    """The same rules; what they tell is tested elsewhere."""
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule.pop("annotations", None)
    return rules


def alerts_at(time: str, expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An expectation of promtool."""
    return [{"eval_time": time, "alertname": "SyntheticSloBurns", "exp_alerts": expected}]


@pytest.mark.parametrize("policy", [shipped_policy()], ids=["shipped"])
def test_the_rules_of_the_shipped_slo_are_clean(tmp_path: Path, policy: Policy) -> None:
    """promtool finds nothing to say of them."""
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(prometheus_rules(policy, Place("f"))))
    code, said = promtool("check", "rules", str(tmp_path / "rules.yaml"))
    assert (code, said.count("SUCCESS")) == (0, 1), said


def test_an_outage_is_a_page_within_minutes_and_is_over_when_it_is_over(tmp_path: Path) -> None:
    """Every login of half an hour fails: both pages fire; an hour after its end the short windows have let go."""
    test = {
        "input_series": [steps("login", "ok", "0+5x59 295x6 295+5x60"), steps("login", "failed", "0x59 0+5x6 30x60")],
        "alert_rule_test": [
            *alerts_at("4h55m", []),
            *alerts_at("5h20m", firing("logins", {"1h": "page", "6h": "page", "1d": "ticket", "3d": "ticket"})),
            *alerts_at("6h40m", firing("logins", {"1d": "ticket", "3d": "ticket"})),
        ],
    }
    code, said = judged(tmp_path, without_annotations(rules_of(LOGINS)), test)
    assert code == 0, said


def test_one_failed_probe_of_a_quiet_hour_wakes_nobody(tmp_path: Path) -> None:
    """It burns the budget seventy times too fast, and means nothing: an alert takes three failures."""
    test = {
        "input_series": [steps("login", "ok", "0+1x40 40 41+1x40"), steps("login", "failed", "0x40 1x41")],
        "alert_rule_test": [*alerts_at("3h25m", []), *alerts_at("4h", [])],
    }
    rules = without_annotations(rules_of(LOGINS))
    code, said = judged(tmp_path, rules, test)
    assert code == 0, said
    for group in rules["groups"]:
        for rule in group["rules"]:
            rule["expr"] = rule["expr"].partition("\nand synthetic_slo:error_ratio:rate1h{")[0]
    assert judged(tmp_path, rules, test)[0] != 0  # without the guard it would have


def test_a_slow_burn_is_a_ticket_and_no_page(tmp_path: Path) -> None:
    """Four logins in a thousand fail for a day: no page."""
    test = {
        "input_series": [steps("login", "ok", f"0+249x{HOURS_26}"), steps("login", "failed", f"0+1x{HOURS_26}")],
        "alert_rule_test": alerts_at("26h", firing("logins", {"1d": "ticket", "3d": "ticket"})),
    }
    code, said = judged(tmp_path, without_annotations(rules_of(LOGINS)), test)
    assert code == 0, said


def test_a_psp_burns_its_own_budget(tmp_path: Path) -> None:
    """The other one is no alert."""
    test = {
        "input_series": [
            steps("deposit", "ok", "0+6x72", "psp-a"),
            steps("deposit", "failed", "0+4x72", "psp-a"),
            steps("deposit", "ok", "0+10x72", "psp-b"),
            steps("deposit", "failed", "0x72", "psp-b"),
        ],
        "alert_rule_test": alerts_at(
            "6h", firing("deposits", {"1h": "page", "6h": "page", "1d": "ticket", "3d": "ticket"}, psp="psp-a")
        ),
    }
    code, said = judged(tmp_path, without_annotations(rules_of(DEPOSITS)), test)
    assert code == 0, said


def test_ratios_are_over_all_releases_and_nothing_measured_is_no_ratio(tmp_path: Path) -> None:
    """A release that begins with a failure counts it; latency counts answers within the bucket; a run as a whole has its own."""
    duration = f'synthetic_step_duration_seconds_bucket{{{LABELS}, sli="deposit", le='
    test = {
        "input_series": [
            steps("login", "ok", "0+3x24"),
            steps("login", "failed", "0x24"),
            {"series": steps("login", "failed", "")["series"].replace('"1"', '"2"'), "values": "_x18 1x6"},
            {"series": f'{duration}"0.4"}}', "values": "0+9x24"},
            {"series": f'{duration}"+Inf"}}', "values": "0+10x24"},
            {"series": f'synthetic_step_duration_seconds_count{{{LABELS}, sli="deposit"}}', "values": "0+10x24"},
            {"series": f'synthetic_runs_total{{{LABELS}, outcome="ok"}}', "values": "0x24"},
            {"series": f'synthetic_runs_total{{{LABELS}, outcome="failed", blame="psp"}}', "values": "0x24"},
            {
                "series": f'synthetic_steps_total{{{LABELS}, sli="bet", outcome="failed", version="1"}}',
                "values": "0+1x24",
            },
        ],
        "promql_expr_test": [
            {
                "expr": "round(synthetic_slo:error_ratio:rate1h, 0.0001)",
                "eval_time": "2h",
                "exp_samples": [
                    {
                        "labels": '{slo="x", objective="logins", cell="prod", track="baseline"}',
                        "value": 0.027,
                    },  # 1 of 37
                    {"labels": '{slo="x", objective="fast", cell="prod", track="baseline"}', "value": 0.1},
                    {"labels": '{slo="x", objective="bets", cell="prod", track="baseline"}', "value": 1.0},
                ],
            },
            {
                "expr": 'round(synthetic_slo:error_budget_left:30d{objective="fast"}, 0.0001)',
                "eval_time": "2h",
                "exp_samples": [
                    {"labels": '{slo="x", objective="fast", cell="prod", track="baseline"}', "value": -1.0}
                ],
            },
        ],
    }
    runs, bets = Objective("runs", RUN, 0.999), Objective("bets", "bet", 0.99)  # no bet has ever held
    code, said = judged(tmp_path, without_annotations(rules_of(LOGINS, FAST, runs, bets)), test)
    assert code == 0, said


def test_every_selector_finds_series_of_a_real_scrape() -> None:
    """Names, labels and bounds are those of the runner's own metrics: a rule over series that nobody writes is silent for ever."""
    samples = Scrape(fed(passing("a"))).samples
    for objective in (
        LOGINS,
        DEPOSITS,
        FAST,
        Objective("runs", RUN, 0.99),
        Objective("run", RUN, 0.9, "latency", 3000.0),
    ):
        events = events_of(objective)
        for selector in (events.good, events.all):
            found = [sample for sample in samples if _selects(selector, sample.name, sample.labels)]
            assert sum(sample.value for sample in found) == 1, selector
            assert all(not objective.by or sample.labels[objective.by] for sample in found)


def _selects(selector: str, name: str, labels: dict[str, str]) -> bool:
    wanted, _, inner = selector.partition("{")
    conditions = re.findall(r'(\w+)(=~?)"([^"]*)"', inner)
    return name == wanted and all(
        labels[label] == value if how == "=" else re.fullmatch(value, labels[label]) for label, how, value in conditions
    )


def test_an_alert_says_what_burns_and_leads_to_a_page() -> None:
    """And none is written that could not fire if everything failed."""
    rules = rules_of(DEPOSITS, Objective("typical", "bet", 0.5, "latency", 120.0))
    alerts = [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    of_deposits = [alert for alert in alerts if alert["labels"]["objective"] == "deposits"]
    assert [alert["labels"]["window"] for alert in of_deposits] == [burn.long for burn in BURNS]
    assert "deposits[{{ $labels.psp }}] on {{ $labels.cell }}" in of_deposits[0]["annotations"]["summary"]
    assert [alert["labels"]["window"] for alert in alerts if alert not in of_deposits] == ["3d"]
    page, _, heading = RUNBOOK.partition("#")
    text = (Path(__file__).parents[4] / page).read_text()
    assert f"\n## {heading.replace('-', ' ').capitalize()}\n" in text


def test_what_the_metrics_can_not_tell_is_a_mistake() -> None:
    """Every one at once: a time within a bucket, a label that they do not have."""
    wrong = (replace(FAST, threshold_ms=350.0), replace(LOGINS, by="provider"))
    with pytest.raises(AuthorError) as refusal:
        rules_of(*wrong)
    assert [str(mistake) for mistake in refusal.value.mistakes] == [
        "slo.yaml:1:1: 'fast': no bucket of the metrics ends at 350 ms; the nearest are 250 ms and 400 ms",
        "slo.yaml:1:1: 'logins': the metrics have no label 'provider' to split it by; known here: market, brand, psp",
    ]


@given(policies())
@settings(max_examples=15, deadline=None)
def test_every_policy_whose_times_are_bounds_of_buckets_has_rules(policy: Policy) -> None:
    """Groups with names of their own, and every rule of an objective says of which SLO and objective it is."""
    rules = prometheus_rules(policy, Place("f"))
    names = [group["name"] for group in rules["groups"]]
    assert len(names) == len(set(names)) == 2 * len(policy.objectives)
    for group in rules["groups"]:
        assert {rule["labels"]["slo"] for rule in group["rules"]} == {policy.name}
    assert all(one.threshold_ms / 1000 in BUCKETS_S for one in policy.objectives if one.measure == "latency")
