"""What a scrape of metrics says, read back with the parser of prometheus-client."""

from __future__ import annotations

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from synthetic.core.events import Event
from synthetic.report.metrics import ProbeSeries, RunnerMetrics

STEPS = (("login", "login"), ("deposit", "deposit"), ("ping", "ws_rtt"))


def series(cell: str = "canary", psp: str = "psp-a", scenario: str = "deposit-bet-withdraw") -> ProbeSeries:
    """The series of the probe that `tests.sli.streams` tells of."""
    track = "canary" if cell == "canary" else "baseline"
    return ProbeSeries(scenario, cell, track, "mt", "brand-one", psp, "1.1.0", STEPS, 2, "d1", "cashier", "EUR")


def fed(*runs: list[Event], probes: tuple[ProbeSeries, ...] = (series(),)) -> RunnerMetrics:
    """Metrics that show these probes and have seen these runs."""
    metrics = RunnerMetrics()
    metrics.show({probe.scenario + probe.cell + probe.psp: [probe] for probe in probes})
    for run in runs:
        for event in run:
            metrics(event)
    return metrics


class Scrape:
    """One scrape: samples by name and labels."""

    def __init__(self, metrics: RunnerMetrics) -> None:
        self.text = generate_latest(metrics.registry).decode()
        families = list(text_string_to_metric_families(self.text))
        self.types = {family.name: family.type for family in families}
        self.samples = [sample for family in families for sample in family.samples]

    def values(self, name: str, **labels: str) -> list[float]:
        """Every value under that name and these labels."""
        return [
            sample.value for sample in self.samples if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def total(self, name: str, **labels: str) -> float:
        """The sum of them."""
        return sum(self.values(name, **labels))

    def label_values(self, label: str) -> set[str]:
        """Every value that a label has anywhere."""
        return {sample.labels[label] for sample in self.samples if label in sample.labels}
