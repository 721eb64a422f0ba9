"""Where the numbers are kept: one table a metric, a plain dict from label values to numbers.

prometheus-client's own Counter keeps an object with a lock for each series, about 1 KiB, and a runner of a thousand probes
has a hundred thousand of them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Exemplar

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traced:
    """The trace that stands for a number, and when it was (Unix seconds)."""

    trace_id: str
    at_s: float

    def exemplar(self, value: float) -> Exemplar:
        """As the exposition wants it."""
        return Exemplar({"trace_id": self.trace_id}, value, self.at_s)


@dataclass(slots=True)
class CounterTable:
    """Numbers that only grow, each with the trace that grew it last."""

    name: str
    help: str
    labels: Key
    values: dict[Key, float] = field(default_factory=dict)
    traces: dict[Key, Traced] = field(default_factory=dict)

    def begin(self, key: Key) -> None:
        """Show 0 where nothing was counted yet, so that the first one is an increase."""
        self.values.setdefault(key, 0.0)

    def add(self, key: Key, amount: float = 1.0, traced: Traced | None = None) -> None:
        """Count."""
        self.values[key] = self.values.get(key, 0.0) + amount
        if traced is not None:
            self.traces[key] = traced

    def drop(self, gone: Callable[[Key], bool]) -> None:
        """Forget series."""
        for key in [key for key in self.values if gone(key)]:
            del self.values[key]
            self.traces.pop(key, None)

    def move(self, old: Callable[[Key], bool], new: Callable[[Key], Key]) -> None:
        """Count what was counted under some keys under others, so that no sum over them ever falls."""
        for key in [key for key in self.values if old(key)]:
            self.add(new(key), self.values.pop(key), self.traces.pop(key, None))

    def family(self) -> Metric:
        """As prometheus-client has it."""
        family = CounterMetricFamily(self.name, self.help, labels=self.labels)
        for key, value in self.values.items():
            traced = self.traces.get(key)
            family.add_metric(key, value, exemplar=traced.exemplar(1.0) if traced else None)
        return family


@dataclass(slots=True)
class GaugeTable:
    """Numbers as they are now. What is not known has no series."""

    name: str
    help: str
    labels: Key
    values: dict[Key, float] = field(default_factory=dict)

    def set(self, key: Key, value: float) -> None:
        """Say how it is."""
        self.values[key] = value

    def drop(self, gone: Callable[[Key], bool]) -> None:
        """Forget series."""
        for key in [key for key in self.values if gone(key)]:
            del self.values[key]

    def family(self) -> Metric:
        """As prometheus-client has it."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for key, value in self.values.items():
            family.add_metric(key, value)
        return family


@dataclass(slots=True)
class NewestTable:
    """One number a probe, under the release of its last run. The first `probe_labels` labels say which probe it is."""

    name: str
    help: str
    labels: Key
    probe_labels: int
    values: dict[Key, tuple[Key, float]] = field(default_factory=dict)

    def set(self, key: Key, value: float) -> None:
        """Say how it is."""
        self.values[key[: self.probe_labels]] = (key, value)

    def follow(self, key: Key) -> None:
        """What was known under an earlier release goes on under this one."""
        if (known := self.values.get(key[: self.probe_labels])) is not None:
            self.set(key, known[1])

    def drop(self, gone: Callable[[Key], bool]) -> None:
        """Forget series."""
        for probe in [probe for probe, (key, _) in self.values.items() if gone(key)]:
            del self.values[probe]

    def family(self) -> Metric:
        """As prometheus-client has it."""
        family = GaugeMetricFamily(self.name, self.help, labels=self.labels)
        for key, value in self.values.values():
            family.add_metric(key, value)
        return family


@dataclass(slots=True)
class Distribution:
    """How many values each bucket has (not cumulated), their sum, and in which trace the last one was."""

    counts: list[int]
    total: float = 0.0
    traces: dict[int, tuple[float, Traced]] = field(default_factory=dict)


@dataclass(slots=True)
class HistogramTable:
    """Distributions over fixed buckets (`bounds`, ascending, without +Inf)."""

    name: str
    help: str
    labels: Key
    bounds: tuple[float, ...]
    values: dict[Key, Distribution] = field(default_factory=dict)

    def begin(self, key: Key) -> Distribution:
        """Show an empty distribution where nothing was counted yet."""
        kept = self.values.get(key)
        if kept is None:
            kept = self.values[key] = Distribution([0] * (len(self.bounds) + 1))
        return kept

    def observe(self, key: Key, value: float, traced: Traced | None = None) -> None:
        """Count one value; a bucket's bound belongs to it."""
        kept = self.begin(key)
        bucket = bisect_left(self.bounds, value)
        kept.counts[bucket] += 1
        kept.total += value
        if traced is not None:
            kept.traces[bucket] = (value, traced)

    def drop(self, gone: Callable[[Key], bool]) -> None:
        """Forget series."""
        for key in [key for key in self.values if gone(key)]:
            del self.values[key]

    def move(self, old: Callable[[Key], bool], new: Callable[[Key], Key]) -> None:
        """See `CounterTable.move`."""
        for key in [key for key in self.values if old(key)]:
            moved, kept = self.values.pop(key), self.begin(new(key))
            kept.counts = [one + other for one, other in zip(kept.counts, moved.counts, strict=True)]
            kept.total += moved.total

    def family(self) -> Metric:
        """As prometheus-client has it."""
        family = HistogramMetricFamily(self.name, self.help, labels=self.labels)
        for key, kept in self.values.items():
            family.add_metric(key, _buckets(self.bound_names(), kept), kept.total)
        return family

    def bound_names(self) -> list[str]:
        """The values of `le`."""
        return [*(f"{bound:g}" for bound in self.bounds), "+Inf"]


Table = CounterTable | GaugeTable | NewestTable | HistogramTable


def _buckets(names: list[str], kept: Distribution) -> list[tuple[str, float] | tuple[str, float, Exemplar]]:
    told: list[tuple[str, float] | tuple[str, float, Exemplar]] = []
    for index, (name, count) in enumerate(zip(names, accumulate(kept.counts), strict=True)):
        traced = kept.traces.get(index)
        told.append((name, count) if traced is None else (name, count, traced[1].exemplar(traced[0])))
    return told
