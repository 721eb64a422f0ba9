"""The Grafana dashboard: its queries name what there is, Prometheus answers them, and its links lead somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from synthetic.config.shipped import shipped_root
from synthetic.config.slo import shipped_policy
from synthetic.core.errors import Place
from synthetic.report.metrics import RunnerMetrics
from synthetic.report.metrics.tables import HistogramTable
from synthetic.report.slo.burn_rates import prometheus_rules
from synthetic.tests.report.metrics.test_page import names
from synthetic.tests.report.prometheus import RULES, promtool

BOARD: dict[str, Any] = json.loads((shipped_root() / "reports/grafana/release-health.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
VARIABLES = {variable["name"]: variable for variable in BOARD["templating"]["list"]}
VALUES = {"$cell": "canary", "$baseline": "baseline", "$psp": "psp-a", "$__rate_interval": "5m"}
FUNCTIONS = {
    "max",
    "min",
    "sum",
    "increase",
    "rate",
    "changes",
    "time",
    "histogram_quantile",
    "by",
    "le",
    "on",
    "without",
}
GATE_RULES = yaml.safe_load((RULES / "gate.yaml").read_text())["groups"][0]["rules"]
SLO_RULES = prometheus_rules(shipped_policy(), Place())
RECORDED = {rule["record"] for rule in GATE_RULES if "record" in rule} | {
    rule["record"] for group in SLO_RULES["groups"] for rule in group["rules"] if "record" in rule
}


def queries() -> Iterator[tuple[str, str]]:
    """Every query of the dashboard, under where it stands, with values in place of the variables."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", _filled(target["expr"])
    for annotation in BOARD["annotations"]["list"]:
        yield annotation["name"], _filled(annotation["expr"])


def _filled(query: str) -> str:
    for variable, value in VALUES.items():
        query = query.replace(variable, value)
    assert "$" not in query, query
    return query


QUERIES = dict(queries())


