"""The page about the metrics and the metrics are the same, and nobody names one that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

from synthetic.config.shipped import shipped_root
from synthetic.report.metrics import RunnerMetrics
from synthetic.report.metrics.tables import CounterTable, HistogramTable, Table
from synthetic.report.metrics.words import PROBE_LABELS, RUN_LABELS

PAGE = (shipped_root() / "docs" / "runner-metrics.md").read_text(encoding="utf-8")
NAME = re.compile(r"\b(?:synthetic_[a-z_]*[a-z](?=[`{\[\s,)]|$)|Synthetic[A-Z][A-Za-z]+\b)", re.MULTILINE)
ROW = re.compile(r"^\| `(\w+)` \| (counter|gauge|histogram) \|\s*(.*?)\s*\|", re.MULTILINE)


def kind(table: Table) -> str:
    return {CounterTable: "counter", HistogramTable: "histogram"}.get(type(table), "gauge")


def test_the_page_has_each_metric_with_its_type_and_labels() -> None:
    """No more and no fewer."""
    told = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in ROW.findall(PAGE)}
    shared = {*RUN_LABELS, *PROBE_LABELS}
    tables = RunnerMetrics().families.tables()
    here = {
        table.name: (kind(table), set(table.labels) - (shared if set(PROBE_LABELS) <= set(table.labels) else set()))
        for table in tables
    }
    assert told == here


@cache
def names() -> frozenset[str]:
    """Everything that a page, a rule or a manifest may name."""
    return frozenset(_names())


def _names() -> Iterator[str]:
    for table in RunnerMetrics().families.tables():
        yield table.name
        if isinstance(table, HistogramTable):
            yield from (f"{table.name}_{part}" for part in ("bucket", "count", "sum"))
    for file in (shipped_root() / "reports" / "prometheus").glob("*.yaml"):
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from (rule.get("alert") or rule["record"] for rule in group["rules"])


PLACES = [
    path
    for folder in ("docs", "deploy", "reports")
    for path in sorted((shipped_root() / folder).rglob("*"))
    if path.suffix in (".md", ".yaml") and path.is_file() and "out" not in path.parts
    if folder != "docs" or path.parent.name == "runbooks" or path.name.startswith("runner-")
]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: str(path.relative_to(shipped_root())))
def test_no_page_names_a_metric_or_an_alert_that_does_not_exist(path: Path) -> None:
    """Whoever is on call types it in as it stands."""
    named = set(NAME.findall(path.read_text(encoding="utf-8")))
    assert named - names() == frozenset()