@pytest.mark.parametrize("place", QUERIES)
def test_a_query_names_what_there_is(place: str) -> None:
    """Metrics of the runner and of the gate, and what the rules record, of an SLO, too."""
    bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|\((?:[a-z_]+, )*[a-z_]+\) \(", " ", QUERIES[place])
    named = set(re.findall(r"[a-z_][a-z_0-9:]*", bare)) - FUNCTIONS
    assert named
    assert named <= names() | RECORDED


@pytest.mark.parametrize("variable", ["cell", "baseline", "psp"])
def test_a_variable_asks_for_what_there_is(variable: str) -> None:
    """Of the cells that are played, by their track."""
    asked = re.fullmatch(r"label_values\((\w+)\{[^}]*\}, (\w+)\)", VARIABLES[variable]["definition"])
    assert asked is not None
    (table,) = [table for table in RunnerMetrics().families.tables() if table.name == asked[1]]
    assert asked[2] in table.labels


def test_prometheus_answers_every_query_where_there_is_data(tmp_path: Path) -> None:
    """Each is asked over some minutes of every series that there is, and has something to say: no label is misspelt."""
    tests = [{"expr": query, "eval_time": "30m", "exp_samples": []} for query in QUERIES.values()]
    series = [{"series": name, "values": values} for name, values in _series()]
    path, slo = tmp_path / "dashboard.yaml", tmp_path / "slo.yaml"
    slo.write_text(yaml.safe_dump(SLO_RULES))
    path.write_text(
        yaml.safe_dump(
            {
                "rule_files": [str(RULES / "rules.yaml"), str(RULES / "gate.yaml"), str(slo)],
                "evaluation_interval": "1m",
                "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}],
            }
        )
    )
    _, said = promtool("test", "rules", str(path))
    silent = [place for place, query in QUERIES.items() if f'expr: "{_quoted(query)}"' not in said]
    assert "parse error" not in said
    assert silent == [], said[:2000]


def _quoted(query: str) -> str:
    """As promtool quotes what it was asked."""
    return query.replace("\\", "\\\\").replace('"', '\\"')


SEEN = {
    "cell": ("canary", "baseline"),
    "baseline": ("baseline",),
    "sli": ("login", "deposit", "ws_rtt"),
    "outcome": ("ok", "failed", "tainted"),
    "verdict": ("pass", "fail", "inconclusive"),
    "failed": ("neither", "canary"),
    "test": ("budget", "pair", "pass"),
    "le": ("0.12", "0.4", "+Inf"),
}


@cache
def _series() -> tuple[tuple[str, str], ...]:
    """Every metric for a canary and a baseline; counters and shares that go on growing, so that `changes` has something, too."""
    found = []
    for table in RunnerMetrics().families.tables():
        suffixes = ("_bucket", "_count", "_sum") if isinstance(table, HistogramTable) else ("",)
        for suffix in suffixes:
            labels = (*table.labels, "instance", *(("le",) if suffix == "_bucket" else ()))
            for values in _combined(labels):
                text = ", ".join(f'{label}="{value}"' for label, value in values)
                found.append((f"{table.name}{suffix}{{{text}}}", "1+1x40" if "verdict" not in table.name else "1x40"))
    return tuple(found)


def _combined(labels: tuple[str, ...]) -> Iterator[tuple[tuple[str, str], ...]]:
    if not labels:
        yield ()
        return
    for value in SEEN.get(labels[0], ("psp-a" if labels[0] in ("psp", "value") else "x",)):
        for rest in _combined(labels[1:]):
            yield ((labels[0], value), *rest)


def test_the_baseline_stands_beside_the_canary() -> None:
    """The same query of both cells, in every panel that compares."""
    compared = [
        panel
        for panel in PANELS
        if any("$baseline" in one["expr"] and "$cell" not in one["expr"] for one in panel["targets"])
    ]
    assert len(compared) >= 8
    for panel in compared:
        canary, baseline = (target["expr"] for target in panel["targets"])
        assert canary.replace("$cell", "$baseline") == baseline
        assert [target["legendFormat"].split()[0] for target in panel["targets"]] == ["canary", "baseline"]


def test_every_panel_says_what_it_shows() -> None:
    """A title, a sentence, a unit, words for when there is no data, and the data source that was chosen."""
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"].keys() >= {"unit", "noValue"}
        for one in (panel, *panel["targets"]):
            assert one["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert VARIABLES["datasource"]["type"] == "datasource"
    assert BOARD["schemaVersion"] >= 39
    assert "id" not in BOARD, "the one that imports it gives it one"


def test_panels_neither_overlap_nor_stick_out() -> None:
    """Twenty-four columns; each id once."""
    every = BOARD["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    places = [panel["gridPos"] for panel in every]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart or below


def test_the_lines_are_where_the_slo_has_them() -> None:
    """Of the file that ships: latencies in seconds, ratios as shares."""
    lines = {
        panel["title"]: panel["fieldConfig"]["defaults"].get("thresholds", {"steps": []})["steps"] for panel in PANELS
    }
    objectives = {objective.name: objective for objective in shipped_policy().objectives}
    deposit, rtt = objectives["p95_payments_deposit"], objectives["ws_rtt_p95"]
    assert lines["p95 of a deposit"][-1]["value"] * 1000 == deposit.threshold_ms
    assert lines["p95 of a WebSocket's round trip"][-1]["value"] * 1000 == rtt.threshold_ms
    assert lines["Deposits within 400 ms"][-1]["value"] == deposit.target
    assert lines["Deposits by PSP"][-1]["value"] == objectives["deposit_success_by_psp"].target
    for title in ("Towards a rollback", "Towards a pass"):
        assert lines[title][-1]["value"] == 1


def test_every_link_leads_somewhere() -> None:
    """To the gate's own page, and to runbooks that there are."""
    urls = [link["url"] for link in BOARD["links"]]
    assert urls[0] == "${gate}/"
    for url in urls[1:]:
        assert (shipped_root() / "docs/runbooks" / url.removeprefix("${runbooks}/")).is_file(), url
